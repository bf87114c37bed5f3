"""What a page is told of a picture, and that changes laid over it make the picture as it is. No process, no network."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear.console import facts
from keepclear.console.access import Access, Session
from keepclear.console.console import Console
from keepclear.console.extents import NOTHING, extents, filed
from keepclear.console.facts import Snapshot
from keepclear.console.feed import MAX_WAITING_BYTES, Page, encode
from keepclear.console.said import changes, phase, spoken
from keepclear.console.whole import whole_json
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.picture import Answers, ConflictView, build_picture
from keepclear.verify.verdicts import Standing
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.outline import Circle, Corridor
from keepclear_protocol.volume import outline_json
from support.boards import NOW, SECOND, conflict, down, picture, up
from support.consoles import laid_over
from support.desks import Lied, Line
from support.mediator import Mediator
from support.world import World, box

SHAPES: tuple[Circle | Corridor, ...] = (
    Circle((48.1, 2.1), 1500.5),
    Corridor(((48.0, 2.0), (48.1, 2.25), (48.0, 2.5)), 900),
)


def test_own_volumes_read_from_the_bytes_are_those_of_the_opened_notice(tmp_path: Path) -> None:
    line = Line(tmp_path)
    south = line.desk("south")
    late = box(49.0, low=1000.25, high=2000, reference="AMSL", start_s=7200)
    feet = box(50.0, start_s=1800)
    for altitude in ("altitude_lower", "altitude_upper"):
        feet["volume"][altitude] |= {"reference": "AGL", "units": "FT"}
    shaped = [box(48.0 + at, start_s=3600.25 + at) for at in range(2)]
    for one, outline in zip(shaped, SHAPES, strict=True):
        del one["volume"]["outline_polygon"]
        one["volume"] |= outline_json(outline)
    filed_ = south.file([late, feet, *shaped], "transport", remarks="one, שתיים")
    record = south.notice(filed_.sha256)
    said = filed(south.journal.own(filed_.sha256).raw)
    assert list(said.extents) == json.loads(encode(extents(record.volumes)), object_hook=tupled)
    assert said.remarks == "one, שתיים"
    starts = [parse_instant(one["start"]) for one in said.extents]
    assert starts == sorted(starts)
    for raw in ("", "a.b.c~", "a.b.c~!!~x~", "a.b.c~e30~x~", "a.b.c~WyJhIiwxXQ~x~"):
        assert filed(raw) == NOTHING
    south.close()


def tupled(value: dict[str, Any]) -> dict[str, Any]:
    points = value.get("points")
    return value if points is None else {**value, "points": tuple(map(tuple, points))}


def seen(view: ConflictView, *, was_seen: bool = False) -> str:
    return phase(view, seen=was_seen)


def test_phases_latch_until_somebody_has_answered_or_seen() -> None:
    answered = Answers(acknowledged_at=NOW, acknowledged_by="duty-1")
    assert seen(conflict()) == "new"
    assert seen(conflict(state=str(Standing.PAST))) == "new"
    assert seen(conflict(state=str(Standing.PAST), unanswered=False, ours=answered)) == "past"
    assert seen(conflict(state=str(Standing.UNCONFIRMED))) == "new"
    assert seen(conflict(unanswered=False, ours=answered)) == "acknowledged"
    closed = conflict(state=str(Standing.CLOSED), unanswered=False, ours=Answers())
    assert (seen(closed), seen(closed, was_seen=True)) == ("cleared_unseen", "cleared")
    assert seen(replace(closed, ours=Answers(earlier=2))) == "cleared"
    assert seen(replace(closed, alarm="rollback", unanswered=True)) == "new"


def test_what_has_changed_is_told_and_nothing_of_what_a_closing_says_no_more() -> None:
    before = conflict()
    after = replace(before, severity="proximity", horizontal_m=900, end=NOW + 2000 * SECOND, own_revision=2)
    assert [one["what"] for one in changes(before, after)] == ["severity", "window", "distance", "revision"]
    assert changes(before, after)[0] == {"what": "severity", "before": "overlap", "after": "proximity"}
    closed = replace(before, state=str(Standing.CLOSED), severity=None, start=None, end=None, lower_m=None, pairs=0)
    assert changes(before, closed) == [{"what": "state", "before": "OPEN", "after": "CLOSED"}]
    assert changes(before, before) == []


def test_a_code_is_said_in_words() -> None:
    said = spoken("K7D2MXabcdefghijklmnop")
    assert len(said.split(", ")) == 2 and all(len(half.split(" ")) == 3 for half in said.split(", "))


def test_whole_is_what_no_reason_speaks_against() -> None:
    def codes(*given: Any) -> tuple[bool, list[str]]:
        said = whole_json(*given)
        return said["is"], [reason["code"] for reason in said["reasons"]]

    fresh = picture()
    assert codes(fresh, up(), None, NOW) == (True, ["not_yet_beats"])
    assert codes(fresh, up(heard_s=9), None, NOW) == (False, ["quiet", "not_yet_beats"])
    assert codes(picture(age_s=31), down(), None, NOW) == (False, ["stale", "link_down", "not_yet_beats"])
    assert codes(picture(age_s=None), up(), ("journal", "full"), NOW) == (
        False, ["never_heard", "journal", "not_yet_beats"],
    )  # fmt: skip
    assert codes(fresh, up(heard_s=-0.9), None, NOW) == (True, ["not_yet_beats"])
    assert codes(picture(age_s=-3600), up(heard_s=-3600), None, NOW) == (
        False, ["stale", "clock_set_back", "not_yet_beats"],
    )  # fmt: skip


def test_a_clock_that_was_set_back_makes_no_picture_young(tmp_path: Path) -> None:
    lied = Lied(tmp_path)
    lied.south.refresh()
    hour = 3600 * SECOND

    def age_s(heard_at: int | None) -> tuple[float | None, bool]:
        picture = build_picture(lied.south.journal, lied.now - hour, heard_at)
        return picture.age_s, picture.stale

    assert build_picture(lied.south.journal, lied.now - SECOND // 2, None).age_s == 0
    assert age_s(None) == (-3600, True)
    assert age_s(lied.now - hour - 2 * SECOND) == (2, False), "a sign of life by the new clock is one"
    lied.south.close()


def test_changes_laid_over_the_whole_are_the_whole(tmp_path: Path) -> None:
    lied = Lied(tmp_path)
    lied.south.close()
    desk: AsyncDesk | None = None

    async def story() -> None:
        nonlocal desk
        given = {"transport": lied.mediator.transport(), "clock": lambda: lied.now}
        desk = AsyncDesk(lied.world.agreement, lied.world.parties["south"].key, tmp_path / "south", **given)  # type: ignore[arg-type]
        console = Console(desk, Access(bytes(32)), clock=lambda: lied.now)
        session = Session("officer", b"", 0.0)
        console.look()
        page = json.loads(console.whole(session))
        assert [view["phase"] for view in page["conflicts"]] == ["new"] and len(page["notices"][0]["extents"]) == 2
        (view,) = page["conflicts"]
        assert view["pairs_shown"][0]["theirs"] == view["their_extents"][0] and view["first_at"] == view["since"]
        before = console.snapshot

        def change() -> dict[str, Any] | None:
            nonlocal before
            console.look()
            said, before = console.snapshot.change(before), console.snapshot
            return None if said is None else json.loads(said)

        assert change() is None
        lied.now += 1000 * SECOND
        moved = change()
        assert moved is not None and moved["conflicts"]["put"][0]["overdue"] and "order" not in moved["conflicts"]
        page = laid_over(page, moved)
        lied.withdraw()
        await desk.refresh()
        moved = change()
        assert moved is not None
        page = laid_over(page, moved)
        assert [(view["state"], view["phase"]) for view in page["conflicts"]] == [("CLOSED", "cleared_unseen")]
        assert page["conflicts"][0]["changes"][0] == {"what": "state", "before": "OPEN", "after": "CLOSED"}
        desk.note_shown((page["conflicts"][0]["conflict"], page["conflicts"][0]["version"]))
        moved = change()
        assert moved is not None and moved["conflicts"]["put"][0]["phase"] == "cleared"
        page = laid_over(page, moved)
        await desk.file([box(70.0)], "transport", callsign="S9")
        moved = change()
        assert moved is not None and len(moved["notices"]["order"]) == 2
        page = laid_over(page, moved)
        whole = json.loads(console.whole(session))
        assert {name: page[name] for name in ("conflicts", "notices")} == {
            name: whole[name] for name in ("conflicts", "notices")
        }
        await desk.close()

    asyncio.run(story())


def test_a_picture_that_cannot_be_read_leaves_the_last_one_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lied = Lied(tmp_path)
    console = Console(lied.south._desk, Access(bytes(32)), clock=lambda: lied.now)
    console.look()
    assert console.last.picture.conflicts

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(AsyncDesk, "picture", broken)
    lied.now += 40 * SECOND
    console.look()
    said = json.loads(console.whole(Session("officer", b"", 0.0)))
    assert len(said["conflicts"]) == 1 and "the disk is gone" in said["trouble"]["text"]
    assert not said["whole"]["is"] and said["picture"]["stale"]
    monkeypatch.undo()
    monkeypatch.setattr(AsyncDesk, "record", broken)
    console._facts._drawn.clear()
    console.look()
    console.look()  # what failed at one look is told at the next, and tried again
    said = json.loads(console.whole(Session("officer", b"", 0.0)))
    assert said["conflicts"][0]["pairs_shown"] == [] and "cannot be drawn" in said["trouble"]["text"]
    lied.south.close()


def test_a_flood_is_listed_at_once_and_drawn_by_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "DRAW_S", 0.0)  # one a look
    line = Line(tmp_path)
    line.world = World("south", "north", "east")
    line.mediator = Mediator(line.world, lambda: line.now)
    south, north, east = (line.desk(party) for party in ("south", "north", "east"))
    line.watched(south)
    south.file([box()], "transport")
    for _ in range(3):
        north.file([box(48.05)], "transport")
    east.file([box(48.12, low=205, high=220)], "transport")
    line.watched(south)
    console = Console(south._desk, Access(bytes(32)), clock=lambda: line.now)
    drawn = []
    for _ in range(5):
        console.look()
        said = json.loads(console.whole(Session("officer", b"", 0.0)))["conflicts"]
        assert len(said) == 4
        drawn.append(sorted(one["other"]["party"] for one in said if one["pairs_shown"]))
    assert drawn[:2] == [["east"], ["east", "north"]] and drawn[3:] == [["east", "north", "north", "north"]] * 2
    for desk in line.open:
        desk.close()


def test_a_slow_page_gets_the_whole_again_and_never_a_growing_queue() -> None:
    async def story() -> None:
        page = Page(Session("officer", b"", 0.0), lambda _: Snapshot({"party": b'"north"'}).whole({}))
        first = await page.next()
        assert first is not None and first.startswith(b"event: picture\n")
        page.put(b"a")
        page.put(b"b")
        assert await page.next() == b"ab"
        for _ in range(3):
            page.put(b"x" * (MAX_WAITING_BYTES // 2))
        assert page._bytes == 0 and not page._waiting
        page.put(b"lost with it")
        again = await page.next()
        assert again is not None and again.startswith(b"event: picture\n")
        page.end()
        assert await page.next() is None

    asyncio.run(story())
