"""Full: what is said of a store that has no room, in memory or on its disk. Nothing was taken, and nothing was lost."""

from keepclear_protocol.errors import Unavailable

MENDS = "make room, or give the store more: docs/operating.md, The store is full"


def store_full(detail: str = "") -> Unavailable:
    """Return the error of whatever finds no room."""
    return Unavailable("store_full", detail, hint=MENDS)
