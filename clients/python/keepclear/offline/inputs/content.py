"""What an input file holds, decoded once for all formats that look at it.

``data`` are the bytes as they are. ``text`` is UTF-8 without its byte-order mark; ``json`` is the one JSON value of the
text; ``lines`` are its lines that are not blank, with their numbers. A text or a value that is not there is one
``LocalError`` with ``input_file`` that names line and column. ``looks_like_json`` asks without decoding: what begins as
JSON is nothing else, so a fault in it is a fault of JSON.

JSON is taken here as programs write it. What only some readers keep exactly, or none (NaN, a number beyond every
range, 64-bit ids, nanoseconds, half a surrogate pair), is left to who reads the member, because most members are read
by nobody: NaN, and what is too large, are floats that are not finite; a name that stands twice has ``Repeated`` for its
value.
"""

import json
import re
from functools import cached_property
from typing import Any

from keepclear_protocol.errors import LocalError

from .flight import unreadable
from .members import Repeated

MAX_INPUT_BYTES = 64 * 1024 * 1024
"""A day of one country's tracks, thinned to one point in 20 s, is half of that; more is a mistaken file."""

_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_JSON = re.compile(rb"(?:\xef\xbb\xbf)*[ \t\r\n]*[\[{]")

_EXACT_DIGITS = 15
"""Integers of so few digits are integers everywhere; more are floats here, and no member that is read needs them."""


class Content:
    """The bytes of one file, and what they say."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def looks_like_json(self) -> bool:
        """Whether the first letter is one that an object or a list begins with."""
        return _JSON.match(self.data) is not None

    def judge_encoding(self) -> None:
        """Raise ``LocalError`` where the first bytes show another encoding than UTF-8."""
        for mark, name in _OTHER_MARKS:
            if self.data.startswith(mark):
                raise unreadable("", f"the file is {name}, not UTF-8", hint="save it as UTF-8")
        if b"\0" in self.data[:4]:
            raise unreadable("", "the file is UTF-16 or UTF-32, or no text at all", hint="save it as UTF-8")

    @cached_property
    def text(self) -> str:
        """The text, without its byte-order mark; raises ``LocalError``."""
        self.judge_encoding()
        try:
            return self.data.decode("utf-8").lstrip("\ufeff")
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            place = f"line {before.count(10) + 1}, byte {len(before) - before.rfind(10)}"
            raise unreadable(place, "not UTF-8", hint="save it as UTF-8") from None

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


def json_value(text: str, line: int = 1) -> Any:
    """Return the value of a JSON text that begins in this line of its file.

    Raises ``LocalError`` that names line and column.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise unreadable(f"line {line + error.lineno - 1}, column {error.colno}", f"not JSON: {_why(error)}") from None
    except RecursionError:
        raise unreadable(_deepest(text, line), "not JSON that can be read: nested too deep") from None


def is_json_with(text: str, member: str) -> bool:
    """Whether a text is a JSON object with a member of this name."""
    try:
        value = json_value(text)
    except LocalError:
        return False
    return isinstance(value, dict) and member in value


def _why(error: json.JSONDecodeError) -> str:
    return error.msg[:1].lower() + error.msg[1:]


def _deepest(text: str, line: int) -> str:
    """Return where a text is nested deepest."""
    depth = deepest = at = 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > deepest:
            deepest, at = depth, match.start()
    return f"line {line + text.count(chr(10), 0, at)}, column {at - text.rfind(chr(10), 0, at)}"


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                members[name] = Repeated()
            seen.add(name)
    return members


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _EXACT_DIGITS else float(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer)
