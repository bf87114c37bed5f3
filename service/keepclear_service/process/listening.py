"""The service's address: reserved once, and shared out to the workers.

Several workers on Linux get a socket each (``SO_REUSEPORT``), so that the kernel spreads connections over them; on one
shared socket a burst of 32 connections was measured to land on one worker of two. A dead worker's socket is gone with
it, and new connections go to the others. One worker, or another system, uses one socket that stays open while the
worker is started again: connections wait. A worker listens only when it is ready to answer.
"""

import contextlib
import socket
import sys

from keepclear_protocol.errors import LocalError

KERNEL_BYTES = 32 * 1024
"""What the kernel may keep of a connection for each way, doubled by what that takes itself: of 3 000 strangers under
200 MB a way. Left to itself it keeps megabytes for a reader that takes nothing: 300 of them held 500 MB. A line of a
tenth of a second's delay still carries 300 KB a second."""


class Listening:
    """A host and port, bound from construction until ``close``; ``port`` is the real one where 0 was asked."""

    def __init__(self, host: str, port: int, *, workers: int) -> None:
        """Bind; raise ``LocalError`` with ``usage`` where the address cannot be had."""
        self.host: str
        self.port: int
        self._spread = workers > 1 and sys.platform == "linux"
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            self._family: int = found[0]
            # Alone first: sharing would be granted beside another service of the same user, in silence.
            self._held = self._bound(found[4][:2], shared=False)
            self.host, self.port = self._held.getsockname()[:2]
            if self._spread:
                self._held.close()
                self._held = self._bound((self.host, self.port), shared=True)
        except OSError as error:
            raise LocalError("usage", f"cannot listen on {host} port {port}: {error.strerror or error}") from None

    def _bound(self, address: tuple[str | int | bytes, ...], *, shared: bool) -> socket.socket:
        bound = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if self._family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                bound.setsockopt(socket.SOL_SOCKET, buffer, KERNEL_BYTES)  # what is accepted inherits it
            bound.bind(address)
        except OSError:
            bound.close()
            raise
        return bound

    def for_worker(self) -> socket.socket:
        """Return a bound socket for one worker, which it inherits; close ours once it has it."""
        if self._spread:
            return self._bound((self.host, self.port), shared=True)
        return self._held.dup()

    def close(self) -> None:
        """Give the address up, once the workers have."""
        with contextlib.suppress(OSError):
            self._held.close()
