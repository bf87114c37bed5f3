"""``keepclear check``: what the rules say of two files, or of a batch of pairs, offline.

Nothing is sent and nobody is asked. Under ``--agreement`` the rules are the agreement's, with lead and tail of each
side's category. Else they are bare minima without lead and tail, under world-wide bounds between altitude references;
``--time-s`` is then the least time between the end of one window and the start of the next, and windows exactly that
far apart are in conflict, as everything that touches is. KEEPCLEAR_AGREEMENT is taken where a category is named; where
it is left aside that is said.

Two files: exit 0 if clear, 3 if in conflict or not to be excluded, 2 if one cannot be read. A batch answers each line
with one line in the same order and exits 0; a line that cannot be read is answered with ``{"verdict": "error", "code",
"detail"}``, and the exit is then 1 once all lines are answered. Blank lines are passed over.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import click
from keepclear_protocol.agreement import MAX_AGREEMENT_BYTES, open_agreement
from keepclear_protocol.encoding import parse_json, without_mark
from keepclear_protocol.errors import KeepclearError, Malformed
from keepclear_protocol.separation import WORLDWIDE, Minima
from keepclear_protocol.volume import Volume, parse_volume

from keepclear.offline.comparison import Measure, Verdict, compare
from keepclear.offline.inputs import Options, load, read_bytes
from keepclear.offline.inputs.flight import unreadable

from . import out
from .input_options import input_options
from .words import apart, band, counted, metric_band, whole_window

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A batch line: two notices of 512 KiB each, and four times that for other spellings of the same numbers."""

MAX_HORIZONTAL_M, MAX_VERTICAL_M, MAX_TIME_S = 20_000_000.0, 200_000.0, 366 * 86_400
"""Half way round the world, twice the highest altitude, a year: more would call everything a conflict."""

AGREEMENT = "KEEPCLEAR_AGREEMENT"
ASIDE = "these are bare minima; --category-a and --category-b hold the pair against the agreement's"

EXIT_UNREAD, EXIT_CONFLICT = 1, 3

Choose = Callable[[object, object], Measure]
"""From the two categories of a pair (None where not named) to what the pair is held against; raises ``Malformed``."""


