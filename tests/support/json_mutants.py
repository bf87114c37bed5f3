"""Mutants of JSON texts: other spellings of the same value, other values, and what is no JSON at all.

A value is parsed with its objects kept as lists of pairs, so that a name can stand twice; whatever is drawn may come as
``Raw``, text that is written as it stands. Everything is drawn from the one ``Random`` that is handed in.
"""

import json
from random import Random
from typing import Any

NUMBERS = (
    "0 -0 0.0 -0.0 1 1.0 1e0 1E+0 10e-1 0.1e1 -1 1e400 -1e400 1e-400 1e308 NaN Infinity -Infinity 01 1. .5 +1 1e 0x10 "
    "90 90.0 -90 90.000000001 90.0000000001 180 -180 180.0000001 -180.0 300 300.0 3e2 1000000 1000000.0000001 -8000 "
    "-8001 100000 100000.1 30480 30481 9007199254740991 9007199254740992 9007199254740993 12345678901234567890123456 "
    "48.7000000001 48.123456789 48.1234567891 48.70000000000000000000 0.1234567890000 4.87e1 2.35e0 16 17 7 8 9 "
    "1.7976931348623157e308 5e-324 2.2250738585072011e-308 1763820000 1763820000.0 1763820600 9007199254 9007199255 "
    "1_000 \u0661 1,5"
).split()
WORDS = (
    'null true false [] {} "" "M" "FT" "FL" "W84" "AGL" "AMSL" "m" "RFC3339" "rfc3339" "x" "\\u004d" "M\\u0000" '
    '"\\ud800" "\\ud83d\\ude00" "é" "\u05d0" "a\\"b" "\\/" "\x01" "\x7f" "2025-11-22T15:00:00Z" '
    '"2025-11-22T15:00:00.1234567Z" "2025-11-22T24:00:00Z" "2025-02-30T00:00:00Z" "1969-12-31T23:59:59Z" '
    '"9000-01-01T00:00:00.0000001Z" "2025-11-22T15:00:00+00:00" "2025-11-22t15:00:00z" "2016-12-31T23:59:60Z" '
    '"\u0662025-11-22T15:00:00Z" "2025-11-22T15:00:00Z\\n" "9999-12-31T23:59:59Z" {"lat":1,"lng":2} '
    '[{"lat":1,"lng":2}] {"value":1,"units":"M"}'
).split()
BLANKS = ("", "", "", "", " ", "\n", "\t", "\r", " \n ", "\f", "\v", "\xa0", "\ufeff", "\x00", "\u2028")
_PUT = (b" ", b"\n", b"\f", b"\xed\xa0\x80", b"\xff", b"\x00", b"\\", b'"', b",", b"0", b"e1", b"-")
_EDGES = {
    "lat": "90 90.000000001 -90 -90.000000001 -0.0 0",
    "lng": "180 180.000000001 -180 -180.000000001 -0.0 360",
    "value": "0 -0.0 1000000 1000000.5 300 600.5 100 330 -8000 -8000.5 100000.5 30480.5 1000 1000.5 -262.5 328084",
    "iat": "0 -1 9007199254 9007199255 1763820600 1763820601 1763820000.0",
    "admit_by": "0 -1 9007199254 9007199255 1763820000 1763819999 1763820600.0",
    "revision": "0 1 2 1.0 9007199254740991 9007199254740992",
    "iss": f'"" "{"x" * 32}" "{"x" * 33}" "{"é" * 32}" "{"é" * 33}" "\\u0022"',
}
"""By the member's name, what is at the edge of what is taken."""

NAMES = ("prev", "lat", "lng", "value", "units", "reference", "format", "vertices", "path", "x", "_sd", "...")


class Raw(str):
    """Text that is written as it stands."""

    __slots__ = ()


class Pairs(list[tuple[Any, Any]]):
    """An object of JSON as its pairs, in order, repeats kept."""


def parsed(text: str | bytes) -> Any:
    """Return the value of ``text``, its objects as ``Pairs`` and its numbers as they are spelled."""
    return json.loads(text, object_pairs_hook=Pairs, parse_float=Raw, parse_int=Raw)


def written(value: Any, random: Random, blanks: float = 0.0) -> bytes:
    """Return the bytes of ``value``; with likelihood ``blanks`` something blank stands between two tokens."""
    return _text(value, random, blanks).encode("utf-8", "surrogatepass")


def _text(value: Any, random: Random, blanks: float) -> str:
    def gap() -> str:
        return random.choice(BLANKS) if blanks and random.random() < blanks else ""

    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Pairs):
        parts = [f"{gap()}{_text(n, random, 0)}{gap()}:{gap()}{_text(v, random, blanks)}{gap()}" for n, v in value]
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"{gap()}{_text(item, random, blanks)}{gap()}" for item in value) + "]"
    return json.dumps(value, ensure_ascii=random.random() < 0.5)


