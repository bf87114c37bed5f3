"""The scene of a setting: fresh keys, the agreement that all have signed, and the files of each process.

Everything is what a real line has: root keys that sign the agreement and nothing else, operational keys of mode 0600,
an agreement signed by both roots and the service. In life each key is made on its owner's machine and never leaves it;
here all are made in one folder, because one machine plays every part.
"""

from dataclasses import dataclass
from pathlib import Path

from keepclear.keystore import save_private_key
from keepclear_protocol.agreement import (
    ACKNOWLEDGE,
    SUBMIT,
    WATCH,
    Agreement,
    Party,
    PartyKey,
    Service,
    ServiceKey,
    open_agreement,
    sign_agreement,
)
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey

from .setting import Setting

VALID_S = 86_400
"""Before and after the instant at which it was made."""

AGREEMENT = "agreement.json"


@dataclass(frozen=True, slots=True)
class Scene:
    """The agreement, and where each process finds its files. Keys go by party."""

    folder: Path
    agreement: Agreement
    mediator: str

    @property
    def agreement_file(self) -> Path:
        """The signed agreement."""
        return self.folder / AGREEMENT

    @property
    def service_key(self) -> Path:
        """The service's secret key."""
        return self.folder / self.mediator / "service.key"

    @property
    def desk_keys(self) -> dict[str, Path]:
        """The secret key of each party's desk."""
        return {party.id: self.folder / party.id / "desk.key" for party in self.agreement.parties}

    @property
    def watch_keys(self) -> dict[str, Path]:
        """The secret key of each party that may only watch; there is one where the setting says so."""
        return {party.id: self.folder / party.id / "watch.key" for party in self.agreement.parties}


def set_scene(folder: Path, setting: Setting, now: int, *, valid_s: int = VALID_S) -> Scene:
    """Make keys and agreement in ``folder``, valid around the instant ``now``; raise ``LocalError``."""
    times = now - valid_s * SECOND, now + valid_s * SECOND
    service = PrivateKey.generate()
    _keep(folder / setting.mediator / "service.key", service, now)
    roots, parties = [], []
    for name, names in setting.parties.items():
        root = PrivateKey.generate()
        _keep(folder / name / "root.key", root, now)
        roles = {"desk.key": {SUBMIT, ACKNOWLEDGE, WATCH}, "watch.key": {WATCH}}
        keys = []
        for file, allowed in roles.items():
            if file == "watch.key" and name not in setting.watchers:
                continue
            key = PrivateKey.generate()
            _keep(folder / name / file, key, now)
            keys.append(PartyKey(key.public, frozenset(allowed), *times))
        parties.append(Party(name, dict(names), root.public, tuple(keys)))
        roots.append(root)
    payload = setting.payload(parties, Service(setting.origin, (ServiceKey(service.public, *times),)))
    agreement = open_agreement(sign_agreement(payload, [*roots, service]))
    (folder / AGREEMENT).write_bytes(agreement.raw)
    return Scene(folder, agreement, setting.mediator)


def kept_scene(folder: Path, setting: Setting) -> Scene | None:
    """Return the scene that ``set_scene`` made in ``folder`` before; None where there is none.

    The agreement is written last, so what was not made to its end is none. Raises ``LocalError`` with ``usage``.
    """
    try:
        agreement = open_agreement((folder / AGREEMENT).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, KeepclearError) as error:
        detail = error.detail if isinstance(error, KeepclearError) else error.strerror
        raise LocalError("usage", f"the agreement in {folder} cannot be used: {detail}") from None
    return Scene(folder, agreement, setting.mediator)


def _keep(path: Path, key: PrivateKey, now: int) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save_private_key(path, key, now)
