"""Wrong rules: what a detector that cuts one corner would answer. Vectors that cannot tell them apart are too weak.

Each maker takes pytest's ``monkeypatch`` and returns a judge; a mutant of the module's own figures patches them.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from keepclear_protocol import bulk, geometry, pairs, planes, separation, table
from keepclear_protocol.outline import Corridor, Polygon
from keepclear_protocol.pairs import Pairs
from keepclear_protocol.separation import Minima, Pair, Uncertainty, judge
from keepclear_protocol.table import Ints
from keepclear_protocol.volume import Reference, Volume
from keepclear_protocol.worst import Contest
from msgspec import structs

Judge = Callable[[Volume, Minima, Volume, Minima, Uncertainty], Pair | None]
Maker = Callable[[pytest.MonkeyPatch], Judge]

TINY_M = 1e-5


def _on_volumes(change: Callable[[Volume, Volume], tuple[Volume, Volume]]) -> Maker:
    def mutant(a: Volume, a_minima: Minima, b: Volume, b_minima: Minima, uncertainty: Uncertainty) -> Pair | None:
        a, b = change(a, b)
        return judge(a, a_minima, b, b_minima, uncertainty)

    return lambda _: mutant


def _on_minima(change: Callable[[Minima, Minima], tuple[Minima, Minima]]) -> Maker:
    def mutant(a: Volume, a_minima: Minima, b: Volume, b_minima: Minima, uncertainty: Uncertainty) -> Pair | None:
        a_minima, b_minima = change(a_minima, b_minima)
        return judge(a, a_minima, b, b_minima, uncertainty)

    return lambda _: mutant


def _on_outlines(change: Callable[[Polygon], Polygon]) -> Maker:
    def one(volume: Volume) -> Volume:
        if not isinstance(volume.outline, Polygon):
            return volume
        outline = change(volume.outline)
        return replace(volume, outline=outline, shape=geometry.shape_of(outline))

    return _on_volumes(lambda a, b: (one(a), one(b)))


def _patched(module: object, name: str, value: object) -> Maker:
    def maker(monkeypatch: pytest.MonkeyPatch) -> Judge:
        monkeypatch.setattr(module, name, value)
        return judge

    return maker


def _box(outline: Polygon) -> Polygon:
    lats, lngs = zip(*outline.vertices, strict=True)
    (south, north), (west, east) = (min(lats), max(lats)), (min(lngs), max(lngs))
    return Polygon(((south, west), (south, east), (north, east), (north, west)))


def _hull(outline: Polygon) -> Polygon:
    hull = shapely.convex_hull(shapely.multipoints(outline.vertices))
    return Polygon(tuple((float(lat), float(lng)) for lat, lng in hull.exterior.coords[:-1]))


def _same_reference(a: Volume, b: Volume) -> tuple[Volume, Volume]:
    return replace(a, reference=Reference.W84), replace(b, reference=Reference.W84)


def _sum_minima(name: str) -> Maker:
    def change(a: Minima, b: Minima) -> tuple[Minima, Minima]:
        return replace(a, **{name: getattr(a, name) + getattr(b, name)}), b

    return _on_minima(change)


def _nearer(minima: Minima) -> Minima:
    return replace(minima, horizontal_m=minima.horizontal_m - TINY_M)


def _thinner(volume: Volume) -> Volume:
    return replace(volume, lower_m=volume.lower_m + TINY_M, upper_m=volume.upper_m - TINY_M)


def _ring_alone(volume: Volume) -> Corridor:
    """The ring of a polygon as a path a metre wide."""
    assert isinstance(volume.outline, Polygon)
    vertices = volume.outline.vertices
    return Corridor((*vertices, vertices[0]), 1.0)


MUTANTS: dict[str, Maker] = {
    "ignores altitude": _on_volumes(lambda a, b: (a, replace(b, lower_m=a.lower_m, upper_m=a.upper_m))),
    "ignores time": _on_volumes(lambda a, b: (a, replace(b, start=a.start, end=a.end))),
    "ignores place": _on_volumes(lambda a, b: (a, replace(b, outline=a.outline, shape=a.shape))),
    "bounding box": _on_outlines(_box),
    "convex hull": _on_outlines(_hull),
    "boundary without interior": _on_volumes(
        lambda a, b: (
            replace(a, shape=geometry.shape_of(_ring_alone(a))) if isinstance(a.outline, Polygon) else a,
            b,
        )
    ),
    "takes the sphere for the earth": _patched(separation, "SPHERE_FACTOR", 1.0),
    "gives long edges no room": _on_volumes(
        lambda a, b: (
            replace(a, shape=structs.replace(a.shape, margin_m=a.shape.radius_m)),
            replace(b, shape=structs.replace(b.shape, margin_m=b.shape.radius_m)),
        )
    ),
    "gives long edges ten times the room": _on_volumes(
        lambda a, b: (
            replace(a, shape=structs.replace(a.shape, margin_m=a.shape.margin_m + 7e-10 * a.shape.longest_edge_m**2)),
            b,
        )
    ),
    "open on the ground": _on_minima(lambda a, b: (_nearer(a), _nearer(b))),
    "open in altitude": _on_volumes(lambda a, b: (_thinner(a), b)),
    "open in time": _on_volumes(lambda a, b: (replace(a, start=a.start + 1, end=a.end - 1), b)),
    "ignores minima on the ground": _on_minima(lambda a, b: (replace(a, horizontal_m=0), replace(b, horizontal_m=0))),
    "ignores minima of altitude": _on_minima(lambda a, b: (replace(a, vertical_m=0), replace(b, vertical_m=0))),
    "takes the first's minima": _on_minima(lambda a, b: (a, replace(b, horizontal_m=0, vertical_m=0))),
    "adds the minima on the ground": _sum_minima("horizontal_m"),
    "adds the minima of altitude": _sum_minima("vertical_m"),
    "ignores lead": _on_minima(lambda a, b: (replace(a, lead_s=0), replace(b, lead_s=0))),
    "ignores tail": _on_minima(lambda a, b: (replace(a, tail_s=0), replace(b, tail_s=0))),
    "takes lead for tail": _on_minima(
        lambda a, b: (replace(a, lead_s=a.tail_s, tail_s=a.lead_s), replace(b, lead_s=b.tail_s, tail_s=b.lead_s))
    ),
    "takes all references for one": _on_volumes(_same_reference),
}


def _wrong_uncertainty(change: Callable[[Uncertainty], Uncertainty]) -> Maker:
    def mutant(a: Volume, a_minima: Minima, b: Volume, b_minima: Minima, uncertainty: Uncertainty) -> Pair | None:
        return judge(a, a_minima, b, b_minima, change(uncertainty))

    return lambda _: mutant


def _negated(bounds: tuple[float, float]) -> tuple[float, float]:
    return -bounds[1], -bounds[0]


MUTANTS |= {
    f"{name} with the wrong sign": _wrong_uncertainty(
        lambda uncertainty, name=name: replace(uncertainty, **{name: _negated(getattr(uncertainty, name))})
    )
    for name in ("geoid_undulation_m", "pressure_error_m", "terrain_m")
}
MUTANTS |= {
    f"{name} taken at its middle": _wrong_uncertainty(
        lambda uncertainty, name=name: replace(uncertainty, **{name: (sum(getattr(uncertainty, name)) / 2,) * 2})
    )
    for name in ("geoid_undulation_m", "pressure_error_m", "terrain_m")
}


Spoil = Callable[[pytest.MonkeyPatch], None]


def _set(module: object, name: str, value: object) -> Spoil:
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def _changed(module: object, name: str, change: Callable[..., object]) -> Spoil:
    """A function of the bulk rules that answers otherwise: ``change`` gets the right function and its arguments."""
    right = getattr(module, name)
    return _set(module, name, lambda *args, **named: change(right, *args, **named))


def _row(**columns: Callable[[dict[str, Any]], Any]) -> Spoil:
    """Rows in which some columns are other than the rules say."""

    def change(right: Callable[..., tuple[Any, ...]], *args: Any) -> tuple[Any, ...]:
        row = dict(zip(table.ROW.names or (), right(*args), strict=True))
        return tuple((row | {name: wrong(row) for name, wrong in columns.items()}).values())

    return _changed(table, "row_of", change)


def _metres_left_out(right: Callable[[Pairs], Ints], self: Pairs) -> Ints:
    return right(self) >> self.metres_bits << self.metres_bits


def _latest_inverted(right: type[Contest], judged: Pairs, which: Ints, group: Ints, rest: Ints, bits: Any) -> Contest:
    return right(judged, which, group, rest.max() - rest if bits is None else rest, bits)


def _settled_after_one_guess(_: Callable[..., None], pairs: Pairs, contests: list[Contest]) -> None:
    worseness = pairs.worseness()
    guesses = [(contest.undecided(worseness), contest.likeliest())[1] for contest in contests]
    asked = np.unique(np.concatenate(guesses))
    pairs.ask(asked)
    for contest in contests:
        contest.learn(asked, pairs.worseness())


def _planes_without_heights(right: Callable[..., Any], units: Any) -> tuple[Any, Any, Any]:
    """Each plane of an outline turned about, and said to have nothing above it."""
    of, normals, heights = right(units)
    return np.concatenate((of, of)), np.concatenate((normals, -normals)), np.zeros(2 * len(heights))


def _narrow_without_margin(right: Callable[..., None], self: Pairs, *args: Any, **named: Any) -> None:
    margin_m, self.margin_m = self.margin_m, 0 * self.margin_m
    right(self, *args, **named)
    self.margin_m = margin_m


BULK_MUTANTS: dict[str, Spoil] = {
    "takes the sphere for the earth": _set(pairs, "SPHERE_FACTOR", 1.0),
    "open on every axis of space": _set(pairs, "ROUNDING_M", -TINY_M),
    "takes all references for one": _changed(
        pairs, "offset_table", lambda right, *args: tuple(0 * side for side in right(*args))
    ),
    "offsets with the wrong sign": _changed(
        pairs, "offset_table", lambda right, *args: tuple(-side for side in right(*args)[::-1])
    ),
    "least offset alone": _changed(pairs, "offset_table", lambda right, *args: (right(*args)[0],) * 2),
    "caps too small": _changed(pairs, "_cap_gap", lambda right, *args: right(*args) + 3_000.0),
    "never an overlap": _set(pairs, "_OVERLAP", 1),
    "never only possible": _set(pairs, "_POSSIBLE", 1),
    "severity before distance left out": _changed(
        Pairs, "worseness", lambda right, self: right(self) & ((1 << self.metres_bits) - 1)
    ),
    "distance left out": _changed(Pairs, "worseness", _metres_left_out),
    "one guess for each volume": _changed(bulk, "settle", _settled_after_one_guess),
    "runs of other volumes than asked": _changed(
        pairs._Crowds, "runs", lambda _, self, size: np.arange(len(self.table)) // size
    ),
    "planes below which some of their own lie": _changed(planes, "_planes", _planes_without_heights),
    "planes farther off than they are": _changed(pairs, "metres_above", lambda right, *args: right(*args) + 2_000.0),
    "margin left out of a run's bound": _changed(Pairs, "narrow", _narrow_without_margin),
    "which of equal pairs left out": _changed(
        bulk, "packed", lambda right, ranks, room: right([*ranks[:-1], (0 * ranks[-1][0], 1)], room)
    ),
    "later before sooner": _changed(
        bulk, "packed", lambda right, ranks, room: right([ranks[0], ranks[2], ranks[1], ranks[3]], room)
    ),
    "height after time": _changed(
        bulk, "packed", lambda right, ranks, room: right([*ranks[1:3], ranks[0], ranks[3]], room)
    ),
    "over when it just touches": _changed(bulk, "_worst", lambda right, *args: right(*args[:-1], args[-1] + 1)),
    "nothing is over": _changed(bulk, "_worst", lambda right, *args: right(*args[:-1], 0)),
    "the first end for the last": _changed(bulk, "Contest", _latest_inverted),
    "our band for theirs": _changed(
        bulk, "judge", lambda right, a, a_minima, b, b_minima, *rest: right(b, b_minima, a, a_minima, *rest)
    ),
    "overlap of widened windows": _row(start=lambda row: row["first"], end=lambda row: row["last"]),
    "ignores lead": _row(first=lambda row: row["start"]),
    "ignores tail": _row(last=lambda row: row["end"]),
    "ignores radius and edges": _row(margin_m=lambda row: 0.0),
    "ignores minima on the ground": _row(horizontal_m=lambda row: 0.0),
    "ignores minima of altitude": _row(vertical_m=lambda row: 0.0),
    "bounds too small": _row(bound_m=lambda row: row["bound_m"] / 2),
}
"""What the bulk rules would be with one corner cut."""

WITHOUT_PLANES = {"runs of other volumes than asked", "margin left out of a run's bound"}
"""Found where planes have not settled before what the runs would."""
