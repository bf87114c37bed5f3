"""All output: total for every text and encoding, and no fault of a command whose deed is done."""

import ast
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear import AcknowledgementEvent, AlertEvent, GapEvent, LinkEvent, NoticeEvent, ProblemEvent
from keepclear.cli import out
from keepclear.cli.conflict import record_lines
from keepclear.cli.lines import conflict_line, event_json, event_line, notice_line
from keepclear.cli.notice import record_lines as notice_lines
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.picture import ConflictView, NoticeView
from keepclear.desk.record import ConflictRecord, VersionRecord
from keepclear.journal.pictured import Heights
from keepclear.wire.answers import AlertObject
from keepclear_protocol.acknowledgement import STAGES, Acknowledgement
from keepclear_protocol.claims import Claims
from support.nursery import Lifeline
from support.officer import environment
from support.program import keepclear
from support.world import box

AT = 1_790_000_000_000_000
ENCODINGS = ("ascii", "latin-1", "cp1252", "iso8859-8", "utf-8", "utf-16")

anything = st.text(st.characters(), max_size=80)
officers = st.one_of(st.none(), anything)


@st.composite
def acknowledged(draw: Any) -> AcknowledgementEvent:
    claims = Claims(draw(anything), "a", "t", draw(st.integers(0, 2**31)), "j", None)
    ack = Acknowledgement(
        "raw", "s" * 43, "k" * 43, claims, draw(st.sampled_from(STAGES)), "a" * 43, draw(anything), 3, "o", "t", "n",
        draw(st.sampled_from(["verified", "recompute", "closed_without_cause"])), draw(officers), None,
    )  # fmt: skip
    return AcknowledgementEvent(draw(anything), ack, draw(st.sampled_from(["verified", "evidence"])), draw(anything))


views = st.builds(
    ConflictView,
    conflict=anything, version=st.integers(0, 99), state=st.sampled_from(["OPEN", "UNVERIFIED", "PAST", "CLOSED"]),
    severity=st.sampled_from([None, "overlap", "proximity", "possible"]) | anything, lead=st.none() | anything,
    verdict=anything, alarm=st.none() | anything, alarm_detail=st.none() | anything, own=anything,
    own_revision=st.integers(1, 9), party=anything, other=anything, other_revision=st.integers(1, 9),
    start=st.none() | st.integers(0, AT), end=st.none() | st.integers(0, AT), pairs=st.integers(0, 9),
    answers=st.just(()), code=anything, own_callsign=officers, category=officers,
    where=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)), lower_m=st.none() | st.floats(-9e3, 1e5),
    upper_m=st.none() | st.floats(-9e3, 1e5), reference=st.sampled_from([None, "FL", "AMSL"]),
    horizontal_m=st.none() | st.integers(0, 10**6), vertical_m=st.none() | st.integers(0, 10**5),
    received_at=st.none() | st.integers(0, AT), reason=st.none() | anything,
)  # fmt: skip
events = st.one_of(
    acknowledged(),
    st.builds(AlertEvent, st.builds(AlertObject, anything, st.none() | anything, st.none()), st.none(), anything,
              anything, st.none()),
    st.builds(NoticeEvent, anything, anything, st.integers(1, 9), anything, anything, anything),
    st.builds(GapEvent, anything),
    st.builds(ProblemEvent, anything, anything),
    st.builds(LinkEvent, st.booleans(), anything, st.floats(0, 9)),
)  # fmt: skip


class Terminal(io.TextIOWrapper):
    """A strict stream of an encoding."""

    def __init__(self, encoding: str) -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding=encoding, errors="strict", newline="")

    def lines(self) -> list[str]:
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding).split("\n")


def written(encoding: str, write: Any) -> list[str]:
    before, sys.stdout = sys.stdout, Terminal(encoding)
    try:
        write()
        return sys.stdout.lines()
    finally:
        sys.stdout = before


