"""What a worker's gate grants: the settings, held against the memory and the files that this process may have."""

import contextlib
import resource

from .gate import OF_ADDRESS, Limits
from .memory import machine_bytes, store_mib
from .settings import Settings

SHARE = 8
"""The part of the memory that strangers' requests may hold, and connections, each an eighth: the rest is the fold's."""

UNKNOWN_MEMORY = 512 * 1024 * 1024
"""Where nobody can tell: what the shipped containers have."""

LEAST_UNPROVED, MOST_UNPROVED = 16 * 1024 * 1024, 256 * 1024 * 1024
"""Thirty of the largest submissions at once are never too many, and five hundred are enough."""

BYTES_OF_CONNECTION = 16 * 1024
"""What an idle one costs here: 10 KB, measured, and what the kernel keeps for it."""

FOLD_SHARE = 0.625
"""The part of the memory that the volumes of all parties may take, beside what a worker has to begin with, 85 MB."""

LEAST_SHARE = 4
"""One part in so many is the workers', however much an embedded store was given."""

BYTES_OF_VOLUME = 2_560
"""What one takes in a worker's fold, measured: 2 KB as it is read back, 3 KB as it was opened."""

SPARE_FILES = 256
"""For the store, 64 connections to each of its shards, the log and the like."""


def limits(settings: Settings) -> Limits:
    """Return the limits of one worker of these settings; its own limit of open files is raised as far as is allowed."""
    own = (machine_bytes() or UNKNOWN_MEMORY) // settings.workers // SHARE
    unproved = max(LEAST_UNPROVED, min(MOST_UNPROVED, own))
    if settings.limit_unproved_mb is not None:
        unproved = settings.limit_unproved_mb * 1024 * 1024
    of_address = settings.limit_address
    if of_address is None and not settings.proxy_names_requests:
        of_address = OF_ADDRESS
    return Limits(
        connections=max(10, min(settings.limit_connections, own // BYTES_OF_CONNECTION, _files() - SPARE_FILES)),
        of_address=of_address,
        loopback=settings.limit_address is not None,
        unproved_bytes=unproved,
        head_s=settings.head_s,
        body_s=settings.body_s,
    )


def volumes_of_a_party(settings: Settings, parties: int, *, embedded: bool = False) -> int:
    """Return how many volumes each of so many parties may have in one worker: an equal part, whoever comes first.

    ``embedded``: of a memory that the store has its part of, too, which may be twice what it holds (``memory``).
    """
    own = machine = machine_bytes() or UNKNOWN_MEMORY
    if embedded:
        store = (settings.store_memory_mib or store_mib()) * 1024 * 1024
        own = max(machine - 2 * store, machine // LEAST_SHARE)
    return int(FOLD_SHARE * own) // settings.workers // BYTES_OF_VOLUME // parties


def _files() -> int:
    """Return how many files this process may open, after it has asked for all that it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return soft if soft != resource.RLIM_INFINITY else 1_000_000
