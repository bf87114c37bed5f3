"""The demo's scene: two parties and a mediator with fresh keys, the agreement between them, and the files of each.

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
    Limits,
    Party,
    PartyKey,
    Service,
    ServiceKey,
    draft_payload,
    open_agreement,
    sign_agreement,
)
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.separation import Minima

PARTIES = ("north", "south")
CATEGORY = "transport"
MINIMA = Minima(horizontal_m=4 * 1_852, vertical_m=700 * 0.3048, lead_s=0, tail_s=0)
"""4 NM and 700 ft, as controllers keep en route, without lead or tail: these flights leave nothing behind."""

ORIGIN = "http://hotline.demo"
"""No such machine: the desks are told with ``connect_to`` where the service listens."""

VALID_S = 86_400
LIMITS = Limits(area_km2=5_000_000, horizon_s=366 * 86_400, duration_s=366 * 86_400)
"""Wider than the defaults, so that any recorded flight can be shown; a gap of 15 minutes in a jet's track is bridged by
one leg that may claim 250 000 km2."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The agreement, and where each process finds its files. ``desk_keys`` goes by party."""

    folder: Path
    agreement: Agreement
    agreement_file: Path
    service_key: Path
    desk_keys: dict[str, Path]


def set_scene(folder: Path, now: int) -> Scene:
    """Make keys and agreement in ``folder``, valid for a day from the instant ``now``; raise ``LocalError``."""
    day = now - VALID_S * SECOND, now + VALID_S * SECOND
    service = PrivateKey.generate()
    service_key = folder / "mediator" / "service.key"
    _keep(service_key, service, now)
    roots, parties, desk_keys = [], [], {}
    for name in PARTIES:
        root, key = PrivateKey.generate(), PrivateKey.generate()
        _keep(folder / name / "root.key", root, now)
        desk_keys[name] = folder / name / "desk.key"
        _keep(desk_keys[name], key, now)
        roles = frozenset({SUBMIT, ACKNOWLEDGE, WATCH})
        parties.append(Party(name, {"en": name.title()}, root.public, (PartyKey(key.public, roles, *day),)))
        roots.append(root)
    payload = draft_payload(
        name="The demo's line",
        parties=parties,
        service=Service(ORIGIN, (ServiceKey(service.public, *day),)),
        categories={CATEGORY: MINIMA},
        limits=LIMITS,
    )
    agreement = open_agreement(sign_agreement(payload, [*roots, service]))
    agreement_file = folder / "agreement.json"
    agreement_file.write_bytes(agreement.raw)
    return Scene(folder, agreement, agreement_file, service_key, desk_keys)


def _keep(path: Path, key: PrivateKey, now: int) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    save_private_key(path, key, now)
