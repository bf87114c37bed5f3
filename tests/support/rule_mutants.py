"""Wrong rules: what a detector that cuts one corner would answer. Vectors that cannot tell them apart are too weak.

Each maker takes pytest's ``monkeypatch`` and returns a judge; a mutant of the module's own figures patches them.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import shapely
from keepclear_protocol import geometry, separation
from keepclear_protocol.outline import Corridor, Polygon
from keepclear_protocol.separation import Minima, Pair, Uncertainty, judge
from keepclear_protocol.volume import Reference, Volume

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
            replace(a, shape=replace(a.shape, margin_m=a.shape.radius_m)),
            replace(b, shape=replace(b.shape, margin_m=b.shape.radius_m)),
        )
    ),
    "gives long edges ten times the room": _on_volumes(
        lambda a, b: (
            replace(a, shape=replace(a.shape, margin_m=a.shape.margin_m + 7e-10 * a.shape.longest_edge_m**2)),
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
