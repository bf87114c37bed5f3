"""Strangers at a worker's door, over real sockets: each is ended in its time, within its bytes, and gives its place."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from keepclear_service.process import gate as module
from keepclear_service.process import wire
from keepclear_service.process.gate import Gate, Limits
from keepclear_service.process.wire import BoundedHead

SOON_S = 0.3
LATER_S = 30.0
HEAD = b"POST /v1/notices HTTP/1.1\r\nHost: h\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GET = b"GET /held HTTP/1.1\r\nHost: h\r\n\r\n"

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Room:
    """A gate before an application that holds ``/held`` until ``go``, and takes ``/proved`` for a party's.

    It answers ``/early`` before it reads anything.
    """

    def __init__(self, limits: Limits) -> None:
        self.cuts: Counter[str] = Counter()
        self.gate = Gate(limits, lambda why: self.cuts.update([why]))
        self.go = asyncio.Event()
        self.headers: set[bytes] = set()
        self.port = 0
        self._open: list[asyncio.StreamWriter] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while scope["path"] != "/early" and (message := await receive()).get("more_body"):
            pass
        self.headers = {name for name, _ in scope["headers"]}
        if scope["path"] != "/early" and message["type"] == "http.disconnect":
            return
        if scope["path"].startswith("/proved"):
            scope["state"]["wire"].proved(scope["path"])
        elif scope["path"] == "/held":
            await self.go.wait()
        body = b"x" * 24_000_000 if scope["path"] == "/large" else b"well"
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", str(len(body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def connect(self, said: bytes = b"") -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._open.append(writer)
        writer.write(said)
        return reader, writer

    async def answer(self, said: bytes) -> bytes:
        reader, _ = await self.connect(said)
        return await heard(reader)

    def close(self) -> None:
        for writer in self._open:
            writer.close()


@contextlib.asynccontextmanager
async def room(**limits: Any) -> AsyncIterator[Room]:
    limited = Limits(**{"head_s": LATER_S, "body_s": LATER_S, "grace_s": LATER_S, "keep_alive_s": LATER_S, **limits})
    doors = Room(limited)
    config = uvicorn.Config(doors, http=BoundedHead, interface="asgi3", lifespan="off", ws="none", log_config=None)
    config.load()
    state = uvicorn.server.ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: BoundedHead(config, state, {}, gate=doors.gate), "127.0.0.1", 0)
    doors.port = server.sockets[0].getsockname()[1]
    looking = asyncio.create_task(doors.gate.run())
    try:
        yield doors
        assert not looking.done()
    finally:
        looking.cancel()
        doors.go.set()
        doors.close()
        server.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(LATER_S / 3):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
        return b""


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(LATER_S / 3):
        while not fact():  # noqa: ASYNC110 - the other side's, in this loop
            await asyncio.sleep(0.01)


def code(answer: bytes) -> tuple[int, str]:
    """Return the status and stable code of a refusal, which must be a problem document and say that it closes."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head and b"connection: close" in head, answer
    told = json.loads(body)
    assert told["status"] == int(head[9:12])
    assert (b"retry-after: 1" in head) == (told["status"] == 503)
    return told["status"], told["code"]


