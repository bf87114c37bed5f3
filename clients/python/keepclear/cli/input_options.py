"""The options of every command that reads flights: what a file does not say, the officer does.

A command with ``@input_options`` is handed ``reading``, the ``Options`` of its input files. An option that a file does
not need is not used; one that it needs and that is missing is asked for by its name when the file is read.
"""

import functools
from collections.abc import Callable
from typing import Any

import click

from keepclear.offline.inputs import Options
from keepclear.offline.inputs.asked import read_altitude, read_length_m, read_time
from keepclear.offline.inputs.points import read_points

from .context import officer_option

SHOWN = "Sign that this officer was shown the alerts that come back."
"""What an officer's handle is for where something is filed."""

OPTION_TEXTS = (
    ("start", read_time, "--from"),
    ("end", read_time, "--to"),
    ("lower", read_altitude, "--lower"),
    ("upper", read_altitude, "--upper"),
    ("route_half_width_m", read_length_m, "--half-width"),
)
"""The members of ``Options`` that one text says each, what reads it, and the option that it is given by."""

_NAMES = ("from_time", "to_time", "lower", "upper", "half_width", "time_margin", "points", "reference_of_altitudes")

MAX_MARGIN_MIN = 24 * 60
"""A day: a plan that is less certain is no plan."""


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of its input files; it is handed them as ``reading``."""

    @functools.wraps(command)
    def with_reading(*args: Any, **given: Any) -> Any:
        said = {name: given.pop(name) for name in _NAMES}
        return command(*args, reading=_options(said), **given)

    for option in reversed(_OPTIONS):
        with_reading = option(with_reading)
    return with_reading


def filing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that files the options of how: ``dry_run``, and the ``officer`` who is shown what comes back."""
    dry_run = "Show what would be signed, in words; sign and send nothing."
    return click.option("--dry-run", is_flag=True, help=dry_run)(officer_option(SHOWN)(command))


def _options(said: dict[str, Any]) -> Options:
    found: dict[str, Any] = {}
    for name, (member, read, option) in zip(_NAMES, OPTION_TEXTS, strict=False):
        if said[name] is not None:
            found[member] = read(said[name], option)
    if "route_half_width_m" in found:
        found["half_width_m"] = found["route_half_width_m"]
    if said["time_margin"] is not None:
        found["margin_s"] = found["route_margin_s"] = said["time_margin"] * 60
    if said["points"] is not None:
        found["points"] = read_points(said["points"])
    if said["reference_of_altitudes"] is not None:
        found["reference"] = said["reference_of_altitudes"].upper()
    return Options(**found)


_OPTIONS = (
    click.option("--from", "from_time", metavar="TIME", help="Start of a window that FILE does not say, UTC."),
    click.option("--to", "to_time", metavar="TIME", help="End of a window that FILE does not say, UTC."),
    click.option("--lower", metavar="ALT", help="Lower altitude that FILE does not say: FL245, '4500ft AMSL', GND."),
    click.option("--upper", metavar="ALT", help="Upper altitude that FILE does not say."),
    click.option("--half-width", metavar="LENGTH", help="To either side of a line or track: 2NM, 3.7km, 3700m."),
    click.option(
        "--time-margin",
        type=click.IntRange(1, MAX_MARGIN_MIN),
        metavar="MINUTES",
        help="How early or late a planned or recorded flight may be.",
    ),
    click.option(
        "--altitude-reference",
        "reference_of_altitudes",
        type=click.Choice(["FL", "AMSL", "W84", "AGL"], case_sensitive=False),
        help="What a table's altitudes count from, where its header does not say.",
    ),
    click.option("--points", metavar="FILE", help="Named points of a flight plan, CSV: name, latitude, longitude."),
)
