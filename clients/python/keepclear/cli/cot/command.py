"""``keepclear cot``: open conflicts as Cursor-on-Target events, for a party's own TAK."""

import asyncio
import contextlib
import signal

import click

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.picture import last_heard
from keepclear.transport.client import now_instant

from .. import out
from ..board.last import LastPicture
from ..context import DeskOptions, desk_options
from ..follow import follow_for_ever
from ..main import DONE
from .feed import Feed
from .send import Receiver, receiver


@click.command("cot")
@click.option(
    "--to", required=True, metavar="WHERE", help="udp://HOST:PORT, tcp://HOST:PORT, or - for standard output."
)
@click.option("--for", "for_s", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="End after this.")
@desk_options
def cot(settings: DeskOptions, to: str, for_s: float | None) -> int:
    """Send what is open or unanswered to TAK as Cursor-on-Target events, until interrupted.

    A marker where the two sides meet, with our callsign and the whole line in its remarks, and the other side's
    disclosed volumes as shapes; nothing else of either side. Each goes stale half a minute after the hotline was last
    heard: what TAK shows as old is old. It never means that all is clear, and nobody can acknowledge there. Beside a
    watch or a console of the same desk it reads what that one hears.
    """
    asyncio.run(_run(settings, receiver(to), for_s))
    return DONE


async def _run(settings: DeskOptions, to: Receiver, for_s: float | None) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    async with settings.async_desk() as desk:
        wake = asyncio.Event()
        following = asyncio.ensure_future(follow_for_ever(desk, lambda _: wake.set(), _Unfollowed()))
        sending = asyncio.ensure_future(_send(desk, to, wake))
        waiting = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait({sending, waiting}, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (following, sending, waiting):
                task.cancel()
            await asyncio.gather(following, sending, waiting, return_exceptions=True)
            await to.close()


async def _send(desk: AsyncDesk, to: Receiver, wake: asyncio.Event) -> None:
    feed, last = Feed(desk.record), LastPicture(desk, now_instant())
    unread = ""
    while True:
        now = now_instant()
        said = last.look(now)
        if said and said != unread:
            out.note(said)
        unread = said
        if not said:
            for xml in feed.due(last.picture, last_heard(desk.journal, desk.link().heard_at, now), now):
                await to.send(xml)
        wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await wake.wait()


class _Unfollowed:
    """Says once why the desk does not follow by itself."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, code: str, detail: str) -> None:
        if detail != self._said:
            out.note(f"it follows nothing itself: {detail} ({code}); it reads the journal")
        self._said = detail
