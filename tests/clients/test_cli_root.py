"""A desk takes its own party's root and nobody else's, whichever command it is, and whatever its folder holds."""

import json
import os
from pathlib import Path

import pytest
from keepclear.cli import main as cli
from keepclear.journal.journal import Journal
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.keys import PrivateKey
from support.line import write_key
from support.world import World, box, signed

world = World("north", "south", "west")
ID = "A" * 22
COMMANDS = [
    ["submit", "plan.json", "--category", "transport"],
    ["submit", "plan.json", "--category", "transport", "--dry-run"],
    ["amend", ID, "plan.json"],
    ["withdraw", ID],
    ["notices"],
    ["conflicts"],
    ["watch", "--for", "0.1"],
    ["ack", "A" * 43, "--officer", "duty-1"],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("KEEPCLEAR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "agreement.json").write_bytes(world.agreement.raw)
    write_key(tmp_path / "north.key", world.parties["north"].key)
    (tmp_path / "plan.json").write_text(json.dumps([box()]))
    monkeypatch.setenv("KEEPCLEAR_AGREEMENT", "agreement.json")
    monkeypatch.setenv("KEEPCLEAR_KEY", "north.key")
    monkeypatch.setenv("KEEPCLEAR_DESK", "desk")
    monkeypatch.setenv("KEEPCLEAR_CONNECT_TO", "http://127.0.0.1:1")
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.req("R-027")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("standing", [False, True], ids=["a new desk", "a desk that has begun"])
def test_another_ones_root_is_refused_by_name(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], standing: bool
) -> None:
    if standing:
        Journal(folder / "desk", world.agreement, "north").close()
    for key, whose in (
        (world.parties["south"].root, "the root of south"),
        (world.parties["west"].root, "the root of west"),
        (world.service, "a key of the service"),
        (world.parties["north"].key, "a key of north"),
        (PrivateKey.generate(), ""),
    ):
        assert cli.run([*words, "--root", key.public.text]) == cli.INVALID
        said = capsys.readouterr().err
        assert "the own root of north, whose desk this is, has not signed it" in said and "agreement.json" in said
        assert f"the key given is {whose}" in said if whose else "the key given" not in said
    assert standing or not (folder / "desk").exists()
    assert cli.run([*words, "--root", world.parties["north"].root.public.text]) not in (cli.INVALID, cli.USAGE)


@pytest.mark.req("R-027")
def test_a_file_that_names_another_root_for_the_desks_party_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever made the file has put a root of its own in the place of north's, and all whom it names have signed."""
    payload = json.loads(json.dumps(world.payload))
    theirs = PrivateKey.generate()
    payload["parties"][0]["root"] = theirs.public.jwk
    roots = [theirs, world.parties["south"].root, world.parties["west"].root]
    forged = signed(payload, *roots, world.service)
    assert open_agreement(forged)
    (folder / "agreement.json").write_bytes(forged)
    assert cli.run(["conflicts", "--root", world.parties["north"].root.public.text]) == cli.INVALID
    assert "has not signed it" in capsys.readouterr().err and not (folder / "desk").exists()
