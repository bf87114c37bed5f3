"""Answers and messages of ASTM F3548-21 that hold no volumes: who brings one is told what it is, and where they are."""

from typing import Any, NoReturn

from .flight import unreadable

REFERENCE = "the reference of an operational intent or constraint, without its details"
AVAILABILITY = "the availability of a USS"

_BARE = (
    (("operational_intent_references", "operational_intent_reference"), "references of operational intents"),
    (("constraint_references", "constraint_reference"), "references of constraints"),
    (("subscription", "subscribers"), "subscriptions"),
    (("telemetry",), "the telemetry of a vehicle"),
    (("operational_intent_id", "constraint_id"), "the notice that an intent or constraint was removed"),
    (("subscriptions",), "subscriptions"),
    (("planning_result", "flight_plan_status", "activity_result"), "what became of a flight that was planned"),
)
"""What a message is by the members that show it, the first of these that it has."""

_OF_REFERENCE = frozenset({"manager", "uss_base_url"})

HINT = "they stand in an intent's details: the USS that manages it, at its uss_base_url, gives them to whoever asks"


def what_it_is(value: Any) -> str | None:
    """Return in words what a JSON value is that has to do with F3548 and holds no volumes, None where it is none."""
    if isinstance(value, list):
        return what_it_is(value[0]) if value else None
    if not isinstance(value, dict):
        return None
    if value.keys() >= _OF_REFERENCE:
        return REFERENCE
    for members, what in _BARE:
        if any(name in value for name in members):
            return what
    within = [inner for inner in value.values() if isinstance(inner, dict)]
    if any("reference" in inner for inner in within):
        return REFERENCE
    return AVAILABILITY if any("availability" in inner for inner in within) else None


def refuse(value: Any, place: str = "") -> NoReturn:
    """Raise ``LocalError`` with ``input_file`` for a value without volumes, by what it is."""
    what = what_it_is(value)
    if what is None:
        raise unreadable(place, "there are no volumes in it")
    raise unreadable(place, f"there are no volumes in it, only {what} (ASTM F3548)", hint=HINT)
