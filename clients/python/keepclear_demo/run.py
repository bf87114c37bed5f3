"""Runs the demo for ``keepclear demo``: until its end or an interrupt, then tells what came of it."""

import asyncio
import contextlib
import signal
from pathlib import Path

import click
from keepclear.transport.client import now_instant
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import LocalError

from .children import ServiceProcess
from .consoles import check_consoles, show_consoles
from .levant.story import levant
from .play import Result, Then, play
from .recorded import recorded
from .scene import Scene
from .script import Script
from .tally import percentile

LEVANT, RECORDED = "levant", "recorded"


def run(
    scene: str, flights: str | None, *, limit: int | None, out: str | None, disturb: bool, keep: Path | None, stay: bool
) -> None:
    """Play a scene and write its result; ``out`` is a file or ``-``. Raises ``click.Abort`` after an interrupt.

    With ``stay`` both parties' consoles stand on the line in the end, until an interrupt, which then is a good end.
    """
    if scene == LEVANT and (flights is not None or limit is not None or disturb):
        raise LocalError("usage", "--flights, --limit and --disturb are for --scene recorded")
    if out not in (None, "-") and not Path(str(out)).absolute().parent.is_dir():
        raise LocalError("usage", f"there is no folder for {out}")
    source = Path(flights) if flights is not None else None
    script = levant() if scene == LEVANT else recorded(source, limit=limit, now=now_instant())
    if stay:
        check_consoles()

    async def then(result: Result, scene: Scene, service: ServiceProcess) -> None:
        _tell(result, to_stderr=out == "-")
        if out is not None:
            _write(out, result)
        if stay:
            await show_consoles(scene, service.address, lambda text: click.echo(text, err=True))

    try:
        asyncio.run(_play(script, then, keep=keep, disturb=disturb))
    except (KeyboardInterrupt, asyncio.CancelledError):  # the first before the loop's handlers stand
        raise click.Abort from None


async def _play(script: Script, then: Then, *, keep: Path | None, disturb: bool) -> None:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    # SIGINT too: where a script started us in the background it is ignored, and asyncio would leave it so.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, lambda: task.cancel() if task is not None else None)
    await play(script, keep=keep, disturb=disturb, say=lambda text: click.echo(text, err=True), then=then)


def _tell(result: Result, *, to_stderr: bool) -> None:
    notices, conflicts = len(result.notices), len(result.conflicts)
    half, most = (percentile(result.latencies_ms, share) for share in (0.5, 0.99))
    lines = ["", *result.told.lines, ""]
    if half is not None:
        lines.append(f"submit to verified alert at the other desk: p50 {half:.0f} ms, p99 {most:.0f} ms")
    if result.links_lost:
        lines.append(f"{result.links_lost} streams cut and resumed, {result.resent} notices sent again: nothing lost")
    lines.append(
        f"{notices} notices, {conflicts} conflicts, {result.alerts} alerts: all verified, acknowledged, heard"
        f" in {result.took_s:.1f} s"
    )
    click.echo("\n".join(lines), err=to_stderr)


def _write(out: str, result: Result) -> None:
    try:
        with click.open_file(out, "wb") as file:
            file.write(dump_json(result.to_json()) + b"\n")
    except OSError as error:
        raise LocalError("usage", f"{out} cannot be written: {error.strerror}") from None
