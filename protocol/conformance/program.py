"""A foreign program that answers questions, held at arm's length.

Guaranteed: whatever the program does, ``ask`` comes back within its time, has held no more than one line of bounded
length, and returns an answer of exactly the shape that README.md demands, or raises ``Failed`` that says what happened
instead; a program that failed is gone, with what it had started. Not guaranteed: anything about what it does to this
machine. It runs as whoever runs the driver.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_LINE_BYTES = 4 * 1024 * 1024
"""Of a question and of an answer. The longest question of the vectors has some 300 KB."""

READ_BYTES = 65_536

END_S = 10.0
"""Seconds for a program to end when its input has ended."""

Answer = dict[str, Any]


class Failed(Exception):
    """The program gave no answer: what it did instead, in words."""


@dataclass
class _Running:
    """The program's process, what it has said beyond its last answer, and whether it was given up.

    Its pipes are unbuffered: a buffer's lock, held by a thread that waits for a program's grandchild, would hold up
    whoever closes it.
    """

    process: "subprocess.Popen[bytes]"
    said: bytearray = field(default_factory=bytearray)
    given_up: bool = False


class Program:
    """One program, started when it is first asked and again after it failed."""

    def __init__(self, argv: Sequence[str], timeout_s: float) -> None:
        self._argv = list(argv)
        self._timeout_s = timeout_s
        self._running: _Running | None = None
        self._asked = 0

    def ask(self, do: str, inputs: dict[str, Any]) -> Answer:
        """Return the program's answer to one question, without its ``id``. Raises ``Failed``."""
        self._asked += 1
        question = json.dumps({"id": self._asked, "do": do, **inputs}, separators=(",", ":")).encode() + b"\n"
        if len(question) > MAX_LINE_BYTES:
            raise ValueError("a question is longer than README.md says that questions are")
        running = self._started()
        answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # A thread, since neither a write nor a read of a pipe can be given a time on every system.
        threading.Thread(target=_exchange, args=(running, question, answers), daemon=True).start()
        try:
            line = answers.get(timeout=self._timeout_s)
        except queue.Empty:
            self.kill()
            raise Failed(f"no answer within {self._timeout_s:g} s") from None
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(1.0)  # its output ends a little before it does
        try:
            return _read(line, self._asked)
        except Failed as failed:
            raise Failed(f"{failed}{self.kill()}") from None

    def end(self) -> None:
        """End the program's input and wait for its end. Raises ``Failed`` if it goes on."""
        running = self._running
        if running is None:
            return
        with contextlib.suppress(OSError):
            if running.process.stdin is not None:
                running.process.stdin.close()
        try:
            running.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"it goes on for {END_S:g} s after its input has ended") from None
        self.kill()

    def kill(self) -> str:
        """End the program and what it started, at once; return how it had ended before, if it had."""
        running, self._running = self._running, None
        if running is None:
            return ""
        process, running.given_up = running.process, True
        code = process.poll()
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        return "" if code is None else f" (exit status {code})"

    def _started(self) -> _Running:
        if self._running is None:
            process = subprocess.Popen(  # noqa: S603 - what the person at the terminal has named
                self._argv,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=os.name == "posix",
            )
            self._running = _Running(process)
        return self._running


def _exchange(running: _Running, question: bytes, answers: "queue.SimpleQueue[bytes]") -> None:
    """Write a question and put the next line there, with its end; less of it where the program ended before."""
    stdin, stdout = running.process.stdin, running.process.stdout
    assert stdin is not None and stdout is not None  # noqa: S101 - for the type checker
    line = b""
    with contextlib.suppress(OSError, ValueError):  # it has ended, or was killed for being late
        left = memoryview(question)
        while left:
            left = left[stdin.write(left) :]
        while (end := running.said.find(b"\n")) < 0 and len(running.said) <= MAX_LINE_BYTES:
            piece = stdout.read(READ_BYTES)
            if running.given_up or not piece:
                break
            running.said += piece
        size = len(running.said) if end < 0 else end + 1
        line = bytes(running.said[:size])
        del running.said[:size]
    answers.put(line)


def _read(line: bytes, id: int) -> Answer:
    if not line:
        raise Failed("it ended without an answer")
    if len(line) > MAX_LINE_BYTES:
        raise Failed(f"a line of more than {MAX_LINE_BYTES} bytes")
    try:
        answer = json.loads(line.decode())
    except (ValueError, RecursionError):
        raise Failed(f"a line that is no JSON: {_some(line)}") from None
    if not isinstance(answer, dict) or not line.endswith(b"\n"):
        raise Failed(f"a line that is no answer: {_some(line)}")
    given = answer.pop("id", None)
    if type(given) is not int or given != id:
        raise Failed(f"an answer to question {str(given)[:20]!r} instead of {id}")
    match answer:
        case {"ok": _, **rest} | {"code": str(), **rest} | {"unsupported": True, **rest} if not rest:
            return answer
    raise Failed(f"an answer with other members than README.md says: {_some(line)}")


def _some(line: bytes) -> str:
    text = line[:80].decode(errors="backslashreplace").rstrip()
    return repr(text + ("…" if len(line) > 80 else ""))