def story(told: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(told())  # type: ignore[arg-type]  # a coroutine, as all of these are


@pytest.mark.parametrize(
    ("said", "expected", "why"),
    [
        (b"", b"", "silent"),
        (b"\r\n\r\n", b"", "silent"),
        (b"GET /v1/not", (408, "request_slow"), "head"),
        (HEAD + b"X: y\r\n", (408, "request_slow"), "head"),
        (HEAD + b"Content-Length: 524288\r\n\r\neyJ", (408, "request_slow"), "body"),
        (CHUNKED + b"3\r\neyJ\r\n", (408, "request_slow"), "body"),
    ],
)
def test_what_does_not_come_in_time_is_refused(said: bytes, expected: Any, why: str) -> None:
    async def told() -> None:
        async with room(head_s=SOON_S, body_s=SOON_S) as doors:
            answer = await doors.answer(said)
            assert (code(answer) if answer else b"") == expected
            await until(lambda: len(doors.gate) == 0)
            assert doors.cuts == {why: 1} and doors.gate.held == 0

    story(told)


def test_a_body_comes_at_a_least_rate_and_who_keeps_it_is_heard() -> None:
    async def told() -> None:
        async with room(grace_s=SOON_S) as doors:
            slow, tap = await doors.connect(HEAD + b"Content-Length: 4000\r\n\r\n")
            quick, source = await doors.connect(HEAD + b"Content-Length: 4000\r\n\r\n")
            dripping = asyncio.create_task(heard(slow))
            for _ in range(20):
                source.write(b"x" * 200)
                if not tap.is_closing():
                    tap.write(b"x")
                await asyncio.sleep(SOON_S / 6)
            assert code(await dripping) == (408, "request_slow")
            assert (await quick.readuntil(b"well")).startswith(b"HTTP/1.1 200")
            assert doors.cuts == {"body": 1}

    story(told)


LINE = b"x: y\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected", "why"),
    [
        ([HEAD + LINE * 100], (431, "head_too_large"), "large_head"),
        ([HEAD + LINE * 100 + b"\r\n"], (431, "head_too_large"), "large_head"),
        ([HEAD, b"X: ", b"y" * wire.MAX_HEAD_BYTES], (431, "head_too_large"), "large_head"),
        ([CHUNKED + b"0\r\n", LINE * 100], (400, "request"), "framing"),
        ([CHUNKED + b"0\r\n", b"x: ", b"y" * 2 * wire.MAX_FRAMING_BYTES], (400, "request"), "framing"),
        ([CHUNKED, b"1;", b"e" * 2 * wire.MAX_FRAMING_BYTES], (400, "request"), "framing"),
        ([CHUNKED, *[b"1;eeeeeeeeeeee\r\nx\r\n" * 1000] * 8], (400, "request"), "framing"),
    ],
)
def test_what_has_no_bound_of_its_own_has_one_here(pieces: list[bytes], expected: Any, why: str) -> None:
    async def told() -> None:
        async with room() as doors:
            reader, writer = await doors.connect()
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.02)  # a segment of its own
            assert code(await heard(reader)) == expected
            assert doors.cuts == {why: 1}

    story(told)


def test_trailers_become_no_headers_and_small_chunks_are_read() -> None:
    async def told() -> None:
        async with room() as doors:
            chunks = b"1\r\nx\r\n" * 2000 + b"0\r\nAuthorization: Keepclear x\r\n\r\n"
            reader, _ = await doors.connect(CHUNKED + chunks)
            assert (await reader.readuntil(b"well")).startswith(b"HTTP/1.1 200")
            assert doors.headers == {b"host", b"transfer-encoding"}
            assert not doors.cuts and doors.gate.held == 0

    story(told)


def test_few_requests_wait_behind_one_another() -> None:
    async def told() -> None:
        async with room() as doors:
            reader, writer = await doors.connect(GET * 20_000)
            await until(lambda: doors.cuts["waiting"] == 1)
            doors.go.set()
            answered = await heard(reader)
            assert answered.count(b"HTTP/1.1 200") == wire.MAX_WAITING + 1 == answered.count(b"HTTP/1.1")
            assert doors.cuts == {"waiting": 1}
            writer.close()

    story(told)


def test_a_body_that_was_refused_is_read_for_a_while_and_no_longer() -> None:
    async def told() -> None:
        async with room() as doors:
            reader, writer = await doors.connect(GET[:-2] + b"Content-Length: 999999999999\r\n\r\n")
            doors.go.set()
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    writer.write(b"x" * 65_536)
                    await asyncio.wait_for(writer.drain(), LATER_S)
            assert b"HTTP/1.1 200" not in await heard(reader)
            await until(lambda: len(doors.gate) == 0)

    story(told)


def test_many_strangers_who_ask_at_once_are_begun_a_few_in_each_turn_of_the_loop() -> None:
    async def told() -> None:
        begun: list[int] = []
        gate = Gate()
        for number in range(3 * module.BEGUN_AT_ONCE):
            gate.begin(lambda number=number: begun.append(number))  # type: ignore[misc]
        counts = []
        while len(begun) < 3 * module.BEGUN_AT_ONCE:
            counts.append(len(begun))
            await asyncio.sleep(0)
        assert counts == [module.BEGUN_AT_ONCE, 2 * module.BEGUN_AT_ONCE]
        assert begun == sorted(begun)

    story(told)


def test_a_request_that_cannot_be_begun_keeps_no_other_from_it() -> None:
    async def told() -> None:
        begun: list[int] = []

        def fail() -> None:
            raise RuntimeError("a fault of our own")

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        gate = Gate()
        for number in range(module.BEGUN_AT_ONCE):
            gate.begin(lambda number=number: begun.append(number))  # type: ignore[misc]
        gate.begin(fail)
        gate.begin(lambda: begun.append(99))
        await until(lambda: begun[-1] == 99)

    story(told)


def test_who_does_not_take_an_answer_is_cut() -> None:
    async def told() -> None:
        async with room(grace_s=SOON_S) as doors:
            reader, _ = await doors.connect(GET.replace(b"held", b"large"))
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda: doors.cuts["reader"] == 1 and len(doors.gate) == 0)

    story(told)


