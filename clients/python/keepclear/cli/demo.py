"""``keepclear demo``: the main job end to end on this machine, with recorded flights and real processes.

It ends with 0 only if every notice was receipted, every alert verified by the desk that got it and acknowledged, and
both sides were told of every conflict. Nothing is left behind: all processes end with it, and its folder is removed.
"""

import asyncio
import contextlib
import signal
from pathlib import Path

import click
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import LocalError

from keepclear.demo.play import Result, play
from keepclear.demo.tally import percentile


@click.command("demo")
@click.option("--flights", metavar="FILE", help="Flights to file, such as recorded tracks [the packaged sample].")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="File the first N flights alone.")
@click.option("--json", "out", metavar="OUT", help="Write the result to this file as one JSON object ('-': to stdout).")
@click.option("--disturb", is_flag=True, help="Kill and restart store, worker and service while flights are filed.")
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Keep keys, journals, store here."
)
def demo(flights: str | None, limit: int | None, out: str | None, disturb: bool, keep: Path | None) -> None:
    """Two parties, a mediator and recorded flights, end to end on this machine.

    Starts a store, the service and a desk for each party as processes on loopback; files every flight as a signed
    notice, by turns; receives, verifies and acknowledges every alert at the other desk. Exit 0: all of that held.

    In the result, flights go by their callsigns; where two share one, by callsign and line, as in "AFR12 (line 7)".
    """
    if out not in (None, "-") and not Path(str(out)).absolute().parent.is_dir():
        raise LocalError("usage", f"there is no folder for {out}")
    source = Path(flights) if flights is not None else None
    try:
        result = asyncio.run(_play(source, limit=limit, keep=keep, disturb=disturb))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise click.Abort from None
    _tell(result, to_stderr=out == "-")
    if out is not None:
        _write(out, result)


async def _play(source: Path | None, *, limit: int | None, keep: Path | None, disturb: bool) -> Result:
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):  # Ctrl-C is asyncio's own to handle, in the same way
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, lambda: task.cancel() if task is not None else None)
    return await play(source, limit=limit, keep=keep, disturb=disturb, say=lambda text: click.echo(text, err=True))


def _tell(result: Result, *, to_stderr: bool) -> None:
    notices, conflicts = len(result.turns), len(result.conflicts)
    lines = ["", *result.story, ""]
    lines.append(
        f"{notices} notices, {conflicts} conflicts, {result.alerts} alerts: all verified, acknowledged, and heard"
        f" by the other side, in {result.took_s:.1f} s"
    )
    if result.links_lost:
        lines.append(f"{result.links_lost} streams cut and resumed, {result.resent} notices sent again: nothing lost")
    half, most = (percentile(result.latencies_ms, share) for share in (0.5, 0.99))
    if half is not None:
        lines.append(
            f"submit to verified alert at the other desk: p50 {half:.0f} ms, p99 {most:.0f} ms"
            f" ({len(result.latencies_ms)} alerts)"
        )
    click.echo("\n".join(lines), err=to_stderr)


def _write(out: str, result: Result) -> None:
    try:
        with click.open_file(out, "wb") as file:
            file.write(dump_json(result.to_json()) + b"\n")
    except OSError as error:
        raise LocalError("usage", f"{out} cannot be written: {error.strerror}") from None
