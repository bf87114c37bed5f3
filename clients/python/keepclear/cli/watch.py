"""``keepclear watch``: live alerts, verified: a board on a terminal, lines anywhere else."""

import asyncio
import contextlib
import os
import sys
from dataclasses import replace

import click

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AlertEvent, Event, LinkEvent
from keepclear.desk.picture import Picture
from keepclear.transport.client import now_instant
from keepclear.verify.verdicts import Standing

from . import out
from .board.blind import unwatched
from .board.look import Look
from .board.run import Board
from .board.screen import Screen, fits
from .board.state import calls
from .context import DeskOptions, desk_options, officer_option
from .lines import holds
from .main import DONE, INVALID, STALE, UNREACHABLE
from .reference import Reference, bullseye_option
from .tell import Teller
from .words import clock, stamp


class _Seen:
    """What has gone by, for the exit code."""

    def __init__(self) -> None:
        self.alert = False
        self.invalid = False
        self.ever_up = False
        self.up = False

    def note(self, event: Event) -> None:
        self.alert |= isinstance(event, AlertEvent)
        self.invalid |= not holds(event)
        if isinstance(event, LinkEvent):
            self.up = event.up
            self.ever_up |= event.up

    @property
    def exit_code(self) -> int:
        if self.invalid:
            return INVALID
        if not self.ever_up:
            return UNREACHABLE
        return DONE if self.up else STALE


@click.command("watch")
@click.option("--once", is_flag=True, help="End after the first alert that comes, however late; lines, no board.")
@click.option("--for", "for_s", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End after this.")
@click.option("--lines", "as_lines", is_flag=True, help="Lines, one event each, on a terminal too.")
@officer_option("Your handle in this party: in its name the board acknowledges.")
@bullseye_option
@desk_options
def watch(
    settings: DeskOptions,
    once: bool,
    for_s: float | None,
    as_lines: bool,
    officer: str | None,
    bullseye: Reference | None,
) -> int:
    """Follow the hotline and show every alert once it is verified, until interrupted.

    On a terminal it is a board of what is open now; anywhere else it is lines, first those that restate what is open
    or unanswered, then one for each event, and again each minute what nobody has answered in time. Goes on where this
    desk left off. Delivery is signed as it happens; acknowledging stays a person's act. Exit 4: never connected. Exit
    5: something did not verify. Exit 6: not connected at the end, or not any more because new terms are in force.
    """
    seen = _Seen()
    on_board = not (as_lines or once or settings.as_json) and fits(sys.stdout)
    if on_board:
        code = asyncio.run(_on_board(settings, seen, for_s, officer, bullseye))
        return seen.exit_code if code is None else code
    asyncio.run(_in_lines(settings, seen, once, for_s, bullseye))
    return seen.exit_code


async def _in_lines(
    settings: DeskOptions, seen: _Seen, once: bool, for_s: float | None, point: Reference | None
) -> None:
    async with settings.async_desk() as desk:
        teller = Teller(desk, as_json=settings.as_json, reference=point)
        since = unwatched(desk.journal.watched_until(), now := now_instant())
        if since is not None:
            out.note(f"nobody watched at this desk from {stamp(since[0], now)} to {stamp(since[1], now)}")
        teller.restate(_standing(desk))
        following = asyncio.ensure_future(_follow(desk, teller, seen, once))
        reminding = asyncio.ensure_future(_remind(desk, teller))
        try:
            done, _ = await asyncio.wait({following, reminding}, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (following, reminding):
                task.cancel()
            await asyncio.gather(following, reminding, return_exceptions=True)
    _say_end(seen)


async def _follow(desk: AsyncDesk, teller: Teller, seen: _Seen, once: bool) -> None:
    """Show what happens as lines."""
    async with contextlib.aclosing(desk.watch(lambda: once and seen.alert)) as events:
        was_up = True  # what was known at the start has just been said
        async for event in events:
            seen.note(event)
            teller.show(event)
            if isinstance(event, LinkEvent):
                if event.up and not was_up:
                    teller.restate(_standing(desk))
                elif once and was_up and not event.up:
                    out.note("it waits for the first alert, and tries to connect until then")
                was_up = event.up


async def _remind(desk: AsyncDesk, teller: Teller) -> None:
    """Look at the clock each second, and say again what calls for somebody."""
    while True:
        await asyncio.sleep(1)
        teller.remind()


async def _on_board(
    settings: DeskOptions, seen: _Seen, for_s: float | None, officer: str | None, point: Reference | None
) -> int | None:
    async with settings.async_desk() as desk:
        teller = Teller(desk, reference=point)

        def lines(event: Event | None) -> None:
            if event is None:
                teller.restate(_standing(desk))
            else:
                teller.show(event)

        screen = Screen(sys.stdout, sys.stdin, colour=not os.environ.get("NO_COLOR"))
        board = Board(desk, screen, Look.of(sys.stdout.encoding, point), officer, lines, teller.remind)
        code: int | None = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s), contextlib.aclosing(desk.watch()) as events:
                code = await board.run(events, seen.note)
        teller.restate(_standing(desk))
        who = f"of {officer} " if officer else ""
        out.note(f"this watch {who}ended {clock(now_instant())}")
        return code


def _say_end(seen: _Seen) -> None:
    """Say why the exit code is what it is, where nobody can have seen it."""
    if not seen.ever_up:
        out.note("ended: it was never connected")
    elif not seen.up:
        out.note("ended: not connected")


def _standing(desk: AsyncDesk) -> Picture:
    """Return the picture of what is open or calls for somebody: whoever reads on has not seen what went before."""
    picture = desk.picture()
    standing = (view for view in picture.conflicts if calls(view) or view.state == Standing.OPEN)
    return replace(picture, conflicts=tuple(standing))
