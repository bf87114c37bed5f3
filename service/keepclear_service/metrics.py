"""What is counted, and where the counts stand: the one home of every figure that a worker keeps.

A board is a piece of memory shared with the supervisor, one for each worker's place: the worker counts on it, the
supervisor reads it. Guaranteed: a count that was made is never lost, since the board outlives the process that counts
and its successor in the place goes on with it; the number of series is fixed before the first request, because every
label has a closed list of values (an agreement of the settings, a kind, a code, a call of ours). Beside its counts a
worker leaves a note of how it stands; whoever reads takes it for the word of a living process alone. Not here: how
figures are shown (``process.exposition``) and what only the store knows (``process.survey``).
"""

import itertools
import math
import mmap
import os
import struct
import tempfile
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keepclear_protocol.alert import CLOSED, OPEN, PAST
from keepclear_protocol.errors import CODES
from keepclear_protocol.kinds import KINDS, REQUEST

OTHER = "other"
"""The door of a request that is for none of the protocol's."""

UNKNOWN_CODE = "unknown"
"""A code of a later version."""

STORE_CALLS = {
    "turn": ("turn",),
    "commit": ("commit",),
    "proof": ("spend",),
    "clean": ("clean",),
    "stream": ("events",),
    "read": ("seen", "entries", "bodies", "alerts", "covering", "conflicts", "conflict", "notices", "notice"),
    "look": ("versions", "has_room"),
    "start": ("open", "log", "records", "terms", "snapshot"),
}
"""What a line asks of the store, by its names in ``line.ports``, in the groups that are told apart."""

CLOSINGS = ("hung_up", "lasted", "stalled", "held", "drained", "key", "store", "fault")
"""Why a stream ends: its reader left; ten minutes were over; it took nothing for 15 s; too much was held for all; the
worker drains; its key is no longer good; the store failed; a fault of ours."""

CUTS = (
    "silent", "broken", "head", "body", "reader", "large_head", "framing", "waiting", "bytes", "address", "full",
)  # fmt: skip
"""Why the gate ended a connection: it sent nothing, or what is no HTTP; its head or its body was not whole in time, or
came too slowly; it did not take its answer; its head was too large; its body had too large trailers, chunks too small,
or went on after it was refused; too many requests waited; too much was held for strangers; too many of its block of
addresses; a place was needed for somebody else, or there was none."""

VALUES: dict[str, tuple[str, ...]] = {
    "kind": tuple(kind.name for kind in KINDS),
    "door": (*(kind.name for kind in KINDS), REQUEST.name, OTHER),
    "code": (*sorted(CODES), UNKNOWN_CODE),
    "state": (OPEN, CLOSED, PAST),
    "reason": CLOSINGS,
    "call": tuple(STORE_CALLS),
    "why": CUTS,
}
"""All values of each label but ``agreement``."""

ANSWER_S = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Around what is promised: a tick of 25 ms (0.03 holds one, 0.05 to 0.1 two to four), 50 ms and 300 ms at the 99th
percentile, a second as the promise, five seconds as the store's patience."""

STORE_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 5.0)
"""A fsynced write takes 0.3 ms on a good disk and 10 ms on a poor one; 5 s is a call's end."""

TURN_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 2.5, 10.0)
"""A turn is two calls of the store and what is between; from 0.3 s on desks say HOTLINE SLOW, 1 s is the promise."""

BATCH_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Up to what one turn takes; mostly 64 means that a worker is full."""

NOTE_BYTES = 64 * 1024
"""Of a worker's note: thirty agreements of thirty parties have half of it."""


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one name: a counter, or with ``buckets`` a histogram."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Cells of one series: a histogram has one for each bucket, one beyond them, and the sum."""
        return len(self.buckets) + 2 if self.buckets else 1


ADMISSIONS = Family("keepclear_admissions", "Statements taken into the log.", ("agreement", "kind"))
REPEATS = Family(
    "keepclear_repeats", "Statements sent again with the same bytes and answered again.", ("agreement", "kind")
)
REFUSALS = Family("keepclear_refusals", "Requests answered with an error, by its stable code.", ("door", "code"))
ALERTS = Family("keepclear_alerts", "Alerts committed, one for each side of a conflict.", ("agreement", "state"))
OPENED = Family("keepclear_streams_opened", "Streams opened.", ("agreement",))
ENDED = Family("keepclear_streams_closed", "Streams that ended, by why.", ("agreement", "reason"))
CUT = Family("keepclear_connections_cut", "Connections that the gate ended, by why.", ("why",))
RECEIPT = Family(
    "keepclear_submit_receipt_seconds",
    "From a statement's last byte to its receipt, the tick included.",
    ("agreement",),
    ANSWER_S,
)
STREAM = Family(
    "keepclear_submit_stream_seconds",
    "From the store's stamp on a statement to its alert on the first stream, by this machine's clock.",
    ("agreement",),
    ANSWER_S,
)
TURN = Family("keepclear_turn_seconds", "Length of a turn: admission, matching, commit.", ("agreement",), TURN_S)
BATCH = Family(
    "keepclear_turn_statements", "Statements of one turn, where there were any.", ("agreement",), BATCH_SIZES
)
STORE = Family("keepclear_store_call_seconds", "Answers of the store, by what was asked.", ("call",), STORE_S)
STORE_ERRORS = Family("keepclear_store_errors", "Calls that the store failed or refused, by what was asked.", ("call",))
LINES_LOST = Family("keepclear_log_lines_lost", "Lines of the log that nobody took from standard error.")

