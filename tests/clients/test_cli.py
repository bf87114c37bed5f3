"""The command line's manners: errors in one line with a hint, stable exit codes, data and talk apart, no traceback."""

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest
from keepclear.cli import main as cli
from keepclear.cli.lines import plain
from keepclear_protocol.errors import (
    CODES,
    EvidenceInvalid,
    Forbidden,
    KeepclearError,
    LocalError,
    Malformed,
    NotAuthentic,
    OutOfStep,
    StalePicture,
    Unavailable,
)
from support.line import write_key
from support.world import World, box, signed, terms_payload

world = World()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("KEEPCLEAR_")]:
        monkeypatch.delenv(name)
    (tmp_path / "agreement.json").write_bytes(world.agreement.raw)
    write_key(tmp_path / "north.key", world.parties["north"].key)
    (tmp_path / "plan.json").write_text(json.dumps([box()]))
    monkeypatch.setenv("KEEPCLEAR_AGREEMENT", str(tmp_path / "agreement.json"))
    monkeypatch.setenv("KEEPCLEAR_ROOT", world.parties["north"].root.public.text)
    monkeypatch.setenv("KEEPCLEAR_KEY", str(tmp_path / "north.key"))
    monkeypatch.setenv("KEEPCLEAR_DESK", str(tmp_path / "desk"))
    monkeypatch.setenv("KEEPCLEAR_CONNECT_TO", "http://127.0.0.1:1")
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    names = cli.keepclear.list_commands(click.Context(cli.keepclear))
    assert {"submit", "amend", "withdraw", "notices", "conflicts", "watch", "ack", "check"} <= set(names)
    for name in names:
        assert cli.run([name, "--help"]) == cli.DONE
    assert cli.run([]) == cli.USAGE
    assert cli.run(["--help"]) == cli.DONE
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["submit"],
        ["submit", "plan.json"],
        ["submit", "missing.json", "--category", "transport"],
        ["submit", "plan.json", "--category", "transport", "--agreement", "missing.json"],
        ["submit", "plan.json", "--category", "transport", "--key", "plan.json"],
        ["submit", "plan.json", "--category", "transport", "--connect-to", "ftp://x"],
        ["submit", "plan.json", "--category", "transport", "--ca", "plan.json"],
        ["submit", "plan.json", "--category", "transport", "--desk", "plan.json"],
        ["watch", "--for", "0"],
        ["watch", "--for", "x"],
        ["ack", "A"],
        ["ack", "A", "--officer", "x", "--stage", "approved"],
        ["withdraw"],
        ["amend", "A"],
        ["notices", "extra"],
        ["--nope"],
    ],
)
def test_usage_errors_are_one_line_and_a_hint(
    files: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert cli.run(words) == cli.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert 1 <= len(lines) <= 2 and lines[0].startswith("keepclear: error: "), err
    assert lines[0][18] == lines[0][18].lower() and not lines[0].endswith(".")
    assert all(line.startswith("keepclear: hint: ") for line in lines[1:])


def test_options_that_are_missing_name_their_variable(files: Path, capsys: pytest.CaptureFixture[str],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.delenv("KEEPCLEAR_AGREEMENT")
    assert cli.run(["notices"]) == cli.USAGE
    assert "KEEPCLEAR_AGREEMENT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Malformed("volume_edge"), 1),
        (Forbidden("wrong_role"), 1),
        (OutOfStep("revision_conflict"), 1),
        (LocalError("input_file"), 2),
        (Unavailable("unreachable"), 4),
        (Unavailable("store_unavailable"), 4),
        (EvidenceInvalid("recompute"), 5),
        (NotAuthentic(), 5),
        (StalePicture("stale_picture"), 6),
    ],
)
def test_exit_codes_say_who_must_act(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: KeepclearError, code: int
) -> None:
    assert _run_raising(monkeypatch, error) == code
    assert f"({error.code})" in capsys.readouterr().err


def _run_raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(**_: Any) -> None:
        raise error

    monkeypatch.setattr(cli.keepclear, "main", fail)
    return cli.run(["notices"])


def test_no_fault_ends_in_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run_raising(monkeypatch, ZeroDivisionError("division by zero")) == cli.FAULT == 70
    assert _run_raising(monkeypatch, KeyboardInterrupt()) == 130
    assert _run_raising(monkeypatch, click.Abort()) == 130
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and err.count("\n") == 1 and "ZeroDivisionError" in err


def test_what_an_error_quotes_cannot_change_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run_raising(monkeypatch, Malformed("json", "bad\x1b[2J\u202etext\nsecond line\x07")) == 1
    assert capsys.readouterr().err == "keepclear: error: bad\\x1b[2J\\u202etext second line\\x07 (json)\n"
    assert plain("a\u2066\x00é") == "a\\u2066\\x00é"


def test_every_hint_is_for_a_known_code() -> None:
    assert cli.HINTS.keys() <= CODES.keys()


def test_a_dry_run_reads_back_and_signs_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["submit", "plan.json", "--category", "transport", "--dry-run"]
    assert cli.run(words) == cli.DONE
    out, err = capsys.readouterr()
    assert "window" in out and "nothing was signed" in err
    assert cli.run([*words, "--json"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["volumes"] == 1
    assert not (files / "desk").exists()


def test_an_unreachable_hotline_is_exit_4_and_an_old_picture_exit_6(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["submit", "plan.json", "--category", "transport"]) == cli.UNREACHABLE
    err = capsys.readouterr().err
    assert "NOT SENT and NOT DECONFLICTED" in err and "keepclear send" in err and "keepclear discard" in err
    assert cli.run(["notices", "--json"]) == cli.STALE
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert [notice["state"] for notice in told["notices"]] == ["not sent"] and told["stale"]
    assert "(unreachable)" in err
    assert cli.run(["conflicts"]) == cli.STALE
    assert cli.run(["watch", "--for", "0.3"]) == cli.UNREACHABLE
    assert cli.run(["withdraw", told["notices"][0]["id"]]) == cli.REFUSED
    assert "nothing to withdraw" in capsys.readouterr().err


@pytest.mark.parametrize("id", ["-" + "A" * 21, "--" + "A" * 20, "-h" + "A" * 20])
def test_an_id_may_begin_with_a_hyphen(files: Path, capsys: pytest.CaptureFixture[str], id: str) -> None:
    assert cli.run(["withdraw", id]) == cli.UNREACHABLE
    assert cli.run(["ack", id, "--officer", "x"]) in (cli.REFUSED, cli.UNREACHABLE)
    assert "no such option" not in capsys.readouterr().err.lower()


def test_an_unknown_category_is_refused_before_anything_is_signed(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["submit", "plan.json", "--category", "nope"]) == cli.REFUSED
    assert "strike, transport" in capsys.readouterr().err


def test_a_desk_begins_only_with_an_agreement_that_its_own_root_has_signed(
    files: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Someone swaps the file for an agreement of strangers that lists this desk's key: every signature holds."""
    foreign = World()
    foreign.parties["north"].key = world.parties["north"].key
    payload = terms_payload(list(foreign.parties.values()), foreign.service)
    roots = [party.root for party in foreign.parties.values()]
    (files / "agreement.json").write_bytes(signed(payload, *roots, foreign.service))
    assert cli.run(["conflicts"]) == cli.INVALID
    assert "own root" in capsys.readouterr().err
    monkeypatch.delenv("KEEPCLEAR_ROOT")
    assert cli.run(["conflicts"]) == cli.USAGE
    assert "KEEPCLEAR_ROOT" in capsys.readouterr().err
    assert not (files / "desk").exists()
