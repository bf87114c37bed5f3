"""GeoJSON (RFC 7946) with times and altitudes in the properties of each Feature.

A Feature, or a FeatureCollection whose Features together are one flight. Each part of a geometry becomes one volume
(``geojson_geometry``), with the window and the band that the Feature's properties say (``geojson_properties``). A name
near one that is read is refused with the one that was meant; others are left out and named in a note, and their values
are not judged.
"""

from typing import Any

from .content import Content
from .flight import MAX_VERTICES, MAX_VOLUMES, Flight, Options, VolumeJson, checked, unreadable
from .geojson_geometry import judged, kinds, outlines
from .geojson_properties import Feature
from .members import not_read

TYPES = frozenset({"Feature", "FeatureCollection"})
_SPELT = {name.casefold(): name for name in TYPES}

_COLLECTION = frozenset({"type", "features", "bbox", "crs", "name"})
_FEATURE = frozenset({"type", "properties", "geometry", "bbox", "crs", "id"})
_CROSSING = "edges may not cross or touch one another, nor a corner stand twice: draw the ring round once"


def recognise(content: Content) -> bool:
    """Whether a file is a JSON object whose ``type`` is one of GeoJSON's."""
    if not content.looks_like_json:
        return False
    match content.json:
        case {"type": str(kind)} if kind.casefold() in _SPELT:
            return True
        case {"type": str(), "coordinates": _} | {"type": "GeometryCollection", "geometries": _}:
            return True
    return False


def read(content: Content, options: Options) -> list[Flight]:
    """Return the one flight of a file; raise ``LocalError`` with ``input_file``."""
    value = content.json
    if (kind := value["type"]) not in TYPES and (meant := _SPELT.get(kind.casefold())) is not None:
        raise unreadable("type", f"{kind!r} is not a type of GeoJSON; {meant} is")
    if kind not in TYPES:
        raise unreadable("", f"a bare {kind} has no times and altitudes", hint="make it the geometry of a Feature")
    return [geojson_flight(value, options)]


def geojson_flight(value: dict[str, Any], options: Options) -> Flight:
    """Return the flight of a Feature or FeatureCollection; raise ``LocalError`` with ``input_file``."""
    left_out: set[str] = set()
    features: object = [value]
    if value["type"] == "FeatureCollection":
        left_out.update(judged(value, _COLLECTION, "the collection"))
        features = value.get("features")
    if not isinstance(features, list) or not features:
        raise unreadable("features", "there are no Features in the collection")
    volumes: list[VolumeJson] = []
    callsigns: set[str] = set()
    notes: list[str] = []
    vertices = 0
    for number, feature in enumerate(features, start=1):
        place = f"feature {number}" if len(features) > 1 else "the feature"
        properties, geometry = _parts(feature, place, left_out)
        said = Feature(properties, options, place, notes, left_out)
        said.judge_names(kinds(geometry))
        callsigns |= said.callsign()
        found = [said.volume(outline) for outline in outlines(geometry, said)]
        vertices += sum(_vertices(volume) for volume in found)
        if len(volumes) + len(found) > MAX_VOLUMES or vertices > MAX_VERTICES:
            detail = f"a notice has at most {MAX_VOLUMES} volumes and {MAX_VERTICES} vertices, dense edges included"
            raise unreadable(place, detail, hint="draw fewer or shorter edges, or split the flight into several files")
        volumes += checked(found, place, hints={"volume_polygon": _CROSSING})
    if len(callsigns) > 1:
        raise unreadable("", f"one file is one flight, but it names {', '.join(sorted(callsigns))}")
    if left_out:
        notes.append(f"not read: {not_read(left_out)}")
    return Flight(min(callsigns, default=None), volumes, sorted(set(notes)))


def _parts(feature: object, place: str, left_out: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the properties and the geometry of a Feature."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise unreadable(place, "not a Feature")
    left_out.update(judged(feature, _FEATURE, place))
    properties, geometry = feature.get("properties"), feature.get("geometry")
    if not isinstance(properties, dict):
        raise unreadable(place, "there are no properties, which hold times and altitudes")
    if not isinstance(geometry, dict):
        raise unreadable(place, "there is no geometry")
    return properties, geometry


def _vertices(volume: VolumeJson) -> int:
    shape = volume["volume"]
    return len(shape.get("outline_polygon", {}).get("vertices", ())) or len(
        shape.get("outline_corridor", {}).get("path", (0,))
    )
