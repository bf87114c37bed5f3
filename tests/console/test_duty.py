"""Who is on watch, what counts as seen, and that nothing ends a console: on a mediator in memory, with a clock."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from keepclear.cli.board.state import CLOSED_STAYS_S
from keepclear.console import feed
from keepclear.console.access import Access, Session
from keepclear.console.console import Console
from keepclear.console.feed import Page, Stream, encode
from keepclear.console.refusals import Refusal
from keepclear.desk.desk import AsyncDesk
from keepclear_protocol.errors import LocalError, OutOfStep, Refused
from support.boards import SECOND
from support.desks import Lied

Story = Callable[[Lied, AsyncDesk, Console], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    """Tell a story at south's desk, which has seen an open conflict, and has its own console."""
    lied = Lied(folder)
    lied.south.close()

    async def run() -> None:
        async with desk_of(lied, folder) as desk:
            console = Console(desk, Access(bytes(32)), clock=lambda: lied.now)
            console.look()
            await story(lied, desk, console)
            console.duty.close()

    asyncio.run(run())


def desk_of(lied: Lied, folder: Path) -> AsyncDesk:
    options: Any = {"transport": lied.mediator.transport(), "clock": lambda: lied.now}
    return AsyncDesk(lied.world.agreement, lied.world.parties["south"].key, folder / "south", **options)


def session(role: Any = "officer") -> Session:
    return Session(role, b"", 0.0)


