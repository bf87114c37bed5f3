"""Ports: what the line asks of the store. ``store.line`` is it; the composition root alone picks it.

Every change is one script, all or nothing; every failure is ``Unavailable``, and leaves the outcome unknown: the same
call again is safe. Each script publishes one hint on ``CHANNEL``, ``<prefix> <head> <party>...``: the log's head, and
the parties whose streams it moved. Instants are microseconds; the store keeps whole milliseconds, lower bounds rounded
up and upper ones down, so that what it takes is within the instants given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from keepclear_protocol.budgets import Budgets
from msgspec import Struct

from ..decide.admission import Bound
from ..decide.entry import Entry

Row = TypeVar("Row")

CHANNEL = "keepclear"
"""Where hints are published; the truth is read by cursor."""

BATCH = 256
"""Entries told at once: a worker further behind catches up before it matches."""

ADMIT_AT_ONCE = 64
"""Statements of one turn's script: some 5 ms of a store that does nothing else meanwhile."""

DUE_AT_ONCE = 64
"""Timers that become entries in one turn."""


class Chain(Struct, frozen=True, gc=False):
    """Precondition of a notice or withdrawal: revision ``revision`` of ``id`` follows the one whose hash is ``prev``.

    ``ends``: the instant at which the notice's last window ends, after which it is listed as ended; None for a
    withdrawal. ``keep``: the instant until which the notice counts and its bytes are kept at least; 0 as before.
    """

    id: str
    revision: int
    prev: str | None
    ends: int | None
    keep: int


class CompareAndSet(Struct, frozen=True, gc=False):
    """Precondition of an acknowledgement: the newest alert of ``conflict`` to its sender is this one.

    ``first`` of its party's of this stage and version stand, and later ones are relayed alone; 0: the newest stands.
    """

    conflict: str
    version: int
    alert: str
    stage: str
    first: int = 0


class Arrival(Struct, frozen=True, gc=False):
    """An opened statement that asks to be admitted.

    ``id`` is the notice's id, else the ``jti``. ``sha256`` is the statement's identity, ``submission`` that of all that
    was sent with a notice, else "". ``note``, which the store does not read, is what the receipt's lead class is made
    of (see ``entry``). ``terms`` are those that the statement names. ``gist`` is what a start reads in the place of the
    statement; ``handed``: siblings get it, too. ``price``: what a notice spends of ``volume_time_a_day``. ``unheld``: a
    worker's memory has no room for it.
    """

    kind: str
    party: str
    id: str
    jti: str
    sha256: str
    submission: str
    body: str
    terms: str
    note: str
    bounds: tuple[Bound, ...]
    precondition: Chain | CompareAndSet | None
    gist: bytes = b""
    handed: bool = False
    price: int = 0
    unheld: bool = False


class Over(Struct, frozen=True, gc=False):
    """A budget that is spent: what is ``left``, the instant at which the same may be asked again, and in how long."""

    budget: str
    left: int
    again_at: int
    wait_s: float


class Charge(Struct, frozen=True, gc=False):
    """What matching showed that ``party`` has spent of a budget.

    ``other``: with which counterpart, or until which day of UTC the store keeps it, where that counts.
    """

    party: str
    budget: str
    other: str
    amount: int


class Outcome(Struct, frozen=True, gc=False):
    """What became of an arrival: its log entry (``again`` when accepted before), or the code it is refused with.

    ``over``: the budget that it is refused for; ``unheld``: it is for want of a worker's memory.
    """

    entry: Entry | None = None
    again: bool = False
    refused: str | None = None
    over: Over | None = None
    unheld: bool = False


class Turned(Struct, frozen=True, gc=False):
    """The answer to a turn's first script.

    ``behind``: the worker knows another epoch or other terms than the store, or has folded entries that the store does
    not hold: nothing was admitted and ``outcomes`` is empty. ``entries`` are those after the worker's cursor, at most
    ``BATCH``. ``unmatched`` are the oldest unmatched ``seq``, at most 1 000, complete up to ``unmatched_through``.
    ``due`` is the instant of the next timer, or None. ``fired`` timers became ``ended`` entries by this very call, just
    before the arrivals' own; ``told`` entries among these say that a budget is spent. ``gists`` are earlier entries',
    by ``seq``. ``heard``: those who heard its hint.
    ``apart``: microseconds of the store's clock ahead of this worker's; ``ahead``: of the newest stamp ahead of that.
    """

    epoch: str
    terms: str
    head: int
    clock: int
    behind: bool
    outcomes: tuple[Outcome, ...]
    entries: tuple[Entry, ...]
    unmatched: tuple[int, ...]
    unmatched_through: int
    due: int | None
    fired: int = 0
    gists: Mapping[int, bytes] = {}
    heard: int = 0
    told: int = 0
    apart: int = 0
    ahead: int = 0


class SignedAlert(Struct, frozen=True, gc=False):
    """An alert to be written: to whom, which conflict, and what the store must know of it without reading it.

    ``own`` and ``other`` are (party, notice id). ``shows`` says what travels beside the JWS and is put together when it
    is sent: ``notice`` (the counterpart's notice ``body``, with the volumes that the alert discloses), ``cause`` (the
    statement ``body`` that closed it), or "". ``rank`` sorts the conflicts of a party: worst, then soonest first.
    ``ends`` is the instant after which it is over by itself; ``keep`` until when it is kept at least.
    """

    to: str
    conflict: str
    version: int
    own: tuple[str, str]
    other: tuple[str, str]
    state: str
    sha256: str
    jws: str
    shows: str
    body: str
    rank: str
    ends: int | None
    keep: int


