"""Claims: what a story consists of. A claim's lines say its facts and nothing else.

The lines are made from the facts alone, so that whoever has checked the facts has checked the story. Times in facts
are RFC 3339; in the lines they are UTC, to the second, or windows to the minute, rounded outward.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import SECOND, parse_instant

from ..words import FOOT_M, NM_M, clock, hour, hours

Facts = dict[str, Any]

COLUMNS = 80
INDENT = " " * 9
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the story, of a kind that ``_TELL`` has words for."""

    kind: str
    facts: Facts

    @property
    def lines(self) -> list[str]:
        """The claim in words."""
        return _TELL[self.kind](self.facts)

    def to_json(self) -> dict[str, Any]:
        """Return it as the result file has it."""
        return {"claim": self.kind, "facts": self.facts, "lines": self.lines}


def _setting(facts: Facts) -> list[str]:
    one, other = facts["parties"]
    area = facts["area"]
    place = f"{area['radius_m'] / 1000:.0f} km around {area['lat']:.1f} N {area['lng']:.1f} E"
    return [
        "A SYNTHETIC night: every movement, callsign and hour below is invented.",
        f"{one} and {other} file what they will do over Syria; {facts['mediator']} runs the line.",
        f"Agreed area: {place}. Whoever files asks no permission.",
        "Callsigns are for you, the reader: neither side is told the other's. UTC.",
        "",
    ]


def _filed(facts: Facts) -> list[str]:
    at, start, end = (parse_instant(facts[name]) for name in ("at", "start", "end"))
    days, count = (end - start) // (DAY_S * SECOND), facts["volumes"]
    when = f"{days} days from {hour(start)}" if days else hours(start, end)
    lead = facts["lead"].replace("_", " ")
    ahead = f", {(start - at) // SECOND} s ahead" if facts["lead"] == "LATE" else ""
    what = f"{facts['name']}, {facts['what']}: {count} volume{'s' * (count != 1)}"
    return [f"{_time(facts['at'])} {facts['party']} files {what}, {when}, {lead}{ahead}"]


def _conflict(facts: Facts) -> list[str]:
    miles, feet = f"{facts['horizontal_m'] / NM_M:.1f} NM", _feet(facts["vertical_m"])
    agreed = f"{facts['agreed_horizontal_m'] / NM_M:.0f} NM or {_feet(facts['agreed_vertical_m'])} ft"
    references = sorted({"AGL": "height above ground", "FL": "flight level"}[one] for one in facts["references"])
    why = {
        "overlap": ["their volumes meet"],
        "proximity": [f"{miles} and {feet} ft", f"apart, where {agreed} are agreed"],
        "possible": [f"{miles} apart over ground;", f"{' against '.join(reversed(references))}:", "cannot be excluded"],
    }[facts["severity"]]
    window = hours(parse_instant(facts["start"]), parse_instant(facts["end"]))
    head = f"{facts['severity'].upper()} with {facts['party']}'s {facts['with']}, {window}:"
    shown = "; to ".join(
        f"{party}: {one['volumes']} of {one['of']}{_volumes(one['of']) * first}, {one['category']}"
        for first, (party, one) in zip((True, False), facts["shown"].items(), strict=True)
    )
    answered = ", ".join(f"{party} {_time(at)}" for party, at in facts["acknowledged"].items())
    return [
        *_wrapped([head, *why]),
        f"{INDENT}Shown to {shown}",
        f"{INDENT}Acknowledged, signed: {answered}",
    ]


def _tail(facts: Facts) -> list[str]:
    what = facts["what"]
    later = (parse_instant(facts["there"]) - parse_instant(facts["ends"])) // (60 * SECOND)
    ends = f"The {what} ends {_time(facts['ends'])}, its danger {_time(facts['tail_ends'])} as agreed:"
    return [
        INDENT + ends,
        f"{INDENT}{facts['with']} would be there {_time(facts['there'])}, {later} min after the {what}",
    ]


def _closed(facts: Facts) -> list[str]:
    does = (
        f"amends {facts['name']} to {facts['band']}" if facts["reason"] == "amended" else f"withdraws {facts['name']}"
    )
    standing = " and ".join(sorted(set(facts["standing"].values())))
    cause = {"amended": "amendment", "withdrawn": "withdrawal"}[facts["reason"]]
    held = f"{facts['holder']} {'holds' if facts['has_cause'] else 'lacks'} the signed {cause}"
    return [
        f"{_time(facts['at'])} {facts['party']} {does}, which met {facts['with']}",
        f"{INDENT}Conflict {standing} on both desks; {held}",
    ]


def _silent(facts: Facts) -> list[str]:
    names = ", ".join(f"{', '.join(names)} ({party})" for party, names in facts["names"].items())
    return ["", f"Nothing at all was told of {names}:"]


def _own(facts: Facts) -> list[str]:
    both = f"{facts['name']} comes close to {facts['with']}: both are {facts['party']}'s,"
    return _wrapped([both, "and the line is silent"])


def _over(facts: Facts) -> list[str]:
    return _wrapped([f"{facts['name']} crosses high above {facts['with']}, {facts['band']}:", "surely clear"])


def _volumes(number: int) -> str:
    return " volume" if number == 1 else " volumes"


def _totals(facts: Facts) -> list[str]:
    (one, other), shown, filed = facts["filed"], facts["shown"], facts["filed"]
    first = f"{one} was shown {shown[one]} of {other}'s {filed[other]}{_volumes(filed[other])}"
    return [
        f"{first}, {other} {shown[other]} of {one}'s {filed[one]}: never",
        "a callsign or a remark, nor how many more volumes there are.",
    ]


_TELL: dict[str, Callable[[Facts], list[str]]] = {
    "setting": _setting,
    "filed": _filed,
    "conflict": _conflict,
    "tail": _tail,
    "closed": _closed,
    "silent": _silent,
    "own": _own,
    "over": _over,
    "totals": _totals,
}


def _wrapped(parts: list[str]) -> list[str]:
    """Put ``parts`` on as few lines as they take."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} {part}".strip()
        if len(INDENT + longer) > COLUMNS:
            lines.append(part)
        else:
            lines[-1] = longer
    return [INDENT + line for line in lines]


def _feet(metres: float) -> int:
    """Feet to the nearest hundred: an alert has whole metres, rounded down, and a pilot reads hundreds."""
    return round(metres / FOOT_M / 100) * 100


def _time(text: str) -> str:
    return clock(parse_instant(text))[:8]