def mutate_value(value: Any, random: Random) -> None:
    """Change one place of ``value``, which is a list or ``Pairs``, in place."""
    objects = [item for item in _holders(value) if isinstance(item, Pairs)]
    edges = [(item, at, name) for item in objects for at, (name, _) in enumerate(item) if name in _EDGES]
    if edges and random.random() < 0.3:
        item, at, name = random.choice(edges)
        item[at] = (name, Raw(random.choice(_EDGES[name].split())))
        return
    holder = _holder(value, random) if random.random() < 0.5 else random.choice(_holders(value))
    if not holder:
        holder.append(("x", 1) if isinstance(holder, Pairs) else Raw("1"))
        return
    at = random.randrange(len(holder))
    match random.randrange(8):
        case 0 if isinstance(holder, Pairs):
            holder.insert(random.randrange(len(holder) + 1), (holder[at][0], _drawn(holder[at][1], random)))
        case 0:
            holder.insert(at, holder[at])
        case 1:
            del holder[at]
        case 2:
            random.shuffle(holder)
        case 3 if isinstance(holder, Pairs):
            holder[at] = (_renamed(holder[at][0], random), holder[at][1])
        case 4 if isinstance(holder, Pairs):
            holder.append((random.choice(NAMES), _drawn(holder[at][1], random)))
        case _:
            old = holder[at][1] if isinstance(holder, Pairs) else holder[at]
            new = _drawn(old, random)
            holder[at] = (holder[at][0], new) if isinstance(holder, Pairs) else new


def _holder(value: Any, random: Random) -> Any:
    """A list or object at any depth; the shallow ones are few, and would hardly be met among all."""
    while random.random() < 0.6:
        members = [member for _, member in value] if isinstance(value, Pairs) else value
        inner = [member for member in members if isinstance(member, list)]
        if not inner:
            break
        value = random.choice(inner)
    return value


def _holders(value: Any) -> list[Any]:
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        found.append(item)
        inner = [member for _, member in item] if isinstance(item, Pairs) else item
        waiting += [member for member in inner if isinstance(member, list)]
    return found


def _drawn(old: Any, random: Random) -> Any:
    chance = random.random()
    if isinstance(old, Raw) and chance < 0.6:
        return Raw(_respelled(old, random)) if chance < 0.4 else Raw(random.choice(NUMBERS))
    if isinstance(old, str) and not isinstance(old, Raw) and chance < 0.5:
        return Raw(_escaped(old, random)) if chance < 0.2 else _edited(old, random)
    return old if chance < 0.7 else Raw(random.choice(random.choice((NUMBERS, WORDS))))


def _respelled(number: str, random: Random) -> str:
    """The same number in another spelling, or one that is nearly the same."""
    try:
        value = float(number)
    except ValueError:
        return number
    spellings = [
        f"{value:.9f}",
        f"{value:.10f}",
        f"{value:e}",
        f"{value:.17g}",
        f"-{number}",
        f"{number}0",
        f"{number}.0",
        f"{number}e0",
        f"{number}000000001",
        repr(value + random.choice((1e-9, -1e-9, 1e-10, 1e-14, 5e-10, 1.0))),
    ]
    return random.choice(spellings)


def _escaped(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    escape = "".join(f"\\u{ord(character):04x}" for character in text[at : at + 1])
    return json.dumps(text[:at])[:-1] + escape + json.dumps(text[at + 1 :])[1:]


def _edited(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    if text and random.random() < 0.3:  # of base64url the last character alone has spellings that mean the same
        return text[:-1] + random.choice("ABQRgw08")
    put = random.choice(("", "A", "~", "\x7f", "é", "=", "\\", '"', text[at : at + 2] * 2, "\x00", "x" * 30))
    return text[:at] + put + text[at + random.randrange(2) :]


def _renamed(name: Any, random: Random) -> Any:
    if isinstance(name, Raw) or random.random() < 0.5:
        return random.choice(NAMES)
    return Raw(_escaped(name, random)) if random.random() < 0.6 else _edited(name, random)


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Return ``data`` with a few bytes put in, taken out, doubled or changed."""
    at = random.randrange(len(data) + 1)
    end = min(len(data), at + random.randrange(12))
    match random.randrange(5):
        case 0:
            return data[:at] + bytes([random.randrange(256)]) + data[at:]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:at] + data[at:end] * 2 + data[end:]
        case 3:
            return data[:at] + random.choice(_PUT) + data[at:]
    return data + random.choice((b" ", b"\n", b"\x00", b"x", b"\xef\xbb\xbf", b"]", data))
