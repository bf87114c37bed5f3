"""The words of ``agreement init``: how options spell keys, roles, lengths, times and numbers.

Each is a click type: what it cannot read is a usage error that says what would do, and never repeats what was given,
which may be a secret key in the wrong place. Whether a value makes sense in an agreement is for ``terms`` to say.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import click
from keepclear_protocol.draft import plain_number
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.keys import PublicKey

LENGTHS_M = {"m": 1.0, "km": 1000.0, "NM": 1852.0, "ft": 0.3048}
TIMES_S = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}

_QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([A-Za-z]+)\Z", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?\Z", re.ASCII)


def word(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return ``read`` as a click type: its ``ValueError`` or ``Malformed`` becomes a usage error."""

    def convert(value: str) -> Any:
        try:
            return read(value)
        except Malformed as error:
            raise click.BadParameter(error.detail) from None
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return convert


def named(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return ``read`` as a click type for ``NAME=VALUE``: a pair of the name and the value's meaning."""

    def convert(value: str) -> tuple[str, Any]:
        name, equals, rest = value.partition("=")
        if not name or not equals:
            raise click.BadParameter("must be NAME=VALUE")
        return name, read(rest)

    return convert


def read_length_m(text: str) -> float:
    """Return the metres of a length such as 9260m or 5NM."""
    return _quantity(text, LENGTHS_M, "a length such as 9260m, 9.26km, 5NM or 1000ft")


def read_time_s(text: str) -> int:
    """Return the seconds of a time such as 90s, 45min, 24h or 7d; parts of a second are refused."""
    return int(_quantity(text, TIMES_S, "a time of whole seconds such as 90s, 45min, 24h or 7d", whole=True))


def _quantity(text: str, units: Mapping[str, float], meant: str, *, whole: bool = False) -> float:
    match = _QUANTITY.match(text)
    # In any case: a nautical mile is written NM and nm, and nobody keeps nanometres apart.
    unit = None if match is None else {name.lower(): size for name, size in units.items()}.get(match[2].lower())
    if match is None or unit is None or (whole and "." in match[1]):
        raise ValueError(f"must be {meant}")
    # Rounded to a tenth of a millimetre, so that 700 ft is 213.36 m and not 213.36000000000001.
    return round(float(match[1]) * unit, 4)


def _minima(text: str) -> dict[str, Any]:
    parts = text.split(",")
    if len(parts) not in (2, 4):
        raise ValueError("must be two lengths, or two lengths and two times: HORIZONTAL,VERTICAL[,LEAD,TAIL]")
    horizontal_m, vertical_m = (plain_number(read_length_m(part)) for part in parts[:2])
    lead_s, tail_s = (read_time_s(part) for part in parts[2:]) if len(parts) == 4 else (0, 0)
    return {"horizontal_m": horizontal_m, "vertical_m": vertical_m, "lead_s": lead_s, "tail_s": tail_s}


def _key_roles(text: str) -> tuple[PublicKey, list[str]]:
    key, colon, roles = text.partition(":")
    return PublicKey.parse(key), roles.split(",") if colon else []


def _ends(text: str) -> list[float]:
    parts = text.split(",")
    if len(parts) != 2 or not all(_NUMBER.match(part) for part in parts):
        raise ValueError("must be two numbers: LOWEST,HIGHEST")
    return [plain_number(float(part)) for part in parts]


def _whole(text: str) -> int:
    if not re.match(r"\d{1,15}\Z", text, re.ASCII):
        raise ValueError("must be a whole number")
    return int(text)


KEY = word(PublicKey.parse)
KEY_ROLES = word(_key_roles)
MINIMA = word(_minima)
ENDS = word(_ends)
WHOLE = word(_whole)
SECONDS = word(read_time_s)
TIME = word(lambda text: parse_instant(text, code="usage"))
