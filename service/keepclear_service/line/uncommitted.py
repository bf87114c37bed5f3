"""What is folded and not known to be committed: alerts by the entry that calls for them, and who waits for them.

An entry's alerts are committed by the worker that admitted it; those of others are kept until the store says that the
entry is matched, and committed from here once they have lain for ``ADOPT_AFTER_S``: their worker has died. What the
store did not take is set aside until it is due again; who waits for that, or comes to, is told so at once.

What is large is written in parts (``parts``): the first of each as soon as that of anything, the others while nobody
waits for a turn, or one in each turn. The entry is matched with the last: a worker that dies in between has left all of
it to the next, whose parts change nothing where they stand already.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.errors import KeepclearError, Unavailable

from ..decide.entry import Outgoing
from .parts import LARGE, by_turns, only_ends, parts, weight
from .ports import SignedAlert, Turned
from .standing import anew
from .waiting import Waiting, refuse

ADOPT_AFTER_S = 0.5
"""Seconds that a worker leaves another's entry alone: its commit follows its admission within milliseconds."""

COMMIT_AT_ONCE = 512
"""Alerts of one script: some ten milliseconds of a store that does nothing else meanwhile."""

ADOPT_ALERT_S = 0.001
"""Seconds more for each of its alerts: many are written in parts, between which that worker serves others."""

HELD_MOST = 20_000
"""Of what waits to be written in parts, alerts and pairs, some 30 MB: what is beyond is written whoever waits."""

AGAIN_MOST_S = 60.0
"""Seconds after which what was not taken is tried again at most; after the first time one, then twice as many each."""

LEFT_MOST = 4_096
"""Alerts that are committed and wait to be looked for, and the pairs that they tell: a few megabytes. The oldest give
way; one alert of a large notice has five hundred pairs."""


@dataclass(slots=True)
class _Entry:
    since: float
    own: bool
    alerts: list[Outgoing]
    waiting: list[Waiting] = field(default_factory=list)
    rest: list[list[Outgoing]] = field(default_factory=list)
    """Parts still to be written of what is large; the last of them ends it."""
    begun: bool = False
    signed: list[SignedAlert] = field(default_factory=list)
    """Of parts that are written, for who waits."""
    fault: Unavailable | None = None
    pause_s: float = 1.0
    again_at: float = 0.0

    def due(self, now: float) -> bool:
        """Whether it is to be committed from here."""
        if self.fault is not None:
            return now >= self.again_at
        return self.own or self.since <= now - ADOPT_AFTER_S - ADOPT_ALERT_S * len(self.alerts)


@dataclass(frozen=True, slots=True)
class Piece:
    """Alerts to be written by one script, by their entry's ``seq``; ``last`` where nothing more of these follows."""

    alerts: dict[int, list[Outgoing]]
    last: bool = True


