"""The member ``crs`` of old GeoJSON, wherever it stands: CRS84 says what RFC 7946 says, everything else is refused.

A position read in another system is another place: 141 m off in ED50, another continent where latitude comes first.
EPSG:4326 is refused too: by its own definition latitude comes first, in most files that name it longitude does, and
nothing in the file tells which. So is null, by which the old specification said that no system may be assumed.
"""

import re
from typing import Any

from .flight import unreadable
from .members import Repeated, told

_CRS84 = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:ogc:[\d.]*:|https?://www\.opengis\.net/def/crs/ogc/[\d.]+/|ogc:|)crs:?84h?/?", re.ASCII
)
_LAT_LNG = re.compile(r"(?:.*[:/#]|)4326/?", re.ASCII)

OTHER_NAMES = dict.fromkeys(
    ("srs", "srsname", "crsname", "coordrefsys", "coordinatereferencesystem", "epsg", "srid"), "crs"
)
"""As what else a crs goes, in small letters without anything between."""

_HINT = "write positions on WGS 84, longitude first, and leave crs out (RFC 7946 section 4)"


def judge_crs(obj: dict[str, Any], place: str) -> None:
    """Refuse an object whose ``crs`` is another than CRS84, by its name; raise ``LocalError``."""
    if "crs" not in obj:
        return
    where = f"{place}, crs" if place else "crs"
    crs = obj["crs"]
    if isinstance(crs, Repeated):
        raise unreadable(place, "crs stands twice in one object")
    if crs is None:
        raise unreadable(where, "null says that no coordinate system may be assumed", hint=_HINT)
    name = _name(crs)
    if name is None:
        raise unreadable(where, "a coordinate system without a name cannot be read", hint=_HINT)
    spelt = name.strip().casefold()
    if _CRS84.fullmatch(spelt):
        return
    hint = (
        f"latitude comes first in it, as defined, and in GeoJSON longitude; {_HINT}"
        if _LAT_LNG.fullmatch(spelt)
        else _HINT
    )
    raise unreadable(where, f"another coordinate system than CRS84 cannot be read: {told(name)}", hint=hint)


def judge_crs_of_properties(properties: dict[str, Any], place: str) -> None:
    """Refuse properties that name another system, under whatever name: positions are not read in it."""
    for name, value in properties.items():
        folded = "".join(letter for letter in name.casefold() if letter.isalnum())
        if value is not None and (folded == "crs" or folded in OTHER_NAMES):
            judge_crs({"crs": value}, place)


def _name(crs: object) -> str | None:
    """Return what a crs calls itself, in any of the forms that there were."""
    match crs:
        case str(name):
            return name
        case {"type": "name", "properties": {"name": str(name)}}:
            return name
        case {"type": "link", "properties": {"href": str(href)}}:
            return href
        case {"type": "EPSG" | "epsg", "properties": {"code": int(code) | str(code)}}:
            return f"EPSG:{code}"
        case {"properties": {"name": str(name)}} | {"name": str(name)}:
            return name
    return None
