"""What must hold of any pair: symmetry, growth, cuts, and what "possible" means.

Shapes are drawn near one place, so that their fates touch; seven in ten pairs drawn are in conflict.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keepclear_protocol import geometry
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import SECOND
from keepclear_protocol.outline import Circle, Corridor, Outline, Polygon
from keepclear_protocol.separation import Minima, Pair, Severity, Uncertainty, judge, severity_rank, widened
from keepclear_protocol.volume import Reference, Volume
from support.ellipsoid import WGS84

START = 1_790_000_000 * SECOND
Drawn = tuple[Volume, Minima, Volume, Minima, Uncertainty]

UNCERTAIN = ("geoid_undulation_m", "pressure_error_m", "terrain_m")
whole = st.integers(0, 400)
metres = st.floats(0, 20_000)
minimas = st.builds(Minima, metres, st.floats(0, 500), whole, whole)
bounds = st.tuples(st.floats(-300, 300), st.floats(0, 500)).map(lambda pair: (pair[0], pair[0] + pair[1]))
uncertainties = st.builds(Uncertainty, bounds, bounds, bounds)
places = st.tuples(
    st.one_of(st.floats(-89.9, 89.9), st.sampled_from([0.0, 90.0, -90.0, 60.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0])),
)


def away(origin: tuple[float, float], azimuth: float, metres: float) -> tuple[float, float]:
    lng, lat, _ = WGS84.fwd(origin[1], origin[0], azimuth, metres)
    return round(float(lat), 9), round(float(lng), 9)


@st.composite
def outlines(draw: st.DrawFn, origin: tuple[float, float], size_m: float, kinds: list[type]) -> Outline:
    """A convex polygon, a corridor or a circle within three sizes of ``origin``."""
    middle = away(origin, draw(st.floats(0, 360)), draw(st.floats(0, 2)) * size_m)
    kind = draw(st.sampled_from(kinds))
    if kind is Circle:
        return Circle(middle, size_m * draw(st.floats(0.01, 1)))
    azimuths = draw(st.lists(st.integers(0, 359), min_size=3, max_size=6, unique=True))
    if kind is Corridor:
        return Corridor(
            tuple(away(middle, azimuth, size_m) for azimuth in azimuths), size_m * draw(st.floats(0.001, 1))
        )
    return Polygon(tuple(away(middle, azimuth, size_m) for azimuth in sorted(azimuths)))


@st.composite
def volumes(draw: st.DrawFn, origin: tuple[float, float], size_m: float, kinds: list[type]) -> Volume:
    outline = draw(outlines(origin, size_m, kinds))
    try:
        shape = geometry.shape_of(outline)
    except Malformed:
        assume(False)
        raise
    low, tall = draw(st.integers(0, 1000)), draw(st.integers(1, 500))
    start, long_s = draw(st.integers(0, 2000)), draw(st.integers(1, 2000))
    begin = START + start * SECOND
    reference = draw(st.sampled_from(Reference))
    return Volume(outline, float(low), float(low + tall), reference, begin, begin + long_s * SECOND, shape)


KINDS: list[type] = [Polygon, Circle, Corridor]


@st.composite
def drawn_pairs(draw: st.DrawFn, kinds: list[type] = KINDS) -> Drawn:
    """Two volumes, the first of one of ``kinds``, with their minima and the uncertainty."""
    origin, size_m = draw(places), draw(st.sampled_from([3.0, 1000.0, 100_000.0]))
    a, b = draw(volumes(origin, size_m, kinds)), draw(volumes(origin, size_m, KINDS))
    return a, draw(minimas), b, draw(minimas), draw(uncertainties)


many = settings(max_examples=100, deadline=None)


def without_band(pair: Pair | None) -> Any:
    """A pair without what belongs to its second volume alone."""
    return pair and (pair.severity, pair.horizontal_m, pair.vertical_m, pair.start, pair.end)


@many
@given(drawn_pairs())
@pytest.mark.req("R-064")
def test_the_verdict_is_symmetric_and_its_figures_hold_together(
    drawn: Drawn,
) -> None:
    a, a_minima, b, b_minima, uncertainty = drawn
    told, swapped = judge(a, a_minima, b, b_minima, uncertainty), judge(b, b_minima, a, a_minima, uncertainty)
    assert without_band(told) == without_band(swapped)
    if told is None:
        return
    assert 0 <= told.horizontal_m <= max(a_minima.horizontal_m, b_minima.horizontal_m)
    assert 0 <= told.vertical_m <= max(a_minima.vertical_m, b_minima.vertical_m)
    for volume, minima in ((a, a_minima), (b, b_minima)):
        start, end = widened(volume, minima)
        assert start <= told.start <= told.end <= end
    assert b.lower_m - 1 < told.lower_m <= told.upper_m < b.upper_m + 1
    assert told.reference is b.reference
    if told.severity is Severity.OVERLAP:
        assert told.horizontal_m == told.vertical_m == 0
    if a.reference is b.reference:
        assert told.severity is not Severity.POSSIBLE


def grow_radius(volume: Volume, by: float) -> Volume:
    match volume.outline:
        case Circle(center, radius_m):
            outline: Outline = Circle(center, radius_m + by)
        case Corridor(path, half_width_m):
            outline = Corridor(path, half_width_m + by)
        case Polygon():
            return volume
    return replace(volume, outline=outline, shape=geometry.shape_of(outline))


GROWTHS: dict[str, Callable[[Volume, float], Volume]] = {
    "radius": grow_radius,
    "up": lambda volume, by: replace(volume, upper_m=volume.upper_m + by),
    "down": lambda volume, by: replace(volume, lower_m=volume.lower_m - by),
    "earlier": lambda volume, by: replace(volume, start=volume.start - round(by * SECOND)),
    "later": lambda volume, by: replace(volume, end=volume.end + round(by * SECOND)),
}


@many
@given(drawn_pairs(), st.sampled_from(sorted(GROWTHS)), st.floats(0, 1000))
def test_growing_a_volume_never_removes_a_conflict_nor_makes_it_milder(drawn: Drawn, growth: str, by: float) -> None:
    a, a_minima, b, b_minima, uncertainty = drawn
    before = judge(a, a_minima, b, b_minima, uncertainty)
    if before is None:
        return
    after = judge(GROWTHS[growth](a, by), a_minima, b, b_minima, uncertainty)
    assert after is not None
    assert severity_rank(after.severity) <= severity_rank(before.severity)
    assert (after.horizontal_m, after.vertical_m) <= (before.horizontal_m, before.vertical_m)


@many
@given(drawn_pairs(), st.sampled_from(["horizontal_m", "vertical_m", "lead_s", "tail_s"]), st.integers(0, 1000))
def test_larger_minima_never_remove_a_conflict(drawn: Drawn, name: str, by: int) -> None:
    a, a_minima, b, b_minima, uncertainty = drawn
    if judge(a, a_minima, b, b_minima, uncertainty) is None:
        return
    larger = replace(a_minima, **{name: getattr(a_minima, name) + by})
    assert judge(a, larger, b, b_minima, uncertainty) is not None


@many
@given(drawn_pairs(), st.floats(0, 100), st.floats(0, 100), st.data())
@pytest.mark.req("R-058", "R-060")
def test_a_possible_conflict_is_one_that_some_offset_makes_real(
    drawn: Drawn, below: float, above: float, data: st.DataObject
) -> None:
    a, a_minima, b, b_minima, uncertainty = drawn
    told = judge(a, a_minima, b, b_minima, uncertainty)
    # Any exact truth within the bounds: then nothing is merely possible, and the verdict must have allowed for it.
    offsets = [data.draw(st.floats(*getattr(uncertainty, name))) for name in UNCERTAIN]
    truth = judge(a, a_minima, b, b_minima, Uncertainty(*((at, at) for at in offsets)))
    assert truth is None or truth.severity is not Severity.POSSIBLE
    if told is None:
        assert truth is None
    elif told.severity is not Severity.POSSIBLE:
        assert truth is not None
    wider = Uncertainty(*((at - below, at + above) for at in offsets))
    assert truth is None or judge(a, a_minima, b, b_minima, wider) is not None


@many
@given(drawn_pairs(), st.floats(0, 1))
def test_cut_in_time_or_in_its_band_a_volume_conflicts_exactly_when_a_part_does(drawn: Drawn, share: float) -> None:
    a, a_minima, b, b_minima, uncertainty = drawn
    instant = a.start + round(share * (a.end - a.start))
    height = a.lower_m + share * (a.upper_m - a.lower_m)
    conflict = judge(a, a_minima, b, b_minima, uncertainty) is not None
    for parts in (
        (replace(a, end=instant), replace(a, start=instant)),
        (replace(a, upper_m=height), replace(a, lower_m=height)),
    ):
        # Lead and tail widen the inner ends too, but never past what the whole already covers on the outer ones.
        told = [judge(part, a_minima, b, b_minima, uncertainty) is not None for part in parts]
        assert any(told) is conflict


def cuts(outline: Outline, at: int) -> tuple[Outline, Outline] | None:
    """The outline cut at a vertex of its path, or along a diagonal of a convex polygon."""
    match outline:
        case Corridor(path, half_width_m) if len(path) > 2:
            middle = 1 + at % (len(path) - 2)
            return Corridor(path[: middle + 1], half_width_m), Corridor(path[middle:], half_width_m)
        case Polygon(vertices) if len(vertices) > 3:
            far = 2 + at % (len(vertices) - 3)
            return Polygon(vertices[: far + 1]), Polygon((vertices[0], *vertices[far:]))
    return None


@many
@given(drawn_pairs([Polygon, Corridor]), st.integers(0, 10))
def test_cut_along_the_ground_a_volume_conflicts_when_a_part_does(drawn: Drawn, at: int) -> None:
    """Exact but for the room that the rule gives the longest edge: a cut changes which that is."""
    a, a_minima, b, b_minima, uncertainty = drawn
    parts = cuts(a.outline, at)
    assume(parts is not None)
    assert parts is not None
    try:
        pieces = [replace(a, outline=part, shape=geometry.shape_of(part)) for part in parts]
    except Malformed:
        assume(False)
        raise
    shift = max(piece.shape.longest_edge_m for piece in [a, *pieces]) ** 2 * geometry.EDGE_SHIFT_PER_M
    more = replace(a_minima, horizontal_m=max(a_minima.horizontal_m, b_minima.horizontal_m) + shift + 1e-4)
    if judge(a, a_minima, b, b_minima, uncertainty) is not None:
        assert any(judge(piece, more, b, b_minima, uncertainty) is not None for piece in pieces)
    if any(judge(piece, a_minima, b, b_minima, uncertainty) is not None for piece in pieces):
        assert judge(a, more, b, b_minima, uncertainty) is not None


@many
@given(drawn_pairs([Polygon]), st.integers(0, 359))
def test_a_vertex_more_outside_never_removes_a_conflict(drawn: Drawn, turn: int) -> None:
    """Exact but for the longest edge's room: an added vertex can break a long edge into shorter ones."""
    a, a_minima, b, b_minima, uncertainty = drawn
    assert isinstance(a.outline, Polygon)
    if judge(a, a_minima, b, b_minima, uncertainty) is None:
        return
    vertices = a.outline.vertices
    place = turn % len(vertices)
    outward = Polygon((*vertices[: place + 1], tip(vertices, place), *vertices[place + 1 :]))
    try:
        grown = replace(a, outline=outward, shape=geometry.shape_of(outward))
    except Malformed:
        assume(False)
        raise
    assume(grown.shape.area_m2 > a.shape.area_m2)
    more = replace(a_minima, horizontal_m=max(a_minima.horizontal_m, b_minima.horizontal_m) + a.shape.margin_m + 1e-4)
    assert judge(grown, more, b, b_minima, uncertainty) is not None


def tip(vertices: tuple[tuple[float, float], ...], place: int) -> tuple[float, float]:
    """A point beside an edge's middle, on the right of its direction: outside a ring that runs clockwise or not."""
    (lat1, lng1), (lat2, lng2) = vertices[place], vertices[(place + 1) % len(vertices)]
    azimuth, _, length = WGS84.inv(lng1, lat1, lng2, lat2)
    lng, lat, back = WGS84.fwd(lng1, lat1, azimuth, length / 2)
    return away((lat, lng), back + 90, length / 10)
