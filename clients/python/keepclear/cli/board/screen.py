"""The terminal under the board: its screen, its keys and its size; left as it was found, whatever ends the watch.

Writing happens in a thread of its own that always takes the newest screen: a terminal that takes nothing (a stopped
output, a dead line) holds up what is shown and nothing else. Ctrl-Z, Ctrl-S and Ctrl-\\ do nothing while the board
stands: a slip must not stop a watch. Only what has changed is written, and all of it from time to time, since other
programs may have written over it.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, TextIO

from .bell import Rhythm
from .cells import ALARM, BOLD, DANGER, DIM, GOOD, PLAIN, WARNING, Line, line_width

ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[2J"
"""The other screen, no cursor, no wrapping at its edge, pasted text marked as such."""

LEAVE = b"\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
AGAIN_EVERY = 15
"""Frames after which everything is written again."""

LAST_FRAME_S = 1.0
"""How long the end of a watch waits for a terminal that takes nothing."""

COLOURS = {PLAIN: "", BOLD: "1", DIM: "2", GOOD: "32", WARNING: "1;33", DANGER: "1;97;41", ALARM: "1;91;7"}
NO_COLOURS = {PLAIN: "", BOLD: "1", DIM: "", GOOD: "", WARNING: "1", DANGER: "1;7", ALARM: "1;7"}
"""Without colour (no-color.org) there is still bold and inverse."""


def encode(line: Line, colours: dict[str, str], encoding: str) -> bytes:
    """Return a line as the terminal is told it, in its encoding, whatever stands in it."""
    said = []
    for text, style in line:
        code = colours.get(style, "")
        said.append(f"\x1b[{code}m{text}\x1b[0m" if code else text)
    return "".join(said).encode(encoding, "replace")


class Screen:
    """The screen of a terminal, from ``enter`` to ``leave``."""

    def __init__(self, out: TextIO, keys: TextIO | None, *, colour: bool) -> None:
        self._out = out.fileno()
        self._encoding = out.encoding or "ascii"
        self._colours = COLOURS if colour else NO_COLOURS
        self._keys = _key_descriptor(keys)
        self._before: list[Any] | None = None
        self._written: list[bytes] = []
        self._frames = 0
        self._writer = _Writer(self._out)
        self.entered = False

    @property
    def keys(self) -> int | None:
        """The descriptor to read keys from, if there is one."""
        return self._keys

    @property
    def broken(self) -> bool:
        """Whether the terminal is gone."""
        return self._writer.broken

    def size(self) -> tuple[int, int]:
        """Return columns and rows as the terminal has them now; what it does not know is 80 and 24."""
        try:
            columns, rows = os.get_terminal_size(self._out)
        except OSError:
            columns = rows = 0
        return columns or 80, rows or 24

    def enter(self) -> None:
        """Take the screen, and the keys one by one."""
        self.entered = True
        if self._keys is not None:
            self._before = _take_keys(self._keys)
        self._writer.put(ENTER)

    def leave(self) -> None:
        """Give the terminal back as it was."""
        if not self.entered:
            return
        self.entered = False
        self._writer.put(LEAVE)
        self._writer.end(LAST_FRAME_S)
        if self._keys is not None and self._before is not None:
            import termios

            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._keys, termios.TCSANOW, self._before)

    def paint(self, lines: Sequence[Line], columns: int) -> None:
        """Show these lines, as many as the screen has rows, none wider than its ``columns``."""
        # A line that fills its row leaves the cursor on its last cell, which clearing to the end would take away.
        written = [
            encode(line, self._colours, self._encoding) + (b"\x1b[K" if line_width(line) < columns else b"")
            for line in lines
        ]
        self._frames += 1
        # What is still waiting to be written may be thrown away by the writer, so then all is written.
        whole = len(written) != len(self._written) or self._frames % AGAIN_EVERY == 0 or not self._writer.idle
        said = [b"\x1b[2J" if len(written) != len(self._written) else b""]
        for number, text in enumerate(written):
            if whole or text != self._written[number]:
                said.append(b"\x1b[%d;1H%s" % (number + 1, text))
        self._written = written
        self._writer.frame(b"".join(said))

    def ring(self, rhythm: Rhythm) -> None:
        """Ring strokes with these pauses between them."""
        self._writer.ring(rhythm)


class _Writer:
    """A thread that writes: what was ``put`` in order, of frames the newest alone, and strokes of the bell in time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._wake = threading.Condition()
        self._queue: list[bytes] = []
        self._frame = b""
        self._strokes: list[float] = []
        self._ending = self._writing = False
        self.broken = False
        self._thread = threading.Thread(target=self._run, name="keepclear-screen", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        with self._wake:
            return not (self._queue or self._frame or self._writing)

    def put(self, data: bytes) -> None:
        with self._wake:
            self._queue.append(data)
            self._wake.notify()

    def frame(self, data: bytes) -> None:
        with self._wake:
            self._frame = data
            self._wake.notify()

    def ring(self, rhythm: Rhythm) -> None:
        with self._wake:
            at = max([time.monotonic(), *(stroke + 1.0 for stroke in self._strokes)])
            self._strokes.append(at)
            for pause in rhythm:
                at += pause
                self._strokes.append(at)
            self._wake.notify()

    def end(self, within_s: float) -> None:
        with self._wake:
            self._ending = True
            self._frame, self._strokes = b"", []
            self._wake.notify()
        self._thread.join(within_s)

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                self.broken = True
            with self._wake:
                self._writing = False

    def _next(self) -> bytes | None:
        with self._wake:
            while True:
                now = time.monotonic()
                rung = [stroke for stroke in self._strokes if stroke <= now]
                if self._queue or self._frame or rung:
                    data = b"".join(self._queue) + self._frame + (b"\a" if rung else b"")
                    self._queue, self._frame = [], b""
                    self._strokes = self._strokes[len(rung) :]
                    self._writing = True
                    return data
                if self._ending:
                    return None
                self._wake.wait(None if not self._strokes else max(0.0, self._strokes[0] - now))


def _key_descriptor(keys: TextIO | None) -> int | None:
    """Return the descriptor of a terminal that this process may read keys from: it must be in the foreground."""
    try:
        descriptor = -1 if keys is None else keys.fileno()
        return descriptor if os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp() else None
    except (OSError, ValueError):
        return None


def _take_keys(descriptor: int) -> list[Any]:
    """Make the terminal give each key at once and unseen; return how it was."""
    import termios

    before = termios.tcgetattr(descriptor)
    mode = termios.tcgetattr(descriptor)
    mode[0] &= ~(termios.IXON | termios.ICRNL)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    for sign in (termios.VSUSP, termios.VQUIT):
        mode[6][sign] = b"\0"
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    return before


def fits(out: TextIO) -> bool:
    """Whether a board can stand on this stream."""
    if not out.isatty() or os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    return sys.platform != "win32"
