"""A journal whose file does not hold together: it is said to be damaged, with what to do, and not watched upon."""

import sqlite3
from pathlib import Path

import pytest
from keepclear.journal.journal import JOURNAL
from keepclear_protocol.errors import LocalError
from support.desks import Line
from support.world import box

TO_DO = "A damaged journal"


@pytest.fixture
def filed(tmp_path: Path) -> Line:
    """A line whose south has filed some notices, and has ended."""
    line = Line(tmp_path)
    south = line.desk("south")
    for lat in range(10, 20):
        south.file([box(float(lat))], "transport", reference=f"T/{lat}")
    south.close()
    return line


def spoil_an_index(path: Path) -> None:
    """Leave an index without rows that its table has: how a lost write-ahead log looks."""
    with sqlite3.connect(path) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'own'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size + 3)  # the number of cells of the index's root page
        count = int.from_bytes(file.read(2))
        assert count > 1
        file.seek((root - 1) * size + 3)
        file.write((count - 1).to_bytes(2))


def test_a_damage_that_no_command_meets_is_found_when_a_watch_begins(filed: Line, tmp_path: Path) -> None:
    spoil_an_index(tmp_path / "south" / JOURNAL)
    south = filed.desk("south")
    assert len(south.picture().notices) == 9  # and it looks as if all were well
    with pytest.raises(LocalError, match=r"NOT WATCHED.*is damaged") as told:
        next(south.watch())
    assert told.value.code == "journal" and TO_DO in (told.value.hint or "")
    with pytest.raises(LocalError, match="is damaged"):  # and nothing more is written to it
        south.file([box(30.0)], "transport")
    new = filed.desk("south", "new")
    new.refresh()
    assert len(new.picture().notices) == 10 and new.notice(reference="T/10") is None  # as docs/filing.md says


def test_a_file_that_is_no_database_any_more_is_said_to_be_damaged(filed: Line, tmp_path: Path) -> None:
    path = tmp_path / "south" / JOURNAL
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    with pytest.raises(LocalError, match="is damaged") as told:
        filed.desk("south")
    assert told.value.code == "journal" and TO_DO in (told.value.hint or "")


def test_a_file_that_breaks_under_a_desk_is_said_to_be_damaged(filed: Line, tmp_path: Path) -> None:
    path = tmp_path / "south" / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(LocalError, match="is damaged") as told:
        filed.desk("south").picture()
    assert TO_DO in (told.value.hint or "") and "make room" not in (told.value.hint or "")


def test_a_desk_that_is_closed_says_so(filed: Line) -> None:
    south = filed.desk("south")
    south.close()
    for asked in (south.picture, south.refresh, south.waiting):
        with pytest.raises(LocalError, match="this desk is closed") as told:
            asked()
        assert told.value.code == "usage"
