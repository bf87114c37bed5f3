"""What the service refuses to start with."""

from pathlib import Path

import pytest
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keys import PrivateKey
from keepclear_service.process.app import create_app
from keepclear_service.process.settings import load_settings
from support.line import write_key
from support.world import World, signed, terms_payload


def start(folder: Path, key: PrivateKey, *agreements: bytes) -> None:
    write_key(folder / "service.key", key)
    files = tuple(folder / f"{number}.json" for number in range(len(agreements)))
    for file, raw in zip(files, agreements, strict=True):
        file.write_bytes(raw)
    create_app(load_settings(key=folder / "service.key", agreements=files, store="unix:///nowhere"))


def test_a_key_in_two_agreements(tmp_path: Path) -> None:
    world = World()
    start(tmp_path, world.service, world.agreement.raw)
    parties = list(world.parties.values())
    roots = [party.root for party in parties]
    second = signed(terms_payload(parties, world.service, name="another"), *roots, world.service)
    with pytest.raises(LocalError, match="two of the agreements"):
        start(tmp_path, world.service, world.agreement.raw, second)


def test_a_key_that_is_not_the_services(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="not the service's"):
        start(tmp_path, PrivateKey.generate(), World().agreement.raw)
