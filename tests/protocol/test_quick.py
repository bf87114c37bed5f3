"""The quick readers against the strict ones: what the quick ones take, the strict ones take to the very same value."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from keepclear_protocol import disclosure, quick, visible, volume
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES, NOTICE
from keepclear_protocol.notice import Notice, open_presentation, open_submission
from keepclear_protocol.statement import Signed
from keepclear_protocol.volume import parse_volume
from support.notice_mutants import body, element, exact, property_, submission

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 11))]
"""Each of them stands for 20 000 mutants, the first for a quarter of them."""


@contextmanager
def strict_only() -> Iterator[None]:
    """Ask the strict readers alone."""
    with (
        patch.object(disclosure, "quick_element", lambda data: None),
        patch.object(disclosure, "quick_property", lambda data: None),
        patch.object(visible, "quick_visible", lambda body: None),
    ):
        yield


def _element(random: Random) -> bool:
    data = element(random)
    taken = quick.quick_element(data)
    if taken is not None:
        salt, name, value = disclosure._parse(data, 2)
        assert (salt, name, exact(parse_volume(value))) == (taken[0], None, exact(taken[1])), data
    return taken is not None


def _property(random: Random) -> bool:
    data = property_(random.choice(("category", "remarks", "manifest")), random.choice(("Relief", "é")), random)
    taken = quick.quick_property(data)
    assert taken is None or taken == disclosure._parse(data, 3), data
    return taken is not None


def _visible(random: Random) -> bool:
    data = body(random)
    taken = visible.quick_visible(data)
    if taken is not None:
        with strict_only():
            strictly = visible.read_visible(Signed("", NOTICE.typ, "", data, "", MAX_PAYLOAD_BYTES))
        assert repr(taken) == repr(strictly), data
    return taken is not None


def _submission(random: Random) -> bool:
    raw = submission(random)
    quickly = _outcome(raw)
    with strict_only():
        assert quickly == _outcome(raw), raw
    return isinstance(quickly[0][0], str)


def _outcome(raw: str) -> tuple[Any, ...]:
    """What each way of opening ``raw`` ends in: the notice in every detail, or the error with its code and words."""
    ends: list[Any] = []
    jwt, _, tail = raw.partition("~")
    less = "~".join([jwt, *tail.split("~")[:-2], ""])
    for opened, text in ((open_submission, raw), (open_presentation, raw), (open_presentation, less)):
        try:
            ends.append(_exact(opened(text, None)))
        except KeepclearError as error:
            ends.append((type(error), error.code, error.detail))
    return tuple(ends)


def _exact(notice: Notice) -> tuple[str, ...]:
    return repr(notice), *(exact(item.volume) for item in notice.volumes)


READERS: dict[str, tuple[Callable[[Random], bool], int, float]] = {
    "element": (_element, 8_000, 0.25),
    "property": (_property, 6_000, 0.2),
    "visible": (_visible, 4_000, 0.2),
    "submission": (_submission, 2_000, 0.1),
}
"""What is compared, how many mutants a seed has, and the least share of them that must be taken."""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_taken_quickly_is_taken_strictly_to_the_same_value(reader: str, seed: int) -> None:
    compare, count, share = READERS[reader]
    random = Random(f"{reader} {seed}")
    tried = count if seed else count // 4
    taken = sum(compare(random) for _ in range(tried))
    assert taken > share * tried


def _as_they_are(positions: list[Any]) -> tuple[tuple[float, float], ...]:
    return tuple((position.lat, position.lng) for position in positions)


def _signed_nought(positions: list[Any]) -> tuple[tuple[float, float], ...] | None:
    return _as_they_are(positions) if _POSITIONS(positions) else None


def _rounded_down(value: object, name: str, *, up: bool) -> int:
    return _INSTANT(value, name, up=False)


def _any_band(value: float, reference: str, units: str, name: str) -> float:
    return _ALTITUDE(0.0, reference, units, name) + value


class _Lax(msgspec.Struct, kw_only=True):
    """The payload as ``visible`` has it, without a bound and with any member beside."""

    iss: str
    aud: str
    terms: str
    iat: float
    jti: str
    admit_by: float
    notice: str
    revision: float
    volumes: list[visible._Hidden]
    properties: list[str] = msgspec.field(name="_sd")
    prev: str | msgspec.UnsetType = msgspec.UNSET


_POSITIONS, _INSTANT, _ALTITUDE = quick._positions, volume.volume_instant, volume.altitude_m
BROKEN: dict[str, tuple[str, Any, str, Any]] = {
    "a name may stand twice in a volume": ("element", quick, "has_texts", lambda *_: True),
    "a name may stand twice in a payload": ("visible", visible, "has_texts", lambda *_: True),
    "a salt may be anything": ("element", quick, "is_128_bits", lambda *_: True),
    "a property's salt may end in any character": (
        "property",
        quick,
        "_PROPERTY",
        re.compile(rb'\["([\w-]{22})", ?"(category|callsign|remarks|manifest)", ?"([^"\\\x00-\x1f]*)"\]\Z'),
    ),
    "a property's text may hold controls and escapes": (
        "property",
        quick,
        "_PROPERTY",
        re.compile(rb'\["([\w-]{21}[AQgw])", ?"(category|callsign|remarks|manifest)", ?"([^"]*)"\]\Z'),
    ),
    "any blank between a property's members": (
        "property",
        quick,
        "_PROPERTY",
        re.compile(rb'\["([\w-]{21}[AQgw])",\s*"(category|callsign|remarks|manifest)",\s*"([^"\\\x00-\x1f]*)"\]\Z'),
    ),
    "more than nine decimals": ("element", quick, "_positions", _as_they_are),
    "-0.0": ("element", quick, "_positions", _signed_nought),
    "a window's end rounded down": ("element", quick, "volume_instant", _rounded_down),
    "any altitude": ("element", quick, "altitude_m", _any_band),
    "any digest": ("visible", visible, "are_digests", lambda *_: True),
    "any id": ("visible", visible, "is_128_bits", lambda *_: True),
    "1.0 for a whole number, unknown members": ("visible", visible, "_PAYLOAD", msgspec.json.Decoder(_Lax)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_mutants_find_a_quick_reader_that_takes_too_much(name: str) -> None:
    reader, module, attribute, broken = BROKEN[name]
    compare, count, _ = READERS[reader]
    random = Random(f"{reader} 0")
    with patch.object(module, attribute, broken), pytest.raises((AssertionError, KeepclearError)):
        for _ in range(count):
            compare(random)
