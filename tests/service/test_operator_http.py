"""The operator's HTTP against those who flood it, fall silent, or meet a fault of ours: bounds, deadlines, one line."""

import asyncio
import contextlib
import fcntl
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from keepclear_service import logs
from keepclear_service.lines import Lines
from keepclear_service.process import operator_http
from keepclear_service.process.operator_http import AT_ONCE, Answer, Request, serving

ASK = b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"



@contextlib.asynccontextmanager
async def served(door: Callable[[Request], Awaitable[Answer]]) -> AsyncIterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    async with serving(listener, "operator.example", door):
        yield port


async def ask(port: int, data: bytes = ASK) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    try:
        return await reader.read()
    finally:
        writer.close()


async def well(request: Request) -> Answer:
    return Answer("200 OK", b"{}")


async def broken(request: Request) -> Answer:
    raise RuntimeError("a fault of ours")


def test_so_many_are_answered_at_a_time_and_the_others_in_turn() -> None:
    async def story() -> None:
        answering, most, full, go = 0, 0, asyncio.Event(), asyncio.Event()

        async def slow(request: Request) -> Answer:
            nonlocal answering, most
            answering += 1
            most = max(most, answering)
            if answering == AT_ONCE:
                full.set()
            await go.wait()
            answering -= 1
            return Answer("200 OK", b"{}")

        async with served(slow) as port:
            threads = threading.active_count()
            asked = [asyncio.create_task(ask(port)) for _ in range(3 * AT_ONCE)]
            await full.wait()
            await asyncio.sleep(0.2)
            assert (answering, threading.active_count()) == (AT_ONCE, threads)
            go.set()
            assert {(await answer)[:15] for answer in asked} == {b"HTTP/1.1 200 OK"}
            assert most == AT_ONCE

    asyncio.run(asyncio.wait_for(story(), 30))


def test_who_asks_is_answered_beside_any_number_who_connect_and_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_http, "MOST_OPEN", 20)
    monkeypatch.setattr(operator_http, "ASKED_WITHIN_S", 0.5)

    async def story() -> None:
        async with served(well) as port:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
            assert (await ask(port)).startswith(b"HTTP/1.1 200 ")
            ends = await asyncio.gather(*(reader.read() for reader, _ in idle), return_exceptions=True)
            assert all(end == b"" or isinstance(end, ConnectionError) for end in ends)
            for _, writer in idle:
                writer.close()

    asyncio.run(asyncio.wait_for(story(), 30))


def test_who_does_not_take_an_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_http, "TAKEN_WITHIN_S", 0.2)

    async def large(request: Request) -> Answer:
        return Answer("200 OK", b"x" * 20_000_000)

    async def story() -> None:
        async with served(large) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(ASK)
            await asyncio.sleep(0.6)
            with contextlib.suppress(ConnectionError):
                assert len(await reader.read()) < 20_000_000
            writer.close()

    asyncio.run(asyncio.wait_for(story(), 30))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /status HTTP/1.1\r\n\r\n", b"421"),
        (ASK.replace(b"127.0.0.1", b"127.0.0.1\r\nHost: evil.example"), b"421"),
        (ASK.replace(b"127.0.0.1", b"operator.example:9700"), b"200"),
        (ASK.replace(b"127.0.0.1", b"Operator.Example."), b"200"),
        (ASK.replace(b"127.0.0.1", b"xoperator.example"), b"421"),
        (b"GET /status\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\r\n\r\n", b"400"),
        (ASK.replace(b"Host", b"Host "), b"400"),
    ],
)
def test_who_does_not_name_us_or_speaks_no_http_is_told_nothing(data: bytes, status: bytes) -> None:
    async def story() -> bytes:
        async with served(well) as port:
            return await ask(port, data)

    assert asyncio.run(asyncio.wait_for(story(), 30)).split(b" ")[1] == status


def test_a_head_without_an_end_is_hung_up_on() -> None:
    async def story() -> None:
        async with served(well) as port:
            with contextlib.suppress(ConnectionError):
                assert await ask(port, ASK.replace(b"Host", b"Filler: " + b"x" * 30_000 + b"\r\nHost")) == b""

    asyncio.run(asyncio.wait_for(story(), 30))


@pytest.fixture
def stuck() -> Iterator[tuple[int, Lines]]:
    """Log to a pipe that is full and that nobody reads."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, 1031, 4096)  # F_SETPIPE_SZ
    os.write(write_end, b"\n" * 4096)
    lines = Lines(write_end)
    handler = logs._Handler(lines)
    handler.setFormatter(logs.JsonLines())
    operator_http.logger.addHandler(handler)
    yield read_end, lines
    operator_http.logger.removeHandler(handler)
    lines.close()
    os.close(read_end)
    os.close(write_end)


def test_a_fault_of_ours_is_a_line_of_a_few_a_second_and_a_stuck_log_holds_nothing(stuck: tuple[int, Lines]) -> None:
    read_end, lines = stuck

    async def story() -> None:
        async with served(broken) as port:
            threads = threading.active_count()
            for answer in await asyncio.gather(*(ask(port) for _ in range(60))):
                assert answer.startswith(b"HTTP/1.1 500 ") and b"fault of ours" not in answer
            assert threading.active_count() == threads

    asyncio.run(asyncio.wait_for(story(), 30))
    assert os.read(read_end, 65_536).strip() == b""
    lines.end()
    said = os.read(read_end, 65_536).splitlines()
    assert 0 < len(said) <= 3 * logs.SAID_A_SECOND
    assert all(b'"operator_request_failed"' in line and b"RuntimeError: a fault of ours" in line for line in said)


