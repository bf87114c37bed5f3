"""One Volume4D as programs write it, brought to how the wire wants it, with a note of each thing that was changed.

Positions with more decimals than nine, as every program that computes has them, are rounded onto the wire's grid: each
moves by less than 0.1 mm, a hundredth of what the rules grant. Neighbours nearer than a centimetre, and the first
vertex again at a ring's end, are one place. An outline that is null is not there. A time may be a text alone, letters
may be small. Members that nobody reads are left out; one whose name is near to one that is read is refused, as are
bounds that are null, because no end is no bound.
"""

from collections.abc import Collection
from typing import Any

from keepclear_protocol.outline import MAX_DECIMALS

from .flight import VolumeJson, is_number, unreadable
from .members import unread
from .sphere import merged

MEMBERS = frozenset({"volume", "time_start", "time_end"})
"""A Volume4D's own."""

_OUTLINES = {
    "outline_polygon": ("vertices",),
    "outline_circle": ("center", "radius"),
    "outline_corridor": ("path", "half_width"),
}
_ALTITUDES = ("altitude_lower", "altitude_upper")
_POSITION = {"lon": "lng", "long": "lng", "longitude": "lng", "latitude": "lat"}
_WORDS = {"reference": ("W84", "AMSL", "AGL", "FL"), "units": ("M", "FT", "FL")}
_NEED = {
    "time_start": "a notice says when it begins",
    "time_end": "a notice says when it ends",
    "altitude_lower": "a notice has a bottom: write the lowest altitude that will be used, such as 0 AGL",
    "altitude_upper": "a notice has a top: write the highest altitude that will be used",
}


class Taken:
    """What was changed and left out of one flight's volumes on the way."""

    def __init__(self) -> None:
        self.left_out: set[str] = set()
        self._rounded = self._merged = 0
        self._said: set[str] = set()

    def notes(self) -> list[str]:
        """Return the notes for the flight."""
        rounded = "positions rounded to nine decimals, each moved by less than 0.1 mm: {}"
        near = "positions taken for one with a neighbour nearer than 1 cm: {}"
        counted = [text.format(count) for text, count in ((rounded, self._rounded), (near, self._merged)) if count]
        return [*counted, *sorted(self._said)]

    def volume(self, value: object, place: str) -> VolumeJson:
        """Return a Volume4D for ``checked``, which refuses what is none; raise ``LocalError`` with ``input_file``."""
        found = self._kept(value, MEMBERS, place)
        for name in ("time_start", "time_end"):
            found[name] = self._time(_there(found, name, place), f"{place}, {name}")
        if isinstance(found.get("volume"), dict):
            found["volume"] = self._volume3d(found["volume"], f"{place}, volume")
        return found

    def _kept(
        self, value: object, names: Collection[str], place: str, aliases: dict[str, str] | None = None
    ) -> VolumeJson:
        """Return the members of an object that are read."""
        if not isinstance(value, dict):
            raise unreadable(place, f"must be an object with {', '.join(sorted(names))}")
        self.left_out |= set(unread(value, names, place, aliases))
        return {name: value[name] for name in value if name in names}

    def _time(self, value: object, place: str) -> Any:
        if isinstance(value, str):
            self._said.add("a time that is a text alone is taken as RFC 3339")
            return {"value": value, "format": "RFC3339"}
        found = self._kept(value, ("value", "format"), place)
        if found.get("format") is None:
            self._said.add("a time without its format is taken as RFC 3339")
            found["format"] = "RFC3339"
        return found

    def _volume3d(self, value: VolumeJson, place: str) -> VolumeJson:
        found = self._kept(value, (*_OUTLINES, *_ALTITUDES), place)
        for name in _ALTITUDES:
            where = f"{place}, {name}"
            found[name] = self._words(self._kept(_there(found, name, place), ("value", "reference", "units"), where))
        for name, names in _OUTLINES.items():
            if name in found and found[name] is None:
                del found[name]
            elif name in found:
                found[name] = self._kept(found[name], names, f"{place}, {name}")
        self._shape(found, place)
        return found

    def _shape(self, found: VolumeJson, place: str) -> None:
        if circle := found.get("outline_circle"):
            circle |= {"center": self._position(circle.get("center"), f"{place}, outline_circle, center")}
            self._length(circle, "radius", f"{place}, outline_circle, radius")
        if polygon := found.get("outline_polygon"):
            polygon |= {"vertices": self._line(polygon.get("vertices"), f"{place}, outline_polygon", closed=True)}
        if corridor := found.get("outline_corridor"):
            corridor |= {"path": self._line(corridor.get("path"), f"{place}, outline_corridor", closed=False)}
            self._length(corridor, "half_width", f"{place}, outline_corridor, half_width")

    def _length(self, holder: VolumeJson, name: str, place: str) -> None:
        holder[name] = self._words(self._kept(holder.get(name), ("value", "units"), place))

    def _line(self, value: object, place: str, *, closed: bool) -> list[VolumeJson]:
        if not isinstance(value, list):
            raise unreadable(place, "must have a list of positions")
        found = [self._position(position, f"{place}, position {i}") for i, position in enumerate(value, start=1)]
        at = [(position["lat"], position["lng"]) for position in found]
        # What is not on Earth is for whoever checks the volume to refuse.
        if all(-90 <= lat <= 90 and -180 <= lng <= 180 for lat, lng in at):
            kept = merged(at, closed=closed)
            if len(kept) < 3 if closed else len(kept) < 2:
                raise unreadable(place, "no extent: all its positions are one place, or two")
            self._merged += len(at) - len(kept)
            found = [{"lat": lat, "lng": lng} for lat, lng in kept] if len(kept) < len(at) else found
        return found

    def _position(self, value: object, place: str) -> VolumeJson:
        found = self._kept(value, ("lat", "lng"), place, _POSITION)
        for name in ("lat", "lng"):
            if not is_number(found.get(name)):
                raise unreadable(place, f"{name} is not there, or not a number")
        on_grid = {name: round(degrees, MAX_DECIMALS) for name, degrees in found.items()}
        self._rounded += on_grid != found
        return on_grid

    def _words(self, found: VolumeJson) -> VolumeJson:
        """Return an altitude or a length with its words in capitals."""
        for name, words in _WORDS.items():
            word = found.get(name)
            if isinstance(word, str) and word not in words and word.strip().upper() in words:
                found[name] = word.strip().upper()
                self._said.add(f"{name} {word!r:.20} is taken as {found[name]}")
        return found


def _there(found: VolumeJson, name: str, place: str) -> Any:
    if found.get(name) is None:
        what = "is null" if name in found else "is missing"
        raise unreadable(f"{place}, {name}", f"{what}: {_NEED[name]}")
    return found[name]
