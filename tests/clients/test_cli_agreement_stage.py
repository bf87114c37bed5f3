"""``keepclear agreement stage``: what comes is shown, compared by voice and kept for its time, with no word sent."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear.cli import main as cli
from keepclear_protocol.agreement import sign_agreement
from keepclear_protocol.encoding import dump_json
from support.line import write_key
from support.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def folder(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("KEEPCLEAR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "r1.json").write_bytes(world.agreement.raw)
    write_key(tmp_path / "north.key", world.parties["north"].key)
    monkeypatch.setenv("KEEPCLEAR_AGREEMENT", "r1.json")
    monkeypatch.setenv("KEEPCLEAR_KEY", "north.key")
    monkeypatch.setenv("KEEPCLEAR_DESK", "desk")
    monkeypatch.setenv("KEEPCLEAR_ROOT", world.parties["north"].root.public.text)
    monkeypatch.setenv("KEEPCLEAR_CONNECT_TO", "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def stage(*words: str, code: int = cli.DONE) -> None:
    assert cli.run(["agreement", "stage", *words]) == code


@pytest.mark.req("R-027")
def test_what_comes_is_shown_with_the_digits_to_be_compared(
    world: World, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    categories = json.loads(json.dumps(world.payload["categories"]))
    categories["transport"]["tail_s"] = 60
    second = world.successor(categories=categories)
    (folder / "r2.json").write_bytes(second.raw)
    stage("r2.json")
    said = capsys.readouterr()
    assert "category transport, tail after a window: 0 s -> 1 min (60 s) (more than before)" in said.out
    assert second.fingerprint in said.err and "by voice" in said.err
    assert "staged: revision 2; until the hotline has it in force this desk stays under revision 1" in said.err
    stage("r2.json", "--json")
    (told,) = capsys.readouterr().out.splitlines()
    assert json.loads(told)["staged"] == 2 and json.loads(told)["new"]["fingerprint"] == second.fingerprint
    stage()
    in_use, staged = capsys.readouterr().out.splitlines()
    assert in_use.startswith("in use: the agreement of the tests, revision 1")
    assert staged.startswith("staged: the agreement of the tests, revision 2") and second.fingerprint in staged


@pytest.mark.req("R-027")
def test_what_is_not_signed_by_all_or_does_not_follow_is_not_staged(
    world: World, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.successor(name="the second")
    roots = [party.root for party in world.parties.values()]
    (folder / "half.json").write_bytes(sign_agreement(dump_json(world.payload), roots))
    stage("half.json", code=cli.INVALID)
    assert "not yet signed by service" in capsys.readouterr().err
    (folder / "r3.json").write_bytes(world.successor(name="the third").raw)
    stage("r3.json", code=cli.USAGE)
    assert "this desk has revision 1" in capsys.readouterr().err
    (folder / "foreign.json").write_bytes(World().successor(name="of others").raw)
    stage("foreign.json", code=cli.REFUSED)
    assert "another agreement" in capsys.readouterr().err
    stage("missing.json", code=cli.USAGE)
    assert "missing.json cannot be read: there is no such file or folder" in capsys.readouterr().err
    root = world.parties["south"].root.public.text
    stage("r3.json", "--root", root, code=cli.INVALID)
    assert "the root of south" in capsys.readouterr().err


def test_a_desk_whose_own_key_will_be_out_of_use_is_warned(
    world: World, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parties = json.loads(json.dumps(world.payload["parties"]))
    parties[0]["keys"][0]["revoked_at"] = "2026-01-01T00:00:00Z"
    (folder / "r2.json").write_bytes(world.successor(parties=parties).raw)
    stage("r2.json")
    assert "warning: this desk's key is revoked, or not valid now, in revision 2" in capsys.readouterr().err
