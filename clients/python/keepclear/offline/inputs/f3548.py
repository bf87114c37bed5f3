"""ASTM F3548-21's own JSON: a list of Volume4D, one of them, or whatever holds such lists in the answers of a USS.

What else an operational intent says (priority, state, subscriptions) is no part of a notice and is left out, which a
note tells. Off-nominal volumes are claimed like the others: they are where the aircraft may be. A list of intents is a
flight for each. Lists that are null are empty.
"""

from typing import Any

from .content import Content
from .f3548_bare import refuse, what_it_is
from .f3548_volume import MEMBERS, Taken
from .flight import MAX_VOLUMES, Flight, Options, VolumeJson, checked, unreadable
from .members import near, not_read, unread

HOLDERS = ("volumes", "off_nominal_volumes", "area", "extents")
"""Members that hold a list of Volume4D: an operational intent's details, a flight intent of InterUSS's test suites, a
request to a discovery service."""

WRAPPERS = (
    *("operational_intent", "operational_intents", "details", "flight_intent", "flight_intents", "intended_flight"),
    *("flight_plan", "flight_plans", "flight_info", "basic_information", "constraint", "constraints"),
)
"""Members that hold an object, or a list of objects, which hold those lists, at any depth."""

MAX_NESTED = 8
"""Levels of wrappers; the deepest answer of a USS has four."""

_NAMES = frozenset({*HOLDERS, *WRAPPERS})


def recognise(content: Content) -> bool:
    """Whether a file is a JSON list, a Volume4D, or an object with a member that holds volumes, or nearly so named."""
    if not content.looks_like_json:
        return False
    value = content.json
    if not isinstance(value, dict):
        return isinstance(value, list)
    known = MEMBERS <= value.keys() or any(name in _NAMES or near(name, _NAMES, {}) for name in value)
    return known or what_it_is(value) is not None


def read(content: Content, _: Options) -> list[Flight]:
    """Return a flight for each intent of a file; raise ``LocalError`` with ``input_file``."""
    left_out: set[str] = set()
    found = _intents(content.json, "", left_out, 0)
    if not found:
        refuse(content.json)
    return [_flight(holder, place, left_out, place if len(found) > 1 else "") for place, holder in found]


_Intent = tuple[str, dict[str, Any]]
"""Where an object stands that holds lists of volumes, and the object."""


def _intents(value: Any, place: str, left_out: set[str], level: int) -> list[_Intent]:
    """Return the objects that hold lists of volumes."""
    if level > MAX_NESTED:
        raise unreadable(place, f"nested more than {MAX_NESTED} levels deep")
    if isinstance(value, list):
        if not any(isinstance(item, dict) and _NAMES & item.keys() for item in value):
            if what_it_is(value) is not None:
                refuse(value, place)
            return [(place, {"": value})]
        many = [
            _intents(item, f"{place or 'intent'} {i}", left_out, level + 1) for i, item in enumerate(value, start=1)
        ]
        return [intent for intents in many for intent in intents]
    if not isinstance(value, dict):
        raise unreadable(place, "not an object that holds volumes")
    if MEMBERS <= value.keys():
        return [(place, {"": [value]})]
    left_out |= set(unread(value, _NAMES, place))
    within = [name for name in WRAPPERS if value.get(name) is not None]
    holding = [name for name in HOLDERS if value.get(name) is not None]
    if within and holding:
        detail = f"volumes stand in {holding[0]} and, it may be, in {within[0]} too: which are to be filed is unclear"
        raise unreadable(place, detail, hint="leave one of them out")
    if holding or (not within and any(name in value for name in HOLDERS)):
        return [(place, {name: value[name] for name in HOLDERS if value.get(name) is not None})]
    found = (_intents(value[name], f"{place}, {name}" if place else name, left_out, level + 1) for name in within)
    return [intent for intents in found for intent in intents]


def _flight(holder: dict[str, Any], place: str, left_out: set[str], told: str) -> Flight:
    notes: list[str] = []
    taken = Taken()
    volumes: list[VolumeJson] = []
    for name, members in holder.items():
        where = ", ".join(filter(None, (place, name)))
        if not isinstance(members, list):
            raise unreadable(where, "not a list of volumes")
        if len(volumes) + len(members) > MAX_VOLUMES:
            total = len(volumes) + len(members)
            raise unreadable(where, f"{total} volumes; a notice holds at most {MAX_VOLUMES}")
        if name == "off_nominal_volumes" and members:
            notes.append(f"off-nominal volumes are claimed like the others: {len(members)}")
        at = [f"{where}, volume {i}" if where else f"volume {i}" for i in range(1, len(members) + 1)]
        volumes += checked([taken.volume(volume, here) for volume, here in zip(members, at, strict=True)], where)
    if not volumes:
        raise unreadable(place, "there are no volumes in it")
    if "constraint" in place:
        notes.append("a constraint's volumes are claimed as if they were flown")
    notes += taken.notes()
    if gone := left_out | taken.left_out:
        notes.append(f"left out, since a notice does not say it: {not_read(gone)}")
    return Flight(None, volumes, notes, told)
