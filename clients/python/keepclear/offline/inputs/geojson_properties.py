"""What a Feature's properties say of its volumes: window, band and sizes.

A height's reference is never guessed. Times and altitudes that stand in no property come from the ``Options``, or are
asked for by name. ``Feature`` also gathers what a reader of it has to say.
"""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import format_instant
from keepclear_protocol.volume import Reference

from .altitude import UNIT_M, band
from .asked import asked_half_width_m, asked_window
from .crs import judge_crs_of_properties
from .flight import Altitude, Options, VolumeJson, is_number, is_text, unreadable
from .members import told, unread, words_of

PROPERTIES = {
    "time_start": "RFC 3339 with Z",
    "time_end": "RFC 3339 with Z",
    "altitude_lower": "a number, or an object with value, reference and units",
    "altitude_upper": "a number, or an object with value, reference and units",
    "altitude_reference": "W84, AMSL, AGL or FL",
    "altitude_units": "M, FT or FL; M where left out, which FL may not",
    "half_width_m": "metres to either side of a LineString",
    "width_m": "metres from side to side of a LineString, instead of half_width_m",
    "radius_m": "metres around a Point",
    "callsign": "may be left out of all; Features of one callsign are one flight",
}
"""The properties of a Feature that are read, and what stands in them."""

_SIZES = {"half_width_m": "LineString", "width_m": "LineString", "radius_m": "Point"}
"""Properties that one kind of geometry alone needs: the width of a polygon is no slip of anything."""

_UNITS = frozenset({"unit", "units", "uom"})
"""By what else the units of an altitude go; metres in their stead would be three times what was meant."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One Feature's properties and place, with the notes and the names left out of its whole file."""

    properties: dict[str, Any]
    options: Options
    place: str
    notes: list[str]
    left_out: set[str]

    def judge_names(self, kinds: set[str]) -> None:
        """Refuse properties named nearly as one that is read of these kinds of geometry; keep others for a note."""
        place = f"{self.place}, properties"
        judge_crs_of_properties(self.properties, place)
        idle = [name for name, kind in _SIZES.items() if not any(kind in found for found in kinds)]
        others = unread(self.properties, PROPERTIES.keys(), place, idle=idle)
        # A height that is an object has its own units.
        bare = "altitude_units" not in self.properties and any(
            is_number(self.properties.get(name)) for name in ("altitude_lower", "altitude_upper")
        )
        if bare and (doubtful := [name for name in others if not _UNITS.isdisjoint(words_of(name))]):
            detail = "not read, and altitude_units is not there, without which altitudes are metres"
            raise unreadable(f"{place}, {told(doubtful[0])}", detail, hint="write altitude_units: M, FT or FL")
        self.left_out.update(others)

    def callsign(self) -> str | None:
        """Return the callsign, if there is one."""
        callsign = self.properties.get("callsign")
        if callsign is None:
            return None
        if not is_text(callsign):
            raise unreadable(f"{self.place}, callsign", "not a text, or half a letter in it")
        return callsign.strip() or None

    def half_width_m(self) -> float:
        """Return the half-width of the Feature's lines."""
        names = [name for name in ("width_m", "half_width_m") if name in self.properties]
        if not names and self.options.route_half_width_m is not None:
            return asked_half_width_m(self.options, self.place)
        if len(names) != 1:
            detail = "a LineString needs either width_m or half_width_m in its properties, or --half-width"
            raise unreadable(self.place, detail)
        return self.size_m(names[0]) / (2 if names[0] == "width_m" else 1)

    def size_m(self, name: str) -> float:
        """Return the metres above zero that stand in a property."""
        value = self.properties.get(name)
        if not is_number(value) or not 0 < value < 1e7:
            raise unreadable(self.place, f"{name} in the properties must be metres above zero")
        return float(value)

    def volume(self, outline: VolumeJson) -> VolumeJson:
        """Return the volume of an outline."""
        lower, upper = self._one_reference(self._altitude("altitude_lower"), self._altitude("altitude_upper"))
        shape = {**outline, "altitude_lower": lower, "altitude_upper": upper}
        return {"volume": shape, **self._window()}

    def _one_reference(self, *ends: VolumeJson) -> tuple[VolumeJson, VolumeJson]:
        """Return a band's ends; where an option gives one of another reference, both in that of the upper one."""
        lower, upper = ends
        said = all(name in self.properties for name in ("altitude_lower", "altitude_upper"))
        known = all(is_number(end.get("value")) and end.get("units") in UNIT_M for end in ends)
        references = {end.get("reference") if isinstance(end.get("reference"), str) else None for end in ends}
        if said or not known or len(references) < 2 or not references <= set(map(str, Reference)):
            return lower, upper
        altitudes = [Altitude(end["value"], end["reference"], end["units"]) for end in ends]
        found = band(altitudes[0], altitudes[1], self.options.uncertainty, self.place)
        if found.note:
            self.notes.append(f"{self.place}: {found.note}")
        values = found.lower, found.upper
        low, high = ({"value": value, "reference": found.reference, "units": found.units} for value in values)
        return low, high

    def _window(self) -> VolumeJson:
        names = ("time_start", "time_end")
        given = (self.options.start, self.options.end) != (None, None)
        if given and not any(name in self.properties for name in names):
            start, end = asked_window(self.options, self.place, "no time_start and time_end in the properties")
            texts: tuple[object, ...] = (format_instant(start), format_instant(end))
        else:
            texts = tuple(self.properties.get(name) for name in names)
        for name, text in zip(names, texts, strict=True):
            if not isinstance(text, str):
                detail = "missing from the properties, or not a text such as 2026-11-22T14:05:00Z"
                raise unreadable(f"{self.place}, {name}", detail, hint="--from and --to give what no property says")
        return {name: {"value": text, "format": "RFC3339"} for name, text in zip(names, texts, strict=True)}

    def _altitude(self, name: str) -> VolumeJson:
        value, reference, units = (self.properties.get(key) for key in (name, "altitude_reference", "altitude_units"))
        given = self.options.lower if name == "altitude_lower" else self.options.upper
        if given is not None and name not in self.properties:
            return {"value": given.value, "reference": given.reference, "units": given.units}
        if isinstance(value, dict):
            if reference is not None or units is not None:
                detail = "an altitude that is an object names its own reference and units"
                raise unreadable(f"{self.place}, {name}", detail)
            return value
        if name not in self.properties:
            hint = "--lower and --upper give what no property says"
            raise unreadable(f"{self.place}, {name}", "missing from the properties", hint=hint)
        if not is_number(value):
            hint = "write a number, with altitude_reference and altitude_units beside it"
            raise unreadable(f"{self.place}, {name}", f"not a finite number: {told(str(value)[:60])}", hint=hint)
        if reference is None:
            hint = "W84 is height above the ellipsoid, AMSL above the sea, AGL above ground, FL pressure altitude"
            raise unreadable(self.place, "altitude_reference is missing: W84, AMSL, AGL or FL", hint=hint)
        if units is None and reference == "FL":
            hint = "a pressure altitude is seldom in metres"
            raise unreadable(self.place, "altitude_units is missing: FT or FL", hint=hint)
        return {"value": value, "reference": reference, "units": units or "M"}
