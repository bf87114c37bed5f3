"""What is no request, behind requests that are: those are answered, each once and whole, then the connection ends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from keepclear_service.process import wire
from keepclear_service.process.wire import BoundedHead

JUNK = b"\x00 this is no request\r\n\r\n"
LARGE = b"GET /three HTTP/1.1\r\nFiller: " + b"x" * (wire.MAX_HEAD_BYTES + 200_000)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Doors:
    """Answers each request with its path, once ``go`` is set; ``/stream`` with pieces until then."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked: list[str] = []
        self.gone = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.asked.append(path)
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            self.gone += 1
            return
        length = [] if path == "/stream" else [(b"content-length", str(len(path)).encode())]
        if path == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b"tick", "more_body": True})
        await self.go.wait()
        if path != "/stream":
            await send({"type": "http.response.start", "status": 201, "headers": length})
        await send({"type": "http.response.body", "body": path.encode()})


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[Doors, asyncio.StreamReader, asyncio.StreamWriter]]:
    doors = Doors()
    config = uvicorn.Config(doors, http=BoundedHead, interface="asgi3", lifespan="off", ws="none", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHead(config, state, {}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield doors, reader, writer
    finally:
        writer.close()
        server.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.read()


def answers(data: bytes) -> list[str]:
    """Return the status and body of each answer."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        found.append(f"{head[9:12].decode()} {rest[:length].decode()}")
        data = rest[length:]
    return found


@pytest.mark.parametrize("pieces", [1, 2], ids=["in one segment", "in two"])
@pytest.mark.parametrize("junk", [JUNK, LARGE, post("/broken", b"")[:-4] + b"\r\n:\r\n\r\n"])
@pytest.mark.parametrize("before", [1, wire.MAX_WAITING])
def test_it_ends_the_connection_after_the_answers_and_replaces_none(pieces: int, junk: bytes, before: int) -> None:
    async def story() -> None:
        async with connected() as (doors, reader, writer):
            writer.write(b"".join(post(f"/{number}", b"notice") for number in range(before)))
            if pieces == 2:
                while not doors.asked:  # noqa: ASYNC110 - the other side's, read in this loop
                    await asyncio.sleep(0.01)
            writer.write(junk)
            await asyncio.sleep(0.1)
            doors.go.set()
            assert answers(await heard(reader)) == [f"201 /{number}" for number in range(before)]

    asyncio.run(story())


def test_nothing_is_written_into_the_body_of_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> bytes:
        async with connected() as (doors, reader, writer):
            writer.write(get("/stream"))
            begun = await reader.readuntil(b"4\r\ntick\r\n")
            for _ in range(20):
                writer.write(JUNK * 50)
                await writer.drain()
                await asyncio.sleep(0.01)
            doors.go.set()
            return begun + await heard(reader)

    data = asyncio.run(story())
    assert data.count(b"HTTP/1.1 ") == 1 and data.endswith(b"\r\n\r\n4\r\ntick\r\n7\r\n/stream\r\n0\r\n\r\n")
    assert len([record for record in caplog.records if "Invalid HTTP" in record.message]) == 1


def test_a_request_whose_own_body_cannot_be_read_is_refused_after_those_before_it() -> None:
    broken = b"POST /broken HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

    async def alone() -> list[str]:
        async with connected() as (doors, reader, writer):
            writer.write(broken)
            said = answers(await heard(reader))
            assert doors.gone == len(doors.asked)
            return said

    async def behind() -> list[str]:
        async with connected() as (doors, reader, writer):
            writer.write(get("/one") + get("/two") + broken)
            await asyncio.sleep(0.1)
            doors.go.set()
            said = answers(await heard(reader))
            assert "/broken" not in doors.asked
            return said

    (refused,) = asyncio.run(alone())
    assert refused.startswith("400 ") and json.loads(refused[4:])["code"] == "request"
    assert asyncio.run(behind()) == ["201 /one", "201 /two"]


def test_behind_an_answer_that_is_whole_it_is_refused() -> None:
    async def story() -> list[str]:
        async with connected() as (doors, reader, writer):
            doors.go.set()
            writer.write(get("/one"))
            await reader.readuntil(b"/one")
            writer.write(JUNK)
            return answers(await heard(reader))

    (refused,) = asyncio.run(story())
    assert refused.startswith("400 ")
