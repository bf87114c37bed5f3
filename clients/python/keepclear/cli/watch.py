"""``keepclear watch``: live alerts, verified, on any terminal."""

import asyncio
import contextlib
import sys

import click

from keepclear.desk.events import AlertEvent, Event, LinkEvent
from keepclear.transport.client import now_instant

from .context import DeskOptions, desk_options, write_json
from .lines import event_line, holds, is_alarm
from .main import DONE, INVALID, STALE, UNREACHABLE


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
@click.option("--once", is_flag=True, help="End after the first alert.")
@click.option("--for", "for_s", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End after this.")
@desk_options
def watch(settings: DeskOptions, once: bool, for_s: float | None) -> int:
    """Follow the hotline and show every alert once it is verified, until interrupted.

    Goes on where this desk left off. Delivery is signed as it happens; acknowledging stays a person's act. A bell
    rings for alarms on a terminal. Exit 4: never connected. Exit 5: something did not verify. Exit 6: not connected
    at the end, or not any more because new terms are in force.
    """
    seen = _Seen()
    asyncio.run(_watch(settings, seen, once, for_s))
    return seen.exit_code


async def _watch(settings: DeskOptions, seen: _Seen, once: bool, for_s: float | None) -> None:
    async with settings.async_desk() as desk:
        stop = (lambda: seen.alert) if once else (lambda: False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(for_s), contextlib.aclosing(desk.watch(stop)) as events:
                async for event in events:
                    seen.note(event)
                    _show(event, settings.as_json)


def _show(event: Event, as_json: bool) -> None:
    now = now_instant()
    if as_json:
        write_json({"shown_at_us": now, **event.to_json()})
        sys.stdout.flush()
        return
    if isinstance(event, LinkEvent):
        click.echo(f"keepclear: {event_line(event, now)}", err=True)
        return
    bell = "\a" if is_alarm(event) and sys.stdout.isatty() else ""
    click.echo(bell + event_line(event, now))
