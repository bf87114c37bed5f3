"""The observer: what happens on one worker, counted on its board and said in its log, by hooks that the rooms call.

Guaranteed: a hook costs single microseconds and never raises or waits; nothing that a party filed is said, but who it
was, the kind, ids, hashes, revision and ``seq``. Each admission, refusal, alert and stream is one line with its
figures; of one code's refusals, and of connections cut for one reason, ``SAID_A_SECOND`` are lines each second and the
rest a sum, while all are counted. A line that is said lies in the process for some milliseconds, and is made only then
(``lines``); a count is made at once.
"""

import asyncio
import contextlib
import functools
import logging
import os
import time
from collections import Counter as Tally
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from keepclear_protocol.speakable import speakable

from . import metrics
from .lines import Lines
from .metrics import Board, Histogram

SAID_A_SECOND = 5
"""Refusals of one code that are lines of their own: enough to see who and what, and a wave fills no disk."""

CAUSES = 1024
"""Entries that a worker remembers the stamp of until their alerts are on a stream: some seconds of the busiest line."""

log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Taken(Protocol):
    """An entry of the log, as ``decide.entry`` has it: what is said of a statement that was taken."""

    @property
    def kind(self) -> str:
        """The kind of statement."""

    @property
    def party(self) -> str:
        """Who said it."""

    @property
    def id(self) -> str:
        """The notice's id, or the ``jti``."""

    @property
    def revision(self) -> int:
        """The notice's revision, or 0."""

    @property
    def seq(self) -> int:
        """Its place in the log."""

    @property
    def sha256(self) -> str:
        """The statement's identity."""


class Committed(Protocol):
    """An alert, as ``line.ports`` has it."""

    @property
    def to(self) -> str:
        """Whom it tells."""

    @property
    def conflict(self) -> str:
        """Of which conflict."""

    @property
    def version(self) -> int:
        """The ``seq`` of the entry that caused it."""

    @property
    def state(self) -> str:
        """Open, closed or past."""

    @property
    def sha256(self) -> str:
        """The alert's identity."""

    @property
    def own(self) -> tuple[str, str]:
        """The receiver's party and notice."""

    @property
    def other(self) -> tuple[str, str]:
        """The counterpart's party and notice."""


class Observer:
    """One worker's. Without ``lines`` it counts and says nothing."""

    def __init__(self, board: Board, lines: Lines | None) -> None:
        self.board = board
        self._lines = lines if log.isEnabledFor(logging.INFO) else None
        self._pid = os.getpid()
        self._second, self._text = 0, b""
        self._refusals = board.counters(metrics.REFUSALS)
        self._cuts = board.counters(metrics.CUT)
        self._calls, self._faults = board.histograms(metrics.STORE), board.counters(metrics.STORE_ERRORS)
        self._begun = float("-inf")
        self._said: Tally[tuple[str, str]] = Tally()
        self._unsaid: Tally[tuple[str, str]] = Tally()
        if lines is not None:
            lines.lost = board.counters(metrics.LINES_LOST)[()].add

    def say(self, event: str, fields: dict[str, Any], level: str = "info") -> None:
        """Say ``event``, whose fields are texts of ASCII, numbers and the like, and not to be changed any more."""
        if self._lines is not None:
            self._lines.add(functools.partial(self._written, time.time(), event, fields, level))

    def _written(self, now: float, event: str, fields: dict[str, Any], level: str) -> bytes:
        second = int(now)
        if second != self._second:
            self._second, self._text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        head = (self._text, int(1000 * (now - second)), level.encode(), event.encode(), self._pid)
        return b'{"at":"%s.%03dZ","level":"%s","event":"%s","pid":%d,' % head + _encode(fields)[1:] + b"\n"

    def refused(self, door: str, code: str, about: Callable[[], dict[str, Any]]) -> None:
        """Note a request that was answered with ``code``; ``about`` says more, where it becomes a line."""
        counter = self._refusals.get((door, code)) or self._refusals[door, metrics.UNKNOWN_CODE]
        counter.add()
        if self._becomes_a_line("code", code):
            self.say("refused", {"door": door, "code": code, **about()})

    def cut(self, why: str) -> None:
        """Note a connection that the gate ended."""
        self._cuts[why,].add()
        if self._becomes_a_line("why", why):
            self.say("connection_cut", {"why": why})

    def _becomes_a_line(self, name: str, value: str) -> bool:
        """Whether one more of these is a line of its own; else it is added to a sum that is said later."""
        if self._lines is None:
            return False
        now = time.monotonic()
        if now - self._begun >= 1:
            self._sum_up()
        if self._said[name, value] >= SAID_A_SECOND:
            if not self._unsaid:
                with contextlib.suppress(RuntimeError):
                    asyncio.get_running_loop().call_later(1.0, self._end, self._begun)
            self._unsaid[name, value] += 1
            return False
        self._said[name, value] += 1
        return True

    def _end(self, begun: float) -> None:
        """Sum up the second that began then, unless a refusal has done so, and begun another one."""
        if begun == self._begun:
            self._sum_up()

    def _sum_up(self) -> None:
        self._begun = time.monotonic()
        for (name, value), count in self._unsaid.items():
            self.say("refused_more" if name == "code" else "connections_cut_more", {name: value, "count": count})
        self._said.clear()
        self._unsaid.clear()

    def call(self, group: str) -> Histogram:
        """Return where the length of a call of the store is noted."""
        return self._calls[group,]

    def failed(self, group: str) -> None:
        """Note that a call of the store failed."""
        self._faults[group,].add()

    def line(self, place: int, agreement: str) -> "LineObserver":
        """Return what one agreement's rooms call; ``place`` is the agreement's in the settings."""
        return LineObserver(self, str(place), agreement)


