"""How long the store takes: each call of a line is noted with its length, and where it fails."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from keepclear_protocol.errors import Unavailable

from ..metrics import STORE_CALLS, Histogram
from .line import StoredLine


class Noted(Protocol):
    """Where calls are noted."""

    def call(self, group: str) -> Histogram:
        """Return where the length of a call is noted."""

    def failed(self, group: str) -> None:
        """Note that a call failed."""


def timed(line: StoredLine, noted: Noted) -> StoredLine:
    """Return ``line``, whose calls are noted from here on."""
    for group, names in STORE_CALLS.items():
        for name in names:
            setattr(line, name, _timed(getattr(line, name), noted.call(group), group, noted))
    return line


def _timed(
    call: Callable[..., Awaitable[Any]], histogram: Histogram, group: str, noted: Noted
) -> Callable[..., Awaitable[Any]]:
    async def call_timed(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await call(*args, **options)
        except Unavailable:
            noted.failed(group)
            raise
        finally:
            histogram.observe(time.perf_counter() - began)

    return call_timed
