"""An arrival as the words that ``admit.lua`` takes, and what it answers as an outcome."""

from typing import Any

from keepclear_protocol.errors import budget_code

from ..decide.entry import Entry
from ..line.ports import Arrival, Chain, CompareAndSet, Outcome, Over
from .texts import read_entry, word

FOREVER_US = 2**53 - 1


def arrival_words(arrival: Arrival, number: int) -> list[Any]:
    """Return an arrival as ``admit.lua`` takes it: the lower bounds up, the upper ones down, to whole milliseconds."""
    lowest, highest = 0, FOREVER_US
    for bound in arrival.bounds:
        if bound.low > lowest:
            lowest = bound.low
        if bound.high < highest:
            highest = bound.high
    precondition: tuple[Any, ...]
    match arrival.precondition:
        case Chain(revision=revision, prev=prev, ends=ends, keep=keep):
            precondition = ("chain", revision, prev or "-", "-" if ends is None else -(-ends // 1000), -(-keep // 1000))
        case CompareAndSet(conflict=conflict, version=version, alert=alert, stage=stage, first=first):
            precondition = ("cas", conflict, version, alert, f"{stage}/{first}")
        case None:
            precondition = ("none", "", "", "", "")
    return [
        arrival.kind,
        number,
        word(arrival.id),
        arrival.sha256,
        word(arrival.submission),
        arrival.body,
        arrival.terms,
        word(arrival.note),
        -(-lowest // 1000),
        highest // 1000,
        *precondition,
        arrival.gist,
        int(arrival.handed),
        arrival.price,
        int(arrival.unheld),
    ]


def read_outcome(text: bytes, arrival: Arrival, read: dict[bytes, Entry]) -> Outcome:
    """Return what became of ``arrival``; ``read`` are entries that have been read already, by their text."""
    sign, rest = text[:1], text[1:]
    if sign == b"+":
        return Outcome(read.get(rest) or read_entry(rest))
    if sign == b"=":
        return Outcome(read_entry(rest), again=True)
    if sign == b"-":
        return Outcome(refused=rest.decode(), unheld=arrival.unheld)
    if sign == b"#":
        budget, left, again_ms, now_ms = rest.decode().split(" ")
        over = Over(budget, int(left), int(again_ms) * 1000, (int(again_ms) - int(now_ms)) / 1000)
        return Outcome(refused=budget_code(budget), over=over)
    at = int(rest)
    for bound in arrival.bounds:
        if not -(-bound.low // 1000) <= at <= bound.high // 1000:
            return Outcome(refused=bound.code)
    raise AssertionError("refused by a bound that was not given")
