"""Reading a form beside the loop, and once: a file of hundreds of flights takes seconds.

What was read last is kept, so that another flight of it is shown, and all of it sent, without reading it again. It is
kept for a minute, for limits depend on the time; the desk itself judges again whatever it signs.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.instant import SECOND

from .intended import Beside, Intended, intended

KEPT_S = 60

_ASIDE = ("show", "digest", "revision", "reference")
"""What of a form changes nothing about what its flights are."""


class Reader:
    """Reads the forms of one console."""

    def __init__(self) -> None:
        self._last: tuple[str, int, Intended] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(
        self, body: Mapping[str, Any], beside: Beside, agreement: Agreement, party: str, now: int
    ) -> Intended:
        """Return what the form in ``body`` means, as ``intended`` does."""
        key = _key(body, beside, agreement)
        async with self._one_at_a_time:
            last = self._last
            if last is not None and last[0] == key and 0 <= now - last[1] < KEPT_S * SECOND:
                return last[2]
            said = await asyncio.to_thread(intended, body, beside, agreement, party, now)
            self._last = key, now, said
        return said


def _key(body: Mapping[str, Any], beside: Beside, agreement: Agreement) -> str:
    said = {name: value for name, value in body.items() if name not in _ASIDE}
    stands = None if beside.stands is None else repr(beside.stands)
    return hashlib.sha256(json.dumps([said, stands, agreement.terms], sort_keys=True).encode()).hexdigest()
