"""ASTM F3548-21's own JSON: a list of Volume4D, or an object that holds one.

Volumes are passed on as they are written. What else an operational intent says (priority, state, subscriptions) is no
part of a notice and is left out, which a note tells. Off-nominal volumes are claimed like the others: they are where
the aircraft may be.
"""

from typing import Any

from .content import Content
from .flight import MAX_VOLUMES, Flight, Options, VolumeJson, checked, unreadable

HOLDERS = ("volumes", "off_nominal_volumes", "area", "extents")
"""Members that hold a list of Volume4D: an operational intent's details, a flight intent of InterUSS's test suites, a
request to a discovery service."""


def recognise(content: Content) -> bool:
    """Whether a file is a JSON list, or an object that holds a list of volumes."""
    if not content.looks_like_json:
        return False
    value = content.json
    return isinstance(value, list) or (isinstance(value, dict) and _holds_volumes(value))


def read(content: Content, _: Options) -> list[Flight]:
    """Return the one flight of a file; raise ``LocalError`` with ``input_file``."""
    return [f3548_flight(content.json)]


def f3548_flight(value: object) -> Flight:
    """Return the flight of a list of Volume4D, of an operational intent or its details, or of a flight intent.

    Raises ``LocalError`` with ``input_file``.
    """
    notes: list[str] = []
    if isinstance(value, dict):
        place, value = ("details: ", value["details"]) if isinstance(value.get("details"), dict) else ("", value)
        held = {name: _list(value[name], place + name) for name in HOLDERS if name in value}
        if off_nominal := held.get("off_nominal_volumes"):
            notes.append(f"{len(off_nominal)} off-nominal volumes are claimed like the others")
        if left_out := sorted(set(value) - set(held)):
            notes.append(f"left out, since a notice does not say it: {', '.join(left_out)}")
        volumes = [volume for name, members in held.items() for volume in checked(members, place + name)]
    else:
        volumes = checked(_list(value, ""), "")
    if not volumes:
        raise unreadable("", "there are no volumes in it")
    if len(volumes) > MAX_VOLUMES:
        raise unreadable("", f"{len(volumes)} volumes; a notice holds at most {MAX_VOLUMES}")
    return Flight(None, volumes, notes)


def _holds_volumes(value: dict[str, Any]) -> bool:
    details = value.get("details")
    return any(name in value for name in HOLDERS) or (isinstance(details, dict) and _holds_volumes(details))


def _list(value: object, place: str) -> list[VolumeJson]:
    if not isinstance(value, list):
        raise unreadable(place, "not a list of volumes")
    return value
