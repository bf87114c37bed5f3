"""What strangers do at a door, one shape a function: one connection's trouble, until the other side hangs up."""

import asyncio
import os
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized

HEAD = b"POST /v1/notices HTTP/1.1\r\nHost: h\r\nContent-Type: application/sd-jwt\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PIECE = 65_536


class Exhausted(Exception):
    """All bytes of a shape have been sent."""


@dataclass
class Stranger:
    """One connection's worth of trouble: where to, from where, and what may still be sent in all."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    source: str | None
    left: "Synchronized[int]"
    sent: int = 0

    async def connect(self, *, plain: bool = False) -> "Peer":
        """Open a connection."""
        told = {} if self.tls is None or plain else {"ssl": self.tls, "server_hostname": "127.0.0.1"}
        local = None if self.source is None else (self.source, 0)
        reader, writer = await asyncio.open_connection(self.host, self.port, local_addr=local, limit=PIECE, **told)  # type: ignore[arg-type]
        return Peer(self, reader, writer)


@dataclass
class Peer:
    """An open connection."""

    of: Stranger
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send, and count."""
        with self.of.left.get_lock():
            self.of.left.value -= len(data)
            if self.of.left.value < 0:
                raise Exhausted
        self.writer.write(data)
        await self.writer.drain()
        self.of.sent += len(data)

    async def forever(self, piece: bytes) -> None:
        """Send the same again and again until the other side hangs up."""
        while not self.reader.at_eof():
            await self.say(piece)

    async def hold(self) -> None:
        """Read nothing, say nothing, until the other side hangs up."""
        await self.reader.read()


async def idle(stranger: Stranger) -> None:
    """Connect and say nothing."""
    await (await stranger.connect()).hold()


async def half_head(stranger: Stranger) -> None:
    """Say the half of a head."""
    peer = await stranger.connect()
    await peer.say(HEAD + b"X: " + b"y" * 1500)
    await peer.hold()


async def dripping_head(stranger: Stranger) -> None:
    """Say a head one line a second."""
    peer = await stranger.connect()
    await peer.say(HEAD)
    while not peer.reader.at_eof():
        await peer.say(b"X: y\r\n")
        await asyncio.sleep(1)


async def endless_head(stranger: Stranger) -> None:
    """Say header after header."""
    peer = await stranger.connect()
    await peer.say(HEAD)
    await peer.forever(b"X: y\r\n" * 4000)


async def one_endless_header(stranger: Stranger) -> None:
    """Say one header that does not end."""
    peer = await stranger.connect()
    await peer.say(HEAD + b"X: ")
    await peer.forever(b"y" * PIECE)


async def trailers(stranger: Stranger) -> None:
    """End a body in chunks with trailers that do not end."""
    peer = await stranger.connect()
    await peer.say(CHUNKED + b"3\r\neyJ\r\n0\r\n")
    await peer.forever(b"X: " + b"y" * 8000 + b"\r\n")


async def extensions(stranger: Stranger) -> None:
    """Say a chunk whose extension does not end."""
    peer = await stranger.connect()
    await peer.say(CHUNKED + b"3;")
    await peer.forever(b"y" * PIECE)


async def tiny_chunks(stranger: Stranger) -> None:
    """Say a body byte by byte, each in a chunk with an extension."""
    peer = await stranger.connect()
    await peer.say(CHUNKED)
    await peer.forever(b"1;yyyyyyyyyyyy\r\nx\r\n" * 3000)


async def pipelined(stranger: Stranger) -> None:
    """Ask without end, and read no answer."""
    peer = await stranger.connect()
    await peer.forever(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" * 2000)


async def stalled_body(stranger: Stranger) -> None:
    """Begin a large body and stop."""
    peer = await stranger.connect()
    await peer.say(HEAD + b"Content-Length: 524288\r\n\r\n" + b"x" * 200_000)
    await peer.hold()


async def dripping_body(stranger: Stranger) -> None:
    """Say a large body 200 bytes a second."""
    await _drip(stranger, 524_288)


async def dripping_small_body(stranger: Stranger) -> None:
    """Say an ordinary body 200 bytes a second."""
    await _drip(stranger, 9_000)


async def _drip(stranger: Stranger, length: int) -> None:
    peer = await stranger.connect()
    await peer.say(HEAD + f"Content-Length: {length}\r\n\r\n".encode())
    while not peer.reader.at_eof():
        await peer.say(b"x" * 200)
        await asyncio.sleep(1)


async def whole_bodies(stranger: Stranger) -> None:
    """Say large bodies under no key, one after the other."""
    peer = await stranger.connect()
    while not peer.reader.at_eof():
        await peer.say(HEAD + b"Content-Length: 524288\r\n\r\n" + b"x" * 524_288)
        await peer.reader.readuntil(b"}")


async def huge_length(stranger: Stranger) -> None:
    """Announce a body beyond all measure, and send it."""
    peer = await stranger.connect()
    await peer.say(HEAD + b"Content-Length: 9000000000000000\r\n\r\n")
    await peer.forever(b"x" * PIECE)


async def garbage(stranger: Stranger) -> None:
    """Say what is no HTTP."""
    peer = await stranger.connect()
    await peer.forever(random.Random(os.getpid()).randbytes(PIECE))


async def slow_reader(stranger: Stranger) -> None:
    """Ask for what is long, and read it a kilobyte a second."""
    peer = await stranger.connect()
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await peer.say(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 16)
    while not peer.reader.at_eof() and not peer.writer.is_closing():
        await peer.say(b"")
        await asyncio.sleep(1)


async def tls_junk(stranger: Stranger) -> None:
    """Begin a handshake and go on with what is none."""
    peer = await stranger.connect(plain=True)
    await peer.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"y" * 100)
    await asyncio.sleep(0.2)
    await peer.forever(random.Random(os.getpid()).randbytes(PIECE))


async def half_handshake(stranger: Stranger) -> None:
    """Begin a handshake and stop."""
    peer = await stranger.connect(plain=True)
    await peer.say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    await peer.hold()


@dataclass(frozen=True)
class Shape:
    """What strangers do, on how many connections at once, and whether it is a matter of bytes or of time."""

    attack: Callable[[Stranger], Awaitable[None]]
    connections: int
    bytes_count: bool = False
    proxy_alone: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return self.attack.__name__


SHAPES = (
    Shape(idle, 5000),
    Shape(half_head, 4000),
    Shape(dripping_head, 2000),
    Shape(stalled_body, 800, True),
    Shape(dripping_body, 2000),
    Shape(dripping_small_body, 2000),
    Shape(slow_reader, 300),
    Shape(endless_head, 64, True),
    Shape(one_endless_header, 64, True),
    Shape(trailers, 64, True),
    Shape(extensions, 64, True),
    Shape(tiny_chunks, 64, True),
    Shape(pipelined, 64, True),
    Shape(whole_bodies, 64, True),
    Shape(huge_length, 64, True),
    Shape(garbage, 64, True),
    Shape(half_handshake, 3000, proxy_alone=True),
    Shape(tls_junk, 64, True, proxy_alone=True),
)