def test_strangers_bytes_are_bounded_together_and_the_quietest_go_first() -> None:
    async def told() -> None:
        most = 1_000_000
        async with room(unproved_bytes=most) as doors:
            waiting = []
            for _ in range(30):
                waiting.append(await doors.connect(HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 100_000))
                if len(waiting) > 1:
                    waiting[0][1].write(b"x" * 100)
                    await asyncio.sleep(0.02)
            await until(lambda: doors.cuts["bytes"] >= 20)
            assert doors.gate.held <= most
            ended = [code(await heard(reader)) for reader, _ in waiting[1:20]]
            assert set(ended) == {(503, "busy")}
            for reader, writer in (waiting[0], waiting[-1]):  # one that goes on is not cut, however old it is
                writer.write(b"x" * 100_000)
                assert (await reader.readuntil(b"well")).startswith(b"HTTP/1.1 200")

    story(told)


def test_what_comes_behind_a_request_that_was_answered_early_is_counted_and_forgotten() -> None:
    async def told() -> None:
        async with room(unproved_bytes=500_000) as doors:
            reader, writer = await doors.connect(b"POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n")
            await reader.readuntil(b"well")
            begun = b"x" * 10 + b"GET / HTTP/1.1\r\nX: " + b"y" * 5_000
            writer.write(begun)
            await until(lambda: doors.gate.held == len(begun))
            writer.close()
            await until(lambda: len(doors.gate) == 0)
            assert doors.gate.held == 0
            # Were it still among those under way, making room would never end.
            for _ in range(20):
                await doors.connect(HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 90_000)
            await until(lambda: doors.cuts["bytes"] >= 10)

    story(told)


def test_a_party_loses_its_request_after_all_strangers() -> None:
    async def told() -> None:
        async with room(unproved_bytes=500_000) as doors:
            first, writer = await doors.connect(GET.replace(b"held", b"proved"))
            await first.readuntil(b"well")
            writer.write(HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 100_000)
            await until(lambda: doors.gate.held >= 100_000)
            for _ in range(20):
                await doors.connect(HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 90_000)
            await until(lambda: doors.cuts["bytes"] >= 10)
            writer.write(b"x" * 100_000)
            assert (await first.readuntil(b"well")).startswith(b"HTTP/1.1 200")

    story(told)


def test_the_stranger_that_came_first_gives_its_place_and_a_party_keeps_its_own() -> None:
    async def told() -> None:
        async with room(connections=20) as doors:
            party, asking = await doors.connect(GET.replace(b"held", b"proved"))
            await party.readuntil(b"well")
            strangers = [await doors.connect() for _ in range(60)]
            await until(lambda: doors.cuts["full"] >= 45)
            assert len(doors.gate) <= 20
            assert {await heard(reader) != b"" for reader, _ in strangers[:40]} == {True}
            newest, _ = await doors.connect(GET.replace(b"held", b"proved"))
            assert (await newest.readuntil(b"well")).startswith(b"HTTP/1.1 200")
            asking.write(GET.replace(b"held", b"proved"))
            assert (await party.readuntil(b"well")).startswith(b"HTTP/1.1 200")

    story(told)


def test_one_party_does_not_take_the_places_of_another() -> None:
    async def told() -> None:
        async with room(connections=40) as doors:
            for _ in range(60):
                reader, _ = await doors.connect(GET.replace(b"held", b"proved/greedy"))
                await reader.readuntil(b"well")
            assert len(doors.gate) <= 40 * module.OF_A_PARTY + 1
            modest, _ = await doors.connect(GET.replace(b"held", b"proved/modest"))
            await modest.readuntil(b"well")

    story(told)


def test_a_block_of_addresses_has_so_many_connections() -> None:
    async def told() -> None:
        async with room(of_address=3, loopback=True) as doors:
            held = [await doors.connect() for _ in range(3)]
            await until(lambda: len(doors.gate) == 3)
            assert code(await doors.answer(b"")) == (503, "busy")
            held[0][1].transport.abort()
            await until(lambda: len(doors.gate) == 2)
            reader, _ = await doors.connect(GET.replace(b"held", b"free"))
            await reader.readuntil(b"well")
            assert doors.cuts == {"address": 1}

    story(told)


def test_idle_connections_close_and_those_of_a_stream_do_not() -> None:
    async def told() -> None:
        async with room(keep_alive_s=SOON_S, head_s=SOON_S) as doors:
            idle, _ = await doors.connect(GET.replace(b"held", b"free"))
            held, _ = await doors.connect(GET)
            assert (await heard(idle)).endswith(b"well")
            assert len(doors.gate) == 1
            doors.go.set()
            await held.readuntil(b"well")
            assert not doors.cuts

    story(told)
