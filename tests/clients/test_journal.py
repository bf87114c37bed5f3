"""A desk's journal: carried over from an older version, and on a disk that has no room."""

import itertools
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear import AlertEvent, ProblemEvent
from keepclear.desk.picture import build_picture
from keepclear.journal.asof import PastJournal
from keepclear.journal.changes import MarkDelivered, MoveCursor, Note
from keepclear.journal.journal import JOURNAL, Journal, Overtaken
from keepclear.journal.kept import KeptConflict
from keepclear.journal.pictured import Pictured
from keepclear.journal.tables import SCHEMA
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import EvidenceInvalid, LocalError
from keepclear_protocol.keys import PrivateKey
from support.desks import Lied, Line, alerts
from support.world import PartyKeys, World, box

VERSION_1 = Path(__file__).parent / "journals" / "version-1.sql"
"""South's journal of a story: an open conflict, amended and then told with a false severity; one that was withdrawn."""

VERSION_2 = VERSION_1.with_name("version-2.sql")
"""South's journal of another: a conflict answered by both sides and then amended, one withdrawn, one of a snapshot."""

VERSION_3 = VERSION_1.with_name("version-3.sql")
"""South's journal of a third: a conflict that its officer acknowledged as read, and a notice that was not sent."""

FLOWN, KEPT = "U6uA3EWg9-WkyKo288a5lQ", "NHaElXrwdqQH30xWyQdlXA"
VERSION_4 = VERSION_1.with_name("version-4.sql")
"""The same, once its flight has a reference."""

THIRD = "EZPKBEnAe7XMlzLYIHV8lXdidjFmiqbwInKGJR_3Zdo"

AHEAD, NEWEST = "48AIb_b6sexf6S0umIqXCunv9By4Idlk44QWCN4M59g", "-JkIBI20SlzRFymmu1YdDAPIHqK7uRmHbkxTNp7U59M"
GONE = "Ag-h-EzpCbcHf1GbOYEovlUlNHzXYFwwWWAciuk6YI0"

AT = 1_790_000_000_000_000
"""When that story was."""

OPEN, CLOSED = "rlOOlUYHggGQvW1wjDJe-kPXUVARlBxwDAQNuVmL4OM", "uSoX5WiVbKyB2ImRfibZTmdOENUX-RI4Tu20b2zKFGg"
MINE, LONE = "cZ5rDW7dvYbq_v_monCdAw", "SkUVhj2S-u9htqzrcDchDQ"


