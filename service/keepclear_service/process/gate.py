"""The gate: what a worker holds for whom it does not know yet, and for how long. One for each worker.

Guaranteed: a stranger, who has not shown who it is on this connection, costs a bounded time, bounded bytes and a place
that it loses to the next one who comes when there are too many; a connection on which a party has proved itself keeps
its place before those. All bytes of requests that are not proved yet are counted together, and those that have sent
nothing for longest go first when there are too many. Nothing here waits, and an ordinary request costs some additions.

Not guaranteed: a place for one who comes from a block of addresses that has taken all of its own.
"""

import asyncio
import itertools
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from .blocks import block_of, is_loopback
from .pace import Paces

if TYPE_CHECKING:
    from .guest import Guest

HEAD_S = 10.0
"""For a whole head from its first byte, and for a new connection's first byte: a head has under 6 KB."""

BODY_S = 60.0
"""For a whole body from its first byte: 512 KiB over a line of 70 kbit/s."""

LEAST_BYTES_A_SECOND = 1024
"""Of a body, and of an answer that its reader takes: the slowest satellite telephone has twice that."""

GRACE_S = 10.0
"""Before a rate is looked at: a connection that was lost for a moment comes back within this."""

KEEP_ALIVE_S = 75.0
"""An idle connection stays open for longer than the 60 s of common proxies, so that the proxy closes first and never
sends a request into a connection that we are closing."""

SWEEP_S = 0.5
"""Between two looks at all connections: of 8 000 one takes 3 ms."""

SWEPT_AT_ONCE = 1_000
"""Connections looked at before others have their turn."""

LINGER_S = 2.0
"""A refused connection is read for so long, so that its sender hears why; then it is dropped, whatever it took."""

LINGERING = 64
"""Refused connections that are read at once; of more the refusal may be lost."""

STRANGERS = 0.75
"""Of all connections those of strangers may be so many; the rest is for parties that proved themselves."""

OF_A_PARTY = 0.25
"""Of all connections one party may hold so many."""

LOOKED_AT = 16
"""Connections that are asked whether they can go, where one must: most can."""

BEGUN_AT_ONCE = 8
"""Strangers' requests that are begun in one turn of the loop: two milliseconds. The others wait for the next, so that
many who ask at once hold nobody up again and again."""

OF_ADDRESS = 256
"""Connections of one block of addresses: a headquarters of thirty desks behind one address has under a hundred."""


class Phase(IntEnum):
    """How far the newest request of a connection has come."""

    FRESH = 0
    """Nothing was ever sent."""
    HEAD = 1
    BODY = 2
    ASKED = 3
    """It is whole, and being answered, as a stream is for as long as it lasts."""
    IDLE = 4
    """It is answered."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker grants; the settings and the memory of its container say how much."""

    connections: int = 8_000
    of_address: int | None = None
    """None: not counted, since all come from one address, a proxy's."""
    loopback: bool = False
    """Whether those from this machine are counted, too: there a proxy stands by default."""
    unproved_bytes: int = 64 * 1024 * 1024
    head_s: float = HEAD_S
    body_s: float = BODY_S
    grace_s: float = GRACE_S
    keep_alive_s: float = KEEP_ALIVE_S


def _silent(why: str) -> None:
    """Note nothing."""


log = logging.getLogger(__name__)


