"""Both parties' consoles on the demo's line: what was played stands in them, and they can be played on with.

Guaranteed: each is a process of its own on its party's own desk, as in life, and ends with the demo. Ctrl-C is their
good end.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from keepclear.console.post import running
from keepclear.console.vendored import check_vendored

from .children import running_console
from .scene import Scene

HEAD = "Both parties' consoles stand on this line. Open each link in a window of its own:"
TRY = """\
  B begins a watch, F files a flight, ? says all keys. What one files near a flight of the other rings there.
Each link opens once, within five minutes; Enter prints new ones. Ctrl-C ends the demo."""


def check_consoles() -> None:
    """Raise ``LocalError`` where this build has no console's page."""
    check_vendored()


async def show_consoles(scene: Scene, address: str, say: Callable[[str], None]) -> None:
    """Run the console of each party and say its link, until an interrupt."""
    parties = [party.id for party in scene.agreement.parties]
    async with contextlib.AsyncExitStack() as stack:
        links = {}
        for party in parties:
            log = scene.folder / party / "console.log"
            links[party] = await stack.enter_async_context(running_console(scene, party, address, log))

        def tell(links: dict[str, str]) -> None:
            say("\n".join(["", HEAD, *(f"  {party:<9} {link}" for party, link in links.items()), TRY]))

        def again() -> None:
            tell({party: _link(scene.folder / party) for party in parties})

        tell(links)
        with _enter(again):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
        say("the demo has ended")


def _link(folder: Path) -> str:
    return running(folder).link("officer", time.time())


@contextlib.contextmanager
def _enter(pressed: Callable[[], None]) -> Iterator[None]:
    """Hear Enter in the terminal, where there is one."""
    if sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if os.read(descriptor, 4096):
            pressed()
        else:
            loop.remove_reader(descriptor)

    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
