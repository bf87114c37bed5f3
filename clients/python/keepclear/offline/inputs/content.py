"""What an input file holds, decoded once for all formats that look at it.

``data`` are the bytes as they are. ``text`` is UTF-8 without its byte-order mark; ``json`` is the one JSON value of the
text; ``lines`` are its lines that are not blank, with their numbers. A text or a value that is not there is one
``LocalError`` with ``input_file`` that names the place. ``looks_like_json`` asks without decoding: what begins as JSON
is nothing else, so a fault in it is a fault of JSON.
"""

import json
from functools import cached_property
from typing import Any

from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import LocalError, Malformed

from .flight import unreadable

MAX_INPUT_BYTES = 64 * 1024 * 1024
"""A day of one country's tracks, thinned to one point in 20 s, is half of that; more is a mistaken file."""

_MARK = b"\xef\xbb\xbf"


class Content:
    """The bytes of one file, and what they say."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def looks_like_json(self) -> bool:
        """Whether the first letter is one that an object or a list begins with."""
        return self.data[:1024].removeprefix(_MARK).lstrip()[:1] in (b"{", b"[")

    @cached_property
    def text(self) -> str:
        """The text, without its byte-order mark; raises ``LocalError``."""
        try:
            return self.data.removeprefix(_MARK).decode("utf-8")
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            place = f"line {before.count(10) + 1}, byte {len(before) - before.rfind(10)}"
            raise unreadable(place, "not UTF-8") from None

    @cached_property
    def lines(self) -> list[tuple[int, str]]:
        """The lines that are not blank, with their numbers from 1; raises ``LocalError``."""
        # Not splitlines: it also cuts at U+2028 and others, which may stand inside a JSON text.
        lines = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]

    @cached_property
    def json(self) -> Any:
        """The one JSON value of the text; raises ``LocalError``."""
        return json_value(self.text)


def json_value(text: str, place: str = "") -> Any:
    """Return the value of a JSON text; raise ``LocalError`` that names ``place``, or else the line and column."""
    try:
        return parse_json(text.encode(), max_bytes=MAX_INPUT_BYTES)
    except Malformed as error:
        raise unreadable(place or _where(text), error.detail) from None


def is_json_with(text: str, member: str) -> bool:
    """Whether a text is a JSON object with a member of this name."""
    try:
        value = json_value(text)
    except LocalError:
        return False
    return isinstance(value, dict) and member in value


def _where(text: str) -> str:
    """Return where JSON breaks off, for the person who has to mend it."""
    try:
        json.loads(text, parse_int=str)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        pass
    return ""