def old_line(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Line:
    """Return a line of the story's world, whose south has its journal."""
    seeds = itertools.count(1)

    def key() -> PrivateKey:
        return PrivateKey(bytes([next(seeds)]) * 32)

    monkeypatch.setattr("support.world.PartyKeys", lambda name: PartyKeys(name, key(), key()))
    monkeypatch.setattr(PrivateKey, "generate", key)
    line = Line(folder)
    line.now = AT + 2_000_000
    (folder / "south").mkdir(mode=0o700)
    path = folder / "south" / JOURNAL
    path.touch(mode=0o600)
    with sqlite3.connect(path) as db:
        db.executescript(script)
    db.close()
    return line


def test_a_journal_of_version_1_is_carried_over_with_all_that_it_remembers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = old_line(tmp_path, monkeypatch, VERSION_1.read_text("utf-8"))
    south = line.desk("south")
    shown = {view.conflict: view for view in south.picture().conflicts}
    view = shown[OPEN]
    assert (view.version, view.state, view.verdict, view.alarm) == (15, "UNVERIFIED", "recompute", "recompute")
    assert (view.own, view.own_revision, view.party, view.other_revision, view.pairs) == (MINE, 1, "north", 2, 1)
    whole = south.picture(everything=True)
    assert {view.conflict: view.state for view in whole.conflicts} == {OPEN: "UNVERIFIED", CLOSED: "CLOSED"}
    notices = {notice.id: notice for notice in whole.notices}
    assert (notices[MINE].state, notices[MINE].callsign, notices[MINE].volumes) == ("live", "SOUTH1", 2)
    assert sorted(notice.state for notice in whole.notices) == ["live", "live", "withdrawn"]
    assert {notice.id for notice in south.picture().notices} == {MINE, LONE}
    kept = south.journal.conflict(OPEN)
    assert kept is not None and (kept.streamed_version, kept.delivered, kept.answered) == (15, 6, 2)
    assert [ack.officer for ack in south.journal.acknowledgements(OPEN, 2)] == [None, "s-1", "n-1"]
    assert str(south.journal.cursor()).endswith("-10")


def test_a_journal_of_version_2_is_carried_over_and_its_picture_says_where_and_which_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = old_line(tmp_path, monkeypatch, VERSION_2.read_text("utf-8"))
    south = line.desk("south")
    shown = {view.conflict: view for view in south.picture(everything=True).conflicts}
    assert {name: view.state for name, view in shown.items()} == {AHEAD: "OPEN", NEWEST: "OPEN", GONE: "CLOSED"}
    view = shown[AHEAD]
    assert (view.own_callsign, view.category, view.code) == ("SOUTH1", "transport", "WF0-0GV")
    assert view.where is not None and 48.04 <= view.where[0] <= 48.1 and 2.0 <= view.where[1] <= 2.1
    assert (view.lower_m, view.upper_m, view.reference) == (3048, 6096, "FL")
    assert (view.horizontal_m, view.vertical_m, view.received_at) == (0, 0, AT + 2_000_000)
    assert (view.ours.earlier, view.theirs.earlier, view.unanswered) == (3, 3, True)
    assert shown[GONE].where is None and not shown[GONE].unanswered
    assert [view.conflict for view in south.picture().conflicts][:2] == [NEWEST, AHEAD]
    line.desk("south", "new")
    assert journal_tables(tmp_path / "south" / JOURNAL) == journal_tables(tmp_path / "new" / JOURNAL)


def test_a_journal_of_version_3_is_carried_over_and_takes_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = old_line(tmp_path, monkeypatch, VERSION_3.read_text("utf-8"))
    south = line.desk("south")
    assert {view.id: (view.state, view.reference) for view in south.picture().notices} == {
        FLOWN: ("live", None), KEPT: ("not sent", None),
    }  # fmt: skip
    (view,) = south.picture().conflicts
    assert (view.conflict, view.state, view.ours.acknowledged_by) == (THIRD, "OPEN", "s-1")
    kept = south.journal.conflict(THIRD)
    assert kept is not None and kept.shown == kept.version == 2
    with pytest.raises(EvidenceInvalid, match="ROLLBACK"):  # its receipts hold of the places that they name
        south.file([box(31.0, at=line.now)], "transport")
    line.mediator.seq = kept.version  # behind all that the journal has of this epoch
    filed = south.file([box(30.0, at=line.now)], "transport", reference="OPS-2211")
    assert south.notice(reference="OPS-2211").view.id == filed.id
    line.desk("south", "new")
    assert journal_tables(tmp_path / "south" / JOURNAL) == journal_tables(tmp_path / "new" / JOURNAL)


def test_a_journal_of_version_4_is_carried_over_and_its_past_begins_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = old_line(tmp_path, monkeypatch, VERSION_4.read_text("utf-8"))
    south = line.desk("south")
    assert {view.id: view.reference for view in south.picture().notices} == {FLOWN: "OPS-2211", KEPT: None}
    line.desk("south", "new")
    assert journal_tables(tmp_path / "south" / JOURNAL) == journal_tables(tmp_path / "new" / JOURNAL)
    begun, before = line.now, build_picture(south.journal, line.now, None)
    line.now += 1
    south.acknowledge(THIRD, officer="s-2")
    with PastJournal(tmp_path / "south" / JOURNAL, "south", begun) as past:
        assert build_picture(past, begun, None) == before
    with pytest.raises(LocalError, match="does not reach back so far"):
        PastJournal(tmp_path / "south" / JOURNAL, "south", begun - 1)


def journal_tables(path: Path) -> dict[str, list[Any]]:
    """Return each table's columns in their order, and the names of the indexes."""
    with sqlite3.connect(path) as db:
        names = sorted(db.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"))
        found = {name: db.execute(f"PRAGMA table_info({name})").fetchall() for _, name in names}
    db.close()
    return found


def test_what_was_not_shown_of_version_1_is_shown_and_what_it_has_seen_is_told_from_a_rollback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = old_line(tmp_path, monkeypatch, VERSION_1.read_text("utf-8"))
    south = line.desk("south")
    line.mediator.streams["south"] = [("notice", {})] * 10
    (event,) = alerts(line.watched(south))
    assert (event.verdict, event.alert is not None and event.alert.version) == ("recompute", 15)
    older = south.journal.alert_of(OPEN, 6)
    assert older is not None
    line.mediator.tell("south", "alert", older.object.to_json())
    (event,) = alerts(line.watched(south))
    assert event.verdict == "rollback"
    assert south.picture().conflicts[0].version == 15


def test_statements_that_cannot_be_read_any_more_are_carried_over_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = VERSION_1.read_text("utf-8").replace("',1,'notice','eyJ", "',1,'notice','x")
    line = old_line(tmp_path, monkeypatch, script)
    south = line.desk("south")
    heads = {head.id: head for head in south.journal.own_heads()}
    assert heads[MINE].raw.startswith("x") and heads[MINE].summary.volumes == 0
    assert len(south.journal.conflicts()) == 2


def test_a_journal_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    line = Line(tmp_path)
    line.desk("south").close()
    path = tmp_path / "south" / JOURNAL
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    with pytest.raises(LocalError, match=f"version {SCHEMA + 1}") as refused:
        line.desk("south")
    assert refused.value.code == "journal"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "desk", World().agreement, "south")
    yield made
    made.close()


EPOCH = "0" * 32


def fill(journal: Journal) -> None:
    """Let the file grow no further: what a full disk is to SQLite."""
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages}")


