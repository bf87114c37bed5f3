"""``keepclear console``: the duty officer's desk in a browser, on this machine alone."""

import asyncio
import importlib.util
import time
from pathlib import Path

import click
from keepclear_protocol.errors import LocalError

from . import out
from .context import DeskOptions, desk_options, officer_option
from .main import DONE
from .reference import Reference, bullseye_option

NEEDS = ("starlette", "uvicorn")


@click.command("console")
@officer_option("Your handle in this party, as the page proposes it when a watch begins.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Of 127.0.0.1 [any that is free].")
@click.option("--no-browser", is_flag=True, help="Print the link alone.")
@click.option(
    "--basemap",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Your own chart under the coastline: FILE.geojson or FILE.pmtiles.",
)
@click.option("--wall", is_flag=True, help="Print a link for a wall screen, too, which only shows.")
@click.option("--link", is_flag=True, help="Print a new link to the console that runs at this desk, and end.")
@bullseye_option
@desk_options
def console(
    settings: DeskOptions,
    officer: str | None,
    port: int,
    no_browser: bool,
    basemap: Path | None,
    wall: bool,
    link: bool,
    bullseye: Reference | None,
) -> int:
    """Follow the hotline and show what is verified in a browser on this machine.

    Prints a link that opens the page once; the page holds no key and asks this console alone. Any number of pages may
    be open, and a wall screen only shows. It stays up while the hotline is out of reach, and says so. Ctrl-C ends it.
    """
    _check_parts()
    if link:
        return _print_link(settings, wall)
    if basemap is not None and basemap.suffix.lower() not in (".geojson", ".pmtiles"):
        raise click.UsageError("--basemap takes a FILE.geojson or FILE.pmtiles.")
    from keepclear.console.serve import Given, serve
    from keepclear.console.vendored import check_vendored

    check_vendored()

    browser = not no_browser
    given = Given(port=port, officer=officer, reference=bullseye, basemap=basemap, wall=wall, browser=browser)

    async def run() -> None:
        async with settings.async_desk() as desk:
            await serve(desk, given)

    asyncio.run(run())
    out.note("this console ended")
    return DONE


def _print_link(settings: DeskOptions, wall: bool) -> int:
    from keepclear.console.post import running

    out.say(running(settings.journal_folder()).link("wall" if wall else "officer", time.time()))
    return DONE


def _check_parts() -> None:
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        hint = "pip install 'keepclear[console]'"
        raise LocalError("usage", f"the console needs what is not installed here: {', '.join(missing)}", hint=hint)