class LineObserver:
    """One agreement's on one worker. ``streams`` are the open ones by party."""

    def __init__(self, observer: Observer, place: str, agreement: str) -> None:
        board = observer.board
        self._say = observer.say
        self._agreement = agreement
        self._admissions = _of(board.counters(metrics.ADMISSIONS), place)
        self._repeats = _of(board.counters(metrics.REPEATS), place)
        self._alerts = _of(board.counters(metrics.ALERTS), place)
        self._opened = board.counters(metrics.OPENED)[place,]
        self._ended = _of(board.counters(metrics.ENDED), place)
        self._receipt, self._stream, self._turn, self._batch = (
            board.histograms(family)[place,]
            for family in (metrics.RECEIPT, metrics.STREAM, metrics.TURN, metrics.BATCH)
        )
        self.streams: Tally[str] = Tally()
        self._caused: dict[int, int] = {}

    def answered(
        self, entry: Taken, request: str, seconds: float, *, again: bool, about: dict[str, Any], alerts: int
    ) -> None:
        """Note a statement that got its receipt ``seconds`` after its last byte; ``again``: it was known before."""
        (self._repeats if again else self._admissions)[entry.kind].add()
        self._receipt.observe(seconds)
        fields = {**self._of_entry(entry, request), **about, "alerts": alerts, "ms": round(1000 * seconds, 1)}
        self._say("repeated" if again else "admitted", fields)

    def unanswered(self, entry: Taken, request: str, code: str) -> None:
        """Note a statement that was taken, but whose sender was told ``code``: its alerts may not be committed yet."""
        self._admissions[entry.kind].add()
        self._say("admitted", {**self._of_entry(entry, request), "answer": code})

    def _of_entry(self, entry: Taken, request: str) -> dict[str, Any]:
        return {
            "request": request,
            "agreement": self._agreement,
            "kind": entry.kind,
            "party": entry.party,
            "id": entry.id,
            "revision": entry.revision,
            "seq": entry.seq,
            "sha256": entry.sha256,
        }

    def committed(self, alert: Committed) -> None:
        """Note an alert that is in its receiver's stream."""
        self._alerts[alert.state].add()
        fields = {
            "agreement": self._agreement,
            "to": alert.to,
            "state": alert.state,
            "conflict": alert.conflict,
            "code": speakable(alert.conflict),
            "seq": alert.version,
            "id": alert.own[1],
            "counterpart": alert.other[0],
            "counterpart_id": alert.other[1],
            "sha256": alert.sha256,
        }
        self._say("alert", fields)

    def turned(self, seconds: float, statements: int) -> None:
        """Note a turn."""
        self._turn.observe(seconds)
        if statements:
            self._batch.observe(statements)

    def caused(self, seq: int, received_at: int) -> None:
        """Note that an entry calls for alerts, and the instant that the store stamped it with."""
        self._caused[seq] = received_at
        if len(self._caused) > CAUSES:
            del self._caused[next(iter(self._caused))]

    def received_at(self, seq: int) -> int | None:
        """Return the instant that the entry behind a fresh alert was stamped with; None where it is not fresh."""
        return self._caused.get(seq)

    def told(self, received_at: int) -> None:
        """Note that an alert was written to the first stream; its cause was stamped at that instant."""
        self._stream.observe(max(0.0, time.time() - received_at / 1e6))

    def stream_opened(self, party: str, request: str, start: str) -> None:
        """Note a stream, and the position that it begins behind."""
        self.streams[party] += 1
        self._opened.add()
        self._say("stream_opened", {"request": request, "agreement": self._agreement, "party": party, "cursor": start})

    def stream_closed(self, party: str, request: str, why: str, seconds: float, events: int) -> None:
        """Note a stream's end."""
        self.streams[party] -= 1
        self._ended[why].add()
        fields: dict[str, Any] = {"request": request, "agreement": self._agreement, "party": party, "why": why}
        self._say("stream_closed", {**fields, "events": events, "lasted_s": round(seconds, 3)})

    def adopted(self, seq: int, revision: int, terms: str) -> None:
        """Note new terms that this worker goes on under."""
        fields = {"agreement": self._agreement, "seq": seq, "revision": revision, "terms": terms}
        self._say("terms_adopted", fields)


def silent(agreement: str = "") -> LineObserver:
    """Return one that counts for itself and says nothing."""
    return Observer(Board(1), None).line(0, agreement)


def _of(series: dict[tuple[str, ...], metrics.Counter], place: str) -> dict[str, metrics.Counter]:
    """Return one agreement's series by their other label."""
    return {values[1]: counter for values, counter in series.items() if values[0] == place}
