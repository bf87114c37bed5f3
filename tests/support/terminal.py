"""A terminal with a program on it: a real pty whose screen ``pyte`` keeps, so a test reads what a person would."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyte

from support.patience import PATIENCE_S

_ON_ITS_TERMINAL = (
    "import fcntl, termios; fcntl.ioctl(1, termios.TIOCSCTTY, 0); from keepclear.cli.main import main; main()"
)


class _Screen(pyte.Screen):
    """pyte's screen, which counts bells and keeps what stood there before another screen was taken."""

    def __init__(self, columns: int, rows: int) -> None:
        self.bells: list[float] = []
        super().__init__(columns, rows)

    def bell(self, *_: object) -> None:
        self.bells.append(time.monotonic())


class Terminal:
    """``keepclear`` with ``words`` on a terminal of its own."""

    def __init__(
        self, *words: str, folder: Path, env: dict[str, str], columns: int = 80, rows: int = 24, stdin: bool = True,
        program: str = _ON_ITS_TERMINAL,
    ) -> None:  # fmt: skip
        self.screen = _Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._lock = threading.Lock()
        self.said = b""
        self.taking = threading.Event()
        self.taking.set()
        self._master, slave = pty.openpty()
        self._resized(columns, rows)
        self.before = termios.tcgetattr(slave)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *words], cwd=folder, start_new_session=True,
            stdin=slave if stdin else subprocess.DEVNULL, stdout=slave, stderr=slave,
            env=kept | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | env,
        )  # fmt: skip
        self._slave = slave
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            self.taking.wait()
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            with self._lock:
                self.said += data
                self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        """The rows of the screen."""
        with self._lock:
            return list(self.screen.display)

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def inverted(self, row: int) -> bool:
        """Whether a whole row is inverted."""
        with self._lock:
            return all(self.screen.buffer[row][column].reverse for column in range(self.screen.columns))

    def until(self, *words: str, without: str = "\0", within_s: float = PATIENCE_S) -> str:
        """Wait until the screen shows all ``words``, and not ``without``; return it."""
        deadline = time.monotonic() + within_s
        while not all(word in self.text for word in words) or without in self.text:
            assert time.monotonic() < deadline, f"no {words} without {without!r} on\n{self.text}"
            time.sleep(0.02)
        return self.text

    def after(self, mark: bytes, *words: str, within_s: float = PATIENCE_S) -> str:
        """Wait until behind ``mark`` the program has said all ``words``, one after the other; return what it said."""
        found, deadline = re.compile(".*?".join(map(re.escape, words)), re.DOTALL), time.monotonic() + within_s
        while not found.search(said := self.said.partition(mark)[2].decode()):
            assert time.monotonic() < deadline, f"no {words} in {said}"
            time.sleep(0.02)
        return said

    def bells(self, count: int, within_s: float = PATIENCE_S) -> list[float]:
        """Wait for so many strokes of the bell; return when each was."""
        deadline = time.monotonic() + within_s
        while len(self.screen.bells) < count:
            assert time.monotonic() < deadline, f"{len(self.screen.bells)} bells, not {count}\n{self.text}"
            time.sleep(0.02)
        return list(self.screen.bells)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def press(self, key: str, *words: str, within_s: float = PATIENCE_S) -> str:
        """Press a key until the screen shows all ``words``: a question is not answered before it can be read."""
        deadline = time.monotonic() + within_s
        while not all(word in self.text for word in words):
            assert time.monotonic() < deadline, f"no {words} on\n{self.text}"
            self.type(key)
            time.sleep(0.1)
        return self.text

    def resize(self, columns: int, rows: int) -> None:
        with self._lock:
            self.screen.resize(rows, columns)
        self._resized(columns, rows)
        self.process.send_signal(signal.SIGWINCH)

    @contextlib.contextmanager
    def stuck(self) -> Iterator[None]:
        """Take nothing from the program until what it writes fills the terminal, and as long as the block lasts."""
        self.taking.clear()
        try:
            while select.select([], [self._slave], [], 0)[1]:
                self.process.send_signal(signal.SIGWINCH)
                time.sleep(0.01)
            yield
        finally:
            self.taking.set()

    def _resized(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def ended(self) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(PATIENCE_S)
        time.sleep(0.1)  # what it said last is on its way
        return code

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: its modes, its first screen, its cursor, its wrapping."""
        modes = {b"1049": True, b"25": False, b"7": False, b"2004": True}
        for number, held in modes.items():
            last = re.findall(rb"\x1b\[\?" + number + rb"([hl])", self.said)[-1:]
            if last and (last[0] == b"h") == held:
                return False
        return termios.tcgetattr(self._slave)[:4] == self.before[:4]

    def close(self) -> None:
        self.taking.set()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for descriptor in (self._slave, self._master):
            os.close(descriptor)
        self._reader.join(5)
