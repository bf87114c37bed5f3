"""Who connects: no user of this machine can take all connections of a console, though every one can reach its port.

Guaranteed: a connection that has not sent a whole head of a request within ``HEAD_S`` is cut. On Linux, where the
kernel tells whose a loopback connection is, another user holds ``MAX_OF_OTHERS`` at most, whatever they do with them,
and what is beyond is cut before it is read. Elsewhere all users share ``MAX_OF_OURS``.
"""

import asyncio
import os
import socket
import struct
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 5.0
"""Programs on one machine send a head at once; a browser opens anew what it held open for later."""

MAX_OF_OURS = 256
"""Of all pages and their questions."""

MAX_OF_OTHERS = 64
"""Each other user's: the officer's browser may be another's than the desk, and a few pages need no more."""

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_STATE, _UID = 3, 7


class Peer(H11Protocol):
    """One connection, counted for the user at its other end."""

    _held: ClassVar[Counter[int | None]] = Counter()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._user: int | None = None
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take a connection, or cut it where its user has too many."""
        super().connection_made(transport)
        self._user = user_of(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        self._held[self._user] += 1
        if self._held[self._user] > (MAX_OF_OURS if self._user in (None, os.getuid()) else MAX_OF_OTHERS):
            transport.abort()
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._held[self._user] -= 1
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what comes; a second head on the same connection has no more time than the first."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._waiting is None:
            self._await_head()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(HEAD_S, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def user_of(peer: tuple[str, int], own: tuple[str, int]) -> int | None:
    """Return the id of the user at the other end of a loopback connection, ``None`` where the kernel does not tell."""
    ends = [(_address(*peer), _address(*own)), (_mapped(*peer), _mapped(*own))]
    for table, (local, remote) in zip(TABLES, ends, strict=True):
        try:
            lines = table.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if local in line and (fields := line.split())[1:_STATE] == [local, remote]:
                return int(fields[_UID])
    return None


def _address(host: str, port: int) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(host))
    return f"{number:08X}:{port:04X}"


def _mapped(host: str, port: int) -> str:
    """Return an address of the older protocol as a socket of the newer one has it."""
    words = struct.unpack("=IIII", bytes(10) + b"\xff\xff" + socket.inet_aton(host))
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"