@dataclass(frozen=True, slots=True)
class Record:
    """The newest alert of a conflict to one party, as the store holds it, without its bytes.

    ``answers`` are the hashes of this version's answers that stand (R-081), by party and stage, each's in order.
    """

    to: str
    conflict: str
    version: int
    own: tuple[str, str]
    other: tuple[str, str]
    state: str
    sha256: str
    shows: str
    body: str
    rank: str
    ends: int | None
    answers: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def statements(self) -> list[str]:
        """All the answers."""
        return [sha256 for some in self.answers.values() for sha256 in some]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One of a party's own notices: the entry of its newest revision, and ``live``, ``ended`` or ``withdrawn``."""

    entry: Entry
    state: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a party's view and the stream position that they are good for; ``after`` begins the next page."""

    epoch: str
    at: int
    rows: tuple[Row, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event of a party's stream.

    ``kind`` is ``alert`` (then ``conflict``, ``version``, ``sha256``, ``shows``, ``body`` as of ``SignedAlert``), or
    the kind of a statement (then ``seq``, the log entry to read it from, and ``sha256``, its bytes).
    """

    at: int
    kind: str
    sha256: str
    conflict: str = ""
    version: int = 0
    shows: str = ""
    body: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A party's stream behind a position: the epoch, the head, the oldest position still there, and events."""

    epoch: str
    head: int
    oldest: int | None
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Founded:
    """A line as it stands: epoch, terms in force, head, all terms that ever were with their ``seq``, its next stamp.

    ``newest`` is its newest stamp so far.
    """

    epoch: str
    terms: str
    head: int
    oldest: int
    matched_through: int
    clock: int
    history: tuple[tuple[str, int], ...]
    newest: int = 0


class Line(Protocol):
    """One agreement's line in the store."""

    prefix: str

    async def open(self) -> Founded:
        """Return the line as it stands; raise ``Unavailable`` with ``store_unsafe`` where the store holds none."""

    async def turn(
        self,
        arrivals: Sequence[Arrival],
        *,
        epoch: str,
        terms: str,
        cursor: int,
        done: Sequence[int],
        parties: Sequence[str],
        retention_s: int,
        budgets: Budgets,
        charges: Sequence[Charge] = (),
    ) -> Turned:
        """Admit arrivals in their order, let due timers become entries, take ``done`` out of unmatched; say the news.

        With no arrivals it is how a worker follows. ``done`` counts for nothing in another epoch than ``epoch``.
        ``parties``, ``retention_s`` and ``budgets`` are those of the agreement in force. ``charges`` are
        spent with it. Where clocks are apart (see ``clocks``) no timer fires, and what is not accepted
        already is refused with ``store_clock``.
        """

    async def has_room(self) -> bool:
        """Whether the store would find memory for one more commit."""

    async def commit(
        self, epoch: str, entries: Sequence[tuple[int, Sequence[SignedAlert]]], *, whole: bool = True
    ) -> None:
        """Write alerts of entries, and take these out of unmatched, whether they are there or not, if they are whole.

        An alert whose version is not above the one stored for its conflict and receiver is dropped. Raises
        ``Unavailable`` with ``busy`` where the store has another epoch, ``NotTaken`` where it does not take them.
        """

    async def seen(self, party: str, jti: str) -> Entry | None:
        """Return the entry that a statement of this ``jti`` was admitted as, if it was: asked before costly work."""

    async def log(self, after: int, count: int) -> tuple[Entry, ...]:
        """Return entries behind ``after``."""

    async def entries(self, seqs: Sequence[int]) -> list[Entry | None]:
        """Return the entries of these ``seq``; None for one that has gone."""

    async def records(self, party: str, after: str, count: int) -> tuple[tuple[Record, ...], str | None]:
        """Return the newest alerts of a party's conflicts, in any order, page by page: how a start learns them."""

    async def snapshot(self, party: str, ids: Sequence[str]) -> list[bytes | None]:
        """Return the sealed gists of the newest revisions of a party's notices; None where there is none."""

    async def versions(self, alerts: Sequence[tuple[str, str]]) -> list[int]:
        """Return which version stands of some alerts, each by party and conflict; 0 where it is not there whole."""

    async def terms(self, sha256: str) -> bytes | None:
        """Return the bytes of an agreement that is or was in force."""

    async def bodies(self, hashes: Sequence[str]) -> list[str | None]:
        """Return statements by their hash; None where retention has let one go."""

    async def alerts(self, hashes: Sequence[str]) -> list[str | None]:
        """Return alerts' JWS by their hash; None where retention has let one go."""

    async def events(self, party: str, position: int, count: int) -> Window:
        """Return a party's stream behind ``position``."""

    async def covering(self, parties: Sequence[str], now: int) -> list[Entry]:
        """Return the entries that tell of spent budgets of these parties, and that cover the instant ``now``."""

    async def conflicts(self, party: str, after: str, count: int) -> Page[Record]:
        """Return a party's conflicts by their rank, worst and soonest first, behind the rank ``after`` ("" begins)."""

    async def conflict(self, party: str, conflicts: Sequence[str]) -> Page[Record]:
        """Return the newest alerts of some of a party's conflicts; one that there is not is left out."""

    async def notices(self, party: str, after: str, count: int, *, live: bool) -> Page[NoticeRow]:
        """Return a party's own notices, latest end last, behind ``after``; with ``live`` those that have not ended."""

    async def notice(self, party: str, id: str) -> Page[NoticeRow]:
        """Return one notice, or no row."""

    async def spend(self, party: str, jti: str) -> bool:
        """Use up a request proof; False if it was used before."""

    async def clean(self, retention_s: int, parties: Sequence[str]) -> None:
        """Let go of what has outlived its retention: a bounded piece for each call."""
