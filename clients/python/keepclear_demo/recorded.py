"""The script of the recorded flights, and one of their conflicts told as a story.

The story: who filed what, who was shown what and what not, who acknowledged when.
Callsigns stand here because the demo plays both sides; neither party is told the other's. What a party was shown is
read from its desk's journal, and so is what each side holds of the other's answers. Times are UTC.
"""

from pathlib import Path
from typing import Any

from keepclear.offline.inputs import Options
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.separation import Severity, severity_rank

from .flights import MINIMA, PARTIES, RECORDED, deal
from .script import Script, Told
from .tally import Conflict, Facts, Tally
from .turn import Turn
from .words import clock, levels


def recorded(source: Path | None, *, limit: int | None, now: int) -> Script:
    """Return the script of the flights of ``source`` (the packaged sample where it is None); raise ``LocalError``."""
    turns = deal(source, PARTIES, limit=limit, now=now)
    return Script(RECORDED, lambda _: turns, lambda conflicts: conflicts and [worth_telling(conflicts)], _told)


def _told(_: list[Turn], conflicts: list[Conflict], tally: Tally) -> Told:
    options = Options()
    rules = {
        "horizontal_m": MINIMA.horizontal_m,
        "vertical_m": MINIMA.vertical_m,
        "leg_s": options.leg_s,
        "margin_s": options.margin_s,
    }
    if not conflicts:
        return Told(["No two flights of different parties come closer than agreed."], {"rules": rules})
    conflict = worth_telling(conflicts)
    testimonies = {party: tally.testimonies[party, conflict.id, "open"] for party in PARTIES}
    return Told(tell(conflict, tally.filed, testimonies), {"rules": rules})


def worth_telling(conflicts: list[Conflict]) -> Conflict:
    """Return the worst conflict (there must be one), and of several that which leaves most volumes unseen."""

    def hidden(conflict: Conflict) -> int:
        shown: int = sum(alert["shown_volumes"] for alert in conflict.alerts.values())
        return sum(len(turn.volumes) for turn in conflict.turns) - shown

    return min(conflicts, key=lambda one: (severity_rank(Severity(one.severity)), -hidden(one), one.start, one.id))


def tell(conflict: Conflict, filed: dict[int, Facts], testimonies: dict[str, Facts]) -> list[str]:
    """Return the story's lines; raise ``EvidenceInvalid`` where a desk was shown what it must not be."""
    first, second = conflict.turns
    told = testimonies[second.party]
    worst = told["worst"]
    lines = ["One conflict, as both sides saw it (neither is told the other's callsign):", ""]
    for turn in conflict.turns:
        at = clock(filed[turn.number]["received_at"])
        window = f"{clock(turn.start)} to {clock(turn.end)}"
        count = "1 volume" if len(turn.volumes) == 1 else f"{len(turn.volumes)} volumes"
        lines.append(f"  {at}  {turn.party} files {turn.name}: {count}, {window}")
    lines += [
        f"  {clock(filed[second.number]['received_at'])}  conflict: {conflict.severity}, lead class {told['lead']},"
        f" {clock(conflict.start)} to {clock(conflict.end)}",
        f"             {_apart(conflict.severity, worst)}, {levels(worst)}",
        "",
    ]
    for turn, other in ((second, first), (first, second)):
        lines += _shown(turn, other, testimonies[turn.party])
    lines += _answers(testimonies[first.party], first.party, second.party)
    lines += _answers(testimonies[second.party], second.party, first.party)
    return [*lines, "  Each holds the other's signed answers."]


def _shown(turn: Turn, other: Turn, testimony: Facts) -> list[str]:
    if testimony["callsign"] is not None or testimony["remarks"] is not None:
        raise EvidenceInvalid("over_disclosed", f"{turn.party} was shown a callsign or remarks")
    shown, total = testimony["shown_volumes"], len(other.volumes)
    return [
        f"  {turn.party} was shown {shown} of the {total} volumes, signed by {other.party}, and"
        f' "{testimony["category"]}"',
        f"  {turn.party} was not shown: the other {total - shown} or how many there are, callsign, remarks",
    ]


def _apart(severity: str, worst: Facts) -> str:
    if severity == Severity.OVERLAP:
        return "the volumes themselves meet"
    return f"{worst['horizontal_m'] / 1852:.1f} NM apart, {worst['vertical_m'] / 0.3048:.0f} ft in height"


def _answers(testimony: Facts, witness: str, other: str) -> list[str]:
    """What ``witness`` holds in its own journal of the other side's answers."""
    answers: dict[str, Any] = {answer["stage"]: answer for answer in testimony["answers"] if answer["party"] == other}
    delivered, acknowledged = answers.get("delivered"), answers.get("acknowledged")
    if acknowledged is None:
        raise EvidenceInvalid("evidence", f"{witness} holds no acknowledgement of {other}'s")
    when = f"acknowledged {acknowledged['at'][11:]} by {acknowledged['officer']}"
    when = f"delivered {delivered['at'][11:]}, {when}" if delivered else when
    return [f"  {other}: {when}"]
