"""A guest: one connection, as its requests and the gate see it.

It says how far the newest request has come, what is held for it, and who has proved itself here; what is written and
read is the protocol's (``wire``). Nothing of it is kept once the other side is gone.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .gate import Gate, Phase


class Speaker(Protocol):
    """What a guest wants of its protocol."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    flow: FlowControl  # a ``Reading``
    cycle: RequestResponseCycle
    pipeline: deque[Any]

    def refuse(self, why: str, *, linger: bool) -> bool:
        """Refuse what is under way, and hang up; whether at once."""


class Reading(FlowControl):
    """What pauses a connection's reading, also for its sender's pace: whatever else wants to read on waits for that."""

    held = False

    def resume_reading(self) -> None:
        """Read on, where the pace allows it."""
        if not self.held:
            super().resume_reading()


class Guest:
    """One connection, as its requests see it, under ``wire`` in their state, and as the gate does.

    An object of its own: more attributes on the protocol than Python shares the names of cost each 1.3 KB.
    """

    __slots__ = (
        "_protocol", "_stalled_at", "_unsent", "abort", "before", "block", "body_bytes", "broken", "framing", "gate",
        "gone", "head_bytes", "heads", "held", "left", "lost", "party", "phase", "sender", "since",
        "whole",
    )  # fmt: skip

    def __init__(self, gate: Gate, protocol: Speaker) -> None:
        self.gate = gate
        self._protocol: Speaker | None = protocol
        self.abort: Callable[[], None] = _nothing
        """Drops the connection with all it holds; a plain close would wait for a reader that never reads."""
        self.lost: Callable[[], None] | None = None
        self.gone = self.left = False
        """Whether the other side is gone, and whether the gate counts it no more."""
        self.phase = Phase.FRESH
        self.since = protocol.loop.time()
        """When the phase began, by the loop's clock."""
        self.party: object = None
        """Whoever has proved itself here."""
        self.sender: object = None
        """Whose pace its large bodies have: the party's, of those that say to be of one, or of all strangers."""
        self.block: bytes | None = None
        self.held = 0
        """Bytes of requests that were not answered yet."""
        self.heads = self.head_bytes = 0
        """Heads that have begun to come, and bytes of the newest while it has not ended."""
        self.body_bytes = self.framing = 0
        self.whole = 0
        """Bytes of the newest body so far; ``body_bytes`` begins anew whenever it is we who did not read."""
        self.before: RequestResponseCycle | None = None
        """The request before the newest, where it was still being answered when that came."""
        self.broken = False
        """Whether nothing is read any more: what came is no request, or is refused as one."""
        self._stalled_at, self._unsent = 0.0, 0

    def when_lost(self, call: Callable[[], None] | None) -> None:
        """Have ``call`` called once the other side is gone, at once if it is; instead of whatever was to be called."""
        self.lost = call
        if self.gone and call is not None:
            call()

    def proved(self, party: object) -> None:
        """Note that ``party`` has shown here who it is."""
        if self.party != party:
            self.gate.proved(self, party)
        self.gate.release(self)

    def named(self, party: object) -> None:
        """Note whose the statement says to be that is coming here, from a stranger as yet."""
        if self.party is None:
            self.sent_by(("unproved", party))

    def sent_by(self, sender: object) -> None:
        """Read this connection at the pace of ``sender`` from here on."""
        if self.sender != sender:
            self.sender = sender
            self.go_on()

    def hold(self) -> bool:
        """Read no more for now; False where it is held back already."""
        flow = None if self._protocol is None else self._protocol.flow
        if not isinstance(flow, Reading) or flow.held:
            return False
        flow.pause_reading()
        flow.held = True
        return True

    def go_on(self) -> None:
        """Read on, if it was held back."""
        flow = None if self._protocol is None else self._protocol.flow
        if isinstance(flow, Reading) and flow.held:
            flow.held = False
            if self._protocol is not None and not self._protocol.transport.is_closing():
                flow.resume_reading()

    def refuse(self, why: str, *, linger: bool) -> bool:
        """Have the connection end with a refusal, where there is something to refuse; whether it closes at once."""
        return self._protocol is None or self._protocol.refuse(why, linger=linger)

    def last(self) -> None:
        """Have the connection end with the answer that is under way."""
        if self._protocol is not None and self._protocol.cycle is not None:
            self._protocol.cycle.keep_alive = False

    def close(self) -> None:
        """Close the connection once all is written."""
        if self._protocol is not None:
            self._protocol.transport.close()

    def held_back(self) -> bool:
        """Whether it is this worker that does not read on."""
        return self._protocol is not None and (self._protocol.flow.read_paused or bool(self._protocol.pipeline))

    def lags(self, now: float, grace_s: float, least: int) -> bool:
        """Whether answers lie here that are taken at less than ``least`` bytes a second; a stream has its own rule."""
        if self._protocol is None or self.lost is not None:
            return False
        unsent: int = self._protocol.transport.get_write_buffer_size()
        if not unsent:
            self._stalled_at = 0.0
        elif not self._stalled_at:
            self._stalled_at, self._unsent = now, unsent
        else:
            waited = now - self._stalled_at
            return waited > grace_s and self._unsent - unsent < least * (waited - grace_s)
        return False

    def end(self) -> None:
        """Note that the other side is gone."""
        self.gone = True
        self.gate.leave(self)
        self._protocol = None
        if self.lost is not None:
            self.lost()


def _nothing() -> None:
    """Before there is a connection."""
