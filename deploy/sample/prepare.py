"""The one-shot ``init`` of docker-compose.yml: whatever a first start lacks is made into the volumes, as a sample.

Makes, each only where it is absent: the access to the store (random passwords, an ACL file); the agreement of the
demo's synthetic night with all keys; a certificate authority with a certificate for the proxy and one for each desk.
Nothing that is there is ever overwritten. What it makes is good for trials: in life each key is made by its owner and
never leaves it, and here one machine has seen them all. The store's passwords alone are as good as any.
"""

import hashlib
import os
import secrets
import sys
import time
from pathlib import Path

from access import acl_file
from certificates import Authority
from keepclear_demo.levant.setting import LEVANT
from keepclear_protocol.agreement import (
    ACKNOWLEDGE,
    SUBMIT,
    WATCH,
    Party,
    PartyKey,
    Service,
    ServiceKey,
    sign_agreement,
)
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keyfile import key_file_text
from keepclear_protocol.keys import PrivateKey

VOLUMES = Path("/volumes")
SECRET = 0o600
SHARED = 0o640
"""For what the store or the proxy reads: another user of the same group."""

PARTIES = tuple(LEVANT.parties)
BUDGETS = Budgets(live_notices=10_000)
"""As agreed by default, but for trials of load, which leave more notices behind than a day of two air forces has."""

VALID_DAYS = 90
DAY_S = 86_400


def prepare(volumes: Path, origin: str, now: int) -> list[str]:
    """Make what is missing under ``volumes``; return what was made, in words. ``now`` is an instant."""
    made = []
    service, offline, proxy = volumes / "service", volumes / "offline", volumes / "proxy"
    if not (service / "store-password").exists():
        _store_access(volumes)
        made.append("the store's users, with random passwords")
    if not (service / "agreement.json").exists():
        _agreement(volumes, origin, now)
        made.append(f"SAMPLE keys and a SAMPLE agreement of {' and '.join(PARTIES)}, for {origin}, {VALID_DAYS} days")
    if not (proxy / "server.pem").exists():
        authority = Authority("Keepclear sample authority", now // SECOND, VALID_DAYS * DAY_S)
        _write(offline / "authority.key", authority.key_pem, SECRET)
        certificate, key = authority.server(("localhost", "proxy"), ("127.0.0.1",))
        _write(proxy / "authority.pem", authority.pem, SHARED)
        _write(proxy / "server.key", key, SHARED)
        for party in PARTIES:
            client, client_key = authority.client(party)
            _write(volumes / f"desk-{party}" / "authority.pem", authority.pem, SECRET)
            _write(volumes / f"desk-{party}" / "client.pem", client, SECRET)
            _write(volumes / f"desk-{party}" / "client.key", client_key, SECRET)
        _write(proxy / "server.pem", certificate, SHARED)
        made.append("a SAMPLE certificate authority, with certificates for the proxy and for the desks")
    return made


def _store_access(volumes: Path) -> None:
    service, backup = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    hashed = (hashlib.sha256(password.encode()).hexdigest() for password in (service, backup))
    _write(volumes / "store-access" / "users.acl", acl_file(*hashed).encode(), SHARED)
    _write(volumes / "offline" / "backup-password", f"{backup}\n".encode(), SECRET)
    _write(volumes / "service" / "store-password", f"{service}\n".encode(), SECRET)


def _agreement(volumes: Path, origin: str, now: int) -> None:
    valid = now - DAY_S * SECOND, now + VALID_DAYS * DAY_S * SECOND
    service = PrivateKey.generate()
    roots, parties, desks = [], [], {}
    for name, names in LEVANT.parties.items():
        root, key = PrivateKey.generate(), PrivateKey.generate()
        enrolled = PartyKey(key.public, frozenset({SUBMIT, ACKNOWLEDGE, WATCH}), *valid)
        parties.append(Party(name, dict(names), root.public, (enrolled,)))
        roots.append(root)
        desks[name] = key
    payload = LEVANT.payload(parties, Service(origin, (ServiceKey(service.public, *valid),)), BUDGETS)
    agreement = sign_agreement(payload, [*roots, service])
    for name, root in zip(PARTIES, roots, strict=True):
        _write(volumes / "offline" / f"{name}-root.key", key_file_text(root, now).encode(), SECRET)
        _write(volumes / f"desk-{name}" / "desk.key", key_file_text(desks[name], now).encode(), SECRET)
        _write(volumes / f"desk-{name}" / "root.pub", f"{root.public.text}\n".encode(), SECRET)
        _write(volumes / f"desk-{name}" / "agreement.json", agreement, SECRET)
    _write(volumes / "service" / "service.key", key_file_text(service, now).encode(), SECRET)
    _write(volumes / "service" / "agreement.json", agreement, SECRET)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a new file, durably; what exists is never overwritten."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def main() -> int:
    """Prepare the volumes; say what was done."""
    origin = os.environ.get("KEEPCLEAR_ORIGIN", "https://localhost:8443")
    try:
        made = prepare(VOLUMES, origin, time.time_ns() // 1000)
    except FileExistsError as error:
        sys.stderr.write(
            f"init: {error.filename} is there already, but not all that belongs to it. Nothing was overwritten.\n"
            "init: complete the volumes by hand, or drop them all: docker compose down --volumes\n"
        )
        return 1
    for what in made:
        sys.stdout.write(f"init: made {what}\n")
    if any("SAMPLE" in what for what in made):
        sys.stdout.write("init: samples are for trials only; docs/deploying.md says how to replace them\n")
    sys.stdout.write("init: all there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
