"""Cursors: positions in a party's stream, ``<epoch>-<number>``, as they stand in URLs, headers and answers.

One spelling for each position, read here for both sides. A number has at most ``MAX_DIGITS`` digits; one that no stream
can have reached is still a position, so that its reader is told of a gap and can go on, and not that it erred.
"""

import re
from dataclasses import dataclass

from .errors import Malformed

MAX_DIGITS = 16
"""2**53 - 1, the last number that a store's script keeps exactly, has sixteen."""

_CURSOR = re.compile(rf"([0-9a-f]{{32}})-(0|[1-9][0-9]{{0,{MAX_DIGITS - 1}}})\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position: the life of the store and the number of the last event, from 0; ``str`` is its spelling."""

    epoch: str
    number: int

    @classmethod
    def parse(cls, text: object) -> "Cursor":
        """Return the cursor of ``<epoch>-<number>``; raise ``Malformed`` with ``cursor``."""
        match = _CURSOR.match(text) if isinstance(text, str) else None
        if match is None:
            raise Malformed("cursor", "a cursor is <epoch>-<number>")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"
