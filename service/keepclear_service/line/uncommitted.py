"""What is folded and not known to be committed: alerts by the entry that calls for them, and who waits for them.

An entry's alerts are committed by the worker that admitted it; those of others are kept until the store says that the
entry is matched, and committed from here once they have lain for ``ADOPT_AFTER_S``: their worker has died. What the
store did not take is set aside until it is due again; who waits for that, or comes to, is told so at once.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from keepclear_protocol.alert import CLOSED
from keepclear_protocol.errors import KeepclearError, Unavailable

from ..decide.entry import Outgoing
from .ports import Turned
from .standing import anew
from .waiting import Waiting, refuse

ADOPT_AFTER_S = 0.5
"""Seconds that a worker leaves another's entry alone: its commit follows its admission within milliseconds."""

COMMIT_AT_ONCE = 512
"""Alerts of one script: some ten milliseconds of a store that does nothing else meanwhile."""

LARGE_PAIRS = 1_000
"""Pairs in the alerts of one entry, beyond which others pass it: to sign, pack and write them takes twenty milliseconds
and more, and then they stand on the streams before whatever comes after. A notice of 500 volumes may have 15 000."""

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
    large: bool = False
    left_once: bool = False
    fault: Unavailable | None = None
    pause_s: float = 1.0
    again_at: float = 0.0

    def due(self, now: float) -> bool:
        """Whether it is to be committed from here."""
        if self.fault is not None:
            return now >= self.again_at
        return self.own or self.since <= now - ADOPT_AFTER_S


class Uncommitted:
    """Folded entries whose alerts are still to be committed, by ``seq``."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._left: deque[tuple[int, Sequence[Outgoing]]] = deque()
        self._held_left = 0

    def add(self, seq: int, alerts: list[Outgoing], waiting: Waiting | None, *, own: bool) -> None:
        """Keep an entry's alerts until it is committed; ``own`` where this worker must do so at once."""
        all_waiting = [] if waiting is None else [waiting]
        large = sum(len(outgoing.payload["pairs"]) for outgoing in alerts) > LARGE_PAIRS
        self._entries[seq] = _Entry(time.monotonic(), own, alerts, all_waiting, large)

    def wait(self, seq: int, waiting: Waiting) -> bool:
        """Let somebody wait for an entry; False where nothing of it is left to be committed."""
        entry = self._entries.get(seq)
        if entry is not None and entry.fault is not None:
            refuse([waiting], anew(entry.fault))
        elif entry is not None:
            entry.waiting.append(waiting)
        return entry is not None

    def drop_matched(self, turned: Turned) -> None:
        """Let go of the entries that somebody has committed."""
        unmatched = frozenset(turned.unmatched)
        for seq in [seq for seq in self._entries if seq <= turned.unmatched_through and seq not in unmatched]:
            for waiting in self.committed(seq):
                waiting.answer()

    def take_left(self, room: int) -> list[tuple[int, Sequence[Outgoing]]]:
        """Take the oldest entries that are committed, for ``room`` alerts or so, to be looked for (``audit``)."""
        some: list[tuple[int, Sequence[Outgoing]]] = []
        while self._left and room > 0:
            seq, alerts = self._left.popleft()
            self._held_left -= _weight(alerts)
            room -= len(alerts)
            some.append((seq, alerts))
        return some

    def due(self) -> list[int]:
        """Return what is to be committed now, in the order of the log."""
        now = time.monotonic()
        return sorted(seq for seq, entry in self._entries.items() if entry.due(now))

    def pieces(self, *, pressed: bool = False) -> Iterator[dict[int, list[Outgoing]]]:
        """Yield what is to be committed now, in the order of the log, in pieces of ``COMMIT_AT_ONCE`` alerts or so.

        What is large comes last, each by itself; where others wait for a turn, ``pressed``, only in the next one.
        """
        piece: dict[int, list[Outgoing]] = {}
        alerts = 0
        due = self.due()
        for seq in (seq for seq in due if not self._entries[seq].large):
            more = self._entries[seq].alerts
            if piece and alerts + len(more) > COMMIT_AT_ONCE:
                yield piece
                piece, alerts = {}, 0
            piece[seq] = more
            alerts += len(more)
        if piece:
            yield piece
        for seq in due:
            entry = self._entries.get(seq)
            if entry is not None and entry.large:
                if pressed and not entry.left_once:
                    entry.left_once = True
                else:
                    yield {seq: entry.alerts}

    def opening(self) -> list[int]:
        """Return of what is to be committed now the entries that say more than that something has ended."""
        return [
            seq
            for seq in self.due()
            if any(outgoing.payload["state"] != CLOSED for outgoing in self._entries[seq].alerts)
        ]

    def committed(self, seq: int) -> Iterable[Waiting]:
        """Note that an entry is committed; return who waited for it."""
        entry = self._entries.pop(seq)
        self._left.append((seq, entry.alerts))
        self._held_left += _weight(entry.alerts)
        while self._held_left > LEFT_MOST and len(self._left) > 1:
            self._held_left -= _weight(self._left.popleft()[1])
        return entry.waiting

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
        """Return the seconds until something of another worker's is to be committed from here; None for never."""
        waiting = [entry.since for entry in self._entries.values() if entry.fault is None]
        return max(0.0, min(waiting) + ADOPT_AFTER_S - time.monotonic()) if waiting else None

    def refuse(self, error: KeepclearError) -> None:
        """Let nobody wait any longer; the alerts stay."""
        for entry in self._entries.values():
            refuse(entry.waiting, error)
            entry.waiting = []


def _weight(alerts: Sequence[Outgoing]) -> int:
    return sum(1 + len(alert.payload["pairs"]) for alert in alerts)
