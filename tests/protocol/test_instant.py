"""Times: one reading for each spelling, one spelling for each time; and the lead classes that follow from them."""

from datetime import datetime, timedelta

import keepclear_protocol.instant as instant_module
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.notice import DisclosedVolume
from keepclear_protocol.recompute import lead_of_volumes
from keepclear_protocol.volume import LAST_INSTANT, parse_volume
from support.world import World, box


@pytest.mark.req("R-006")
@pytest.mark.parametrize(
    ("text", "instant", "up"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000, 1_500_000),
        ("1970-01-01T00:00:00.000000001Z", 0, 1),
        ("1970-01-01T00:00:00.999999999Z", 999_999, 1_000_000),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000_000, 1_709_251_199_000_000),
    ],
)
def test_a_time_is_whole_microseconds_rounded_down_or_up(text: str, instant: int, up: int) -> None:
    assert parse_instant(text) == instant
    assert parse_instant(text, up=True) == up


@pytest.mark.req("R-006")
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T14:05:00",
        "2026-11-22T14:05:00z",
        "2026-11-22t14:05:00Z",
        "2026-11-22 14:05:00Z",
        "2026-11-22T14:05Z",
        "2026-11-22T14:05:00+00:00",
        "2026-11-22T14:05:00.Z",
        "2026-11-22T14:05:00,5Z",
        "2026-11-22T14:05:00.1234567890Z",
        "2026-11-22T14:05:60Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T24:00:00.000Z",
        "2026-11-22T24:00:01Z",
        "2026-12-31T24:00:00Z",
        "2026-11-22T14:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-11-22T14:05:00-00:00",
        "2026-11-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2026-11-22T14:05:00Z\n",
        " 2026-11-22T14:05:00Z",
        "٢٠٢٦-11-22T14:05:00Z",
        "",
        None,
        1_790_000_000,
    ],
)
def test_other_spellings_are_refused(text: object) -> None:
    with pytest.raises(Malformed) as caught:
        parse_instant(text, code="claims")
    assert caught.value.code == "claims"


class Python314(datetime):
    """CPython's parser from 3.14 on, as documented (gh-102450): 24:00:00 is the midnight that ends the day."""

    @classmethod
    def fromisoformat(cls, date_string: str, /) -> "Python314":
        if date_string[11:19] != "24:00:00":
            return super().fromisoformat(date_string)
        return super().fromisoformat(f"{date_string[:11]}00{date_string[13:]}") + timedelta(days=1)


@pytest.mark.req("R-006")
def test_hour_24_is_refused_whatever_the_interpreter_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Python314.fromisoformat("2026-11-22T24:00:00+00:00").day == 23
    monkeypatch.setattr(instant_module, "datetime", Python314)
    assert parse_instant("2026-11-22T23:59:59Z") == 1_795_391_999 * SECOND
    for text in ("2026-11-22T24:00:00Z", "2026-11-22T24:00:00.5Z"):
        with pytest.raises(Malformed):
            parse_instant(text)


@pytest.mark.req("R-006")
@given(st.integers(0, LAST_INSTANT))
def test_what_is_written_is_read_back_in_the_shortest_of_three_forms(instant: int) -> None:
    text = format_instant(instant)
    assert parse_instant(text) == instant
    decimals = 0 if instant % SECOND == 0 else 3 if instant % 1000 == 0 else 6
    assert len(text) == len("2026-11-22T14:05:00Z") + (decimals + 1 if decimals else 0)


@pytest.mark.req("R-063")
@pytest.mark.parametrize(
    ("ahead_s", "lead"),
    [
        (1800.001, "ROUTINE"),
        (1800, "ROUTINE"),
        (1799.999, "SHORT"),
        (600, "SHORT"),
        (599.999, "LATE"),
        (0.001, "LATE"),
        (0, "IN_PROGRESS"),
        (-600, "IN_PROGRESS"),
        (-600.001, "IN_PROGRESS"),
        (-1200, "IN_PROGRESS"),
        (-1200.001, "RETROACTIVE"),
    ],
)
def test_lead_classes(ahead_s: float, lead: str) -> None:
    """Two volumes of ten minutes, one after the other; ROUTINE from 1 800 s, SHORT from 600 s."""
    agreement = World().agreement
    at = 1_790_000_000 * SECOND
    begins = [ahead_s + 600, ahead_s]
    volumes = [DisclosedVolume("", "", parse_volume(box(start_s=begin, at=at))) for begin in begins]
    assert lead_of_volumes(volumes, at, agreement) == lead