@given(events, st.none() | views, st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_whatever_is_signed_is_one_line_on_any_terminal(
    event: Any, view: ConflictView | None, encoding: str
) -> None:
    said = event_line(event, AT, view)
    assert "cannot be shown in words" not in said
    lines = written(encoding, lambda: out.say(said))
    assert len(lines) == 2 and lines[1] == ""
    (line, _) = written(encoding, lambda: out.write_json(event_json(event, AT, view)))
    assert json.loads(line)["shown_at_us"] == AT


@given(views, st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_whatever_a_conflict_holds_its_lines_are_shown(view: ConflictView, encoding: str) -> None:
    assert len(written(encoding, lambda: out.say(conflict_line(view, AT)))) == 2
    version = VersionRecord(1, view.party, view.reason, view.severity, None, view.verdict, view.other, AT, AT)
    lines = record_lines(ConflictRecord(view, (), (), (version,), ()), AT)
    assert len(written(encoding, lambda: out.say(*lines))) == len(lines) + 1


@given(anything, anything, officers, st.sampled_from(ENCODINGS))
def test_whatever_a_notice_is_called_it_is_one_line(id: str, state: str, callsign: str | None, encoding: str) -> None:
    view = NoticeView(id, 1, "s", state, callsign, None, AT, AT, 3, "K7D-2MX")
    record = NoticeRecord(view, AT, callsign, (Heights(0.0, 1.0, "AMSL"),), ((34.0, 37.0),), ())
    assert len(written(encoding, lambda: out.say(notice_line(record, AT)))) == 2
    assert len(written(encoding, lambda: out.say(*notice_lines(record, AT)))) == len(notice_lines(record, AT)) + 1


def test_every_command_writes_through_the_one_home() -> None:
    """``click.echo`` and ``print`` know nothing of hostile text, of encodings or of a deed that is done."""
    folder = Path(out.__file__).parent
    for path in folder.rglob("*.py"):
        if path.name == "out.py" or (path.parent.name == "board" and path.name == "screen.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("click.echo", "click.secho", "print", "sys.stdout.write", "sys.stderr.write"), (
                    f"{path.name} line {node.lineno}"
                )


def shell(line: Lifeline, folder: Path, party: str, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which ``$K`` is keepclear, as one party's desk."""
    (folder / "plan.json").write_text(json.dumps([box() if party == "north" else box(48.05)]))
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")},
        **environment(line.world, folder, party, line.url),
        "K": f"{sys.executable} -c 'from keepclear.cli.main import main; main()'",
        **more,
    }
    script = command.replace("$K", "keepclear_here")
    whole = f"keepclear_here() {{ eval \"$K\" '\"$@\"'; }}\n{script}"
    return subprocess.run(["bash", "-c", whole], cwd=folder, env=env, capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip


@pytest.mark.parametrize("where", ["> /dev/full", ">&-"])
def test_what_was_filed_is_filed_though_it_could_not_be_written(line: Lifeline, tmp_path: Path, where: str) -> None:
    done = shell(line, tmp_path, "north", f"$K submit plan.json --category transport --again {where}")
    assert done.returncode == 0, done
    assert done.stderr.count("the output could not be written") == 1 and "stands" in done.stderr
    assert "Exception" not in done.stderr
    told = shell(line, tmp_path, "north", "$K notices --json")
    assert [notice["state"] for notice in json.loads(told.stdout)["notices"]] == ["live"]
    read = shell(line, tmp_path, "north", f"$K notices {where}")
    assert read.returncode == 2 and "the output cannot be written" in read.stderr


@pytest.mark.long
def test_a_foreign_handle_stops_no_desk_and_an_acknowledgement_is_of_what_was_shown(
    line: Lifeline, tmp_path: Path
) -> None:
    north, south = tmp_path / "n", tmp_path / "s"
    north.mkdir()
    south.mkdir()
    assert shell(line, south, "south", "$K submit plan.json --category transport").returncode == 0
    assert shell(line, north, "north", "$K submit plan.json --category transport").returncode == 3
    listed: list[dict[str, Any]] = []
    while not listed:  # a busy machine's hotline may not answer within a second: then it is the picture of before
        listed = json.loads(shell(line, south, "south", "$K conflicts --json").stdout)["conflicts"]
    code = listed[0]["code"]
    assert listed[0]["their_volumes"][0]["volume"]["altitude_lower"]["reference"] == "FL"
    refused = shell(line, north, "north", f"$K ack {code} --officer 'Maj. Şahin'")
    assert refused.returncode == 2 and "without a space" in refused.stderr
    assert shell(line, north, "north", f"$K ack {code} --officer Şahin-2").returncode == 0
    while not listed[0]["theirs"]["acknowledged_at"]:
        listed = json.loads(shell(line, south, "south", "$K conflicts --json").stdout)["conflicts"]
    for encoding in ("latin-1", "ascii", "ascii:strict"):
        seen = shell(line, south, "south", "$K watch --for 2", PYTHONIOENCODING=encoding)
        assert seen.returncode in (0, 4, 6), seen  # a busy machine may not connect within two seconds
        listed_again = shell(line, south, "south", "$K conflicts --offline", PYTHONIOENCODING=encoding)
        assert listed_again.returncode == 0 and "\\u015eahin-2" in listed_again.stdout
        shown = shell(line, south, "south", f"$K conflict show {code} --offline", PYTHONIOENCODING=encoding)
        assert shown.returncode == 0 and "\\u015eahin-2" in shown.stdout and "the volumes" in shown.stdout
    assert shell(line, south, "south", f"$K ack {code} --officer s-1 --version 1").returncode == 1
    assert shell(line, south, "south", f"$K ack {code} --officer s-1").returncode == 0
    fresh = shell(line, south, "south", f"$K ack {code} --again --officer s-2", KEEPCLEAR_DESK=str(south / "other"))
    assert fresh.returncode == 2 and "not shown" in fresh.stderr


@pytest.mark.parametrize("command", ["ack", "amend", "withdraw", "send", "discard", "conflict show", "notice show"])
def test_h_alone_asks_for_help(tmp_path: Path, command: str) -> None:
    done = keepclear(*command.split(), "-h", folder=tmp_path)
    assert done.returncode == 0 and "Usage: keepclear" in done.stdout
