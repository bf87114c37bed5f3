"""F3548 as programs write it: rounded, wrapped, null, and what of it cannot be a notice."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keepclear.offline.inputs import Flight, load
from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import parse_volume
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
RING = [{"lng": 8.5, "lat": 47.3}, {"lng": 8.52, "lat": 47.3}, {"lng": 8.51, "lat": 47.32}]


def volume(ring: Any = None, **changed: Any) -> dict[str, Any]:
    """A Volume4D; ``a__b=value`` changes the member b of a, and ``...`` takes it away."""
    found: dict[str, Any] = {
        "volume": {
            "outline_polygon": {"vertices": copy.deepcopy(RING if ring is None else ring)},
            "altitude_lower": {"value": 10, "reference": "W84", "units": "M"},
            "altitude_upper": {"value": 120, "reference": "W84", "units": "M"},
        },
        "time_start": {"value": "2026-12-22T14:00:00Z", "format": "RFC3339"},
        "time_end": {"value": "2026-12-22T15:00:00Z", "format": "RFC3339"},
    }
    for path, value in changed.items():
        *above, last = path.split("__")
        holder = found
        for name in above:
            holder = holder[name]
        if value is ...:
            del holder[last]
        else:
            holder[last] = value
    return found


def read(value: object) -> Flight:
    (flight,) = load(json.dumps(value).encode())
    assert all(parse_volume(found) for found in flight.volumes)
    return flight


def refusal(value: object) -> str:
    with pytest.raises(LocalError) as caught:
        load(json.dumps(value).encode())
    assert caught.value.code == "input_file"
    return caught.value.detail


ROUNDED = "positions rounded to nine decimals, each moved by less than 0.1 mm:"


@settings(deadline=None)
@given(st.floats(-89, 89), st.floats(-179, 179))
def test_positions_of_programs_are_rounded_by_less_than_the_note_says(lat: float, lng: float) -> None:
    ring = [{"lat": lat, "lng": lng}, {"lat": lat + 0.1 + 0.2, "lng": lng}, {"lat": lat, "lng": lng + 0.1 + 0.2}]
    flight = read([volume(ring)])
    vertices = flight.volumes[0]["volume"]["outline_polygon"]["vertices"]
    for written, taken in zip(ring, vertices, strict=True):
        assert GEOD.inv(written["lng"], written["lat"], taken["lng"], taken["lat"])[2] < 0.0001
    moved = sum(written != taken for written, taken in zip(ring, vertices, strict=True))
    assert flight.notes == ([f"{ROUNDED} {moved}"] if moved else [])


def test_circles_and_corridors_are_rounded_too_and_radii_are_what_they_are() -> None:
    radius = {"value": 300.00000000000006, "units": "M"}
    circle = volume(volume__outline_circle={"center": {"lat": 47.1 + 0.2, "lng": 8.5}, "radius": radius})
    del circle["volume"]["outline_polygon"]
    corridor = volume(
        volume__outline_corridor={"path": [{"lat": 47.1 + 0.2, "lng": 8}, {"lat": 48, "lng": 8}], "half_width": radius}
    )
    del corridor["volume"]["outline_polygon"]
    flight = read([circle, corridor])
    assert flight.notes == [f"{ROUNDED} 2"]
    assert flight.volumes[0]["volume"]["outline_circle"] == {"center": {"lat": 47.3, "lng": 8.5}, "radius": radius}


def test_what_needs_no_change_is_handed_on_as_it_was() -> None:
    flight = read([volume()])
    assert flight.volumes == [volume()]
    assert flight.notes == []


DETAILS = {"volumes": [volume()], "off_nominal_volumes": [], "priority": 0}
REFERENCE = {"id": "00000000-0000-4000-8000-000000000000", "state": "Accepted", "time_start": {"value": "x"}}
WRAPPED: dict[str, Any] = {
    "answer of a USS": {"operational_intent": {"reference": REFERENCE, "details": DETAILS}},
    "notification": {"operational_intent_id": "x", "operational_intent": {"details": DETAILS}, "subscriptions": []},
    "intent": {"reference": REFERENCE, "details": DETAILS},
    "details": DETAILS,
    "answer with one in a list": {"operational_intents": [{"reference": REFERENCE, "details": DETAILS}]},
    "list of one answer": [{"operational_intent": {"reference": REFERENCE, "details": DETAILS}}],
    "flight planning": {"flight_plan": {"basic_information": {"usage_state": "Planned", "area": [volume()]}}},
    "flight planning, flat": {"basic_information": {"area": [volume()]}, "astm_f3548_21": {"priority": 0}},
    "request": {"extents": [volume()], "key": [], "state": "Accepted", "uss_base_url": "https://example.org"},
    "constraint": {"constraint": {"reference": {}, "details": {"volumes": [volume()], "type": "x"}}},
    "null lists": {"volumes": [volume()], "off_nominal_volumes": None, "priority": 0},
    "null in place of details": {"volumes": [volume()], "details": None},
    "null first": {"volumes": None, "off_nominal_volumes": [volume()]},
    "one Volume4D": volume(),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_wrappers_at_any_usual_level(name: str) -> None:
    assert read(WRAPPED[name]).volumes == [volume()]


def test_what_is_left_out_is_said() -> None:
    assert read(WRAPPED["answer of a USS"]).notes == ["left out, since a notice does not say it: priority, reference"]
    assert "a constraint's volumes are claimed as if they were flown" in read(WRAPPED["constraint"]).notes
    assert "off-nominal volumes are claimed like the others: 1" in read(WRAPPED["null first"]).notes


def test_several_intents_are_several_flights() -> None:
    flights = load(json.dumps({"operational_intents": [{"details": DETAILS}, {"details": DETAILS}]}).encode())
    assert [flight.place for flight in flights] == ["operational_intents 1, details", "operational_intents 2, details"]
    flights = load(json.dumps([DETAILS, {"operational_intent": {"details": DETAILS}}]).encode())
    assert [flight.place for flight in flights] == ["intent 1", "intent 2, operational_intent, details"]


TAKEN: dict[str, tuple[Any, str]] = {
    "null outline": (volume(volume__outline_circle=None), ""),
    "closed ring": (volume([*RING, RING[0]]), "taken for one with a neighbour nearer than 1 cm: 1"),
    "one place": (
        volume([RING[0], {"lng": 8.5, "lat": 47.30000000001}, *RING[1:]]),
        "taken for one with a neighbour nearer than 1 cm: 1",
    ),
    "time alone": (volume(time_start="2026-12-22T14:00:00Z"), "a text alone is taken as RFC 3339"),
    "no format": (volume(time_start__format=...), "a time without its format"),
    "null format": (volume(time_end__format=None), "a time without its format"),
    "small letters": (volume(volume__altitude_lower__units="m"), "units 'm' is taken as M"),
    "small reference": (volume(volume__altitude_lower__reference="w84"), "reference 'w84' is taken as W84"),
    "unread member": (volume(volume__altitude_lower__accuracy=float("nan")), "does not say it: accuracy"),
    "unread beside": (volume(remark=2**63), "does not say it: remark"),
    "height of a vertex": (volume([{**RING[0], "alt": 3}, *RING[1:]]), "does not say it: alt"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_variants_are_taken_with_a_note(name: str) -> None:
    value, note = TAKEN[name]
    flight = read([value])
    assert len(flight.volumes[0]["volume"]["outline_polygon"]["vertices"]) == 3
    assert note in "; ".join(flight.notes)
    assert bool(note) == bool(flight.notes)


REFUSED: dict[str, tuple[Any, str]] = {
    "no lower": (
        volume(volume__altitude_lower=None),
        "volume 1, volume, altitude_lower: is null: a notice has a bottom",
    ),
    "no upper": (volume(volume__altitude_upper=None), "volume 1, volume, altitude_upper: is null: a notice has a top"),
    "upper missing": (volume(volume__altitude_upper=...), "volume 1, volume, altitude_upper: is missing"),
    "no start": (volume(time_start=None), "volume 1, time_start: is null"),
    "no end": ({**volume(), "time_end": None}, "volume 1, time_end: is null"),
    "lon": (volume([{"lat": 47, "lon": 8}, *RING[1:]]), "position 1, lon: not a name that is read; lng is"),
    "no lng": (volume([{"lat": 47}, *RING[1:]]), "position 1: lng is not there"),
    "NaN": (volume([{"lat": float("nan"), "lng": 8}, *RING[1:]]), "position 1: lat is not there, or not a number"),
    "text": (volume([{"lat": "47", "lng": 8}, *RING[1:]]), "position 1: lat is not there, or not a number"),
    "unit": (volume(volume__altitude_lower__unit="M"), "altitude_lower, unit: not a name that is read; units is"),
    "upper near": (volume(volume__altitude_uper=1), "altitude_uper: not a name that is read; altitude_upper is"),
    "camel case": (volume(volume__altitudeUpper=1), "altitudeUpper: not a name that is read; altitude_upper is"),
    "datum": (volume(volume__altitude_lower__reference="WGS84"), "must be W84, AMSL, AGL or FL"),
    "offset": (volume(time_start__value="2026-12-22T14:00:00+00:00"), "RFC 3339 with Z"),
    "format": (volume(time_start__format="ISO"), "the format of time_start must be RFC3339"),
    "91": (volume([{"lat": 91, "lng": 8}, *RING[1:]]), "volume_position"),
    "one place": (volume([RING[0]] * 4), "no extent"),
    "radius alone": (
        volume(volume__outline_circle={"center": RING[0], "radius": 5}),
        "outline_circle, radius: must be",
    ),
    "two outlines": (
        volume(volume__outline_circle={"center": RING[0], "radius": {"value": 5, "units": "M"}}),
        "exactly one",
    ),
    "vertices null": (volume(volume__outline_polygon={"vertices": None}), "must have a list of positions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_notice_is_refused_by_name(name: str) -> None:
    value, words = REFUSED[name]
    assert words in refusal([value])


WRONG_HOLDERS: dict[str, tuple[Any, str]] = {
    "misspelt list": ({"volumes": [volume()], "off_nominal_volume": [volume()]}, "off_nominal_volumes is"),
    "camel case": ({"volumes": [volume()], "offNominalVolumes": [volume()]}, "off_nominal_volumes is"),
    "volume for volumes": ({"volume": [volume()], "priority": 0}, "volume: not a name that is read; volumes is"),
    "twice": ({"extents": [volume()], "operational_intent": {"details": DETAILS}}, "which are to be filed is unclear"),
    "all null": ({"volumes": None, "off_nominal_volumes": None}, "there are no volumes"),
    "references alone": ({"operational_intent": {"reference": REFERENCE}}, "there are no volumes"),
    "no list": ({"volumes": {"a": 1}}, "volumes: not a list"),
    "no details": ({"operational_intent": 7}, "operational_intent: not an object that holds volumes"),
    "too deep": (json.loads('{"details":' * 12 + "{}" + "}" * 12), "nested more than 8"),
}


@pytest.mark.parametrize("name", WRONG_HOLDERS)
def test_holders_that_are_none(name: str) -> None:
    value, words = WRONG_HOLDERS[name]
    assert words in refusal(value)


def test_a_name_twice_is_refused_where_it_is_read_alone() -> None:
    text = json.dumps([volume()])
    with pytest.raises(LocalError, match=r"altitude_lower: value stands twice"):
        load(text.replace('"value": 10', '"value": 10, "value": 20').encode())
    assert load(text.replace('"value": 10', '"value": 10, "x": 1, "x": 2').encode())


@settings(deadline=None)
@given(st.sampled_from([0.0, 1e-16, 1e-13, 1e-11, 1e-10, 1e-9, 6e-9, 1e-8, 9e-8, 1e-6]), st.floats(0, 2 * math.pi))
@example(1e-6, 2.15625)
def test_neighbours_at_any_distance_are_a_flight(step: float, turn: float) -> None:
    near = {"lat": 47.3 + step * math.sin(turn), "lng": 8.5 + step * math.cos(turn)}
    ring = [{"lat": 47.3, "lng": 8.5}, near, {"lat": 47.0, "lng": 8.7}, {"lat": 47.0, "lng": 8.3}]
    try:
        assert read([volume(ring)])
    except LocalError as error:
        # A decimetre's spike, which crosses the edge behind it, or all but lies on it.
        assert "edges cross" in error.detail or "within a millimetre of an edge" in error.detail
        assert step >= 9e-8


REFERENCE = {"id": "x", "manager": "uss1", "uss_base_url": "https://uss1.example", "state": "Accepted", "ovn": "y"}
BARE: dict[str, tuple[Any, str]] = {
    "query": ({"operational_intent_references": [REFERENCE]}, "references of operational intents"),
    "creation": ({"operational_intent_reference": REFERENCE, "subscribers": []}, "references of operational intents"),
    "constraints": ({"constraint_references": []}, "references of constraints"),
    "reference": (REFERENCE, "without its details"),
    "list": ([REFERENCE, REFERENCE], "without its details"),
    "details withheld": ({"operational_intent": {"reference": REFERENCE}}, "without its details"),
    "subscription": ({"subscription": {"id": "x", "uss_base_url": "https://uss1.example"}}, "subscriptions"),
    "removal": ({"operational_intent_id": "x", "operational_intent": None, "subscriptions": []}, "was removed"),
    "telemetry": ({"operational_intent_id": "x", "telemetry": {"position": {}}}, "the telemetry of a vehicle"),
    "result": ({"planning_result": "Completed", "flight_plan_status": "Planned"}, "what became of a flight"),
    "availability": ({"version": "", "status": {"uss": "a", "availability": "Normal"}}, "the availability of a USS"),
}


@pytest.mark.parametrize("name", BARE)
def test_an_answer_without_volumes_is_called_what_it_is_and_not_a_format_that_cannot_be_read(name: str) -> None:
    value, what = BARE[name]
    with pytest.raises(LocalError, match=f"no volumes in it, only .*{what}") as raised:
        load(json.dumps(value).encode())
    assert "uss_base_url" in raised.value.hint and "KML" not in raised.value.hint