class Uncommitted:
    """Folded entries whose alerts are still to be committed, by ``seq``."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._left: deque[tuple[int, Sequence[Outgoing]]] = deque()
        self._held_left = 0

    def add(self, seq: int, alerts: list[Outgoing], waiting: Waiting | None, *, own: bool) -> None:
        """Keep an entry's alerts until it is committed; ``own`` where this worker must do so at once."""
        entry = _Entry(time.monotonic(), own, alerts, [] if waiting is None else [waiting])
        if weight(alerts) > LARGE:
            entry.rest = list(parts(by_turns(alerts)))
        self._entries[seq] = entry

    def wait(self, seq: int, waiting: Waiting) -> bool:
        """Let somebody wait for an entry; False where nothing of it is left to be committed."""
        entry = self._entries.get(seq)
        if entry is not None and entry.fault is not None:
            refuse([waiting], anew(entry.fault))
        elif entry is not None:
            entry.waiting.append(waiting)
        return entry is not None

    def drop_matched(self, turned: Turned) -> list[Waiting]:
        """Let go of the entries that somebody has committed; return who waited for them."""
        unmatched = frozenset(turned.unmatched)
        matched = [seq for seq in self._entries if seq <= turned.unmatched_through and seq not in unmatched]
        return [waiting for seq in matched for waiting, _ in self.committed(seq)]

    def take_left(self, room: int) -> list[tuple[int, Sequence[Outgoing]]]:
        """Take the oldest entries that are committed, for ``room`` alerts or so, to be looked for (``audit``)."""
        some: list[tuple[int, Sequence[Outgoing]]] = []
        while self._left and room > 0:
            seq, alerts = self._left.popleft()
            self._held_left -= weight(alerts)
            room -= len(alerts)
            some.append((seq, alerts))
        return some

    def due(self) -> list[int]:
        """Return what is to be committed now, in the order of the log."""
        now = time.monotonic()
        return sorted(seq for seq, entry in self._entries.items() if entry.due(now))

    def pieces(self, pressed: Callable[[], bool] = lambda: False) -> Iterator[Piece]:
        """Yield what is to be committed now, in the order of the log, in pieces of ``COMMIT_AT_ONCE`` alerts or so.

        Of what is large the first parts come behind the rest, and all others behind these: one at least, and more
        unless somebody waits for a turn, who has ``pressed``.
        """
        piece: dict[int, list[Outgoing]] = {}
        alerts = 0
        due = self.due()
        large = [seq for seq in due if self._entries[seq].rest]
        for seq in (seq for seq in due if not self._entries[seq].rest):
            more = self._entries[seq].alerts
            if piece and alerts + len(more) > COMMIT_AT_ONCE:
                yield Piece(piece)
                piece, alerts = {}, 0
            piece[seq] = more
            alerts += len(more)
        if piece:
            yield Piece(piece)
        for seq in large:
            if not self._entries[seq].begun:
                yield self._part(seq)
        for seq in large:
            while (entry := self._entries.get(seq)) is not None and entry.due(time.monotonic()):
                yield self._part(seq)
                if pressed() and self._held() <= HELD_MOST:
                    return

    def _part(self, seq: int) -> Piece:
        rest = self._entries[seq].rest
        return Piece({seq: rest[0]}, last=len(rest) == 1)

    def _held(self) -> int:
        return sum(weight(part) for entry in self._entries.values() if entry.own for part in entry.rest)

    def wrote(self, seq: int, signed: Sequence[SignedAlert]) -> None:
        """Note that the next part of an entry is written, which is not its last."""
        entry = self._entries[seq]
        entry.begun = True
        del entry.rest[0]
        if entry.waiting:
            entry.signed += signed

    def opening(self) -> list[int]:
        """Return of what is to be committed now the entries that say more than that something has ended."""
        return [seq for seq in self.due() if not only_ends(self._entries[seq].alerts)]

    def committed(self, seq: int, signed: Sequence[SignedAlert] = ()) -> list[tuple[Waiting, tuple[SignedAlert, ...]]]:
        """Note that an entry is committed, with ``signed`` at last; return who waited for it, and for what."""
        entry = self._entries.pop(seq)
        self._left.append((seq, entry.alerts))
        self._held_left += weight(entry.alerts)
        while self._held_left > LEFT_MOST and len(self._left) > 1:
            self._held_left -= weight(self._left.popleft()[1])
        alerts = (*entry.signed, *signed)
        return [(waiting, alerts) for waiting in entry.waiting]

    def set_aside(self, seq: int, fault: Unavailable) -> bool:
        """Leave an entry that the store did not take; whether that is new. Who waits for it is told why."""
        entry = self._entries[seq]
        fresh = entry.fault is None
        entry.fault, entry.again_at = fault, time.monotonic() + entry.pause_s
        entry.pause_s = min(entry.pause_s * 2, AGAIN_MOST_S)
        refuse(entry.waiting, anew(fault))
        entry.waiting = []
        return fresh

    def try_again(self) -> None:
        """Let all that was set aside be due now."""
        for entry in self._entries.values():
            entry.again_at = 0.0

    def aside(self) -> str:
        """Return in a few words what is set aside, beginning with the code of why; nothing where nothing is."""
        codes = sorted(entry.fault.code for entry in self._entries.values() if entry.fault is not None)
        return f"{codes[0]}: the alerts of {len(codes)} entries are not written" if codes else ""

    def check(self) -> None:
        """Raise why something is set aside, if anything is."""
        for entry in self._entries.values():
            if entry.fault is not None:
                raise anew(entry.fault)

    def due_in_s(self) -> float | None:
        """Return the seconds until something is to be committed from here; None for never."""
        waiting = [entry for entry in self._entries.values() if entry.fault is None]
        if any(entry.own for entry in waiting):
            return 0.0  # parts that were left while others waited
        soonest = min((entry.since + ADOPT_ALERT_S * len(entry.alerts) for entry in waiting), default=None)
        return None if soonest is None else max(0.0, soonest + ADOPT_AFTER_S - time.monotonic())

    def refuse(self, error: KeepclearError) -> None:
        """Let nobody wait any longer; the alerts stay."""
        for entry in self._entries.values():
            refuse(entry.waiting, error)
            entry.waiting = []