def make_room(journal: Journal) -> None:
    journal._db.execute("PRAGMA max_page_count = 1000000")


def test_a_full_disk_is_told_loses_nothing_and_is_written_again_when_there_is_room(journal: Journal) -> None:
    journal.apply([MoveCursor(Cursor(EPOCH, 1))])
    fill(journal)
    for _ in range(3):
        with pytest.raises(LocalError) as full:
            journal.apply([MoveCursor(Cursor(EPOCH, 2)), *[Note(f"filler {n}", "x" * 4000) for n in range(20)]])
        assert full.value.code == "journal" and full.value.hint
        assert journal.cursor() == Cursor(EPOCH, 1)
    make_room(journal)
    journal.apply([MoveCursor(Cursor(EPOCH, 2))])
    assert journal.cursor() == Cursor(EPOCH, 2) and journal.noted("filler 0") is None


class FailsToCommit:
    """A connection whose COMMIT fails: how the last fsync of a full disk looks."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self._real = real
        self.failures = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, query: str, *values: Any) -> Any:
        if query == "COMMIT" and self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return self._real.execute(query, *values)


def test_a_commit_that_fails_leaves_no_transaction_open(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_db", FailsToCommit(journal._db))
    with pytest.raises(LocalError):
        journal.apply([MoveCursor(Cursor(EPOCH, 1))])
    assert journal.cursor() is None
    journal.apply([Note("after", "1")])
    with sqlite3.connect(journal.folder / JOURNAL) as elsewhere:
        assert dict(elsewhere.execute("SELECT name, value FROM meta")).get("after") == "1"
    elsewhere.close()
    assert journal.cursor() is None


def test_what_rests_on_something_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    line = Lied(tmp_path)
    journal = line.south.journal
    (kept,) = journal.conflicts()
    generation = journal.generation()
    journal.apply([kept], since=generation)
    with pytest.raises(Overtaken):
        journal.apply([kept], since=generation)
    journal.apply([MarkDelivered(kept.conflict, 1)], since=journal.generation())
    line.south.close()


def test_many_threads_may_write_at_once(journal: Journal) -> None:
    def write(name: str) -> None:
        for number in range(20):
            journal.apply([Note(f"{name} {number}", "x")])

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(journal.noted(f"{name} 19") == "x" for name in range(4))


def test_a_desk_on_a_full_disk_says_so_and_goes_on_where_it_was_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.desk.position.BACKOFF_S", (0.0,))
    line = Line(tmp_path)
    south, other = line.desk("south"), line.desk("south", "other")
    line.watched(south)
    for lat in (10.0, 20.0, 30.0):
        other.file([box(lat)], "transport")
        line.desk("north").file([box(lat + 0.05)], "transport")
        line.open.pop().close()
    fill(south.journal)
    before = south.journal.cursor()
    seen: list[Any] = []
    for event in south.watch(stop=line.reached(south)):
        seen.append(event)
        if isinstance(event, ProblemEvent):
            assert event.code == "journal" and south.journal.cursor() == before
            make_room(south.journal)
    assert any(isinstance(event, ProblemEvent) for event in seen)
    assert [event.verdict for event in seen if isinstance(event, AlertEvent)] == ["verified"] * 3
    assert line.watched(south) == []


def test_nothing_is_sent_that_could_not_be_written_down(tmp_path: Path) -> None:
    line = Line(tmp_path)
    south = line.desk("south")
    fill(south.journal)
    south.journal._db.execute("PRAGMA cache_size = 1")
    with pytest.raises(LocalError) as full:
        for _ in range(50):
            south.file([box(lat) for lat in range(-60, 60, 2)], "transport")
    assert full.value.code == "journal"
    posts = len([request for request in line.mediator.requests if request.method == "POST"])
    make_room(south.journal)
    assert len(south.picture().notices) == posts
    south.file([box()], "transport")
    south.close()


def test_what_is_to_be_said_of_one_counterparts_alerts_is_not_behind_all_of_anothers(tmp_path: Path) -> None:
    journal = Line(tmp_path).desk("south").journal
    pictured = Pictured(
        1, "OPEN", "verified", "overlap", "ROUTINE", "ours", 1, "north", "theirs", 1, None, None, 1
    )  # fmt: skip
    whose = ["north"] * 9 + ["east"] * 2
    rows = [
        KeptConflict(f"{number:043}", number + 1, "", 0, pictured=replace(pictured, party=party))
        for number, party in enumerate(whose)
    ]
    journal.apply(rows)
    assert [row.version for row in journal.undelivered(5)] == [1, 2, 3, 10, 11]
    assert [row.version for row in journal.undelivered(99)] == list(range(1, 12))