class Gate:
    """Who is connected. ``note`` hears why a connection was ended; the words are ``metrics.CUTS``."""

    def __init__(self, limits: Limits | None = None, note: Callable[[str], None] = _silent) -> None:
        self.limits = limits or Limits()
        self.note = note
        self.held = 0
        """Bytes of requests that are not proved, and of those that are unfinished."""
        self.paces = Paces()
        self._strangers: dict[Guest, None] = {}
        self._parties: dict[object, dict[Guest, None]] = {}
        self._blocks: Counter[bytes] = Counter()
        self._unfinished: dict[bool, dict[Guest, None]] = {False: {}, True: {}}
        """Requests that are under way, first what has sent nothing for longest: of strangers, and of parties."""
        self._leaving: dict[Guest, float] = {}
        self._begun = 0
        self._to_begin: deque[Callable[[], None]] = deque()
        self._most_strangers = max(1, int(self.limits.connections * STRANGERS))
        self._most_of_party = max(1, int(self.limits.connections * OF_A_PARTY))

    def __len__(self) -> int:
        return len(self._strangers) + sum(map(len, self._parties.values()))

    def enter(self, guest: "Guest", address: str) -> str:
        """Take a new connection; return why not, or nothing."""
        block = None if self.limits.of_address is None else block_of(address)
        if block is not None and (self.limits.loopback or not is_loopback(block)):
            if self._blocks[block] >= (self.limits.of_address or 0):
                return "address"
            self._blocks[block] += 1
            guest.block = block
        if len(self._strangers) >= self._most_strangers:
            self._give_way(self._strangers)
        if len(self) >= self.limits.connections and not self._make_place():
            return "full"
        self._strangers[guest] = None
        return ""

    def proved(self, guest: "Guest", party: object) -> None:
        """Note that a party has proved itself on a connection."""
        if guest.party == party or guest.left:
            return
        self._forget(guest)
        guest.party = party
        guest.sent_by(party)
        own = self._parties.get(party, {})
        if len(own) >= self._most_of_party and not self._give_way(own):
            guest.last()  # it is answered, and makes room
        self._parties.setdefault(party, {})[guest] = None

    def begin(self, call: Callable[[], None]) -> None:
        """Have a stranger's request begun now, or in its turn."""
        if self._begun < BEGUN_AT_ONCE and not self._to_begin:
            if not self._begun:
                asyncio.get_running_loop().call_soon(self._next_turn)
            self._begun += 1
            call()
        else:
            self._to_begin.append(call)

    def _next_turn(self) -> None:
        self._begun = min(BEGUN_AT_ONCE, len(self._to_begin))
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next_turn)  # first: whatever fails here, the others have theirs
        for _ in range(self._begun):
            self._to_begin.popleft()()

    def unfinished(self, guest: "Guest") -> None:
        """Note that more of a request has come, and not all of it."""
        those = self._unfinished[guest.party is not None]
        those.pop(guest, None)
        those[guest] = None  # behind all others

    def release(self, guest: "Guest") -> None:
        """Give back what was held for a connection's requests."""
        if guest.held:  # as of every one that is unfinished
            self.held -= guest.held
            guest.held = 0
            for those in self._unfinished.values():
                those.pop(guest, None)

    def make_room(self, guest: "Guest") -> bool:
        """End what has sent nothing for longest, strangers' before parties', until all that is held is within bounds.

        False where nobody but ``guest``, of whom something just came, is left.
        """
        self.unfinished(guest)
        while self.held > self.limits.unproved_bytes:
            quietest = next(itertools.chain(self._unfinished[False], self._unfinished[True]), guest)
            if quietest is guest:
                return False
            self.end(quietest, "bytes")
        return True

    def end(self, guest: "Guest", why: str) -> None:
        """End a connection, with a word where there is a request to answer."""
        self.note(why)
        self.release(guest)
        if guest.refuse(why, linger=len(self._leaving) < LINGERING):
            self._left(guest)

    def _left(self, guest: "Guest") -> None:
        self.leave(guest)
        if not guest.gone:
            self._leaving[guest] = asyncio.get_running_loop().time()

    def leave(self, guest: "Guest") -> None:
        """Forget a connection that has ended or is about to."""
        self._leaving.pop(guest, None)
        if not guest.left:
            guest.left = True
            self.release(guest)
            self._forget(guest)
            if guest.block is not None:
                self._blocks[guest.block] -= 1
                if not self._blocks[guest.block]:
                    del self._blocks[guest.block]

    async def run(self) -> None:
        """Look at all connections again and again, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(SWEEP_S, self.limits.head_s / 4))
            try:
                for count, guest in enumerate(list(self._all()), 1):
                    self._look(guest, loop.time())
                    if count % SWEPT_AT_ONCE == 0:
                        await asyncio.sleep(0)
                for guest, since in list(self._leaving.items()):
                    if loop.time() - since > LINGER_S:
                        guest.abort()
            except Exception:
                log.exception("fault")  # the worker goes on, and the next look may succeed

    def _all(self) -> Iterator["Guest"]:
        return itertools.chain(self._strangers, *self._parties.values())

    def _look(self, guest: "Guest", now: float) -> None:
        if guest.left:
            return
        why = self._overdue(guest, now)
        if why == "idle":
            guest.close()
            self._left(guest)
        elif why == "reader":
            self.note(why)
            guest.abort()
        elif why:
            self.end(guest, why)

    def _overdue(self, guest: "Guest", now: float) -> str:
        limits, waited = self.limits, now - guest.since
        if guest.lags(now, limits.grace_s, LEAST_BYTES_A_SECOND):
            return "reader"
        if guest.broken:
            return ""  # it ends with the answers that are under way
        if guest.phase in (Phase.HEAD, Phase.BODY) and guest.held_back():  # it is we who do not read
            guest.since, guest.body_bytes = now, 0
            return ""
        match guest.phase:
            case Phase.FRESH:
                return "silent" if waited > limits.head_s else ""
            case Phase.HEAD:
                return "head" if waited > limits.head_s else ""
            case Phase.BODY:
                slow = waited > limits.grace_s and guest.body_bytes < LEAST_BYTES_A_SECOND * (waited - limits.grace_s)
                return "body" if slow or waited > limits.body_s else ""
            case Phase.IDLE:
                return "idle" if waited > limits.keep_alive_s else ""
        return ""

    def _make_place(self) -> bool:
        """End a connection of whoever has most of them."""
        every = sorted((self._strangers, *self._parties.values()), key=len, reverse=True)
        return any(self._give_way(those) for those in every)

    def _give_way(self, those: "dict[Guest, None]") -> bool:
        """End the one of ``those`` that came first and is not being answered."""
        for guest in list(itertools.islice(those, LOOKED_AT)):
            if guest.phase is not Phase.ASKED:
                self.end(guest, "full")
                if guest.left:
                    return True
            else:
                those[guest] = those.pop(guest)  # behind all others
        return False

    def _forget(self, guest: "Guest") -> None:
        self._strangers.pop(guest, None)
        own = self._parties.get(guest.party)
        if own is not None:
            own.pop(guest, None)
            if not own:
                del self._parties[guest.party]
