"""One conflict told as a story: who filed what, who was shown what and what not, who acknowledged when.

Callsigns stand here because the demo plays both sides; neither party is told the other's. What a party was shown is
read from its desk's journal, and so is what each side holds of the other's answers. Times are UTC.
"""

from typing import Any

from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.separation import Severity, severity_rank

from .flights import Turn
from .tally import Conflict, Facts


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
    lines = ["One conflict, as both sides saw it (callsigns are the demo's; neither side is told the other's):", ""]
    for turn in conflict.turns:
        at = _clock(filed[turn.number]["received_at"])
        window = f"{_clock(turn.start)} to {_clock(turn.end)}"
        lines.append(f"  {at}  {turn.party} files {turn.name}: {len(turn.volumes)} volumes, {window}")
    lines += [
        f"  {_clock(filed[second.number]['received_at'])}  conflict: {conflict.severity}, lead class {told['lead']},"
        f" {_clock(conflict.start)} to {_clock(conflict.end)}",
        f"             worst pair: {worst['horizontal_m']} m apart horizontally, {worst['vertical_m']} m vertically,"
        f" {worst['altitude_lower_m']} to {worst['altitude_upper_m']} m {worst['reference']}",
        "",
    ]
    for turn, other in ((second, first), (first, second)):
        lines += _shown(turn, other, testimonies[turn.party])
    lines += _answers(testimonies[first.party], first.party, second.party)
    lines += _answers(testimonies[second.party], second.party, first.party)
    return lines


def _shown(turn: Turn, other: Turn, testimony: Facts) -> list[str]:
    if testimony["callsign"] is not None or testimony["remarks"] is not None:
        raise EvidenceInvalid("over_disclosed", f"{turn.party} was shown a callsign or remarks")
    shown, total = testimony["shown_volumes"], len(other.volumes)
    return [
        f"  {turn.party} was shown {shown} of the {total} volumes that {other.party} filed, signed by {other.party},"
        f" and the category {testimony['category']}.",
        f"  {turn.party} was not shown: the other {total - shown} volumes or how many there are, the callsign,"
        " the remarks.",
    ]


def _answers(testimony: Facts, witness: str, other: str) -> list[str]:
    """What ``witness`` holds in its own journal of the other side's answers."""
    answers: dict[str, Any] = {answer["stage"]: answer for answer in testimony["answers"] if answer["party"] == other}
    delivered, acknowledged = answers.get("delivered"), answers.get("acknowledged")
    if acknowledged is None:
        raise EvidenceInvalid("evidence", f"{witness} holds no acknowledgement of {other}'s")
    when = f"acknowledged {acknowledged['at'][11:]} by {acknowledged['officer']}"
    when = f"delivered {delivered['at'][11:]}, {when}" if delivered else when
    return [f"  {other}: {when}. {witness} holds the signed answers."]


def _clock(instant: int) -> str:
    return format_instant(instant // SECOND * SECOND)[11:]
