"""``keepclear demo``: the main job end to end on this machine, with real processes.

It ends with 0 only if every notice was receipted, every alert verified by the desk that got it and acknowledged, and
both sides were told of every conflict. Nothing is left behind: all processes end with it, and its folder is removed.
"""

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--scene",
    type=click.Choice(["recorded", "levant"]),
    default="recorded",
    show_default=True,
    help="Recorded flights, or a synthetic night between israel and turkiye, told as a story.",
)
@click.option("--flights", metavar="FILE", help="Flights to file, such as recorded tracks [the packaged sample].")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="File the first N flights alone.")
@click.option("--json", "out", metavar="OUT", help="Write the result to this file as one JSON object ('-': to stdout).")
@click.option("--disturb", is_flag=True, help="Kill and restart store, worker and service while flights are filed.")
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Keep keys, journals, store here."
)
@click.option("--console", "stay", is_flag=True, help="In the end open both parties' consoles, until Ctrl-C.")
def demo(
    scene: str, flights: str | None, limit: int | None, out: str | None, disturb: bool, keep: Path | None, stay: bool
) -> None:
    """Two parties and a mediator, end to end on this machine.

    Starts a store, the service and a desk for each party as processes on loopback; files every flight as a signed
    notice, by turns; receives, verifies and acknowledges every alert at the other desk. Exit 0: all of that held,
    and of a scene that is a story each conflict came that was to come, and no other.

    In the result, flights go by their callsigns; where two share one, by callsign and line, as in "AFR12 (line 7)".
    """
    from keepclear_demo.run import run

    run(scene, flights, limit=limit, out=out, disturb=disturb, keep=keep, stay=stay)
