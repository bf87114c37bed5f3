"""A drawing as typed: what is wrong with it and where, and a notice as the form that draws the very same again."""

from typing import Any

import pytest
from keepclear.console.drawn import MAX_SHAPES, read_drawn
from keepclear.console.form import drawn_form
from keepclear.console.intended import Beside, intended, read_options
from keepclear_protocol.filing import Content
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.separation import WORLDWIDE
from keepclear_protocol.volume import circle_json, corridor_json, parse_volume, polygon_json, volume4d_json
from support.world import World

OPTIONS = {"from": "2026-11-22T14:00Z", "to": "2026-11-22T14:30Z", "lower": "FL100", "upper": "FL140"}
START, END = parse_instant("2026-11-22T14:00:00.5Z"), parse_instant("2026-11-22T14:30:00Z")
AREA = polygon_json([(48.0, 2.0), (48.0, 2.123456789), (48.1, 2.1)])
LINE = corridor_json([(48.0, 2.0), (48.5, 3.0)], 3704)
DISC = circle_json((-12.5, 179.999999999), 926.25)


def faults(*shapes: Any, **options: str) -> list[str]:
    """Return the fields that are at fault."""
    said = {**OPTIONS, **options}
    read, wrong = read_options(said, WORLDWIDE)
    flight, drawn = read_drawn(list(shapes), read, said)
    assert (flight is None) == bool(drawn) or wrong
    assert all(fault.detail for fault in (*wrong, *drawn))
    return [fault.at for fault in (*wrong, *drawn)]


def shape(kind: str, *points: Any, size: Any = "2NM") -> dict[str, Any]:
    return {"shape": kind, "points": list(points), "size": size}


@pytest.mark.parametrize(
    ("drawn", "fields"),
    [
        (shape("corridor", "48, 2", "48, 3"), []),
        (shape("corridor", "48, 2"), ["shapes.0.points"]),
        (shape("corridor", "48, 2", "48, 3", size=""), ["shapes.0.size"]),
        (shape("corridor", "48, 2", "48, 3", size=7), ["shapes.0.size"]),
        (shape("corridor", "48, 2", "48, 3", size="900km"), []),
        (shape("corridor", "48, 2", "48, 2"), ["shapes.0"]),
        (shape("corridor", "48, 2", 7), ["shapes.0.points.1"]),
        (shape("corridor", "nowhere", "090/2NM"), ["shapes.0.points.0", "shapes.0.points.1"]),
        (shape("corridor", "48, 2", "090/900000m", "090/900000m"), []),
        (shape("corridor", "48, 2", "090/9999km"), ["shapes.0.points.1"]),
        (shape("circle", "48, 2", "48, 3"), ["shapes.0.points"]),
        (shape("circle", "090/2NM from 48, 2 " + "x" * 300), ["shapes.0.points.0"]),
        (shape("polygon", "48, 2", "48, 3", "49, 3", size=None), []),
        (shape("polygon", "48, 2", "49, 3", "48, 3", "49, 2"), ["shapes.0"]),
        (shape("star", "48, 2"), ["shapes.0"]),
        ("no shape", ["shapes.0"]),
        (shape("polygon", *["48, 2"] * 501), ["shapes.0.points"]),
    ],
)
def test_what_is_wrong_with_a_shape_is_told_at_its_field(drawn: Any, fields: list[str]) -> None:
    assert faults(drawn) == fields


def test_what_is_wrong_beside_the_shapes_is_told_once() -> None:
    line = shape("corridor", "48, 2", "48, 3")
    assert faults() == ["shapes"] and faults(*[line] * (MAX_SHAPES + 1)) == ["shapes"]
    assert faults(line, to="2026-11-22T13:00Z") == ["to"]
    assert faults(line, upper="FL090") == ["upper"]
    assert faults(line, **{"from": "yesterday"}) == ["from"]
    assert faults(line, to="", lower="") == ["to", "lower"]
    assert faults(line, time_margin="1500", altitude_reference="QNH", points="name\nA") == [
        "time_margin", "altitude_reference", "points"
    ]  # fmt: skip


def test_bands_of_two_references_are_widened_and_said() -> None:
    options, _ = read_options({**OPTIONS, "lower": "GND"}, WORLDWIDE)
    flight, wrong = read_drawn([shape("circle", "48, 2")], options, OPTIONS)
    assert flight is not None and not wrong and any("the ground" in note for note in flight.notes)


@pytest.mark.parametrize("outline", [AREA, LINE, DISC])
@pytest.mark.parametrize(
    ("lower", "upper", "reference", "units"),
    [(100, 140, "FL", "FL"), (0, 300.5, "AGL", "M"), (1500, 4500, "AMSL", "FT"), (10000, 14000, "FL", "FT")],
)
def test_a_notice_is_the_form_that_draws_the_very_same(
    outline: Any, lower: float, upper: float, reference: str, units: str
) -> None:
    volume = volume4d_json(outline, lower, upper, reference, units, START, END)
    form = drawn_form(Content([volume], "transport"), WORLDWIDE)
    assert form is not None
    options, wrong = read_options(form["options"], WORLDWIDE)
    flight, at_fault = read_drawn(form["shapes"], options, form["options"])
    assert not wrong and not at_fault and flight is not None
    assert [parse_volume(one) for one in flight.volumes] == [parse_volume(volume)]


def test_what_cannot_be_drawn_has_no_such_form() -> None:
    volume = volume4d_json(LINE, 100, 140, "FL", "FL", START, END)
    later = volume4d_json(LINE, 100, 140, "FL", "FL", START, END + 1)
    odd = volume4d_json(corridor_json([(48.0, 2.0), (48.5, 3.0)], 926.123), 100, 140, "FL", "FL", START, END)
    cases: list[list[dict[str, Any]]] = [[], [volume, later], [volume] * 13, [odd], [{}]]
    for volumes in cases:
        assert drawn_form(Content(volumes, "transport"), WORLDWIDE) is None


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"source": {"kind": "none"}}, "source", "usage"),
        ({"source": 7, "options": 7}, "source", "usage"),
        ({"shift_min": "soon"}, "shift", "usage"),
        ({"shift_min": 10**7}, "shift", "usage"),
        ({"shift_min": -(365 * 24 * 60)}, "to", "limit_retention"),
        ({"category": "parade"}, "category", "category"),
        ({"remarks": "\u202e"}, "remarks", "disclosure"),
    ],
)
def test_what_is_wrong_with_a_form_names_the_field_that_mends_it(said: dict[str, Any], field: str, code: str) -> None:
    world = World()
    drawn = {"source": {"kind": "drawn", "shapes": [shape("circle", "48, 2")]}, "options": OPTIONS}
    read = intended({**drawn, "category": "transport", **said}, Beside(), world.agreement, "north", START)
    assert (field, code) in {(fault.at, fault.code) for fault in read.faults}, read.faults
