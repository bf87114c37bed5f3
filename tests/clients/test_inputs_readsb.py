"""Traces of readsb: each flight of an aircraft, its altitudes in the reference that the flags of each point say."""

import json
from typing import Any

import pytest
from support.samples import band, flights, path, refused, window

BARO, GEOMETRIC = 0, 8


def trace(*points: tuple[float, Any, Any]) -> bytes:
    """A trace of points (seconds, feet, flags), going east."""
    listed = [[at, 34.0, 36 + at / 6000, feet, 400, 90, flags, 0, None] for at, feet, flags in points]
    return json.dumps({"icao": "3c6444", "timestamp": 1763812800, "trace": listed}).encode()


def test_readsb_traces() -> None:
    out, back = flights("readsb/trace_full_3c6444.json")
    assert (out.callsign, back.callsign) == ("DLH4AB", "DLH9XY")
    assert window(out.volumes[0])[0] == "2025-11-22T11:59:30Z"
    assert "altitudes are pressure altitudes, as readsb writes them" in out.notes
    assert "2 of 4 points are on the ground: claimed from the ground up" in out.notes[0]
    (military,) = flights("readsb/trace_mlat_gap.json")
    assert military.callsign is None
    assert any("1 gap bridged" in note for note in military.notes)
    (crossing,) = flights("readsb/trace_recent_antimeridian.json")
    assert path(crossing.volumes[0])[0] == (-33.9, 179.99)
    assert path(crossing.volumes[-1])[-1] == (-33.9, -179.96)


def test_geometric_altitudes_are_no_pressure_altitudes() -> None:
    (flight,) = flights(trace((0, 10_500, GEOMETRIC), (10, 10_500, GEOMETRIC | 1), (20, None, BARO)))
    assert {band(volume)[2] for volume in flight.volumes} == {"W84"}
    assert band(flight.volumes[0])[:2] == (10_400, 10_600)
    assert any("geometric, as readsb's flags say: above the ellipsoid" in note for note in flight.notes)


def test_a_flight_of_both_kinds_is_claimed_outward() -> None:
    (flight,) = flights(trace((0, 10_500, BARO), (30, 10_500, GEOMETRIC), (60, 10_500, BARO)))
    assert {band(volume)[2] for volume in flight.volumes} == {"FL"}
    metres = 10_500 * 0.3048
    assert min(band(volume)[0] for volume in flight.volumes) <= (metres - 90 - 2600) / 0.3048 - 100
    assert max(band(volume)[1] for volume in flight.volumes) >= (metres + 110 + 5000) / 0.3048 + 100
    assert any("1 of 3 altitudes are geometric" in note for note in flight.notes)


def test_each_flight_of_a_trace_has_its_own_reference() -> None:
    one, two = flights(trace((0, 3000, BARO), (10, 3000, BARO), (20, 3000, GEOMETRIC | 2), (30, 3000, GEOMETRIC)))
    assert (band(one.volumes[0])[2], band(two.volumes[0])[2]) == ("FL", "W84")


@pytest.mark.parametrize("feet", [10_500, 1_200])
def test_on_the_ground_is_claimed_from_the_ground(feet: int) -> None:
    (flight,) = flights(trace((0, feet, BARO), (10, feet, BARO), (600, "ground", BARO), (610, "ground", BARO)))
    last = flight.volumes[-1]
    low, top, reference, _ = band(last)
    assert (reference, top) == ("FL", feet + 100)
    assert low <= (-450 - 2600) / 0.3048
    assert any("2 of 4 points are on the ground" in note for note in flight.notes)


@pytest.mark.parametrize("flags", ["8", [8], 8.5, float("nan")])
def test_flags_that_are_none_are_refused(flags: object) -> None:
    text = trace((0, 10_500, flags))
    assert "flags" in refused(text) or "NaN" in refused(text)


def test_taxiing_does_not_use_up_the_legs_of_a_flight() -> None:
    taxi = [(5.0 * number, "ground", BARO) for number in range(200)]
    (flight,) = flights(trace(*taxi, *((1000 + 5.0 * number, 1500 + 60 * number, BARO) for number in range(100))))
    on_ground = [volume for volume in flight.volumes if band(volume)[0] < -5_000]
    assert len(on_ground) < 30 and all(band(volume)[1] == 1_600 for volume in on_ground)
    airborne = [volume for volume in flight.volumes if band(volume)[0] >= -5_000]
    assert all(band(volume)[1] - band(volume)[0] <= 300 + 2 * 100 + 2 for volume in airborne)