FAMILIES = (
    ADMISSIONS, REPEATS, REFUSALS, CUT, ALERTS, OPENED, ENDED,
    RECEIPT, STREAM, TURN, BATCH, STORE, STORE_ERRORS, LINES_LOST,
)  # fmt: skip


class Counter:
    """One series that goes up."""

    __slots__ = ("_at", "_cells")

    def __init__(self, cells: "memoryview[float]", at: int) -> None:
        self._cells, self._at = cells, at

    def add(self, count: float = 1.0) -> None:
        """Count."""
        self._cells[self._at] += count


class Histogram:
    """One series of figures by size."""

    __slots__ = ("_at", "_bounds", "_cells", "_sum")

    def __init__(self, cells: "memoryview[float]", at: int, bounds: tuple[float, ...]) -> None:
        self._cells, self._at, self._bounds = cells, at, bounds
        self._sum = at + len(bounds) + 1

    def observe(self, value: float) -> None:
        """Count a figure; at a bucket's very bound it is in it."""
        self._cells[self._at + bisect_left(self._bounds, value)] += 1
        self._cells[self._sum] += value


class Layout:
    """Which cells of a board are whose, for so many agreements; these are known by their place in the settings."""

    def __init__(self, agreements: int) -> None:
        self._places = tuple(str(place) for place in range(agreements))
        self._first: dict[str, int] = {}
        self.cells = 0
        for family in FAMILIES:
            self._first[family.name] = self.cells
            self.cells += family.width * math.prod(len(self._values(label)) for label in family.labels)

    @property
    def bytes(self) -> int:
        """Bytes of a board."""
        return 8 * self.cells + _NOTE.size + NOTE_BYTES

    def series(self, family: Family) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the label values of each series, an agreement's being its place, and its first cell."""
        combined = itertools.product(*(self._values(label) for label in family.labels))
        return zip(combined, itertools.count(self._first[family.name], family.width), strict=False)

    def _values(self, label: str) -> tuple[str, ...]:
        return self._places if label == "agreement" else VALUES[label]


_NOTE = struct.Struct("=II")


def shared_memory(size: int) -> int:
    """Return the descriptor of memory that whoever inherits it shares, and that is gone with the last of them."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("keepclear-board")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, size)
    return descriptor


class Board:
    """The figures of one worker's place. Without a descriptor of shared memory they are this process's alone."""

    def __init__(self, agreements: int, descriptor: int = -1) -> None:
        self.layout = Layout(agreements)
        self._memory = mmap.mmap(descriptor, self.layout.bytes)
        self._note_at = 8 * self.layout.cells
        self._cells = memoryview(self._memory)[: self._note_at].cast("d")

    def counters(self, family: Family) -> dict[tuple[str, ...], Counter]:
        """Return the series of a counter by their label values."""
        return {values: Counter(self._cells, at) for values, at in self.layout.series(family)}

    def histograms(self, family: Family) -> dict[tuple[str, ...], Histogram]:
        """Return the series of a histogram by their label values."""
        return {values: Histogram(self._cells, at, family.buckets) for values, at in self.layout.series(family)}

    def cells(self, at: int, count: int) -> Sequence[float]:
        """Return what stands in ``count`` cells."""
        return self._cells[at : at + count].tolist()

    def write_note(self, note: bytes) -> None:
        """Leave a note in the place of the last one; one that is too long leaves none."""
        note = note if len(note) <= NOTE_BYTES else b""
        at = self._note_at + _NOTE.size
        self._memory[self._note_at : at + len(note)] = _NOTE.pack(len(note), zlib.crc32(note)) + note

    def read_note(self) -> bytes:
        """Return the note; nothing where there is none, or it is just being written."""
        for _ in range(3):
            length, checksum = _NOTE.unpack_from(self._memory, self._note_at)
            at = self._note_at + _NOTE.size
            note = self._memory[at : at + min(length, NOTE_BYTES)]
            if zlib.crc32(note) == checksum:
                return note
        return b""
