"""Where events go: a datagram each, one after the other on a connection, or on standard output, one a line.

Guaranteed: a receiver that is gone or slow holds up nothing; what it missed it is sent again with the next round.
"""

import asyncio
import contextlib
import socket
from typing import Protocol
from urllib.parse import urlsplit

import click

from .. import out

CONNECT_S = 5.0
MAX_WAITING_BYTES = 1024 * 1024
"""What may wait for a receiver that takes nothing: a round of a busy night. Then it is left, and met anew."""


class Receiver(Protocol):
    """Takes events."""

    async def send(self, xml: bytes) -> None:
        """Send one event, or leave it."""

    async def close(self) -> None:
        """Send no more."""


def receiver(to: str) -> Receiver:
    """Return the receiver of ``udp://HOST:PORT``, ``tcp://HOST:PORT`` or ``-``; raise ``click.UsageError``."""
    if to == "-":
        return _Lines()
    try:
        parts = urlsplit(to)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if host is None or port is None or parts.path or parts.scheme not in ("udp", "tcp"):
        raise click.UsageError("--to takes udp://HOST:PORT, tcp://HOST:PORT or -.")
    return _Datagrams(host, port) if parts.scheme == "udp" else _Connection(host, port)


class _Lines:
    async def send(self, xml: bytes) -> None:
        """Write one event as one line."""
        out.write_bytes(b" ".join(xml.splitlines()) + b"\n")

    async def close(self) -> None:
        """Nothing is open."""


class _Datagrams:
    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._socket: socket.socket | None = None

    async def send(self, xml: bytes) -> None:
        """Send one event as one datagram; that nobody takes it is not told."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            if self._socket is None:
                ((family, *_, address), *_) = await loop.getaddrinfo(*self._to, type=socket.SOCK_DGRAM)
                self._socket = socket.socket(family, socket.SOCK_DGRAM)
                self._socket.setblocking(False)
                self._socket.connect(address)
            await loop.sock_sendall(self._socket, xml)

    async def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()


class _Connection:
    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._writer: asyncio.StreamWriter | None = None
        self._said = ""

    async def send(self, xml: bytes) -> None:
        """Send one event on the connection, making one where there is none; say once that nobody answers."""
        try:
            if self._writer is None:
                async with asyncio.timeout(CONNECT_S):
                    _, self._writer = await asyncio.open_connection(*self._to)
                self._said = ""
                out.note(f"connected to {self._to[0]} port {self._to[1]}")
            if self._writer.is_closing() or self._writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
                raise ConnectionError("it takes nothing")
            self._writer.write(xml)
        except (OSError, TimeoutError) as error:
            await self.close()
            if not self._said:
                self._said = f"TAK is not reached at {self._to[0]} port {self._to[1]}: {error or 'no answer'}"
                out.note(self._said)

    async def close(self) -> None:
        """Close the connection."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()