async def settled(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def whole(console: Console, of: Session) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(console.whole(of))
    return said


def test_one_officer_has_the_watch_and_what_was_read_is_what_is_signed(tmp_path: Path) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        duty, one, other = console.duty, session(), session()
        (view,) = desk.picture().conflicts
        named = view.conflict, view.version
        with pytest.raises(Refusal):
            duty.end(one)
        for wrong in ("two words", None, ""):
            with pytest.raises(LocalError):
                duty.begin(one, wrong)
        duty.begin(one, "duty-1")
        assert (duty.officer_at(one), duty.officer_at(other)) == ("duty-1", None)
        await duty.shown(one, [named, ("unknown", 1)])
        with pytest.raises(Refusal, match="less than a second"):
            await duty.acknowledge(one, *named, None)
        lied.now += SECOND
        with pytest.raises(OutOfStep):
            await duty.acknowledge(one, view.conflict, view.version + 1, None)
        with pytest.raises(Refused, match="knows no conflict"):
            await duty.acknowledge(one, "unknown", 1, None)
        # Who takes the watch over has read nothing yet at his own page.
        duty.begin(other, "duty-2")
        with pytest.raises(Refusal, match="nobody has begun"):
            await duty.acknowledge(one, *named, None)
        with pytest.raises(Refusal, match="less than a second"):
            await duty.acknowledge(other, *named, None)
        duty.end(other, "duty-1")
        # The watch has changed hands: it comes back to no page by itself, and what was read counts no more.
        assert (duty.officer_at(one), duty.officer_at(other)) == (None, "duty-1")
        duty.begin(one, "duty-1")
        with pytest.raises(Refusal, match="less than a second"):
            await duty.acknowledge(one, *named, None)
        await duty.shown(other, [named])
        await duty.shown(one, [named])
        lied.now += SECOND
        duty.begin(other, "duty-3")
        with pytest.raises(Refusal, match="less than a second"):
            await duty.acknowledge(other, *named, None)
        duty.end(other, "duty-1")
        duty.begin(one, "duty-1")
        await duty.shown(one, [named])
        lied.now += SECOND
        signed = await duty.acknowledge(one, *named, "read back")
        assert (signed.officer, signed.version, signed.before) == ("duty-1", view.version, None)
        console.look()
        assert whole(console, one)["conflicts"][0]["phase"] == "acknowledged"
        duty.end(one)
        assert duty.to_json() is None
        said = [event["text"].partition(" ")[2] for event in whole(console, one)["events"]]
        assert said == ["duty-1 has the watch", "duty-2 has the watch, after duty-1",
                        "duty-1 has the watch, after duty-2", "duty-3 has the watch, after duty-1",
                        "duty-1 has the watch, after duty-3", "duty-1 has ended the watch: nobody has it"]  # fmt: skip
        facts = [event["facts"] for event in whole(console, one)["events"]]
        assert [(one["what"], one["officer"]) for one in facts] == [
            ("watch_begun", "duty-1"), ("watch_begun", "duty-2"), ("watch_begun", "duty-1"), ("watch_begun", "duty-3"),
            ("watch_begun", "duty-1"), ("watch_ended", "duty-1"),
        ]  # fmt: skip

    tell(tmp_path, story)


def test_a_clock_that_was_set_back_keeps_no_officer_from_acknowledging(tmp_path: Path) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        one = session()
        (view,) = desk.picture().conflicts
        console.duty.begin(one, "duty-1")
        await console.duty.shown(one, [(view.conflict, view.version)])
        lied.now -= 60 * SECOND
        console.look()
        with pytest.raises(Refusal, match="less than a second"):
            await console.duty.acknowledge(one, view.conflict, view.version, None)
        lied.now += SECOND
        await console.duty.acknowledge(one, view.conflict, view.version, None)

    tell(tmp_path, story)


def test_displayed_is_signed_once_for_the_officer_on_watch(tmp_path: Path) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        one = session()
        (view,) = desk.picture().conflicts
        following = asyncio.ensure_future(console.run())
        await settled(lambda: desk.link().up)
        await console.duty.shown(one, [(view.conflict, view.version)])
        console.duty.begin(one, "duty-1")
        for _ in range(3):
            await console.duty.shown(one, [(view.conflict, view.version)])
        await settled(lambda: desk.picture().conflicts[0].ours.displayed_by == "duty-1")
        console.look()
        said = [answer for answer in desk.picture().conflicts[0].answers if answer["stage"] == "displayed"]
        assert len(said) == 1
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    tell(tmp_path, story)


def test_what_was_closed_unanswered_is_seen_when_it_stood_before_an_officer(tmp_path: Path) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        one = session()
        lied.withdraw()
        await desk.refresh()
        console.look()
        (view,) = desk.picture().conflicts
        named = [(view.conflict, view.version)]
        page = Page(one, console.whole)
        console.pages._pages.add(page)

        async def phase_after(seconds: float) -> str:
            lied.now += int(seconds * SECOND)
            console.look()
            await settled(lambda: not console.duty._deeds)
            console.look()
            return str(whole(console, one)["conflicts"][0]["phase"])

        await console.duty.shown(one, named)
        assert await phase_after(CLOSED_STAYS_S + 1) == "cleared_unseen"  # nobody is on watch
        console.duty.begin(one, "duty-1")
        console.pages._pages.discard(page)
        assert await phase_after(1) == "cleared_unseen"  # nor does the page stand any more
        console.pages._pages.add(page)
        assert await phase_after(1) == "cleared"

    tell(tmp_path, story)


def test_where_another_watch_follows_it_stands_says_so_and_shows_what_that_one_hears(tmp_path: Path) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        one = session()
        async with desk_of(lied, tmp_path) as other:
            watching = await other.watching()
            following = asyncio.ensure_future(console.run())
            await settled(lambda: (whole(console, one)["trouble"] or {}).get("code") == "usage")
            said = whole(console, one)
            assert not said["whole"]["is"] and "another watch stands" in said["trouble"]["text"]
            assert len(said["conflicts"]) == 1 and any("NOT FOLLOWED" in event["text"] for event in said["events"])
            lied.withdraw()
            await other.refresh()
            await settled(lambda: whole(console, one)["conflicts"][0]["state"] == "CLOSED")
            assert not following.done()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await watching.close()

    tell(tmp_path, story)


def test_a_fault_of_its_own_ends_no_console_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(lied: Lied, desk: AsyncDesk, console: Console) -> None:
        one = session()

        def broken(*_: object) -> None:
            raise ValueError("no such thing")

        monkeypatch.setattr(Console, "_snapshot", broken)
        page = console.pages.open(one)._page
        console.pages._pages.add(page)
        assert await page.next() is not None
        console._look_or_say()
        said = await page.next()
        assert said is not None and b"no such thing" in said and b"event: beat" in said
        assert not whole(console, one)["whole"]["is"] and len(whole(console, one)["conflicts"]) == 1
        monkeypatch.undo()
        console._look_or_say()
        assert whole(console, one)["trouble"] is None

    tell(tmp_path, story)


def test_a_page_that_takes_nothing_is_cut_and_one_that_goes_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "CUT_S", 0.05)

    async def story() -> None:
        pages: set[Page] = set()
        gone, stuck = asyncio.Event(), asyncio.Event()

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body" and stuck.is_set():
                await asyncio.Event().wait()

        for way in (stuck, gone):
            serving = asyncio.ensure_future(Stream(Page(session(), lambda _: b"{}"), pages)({}, receive, send))
            await settled(lambda: len(pages) == 1)
            way.set()
            next(iter(pages)).put(b"x")
            async with asyncio.timeout(5):
                await serving
            assert not pages
            stuck.clear()

    asyncio.run(story())


def test_half_a_letter_is_escaped_and_stops_nothing() -> None:
    assert json.loads(encode({"callsign": "\ud800", "points": ((1, 2),)})) == {"callsign": "\ud800", "points": [[1, 2]]}
