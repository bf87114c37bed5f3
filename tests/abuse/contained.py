"""A container's memory limit around processes of this machine: a control group, as an engine makes it. Takes root.

Both of Linux's hierarchies are known: the first, where each controller is a folder of its own, and the second.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
FIRST = GROUPS / "memory"
MEGABYTE = 1024 * 1024


class Container:
    """A group of processes with a limit; what it held at most is asked of the kernel."""

    def __init__(self, name: str, limit_mb: int) -> None:
        self._above = FIRST if FIRST.is_dir() else GROUPS
        self.folder = self._above / f"keepclear-{name}-{os.getpid()}"
        self.folder.mkdir()
        limit = str(limit_mb * MEGABYTE)
        if self._above == FIRST:
            # The buffers of its connections are counted by themselves here, from when they have a limit.
            for file in ("memory.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes"):
                (self.folder / file).write_text(limit)
        else:
            (self.folder / "memory.max").write_text(limit)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Whatever is started in the block is in the group, from its first byte on."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))
        try:
            yield
        finally:
            (self._above / "cgroup.procs").write_text(str(os.getpid()))

    def most_mb(self) -> float:
        """Return the most that it held since it was last asked; else what it holds."""
        if self._above == FIRST:
            most = 0
            for name in ("memory.max_usage_in_bytes", "memory.kmem.tcp.max_usage_in_bytes"):
                file = self.folder / name
                most += int(file.read_text())
                file.write_text("0")
            return most / MEGABYTE
        return int((self.folder / "memory.current").read_text()) / MEGABYTE

    def killed(self) -> int:
        """Return how many of its processes the kernel ended since they held too much."""
        file = "memory.oom_control" if self._above == FIRST else "memory.events"
        told = dict(line.split() for line in (self.folder / file).read_text().splitlines())
        return int(told["oom_kill"])

    def close(self) -> None:
        """Take the group away; its processes have ended."""
        for _ in range(50):
            with suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.1)
