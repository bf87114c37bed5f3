"""The pace of large bodies, over real sockets: a flood of them is read slowly, and holds nobody else up."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from keepclear_service.process import pace

from . import test_gate
from .test_gate import HEAD, LATER_S, Room, heard, story, until

KIB = 1024
RATE, BURST = 1_000 * KIB, 500 * KIB


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "BYTES_A_SECOND", RATE)
    monkeypatch.setattr(pace, "BURST_BYTES", BURST)


@contextlib.asynccontextmanager
async def room() -> AsyncIterator[Room]:
    async with test_gate.room() as doors:
        yield doors
        doors.close()
        await until(lambda: not len(doors.gate))  # one that is held back is found to have gone when it is read on


def post(path: bytes, size: int) -> bytes:
    return HEAD.replace(b"/v1/notices", path) + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


async def flood(doors: Room, size: int, count: int) -> float:
    """Send so many large requests, each over a connection of its own; return the seconds until all are answered."""
    began = time.monotonic()
    peers = [await doors.connect(post(b"/any", size)) for _ in range(count)]
    for reader, _ in peers:
        async with asyncio.timeout(LATER_S / 3):
            assert (await reader.readline()).endswith(b"200 OK\r\n")
    return time.monotonic() - began


def test_large_bodies_of_strangers_are_read_at_their_pace_and_small_ones_at_once() -> None:
    async def told() -> None:
        async with room() as doors:
            flooding = asyncio.create_task(flood(doors, 400 * KIB, 6))
            await asyncio.sleep(0.2)
            reader, _ = await doors.connect(post(b"/any", 20 * KIB))
            assert (await reader.readline()).endswith(b"200 OK\r\n")
            assert not flooding.done()
            assert await flooding > 1.2  # 2.4 MB, half a megabyte of it at once

    story(told)


def test_a_party_reads_on_beside_a_flood_of_strangers() -> None:
    async def told() -> None:
        async with room() as doors:
            reader, writer = await doors.connect(post(b"/proved", 10))
            assert (await reader.readline()).endswith(b"200 OK\r\n")
            flooding = asyncio.create_task(flood(doors, 400 * KIB, 8))
            await asyncio.sleep(0.3)
            writer.write(post(b"/any", 400 * KIB))
            await reader.readuntil(b"HTTP/1.1 200 OK\r\n")
            assert not flooding.done()
            await flooding

    story(told)


def test_who_is_held_back_and_gone_holds_up_nobody() -> None:
    async def told() -> None:
        async with room() as doors:
            for _ in range(5):
                _, writer = await doors.connect(post(b"/any", 400 * KIB)[: 350 * KIB])
                await asyncio.sleep(0.05)
                writer.transport.abort()
            assert await flood(doors, 100 * KIB, 2) < 5
            await until(lambda: len(doors.gate) <= 2)
            assert (await heard((await doors.connect(b"\r\n\r\n x \r\n"))[0])).startswith(b"HTTP/1.1 400")

    story(told)
