"""A journal whose disk is full: what the desk knew is shown all the same, with what is wrong; nothing is watched."""

import contextlib
import json
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear.journal.readonly import _copied
from support.nursery import Lifeline
from support.officer import Officer
from support.world import World, box


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """Let this process write to no file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_kept_picture_is_shown_while_the_disk_is_full(line: Lifeline, tmp_path: Path) -> None:
    north, south = (Officer(line.world, tmp_path, party, line.url) for party in ("north", "south"))
    for one in (north, south):
        one.type("submit", "-", "--category", "transport", stdin=json.dumps([box()]))
    (before,) = north.type("conflicts")[1][0]["conflicts"]
    with full_disk():
        for words in (("conflicts",), ("conflicts", "--offline"), ("notices",)):
            code, (told,), talk = north.type(*words)
            assert (code, "the desk's journal" in talk, told["age_s"] is not None) == (6, True, True), talk
            assert len(told["conflicts" if words[0] == "conflicts" else "notices"]) == 1
        code, (shown,), talk = north.type("conflict", "show", before["code"])
        assert (code, shown["conflict"]) == (6, before["conflict"]) and "make room" in talk
        for what, id in (("conflict", before["code"]), ("notice", before["own"]["id"])):
            code, (shown,), talk = north.type(what, "show", id, "--offline")
            assert (code, bool(shown), "make room" in talk) == (6, True, True), talk
        code, _, talk = north.type("watch", "--for", "1")
        assert code == 2 and "NOT WATCHED" in talk
    assert north.type("conflicts")[0] in (0, 3)


def test_what_stands_in_the_wal_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE meta (name)")
        with contextlib.closing(_copied(path, path.with_name(path.name + "-wal"))) as copy:
            assert copy.execute("SELECT count(*) FROM meta").fetchone() == (0,)


@pytest.mark.parametrize(("kind", "said"), [("dangling", "leads nowhere"), ("folder", "it is a folder")])
def test_what_is_no_journal_is_named_with_its_path(tmp_path: Path, kind: str, said: str) -> None:
    world = World()
    north = Officer(world, tmp_path, "north", "http://127.0.0.1:9")
    desk = Path(north.env["KEEPCLEAR_DESK"])
    if kind == "dangling":
        desk.symlink_to(tmp_path / "nowhere")
    else:
        (desk / "journal.sqlite").mkdir(parents=True)
    code, _, talk = north.type("conflicts")
    assert code == 2 and said in talk and str(desk) in talk and "make room" not in talk
