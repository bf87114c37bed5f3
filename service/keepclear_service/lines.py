"""Lines: where the log leaves the process, without ever making it wait.

Guaranteed: a line is written whole, and at once or within ``GATHER_S``; what is gathered meanwhile shares a write. A
standard error that takes nothing, is closed, or whose reader has gone costs lines and never a moment: what it does not
take is held up to ``HELD_BYTES`` and tried again, then counted as lost, and the count is the next line. Not guaranteed:
that lines of a process that is killed within ``GATHER_S`` of them are there. On other systems than Linux a pipe that
nobody reads from may hold up the process all the same, where another one writes to it, too.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import socket
import stat
import threading
import time
from collections import deque
from collections.abc import Callable

GATHER_S = 0.02
"""Seconds for which lines are gathered: as long as a receipt waits for its tick."""

AGAIN_S = 0.25
"""Seconds until a standard error that took nothing is tried again."""

HELD_BYTES = 1024 * 1024
"""Held at most: some 3 000 lines, a few seconds of the busiest worker."""

WRITE_BYTES = select.PIPE_BUF
"""Written at once: as much as a pipe takes whole, between the lines of other processes."""

END_WITHIN_S = 0.5
"""Seconds that the last lines have when a process ends."""

Write = Callable[[bytes], int]

Line = bytes | Callable[[], bytes]
"""A line with its end, or what makes one when it is written: many are made in a third of the time, one directly behind
the other, and between other work they are a fiftieth of what a submit takes."""


class Lines:
    """Lines on their way to a descriptor; ``lost`` is told how many were not taken."""

    def __init__(self, descriptor: int = 2) -> None:
        self._write, self._close = _writer(descriptor)
        self._fresh: list[Line] = []
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._scheduled = False
        self._lock = threading.RLock()  # what a line is made of may be said in a line itself
        self._untold = 0
        self.lost: Callable[[int], None] = lambda count: None
        self.told_loss: Callable[[int], bytes] = lambda count: b""

    def add(self, line: Line) -> None:
        """Write a line soon; from outside of a loop at once."""
        self._fresh.append(line)
        if self._scheduled:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
        else:
            self._scheduled = True
            loop.call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Write what there is, as far as it is taken now."""
        with self._lock:
            self._scheduled = False
            fresh, self._fresh = self._fresh, []
            self._gather(fresh)
            try:
                while self._waiting:
                    piece = self._waiting[0]
                    taken = self._write(piece)
                    self._held -= taken
                    if taken < len(piece):
                        self._waiting[0] = piece[taken:]
                    else:
                        self._waiting.popleft()
            except BlockingIOError:
                self._try_again()
            except (OSError, ValueError):
                self._lose(sum(piece.count(b"\n") for piece in self._waiting))  # closed, or nobody is there to read
                self._waiting.clear()
                self._held = 0

    def end(self) -> None:
        """Have the last lines written, if they are taken soon."""
        until = time.monotonic() + END_WITHIN_S
        self.flush()
        while self._waiting and time.monotonic() < until:
            time.sleep(0.01)
            self.flush()

    def close(self) -> None:
        """Give up what was opened for this; nothing is written any more."""
        self._close()

    def _gather(self, fresh: list[Line]) -> None:
        """Put lines together into pieces that are written at once."""
        piece = bytearray()
        if self._untold and self._held < HELD_BYTES // 2:  # else it would be the next one that is lost
            fresh = [self.told_loss(self._untold), *fresh]
            self._untold = 0
        for given in fresh:
            try:
                line = given if isinstance(given, bytes) else given()
            except Exception:  # it is nobody else's loss
                self._lose(1)
                continue
            if self._held + len(piece) + len(line) > HELD_BYTES:
                self._lose(1)
                continue
            if piece and len(piece) + len(line) > WRITE_BYTES:
                self._wait(piece)
                piece = bytearray()
            piece += line
        if piece:
            self._wait(piece)

    def _wait(self, piece: bytearray) -> None:
        self._waiting.append(bytes(piece))
        self._held += len(piece)

    def _lose(self, count: int) -> None:
        self._untold += count
        self.lost(count)

    def _try_again(self) -> None:
        with contextlib.suppress(RuntimeError):  # no loop: the next line tries again
            asyncio.get_running_loop().call_later(AGAIN_S, self.flush)
            self._scheduled = True


def _writer(descriptor: int) -> tuple[Write, Callable[[], None]]:
    """Return what writes to a descriptor without waiting, and what closes that.

    A pipe's or terminal's mode belongs to all who hold it, so that ours is opened anew for ourselves.
    """
    try:
        mode = os.fstat(descriptor).st_mode
        closed = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY  # as ``hold_standard`` has it
    except OSError:
        closed = True
    if closed:
        return _refused, _nothing
    if stat.S_ISSOCK(mode):
        own = socket.socket(fileno=os.dup(descriptor))
        return lambda data: own.send(data, socket.MSG_DONTWAIT), own.close
    if stat.S_ISREG(mode):
        return lambda data: os.write(descriptor, data), _nothing  # a disk makes nobody wait for a reader
    with contextlib.suppress(OSError):
        again = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        return lambda data: os.write(again, data), lambda: os.close(again)
    return lambda data: _when_room(descriptor, data), _nothing


def _nothing() -> None:
    return None


def _refused(data: bytes) -> int:
    raise OSError(errno.EBADF, "nobody takes lines here")


def _when_room(descriptor: int, data: bytes) -> int:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    if not poll.poll(0):
        raise BlockingIOError
    return os.write(descriptor, data[:WRITE_BYTES])
