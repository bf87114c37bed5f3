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
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey

from .setting import Setting

VALID_S = 86_400


@dataclass(frozen=True, slots=True)
class Scene:
    """The agreement, and where each process finds its files. ``desk_keys`` goes by party."""

    folder: Path
    agreement: Agreement
    agreement_file: Path
    service_key: Path
    desk_keys: dict[str, Path]


def set_scene(folder: Path, setting: Setting, now: int) -> Scene:
    """Make keys and agreement in ``folder``, valid for a day from the instant ``now``; raise ``LocalError``."""
    day = now - VALID_S * SECOND, now + VALID_S * SECOND
    service = PrivateKey.generate()
    service_key = folder / setting.mediator / "service.key"
    _keep(service_key, service, now)
    roots, parties, desk_keys = [], [], {}
    for name, names in setting.parties.items():
        root, key = PrivateKey.generate(), PrivateKey.generate()
        _keep(folder / name / "root.key", root, now)
        desk_keys[name] = folder / name / "desk.key"
        _keep(desk_keys[name], key, now)
        roles = frozenset({SUBMIT, ACKNOWLEDGE, WATCH})
        parties.append(Party(name, dict(names), root.public, (PartyKey(key.public, roles, *day),)))
        roots.append(root)
    payload = setting.payload(parties, Service(setting.origin, (ServiceKey(service.public, *day),)))
    agreement = open_agreement(sign_agreement(payload, [*roots, service]))
    agreement_file = folder / "agreement.json"
    agreement_file.write_bytes(agreement.raw)
    return Scene(folder, agreement, agreement_file, service_key, desk_keys)


def _keep(path: Path, key: PrivateKey, now: int) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save_private_key(path, key, now)