def _minimum(highest: float) -> Callable[[click.Context, click.Parameter, float | None], float | None]:
    def check_minimum(_: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
        # Written so that NaN fails: a minimum that is no number would find everything clear.
        if value is not None and not 0 <= value <= highest:
            raise click.BadParameter(f"must lie between 0 and {highest:g}", param=parameter)
        return value

    return check_minimum


@click.command("check")
@click.argument("files", nargs=-1, metavar="[A B]")
@click.option("--batch", metavar="FILE", help="Read pairs as JSON lines ('-' is standard input).")
@click.option("--agreement", "agreement_file", metavar="FILE", help="Hold the pair against this agreement.")
@click.option("--category-a", metavar="NAME", help="The agreement's category of A; a batch line's own comes first.")
@click.option("--category-b", metavar="NAME", help="The agreement's category of B; a batch line's own comes first.")
@click.option("--horizontal-m", type=float, callback=_minimum(MAX_HORIZONTAL_M), help="Least distance, metres [0].")
@click.option("--vertical-m", type=float, callback=_minimum(MAX_VERTICAL_M), help="Least height between, metres [0].")
@click.option("--time-s", type=int, callback=_minimum(MAX_TIME_S), help="Least time between windows, seconds [0].")
@click.option("--json", "as_json", is_flag=True, help="Write the verdict of two files as one JSON object.")
@input_options
@click.pass_context
def check(
    context: click.Context,
    files: tuple[str, ...],
    batch: str | None,
    agreement_file: str | None,
    category_a: str | None,
    category_b: str | None,
    horizontal_m: float | None,
    vertical_m: float | None,
    time_s: int | None,
    as_json: bool,
    reading: Options,
) -> None:
    """Compare two files of flight intents offline, or many pairs with --batch.

    A and B may be of any format that 'keepclear formats' lists. Exit 0: clear. Exit 3: in conflict, or not to be
    excluded.
    """
    if (len(files) != 2) == (batch is None):
        raise click.UsageError("give either two files or --batch FILE")
    if agreement_file is None and (category_a or category_b):
        agreement_file = os.environ.get(AGREEMENT) or None
    if agreement_file is None:
        if category_a or category_b:
            raise click.UsageError(f"categories are an agreement's: give --agreement FILE or {AGREEMENT} too")
        if os.environ.get(AGREEMENT):
            out.note(f"note: {AGREEMENT} is set and not used: {ASIDE}")
        choose = _bare(horizontal_m or 0.0, vertical_m or 0.0, time_s or 0)
    else:
        if (horizontal_m, vertical_m, time_s) != (None, None, None):
            raise click.UsageError("the minima are the agreement's: give either --agreement or the minima")
        choose = _agreed(agreement_file, category_a, category_b)
    if batch is not None:
        context.exit(_batch(batch, choose))
    try:
        measure = choose(None, None)
    except Malformed as error:
        raise click.UsageError(error.detail) from None
    reading = replace(reading, uncertainty=measure.uncertainty)
    verdict = compare(_volumes(files[0], reading), _volumes(files[1], reading), measure)
    if as_json:
        out.write_json(verdict.as_json())
    else:
        out.say(*_told(verdict))
    context.exit(0 if verdict.worst is None else EXIT_CONFLICT)


def _bare(horizontal_m: float, vertical_m: float, time_s: int) -> Choose:
    # One side's tail alone: the later window then begins within time_s of the earlier one's end, whichever that is.
    minima = Minima(horizontal_m, vertical_m, lead_s=0, tail_s=time_s)
    measure = Measure(minima, minima, WORLDWIDE)
    return lambda _a, _b: measure


def _agreed(file: str, category_a: str | None, category_b: str | None) -> Choose:
    try:
        agreement = open_agreement(without_mark(read_bytes(file, MAX_AGREEMENT_BYTES)))
    except Malformed as error:
        raise Malformed(error.code, f"{file}: {error.detail}", hint=error.hint) from None
    names = ", ".join(sorted(agreement.categories))

    def category(named: object, side: str) -> Minima:
        if named is None and len(agreement.categories) == 1:
            return next(iter(agreement.categories.values()))
        if named is None:
            raise Malformed(
                "category", f"the agreement has several categories, so --category-{side} is needed: {names}"
            )
        minima = agreement.categories.get(named) if isinstance(named, str) else None
        if minima is None:
            raise Malformed("category", f"category_{side} is none of the agreement's: {names}")
        return minima

    def choose(a: object, b: object) -> Measure:
        return Measure(
            category(category_a if a is None else a, "a"),
            category(category_b if b is None else b, "b"),
            agreement.uncertainty,
        )

    return choose


def _volumes(name: str, reading: Options) -> list[Volume]:
    flights = load(name, reading)
    for note in (note for flight in flights for note in flight.notes):
        out.note(f"note: {name}: {note}")
    return [parse_volume(volume) for flight in flights for volume in flight.volumes]


def _told(verdict: Verdict) -> list[str]:
    pair = verdict.worst
    if pair is None:
        return ["CLEAR: no pair of volumes is closer than the minima"]
    head = "CONFLICT" if verdict.word == "conflict" else "POSSIBLE: a conflict cannot be excluded"
    pairs = counted(verdict.pairs, "pair of volumes", "pairs of volumes")
    height = pair.lower_m, pair.upper_m, str(pair.reference)
    rows = [
        ("severity", str(pair.severity)),
        ("volumes", f"A {verdict.a_volume}, B {verdict.b_volume}"),
        ("distance", apart(pair.severity, pair.horizontal_m, pair.vertical_m)),
        ("time", "{} to {}".format(*whole_window(pair.start, pair.end))),
        ("band of B", f"{band(*height)} ({metric_band(pair.lower_m, pair.upper_m)})"),
    ]
    return [f"{head}; {pairs}, the worst:", *(f"  {name:<11}{value}" for name, value in rows)]


def _batch(name: str, choose: Choose) -> int:
    if name == "-":
        return _answer(sys.stdin.buffer, choose, 0)
    try:
        with Path(name).open("rb") as file:
            return _answer(file, choose, Path(name).stat().st_size)
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "no such name can be"
        raise unreadable(name, f"cannot be read: {reason.lower()}") from None


def _answer(file: BinaryIO, choose: Choose, size: int) -> int:
    """Answer every line of ``file`` on standard output; ``size`` (bytes, 0 if not known) is for the progress bar."""
    unread, first = 0, True
    bar_hidden = not size or not sys.stderr.isatty() or sys.stdout.isatty()
    with click.progressbar(length=size, file=sys.stderr, label="checking", hidden=bar_hidden) as bar:
        for line in _lines(file):
            if line.strip():
                try:
                    answer = _line_verdict(without_mark(line) if first else line, choose).as_json()
                except KeepclearError as error:
                    unread += 1
                    answer = {"verdict": "error", "code": error.code, "detail": error.detail}
                out.write_json(answer)
            first = False
            bar.update(len(line))
    if unread:
        out.heading("error", f"{counted(unread, 'line')} could not be read")
    return EXIT_UNREAD if unread else 0


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines; of one beyond the limit only its beginning, which is still beyond it, so that it is refused."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        yield line
        while len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES + 1)
            if not line:
                break


def _line_verdict(line: bytes, choose: Choose) -> Verdict:
    pair = parse_json(line, max_bytes=MAX_LINE_BYTES)
    if not isinstance(pair, dict):
        raise Malformed("volume_shape", "a line must be an object with the members a and b")
    a, b = (_side(pair.get(side), side) for side in ("a", "b"))
    return compare(a, b, choose(pair.get("category_a"), pair.get("category_b")))


def _side(value: object, side: str) -> list[Volume]:
    if not isinstance(value, list) or not value:
        raise Malformed("volume_shape", f"{side} must be a list of one volume or more")
    volumes = []
    for number, volume in enumerate(value, start=1):
        try:
            volumes.append(parse_volume(volume))
        except Malformed as error:
            raise Malformed(error.code, f"{side}, volume {number}: {error.detail}") from None
    return volumes
