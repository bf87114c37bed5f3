"""The JSON Schemas of volumes, with the bounds of ``keepclear_protocol``: what stands where, and in which range.

Not for a schema: decimals, edges, crossings, and which of two times or altitudes is the earlier or the lower.
"""

from keepclear_protocol import outline, volume
from keepclear_protocol.volume import Reference

from support.schema_words import Schema, listed, number, obj, ref, words

_OUTLINES: dict[str, Schema] = {
    "outline_polygon": obj({"vertices": listed(ref("place"), outline.MIN_VERTICES)}, exact=True),
    "outline_circle": obj({"center": ref("place"), "radius": ref("length")}, exact=True),
    "outline_corridor": obj(
        {"path": listed(ref("place"), outline.MIN_PATH_POINTS), "half_width": ref("length")}, exact=True
    ),
}
assert tuple(_OUTLINES) == volume._OUTLINES

_ONE_OUTLINE = [{"required": [name]} for name in _OUTLINES]
_ALTITUDES = ("altitude_lower", "altitude_upper")


def _altitude(reference: str, units: str, low: float, high: float) -> Schema:
    return {"properties": {"value": number(low, high), "reference": {"const": reference}, "units": {"const": units}}}


def _same_reference(reference: str) -> Schema:
    said = {"properties": {"reference": {"const": reference}}}
    return {"properties": dict.fromkeys(_ALTITUDES, said)}


VOLUMES: dict[str, Schema] = {
    "place": obj(
        {"lat": number(-90, 90), "lng": number(-180, 180)},
        exact=True,
        description=f"Degrees on WGS-84, with at most {outline.MAX_DECIMALS} decimals (R-032).",
    ),
    "length": obj(
        {"value": number(outline.MIN_RADIUS_M, outline.MAX_RADIUS_M), "units": {"const": "M"}},
        exact=True,
    ),
    "altitude": obj(
        {"value": {"type": "number"}, "reference": words([*Reference]), "units": words([*volume._UNITS])},
        exact=True,
        description="R-033",
        anyOf=[_altitude(*named, *bounds) for named, bounds in volume._BOUNDS.items()],
    ),
    "instant": obj({"value": ref("time"), "format": {"const": "RFC3339"}}, exact=True),
    "outline": {
        "description": "An object with exactly one outline (R-031).",
        "type": "object",
        "properties": _OUTLINES,
        "additionalProperties": False,
        "oneOf": _ONE_OUTLINE,
    },
    "volume": obj(
        {
            "volume": obj(
                dict.fromkeys(_ALTITUDES, ref("altitude")),
                optional=_OUTLINES,
                exact=True,
                oneOf=_ONE_OUTLINE,
                anyOf=[_same_reference(reference) for reference in Reference],
            ),
            "time_start": ref("instant"),
            "time_end": ref("instant"),
        },
        exact=True,
        description="A Volume4D of ASTM F3548-21, with the corridor and the references of R-031 and R-033.",
    ),
}
