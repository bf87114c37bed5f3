"""GeoJSON (RFC 7946) with times and altitudes in the properties of each Feature.

A Feature, or a FeatureCollection: one flight for each callsign in it, or one in all where none is named. Each part of a
geometry becomes one volume (``geojson_geometry``), with the window and the band that the Feature's properties say
(``geojson_properties``). A name near one that is read is refused with the one that was meant; others are left out and
named in a note, and their values are not judged.
"""

from collections.abc import Iterable
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
    """Return the flights of a file; raise ``LocalError`` with ``input_file``."""
    value = content.json
    if (kind := value["type"]) not in TYPES and (meant := _SPELT.get(kind.casefold())) is not None:
        raise unreadable("type", f"{kind!r} is not a type of GeoJSON; {meant} is")
    if kind not in TYPES:
        raise unreadable("", f"a bare {kind} has no times and altitudes", hint="make it the geometry of a Feature")
    return _flights(value, options)


def _flights(value: dict[str, Any], options: Options) -> list[Flight]:
    left_out: set[str] = set()
    features: object = [value]
    if value["type"] == "FeatureCollection":
        left_out.update(judged(value, _COLLECTION, "the collection"))
        features = value.get("features")
    if not isinstance(features, list) or not features:
        raise unreadable("features", "there are no Features in the collection")
    found: dict[str | None, _Flight] = {}
    notes: list[str] = []
    for number, feature in enumerate(features, start=1):
        place = f"feature {number}" if len(features) > 1 else "the feature"
        properties, geometry = _parts(feature, place, left_out)
        said = Feature(properties, options, place, notes, left_out)
        said.judge_names(kinds(geometry))
        volumes = [said.volume(outline) for outline in outlines(geometry, said)]
        found.setdefault(said.callsign(), _Flight(place)).add(volumes, place)
    nameless = found.get(None)
    if nameless is not None and len(found) == 2:
        # One callsign names the whole file.
        (callsign,) = (name for name in found if name is not None)
        found = {callsign: _together(found.values())}
    elif nameless is not None and len(found) > 2:
        detail = "names no callsign, and others name several: whose it is cannot be told"
        raise unreadable(nameless.place, detail, hint="name one in the properties of each Feature")
    if left_out:
        notes.append(f"not read: {not_read(left_out)}")
    flights = [
        Flight(callsign, flight.volumes, [], flight.place if len(found) > 1 else "")
        for callsign, flight in found.items()
    ]
    flights[0].notes.extend(sorted(set(notes)))  # they are of the whole file, and said once
    return flights


class _Flight:
    """The volumes of one flight, and the place of its first Feature."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.volumes: list[VolumeJson] = []
        self._vertices = 0

    def add(self, volumes: list[VolumeJson], place: str) -> None:
        """Add a Feature's volumes; raise ``LocalError`` where they are too many for a notice, or none of ours."""
        self._vertices += sum(_vertices(volume) for volume in volumes)
        if len(self.volumes) + len(volumes) > MAX_VOLUMES or self._vertices > MAX_VERTICES:
            detail = f"a notice has at most {MAX_VOLUMES} volumes and {MAX_VERTICES} vertices, dense edges included"
            raise unreadable(place, detail, hint="draw fewer or shorter edges, or give parts of it other callsigns")
        self.volumes += checked(volumes, place, hints={"volume_polygon": _CROSSING})


def _together(flights: Iterable[_Flight]) -> _Flight:
    together = _Flight("")
    for flight in flights:
        together.add(flight.volumes, flight.place)
    return together


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
