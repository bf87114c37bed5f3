"""The log's lines: whole, gathered, and never waited for, whatever becomes of standard error."""

import asyncio
import fcntl
import functools
import json
import os
import socket
import time
from collections.abc import Iterator

import pytest
from keepclear_service import lines as module
from keepclear_service.lines import Lines

LINE = b'{"event":"admitted","n":1%05d,"filler":"' + b"x" * 150 + b'"}\n'


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    for end in (read_end, write_end):
        try:
            os.close(end)
        except OSError:
            pass  # the test did


def drained(read_end: int) -> bytes:
    os.set_blocking(read_end, False)
    found = b""
    try:
        while piece := os.read(read_end, 65_536):
            found += piece
    except BlockingIOError:
        pass
    return found


def test_a_line_may_be_made_when_it_is_written_and_one_that_cannot_be_is_lost_alone(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    made, lost = list[str](), list[int]()

    def said(name: str) -> bytes:
        made.append(name)
        return f"{name}\n".encode("ascii")

    async def story() -> None:
        lines = Lines(write_end)
        lines.lost = lost.append
        for name in ("one", "\u00e9", "three"):
            lines.add(functools.partial(said, name))
        assert made == []
        lines.flush()

    asyncio.run(story())
    assert drained(read_end) == b"one\nthree\n"
    assert made == ["one", "\u00e9", "three"] and lost == [1]


def test_a_pipe_that_nobody_reads_costs_lines_and_no_time(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    lines = Lines(write_end)
    lost: list[int] = []
    lines.lost = lost.append
    lines.told_loss = lambda count: b'{"event":"log_lines_lost","count":%d}\n' % count
    began = time.monotonic()
    count = 20_000  # 4 MB; the pipe takes 64 KiB and the process holds 1 MiB
    for number in range(count):
        lines.add(LINE % number)
    assert time.monotonic() - began < 5
    assert os.get_blocking(write_end), "the pipe's mode is that of all who hold it"
    read = b""
    while piece := drained(read_end):
        read += piece
        lines.flush()
    told = [json.loads(line) for line in read.splitlines()]  # each is whole
    assert 0 < sum(lost) < count
    assert sum(line["event"] == "admitted" for line in told) == count - sum(lost)
    assert [line for line in told if line["event"] != "admitted"] == [{"event": "log_lines_lost", "count": sum(lost)}]


def test_a_socket_that_nobody_reads_costs_no_time_either() -> None:
    """As journald's is: a write may take a part of what it is given."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        lines = Lines(ours.fileno())
        count = 4_000  # 800 KB, more than the socket takes
        for number in range(count):
            lines.add(LINE % number)
        assert lines._waiting, "the socket took everything"
        read = b""
        while piece := drained(theirs.fileno()):
            read += piece
            lines.flush()
        assert [json.loads(line)["n"] for line in read.splitlines()] == list(range(100_000, 100_000 + count))
        lines.close()


@pytest.mark.parametrize("closed", ["reader", "descriptor"])
def test_without_a_reader_or_a_descriptor_lines_are_lost_and_counted(pipe: tuple[int, int], closed: str) -> None:
    read_end, write_end = pipe
    if closed == "descriptor":
        os.close(write_end)
    lines = Lines(write_end)
    lost: list[int] = []
    lines.lost = lost.append
    os.close(read_end)
    for number in range(100):
        lines.add(LINE % number)
    lines.end()
    assert sum(lost) == 100


def test_lines_of_a_moment_share_a_write_and_stay_whole_for_a_pipe(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    lines = Lines(write_end)
    written: list[int] = []
    write = lines._write

    def noted(data: bytes) -> int:
        written.append(len(data))
        return write(data)

    lines._write = noted

    async def story() -> None:
        for number in range(60):
            lines.add(LINE % number)
        assert not written
        await asyncio.sleep(2 * module.GATHER_S)

    asyncio.run(story())
    assert [json.loads(line)["n"] for line in drained(read_end).splitlines()] == list(range(100_000, 100_060))
    assert len(written) <= 4 and max(written) <= module.WRITE_BYTES


def test_what_was_not_taken_is_tried_again(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    read_end, write_end = pipe
    fcntl.fcntl(write_end, 1031, 4096)  # F_SETPIPE_SZ

    async def story() -> bytes:
        lines = Lines(write_end)
        for number in range(100):
            lines.add(LINE % number)
        read = b""
        for _ in range(200):
            await asyncio.sleep(0.01)
            read += drained(read_end)
            if read.count(b"\n") == 100:
                break
        return read

    read = asyncio.run(story())
    assert [json.loads(line)["n"] for line in read.splitlines()] == list(range(100_000, 100_100))
