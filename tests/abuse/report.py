"""What was found, as text to read and as rows of a Markdown table."""

import re
from collections import Counter
from collections.abc import Sequence

from .attack import Outcome, Phase, ms

PHASES = ("before", "during", "after")
COLUMNS = 5
"""Of the table in docs/abuse.md."""

TIMES = {"danger": "dangers", "submit": "submits", "other": "others"}

_FOLDERS = re.compile(r"(?<![\w.])/(?:[\w.-]+/)+(?=[\w.-])")
"""Of a path; a page says the file's name and nothing of the machine that it was on."""

SHOWN = 9
"""Kinds of events that a row names, the most frequent first."""


def block(outcome: Outcome, took_s: float) -> str:
    """Return an attack's figures in some lines."""
    rows = [f"{outcome.name}  {outcome.title}  ({took_s:.0f} s)  {'HELD' if outcome.held else 'OPEN'}"]
    if outcome.phases:
        found = [outcome.phases[name] for name in PHASES]
        rows += [
            _row("honest submit, p50/p99 ms", " | ".join(_pair(phase.submits) for phase in found)),
            _row("danger to the desk, p50/p99 ms", " | ".join(_pair(phase.dangers) for phase in found)),
            _row("other agreement's submit", " | ".join(_pair(phase.others) for phase in found)),
            _row("honest refused", " | ".join(_counts(phase.refused) or "none" for phase in found)),
            _row("late, and told so in time", " | ".join(str(phase.late_and_told) for phase in found)),
            _row("told at once: not now", " | ".join(str(phase.told_at_once) for phase in found)),
            _row("/readyz", " | ".join(_counts(phase.ready) for phase in found)),
        ]
    spent = outcome.spent
    if spent.sent:
        cost = f"{spent.sent} sent, {spent.taken} taken, {spent.size / 1e6:.2f} MB, {spent.seconds:.1f} s"
        rows.append(_row("attacker", f"{cost}; {_counts(spent.codes) or 'nothing refused'}"))
    if outcome.peaks:
        rows.append(_row("at most", ", ".join(f"{name} {value:.0f} MB" for name, value in outcome.peaks.items())))
    for name, told in (("the victim's desk", outcome.told), ("log", outcome.log), ("metrics", outcome.refusals)):
        if told:
            rows.append(_row(name, _counts(told)))
    rows += [_row(name, str(value)) for name, value in spent.facts.items()]
    rows += [_row("OPEN", fault) for fault in outcome.faults]
    return "\n".join(rows)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Return all outcomes as a table."""
    head = ["attack", "submit p99 ms", "danger p99 ms", "other p99 ms", "attacker", "store", "told", "open"]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for outcome in outcomes:
        found = [outcome.phases[name] for name in PHASES] if outcome.phases else []
        spent = outcome.spent
        cells = [
            f"**{outcome.name}** {outcome.title}",
            _three(found, "submits"),
            _three(found, "dangers"),
            _three(found, "others"),
            f"{spent.taken} of {spent.sent}, {spent.size / 1e6:.2f} MB, {spent.seconds:.0f} s" if spent.sent else "",
            f"+{outcome.peaks['store +']:.0f} MB" if outcome.peaks else "",
            "; ".join(part for part in (_counts(spent.codes), _counts(outcome.told)) if part),
            "; ".join(outcome.faults) or "held",
        ]
        facts = "; ".join(f"{name}: {value}" for name, value in spent.facts.items())
        rows.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
        if facts:
            rows.append(f"| | {facts.replace('|', '/')} |" + " |" * (len(head) - 2))
    return "\n".join(rows)


def fill(page: str, outcomes: Sequence[Outcome]) -> str:
    """Return a page of the documentation with what was found in the rows of these attacks: *now* and the cost."""
    found = {f"**{outcome.name}**": outcome for outcome in outcomes}
    rows = page.split("\n")
    for at, row in enumerate(rows):
        cells = row.split("|")
        outcome = found.get(cells[1].strip().partition(" ")[0]) if len(cells) == COLUMNS + 2 else None
        if outcome is not None:
            cells[3], cells[4] = f" {_now(outcome)} ", f" {_cost(outcome)} "
            rows[at] = "|".join(cells)
    return "\n".join(rows)


def _now(outcome: Outcome) -> str:
    found = [outcome.phases[name] for name in PHASES] if outcome.phases else []
    parts = [f"{what} {_three(found, name)}" for what, name in TIMES.items()] if found else []
    if late := sum(phase.late_and_told for phase in found):
        parts.append(f"{late} late of which the desk had said in time that it was behind or blind")
    if told := sum(phase.told_at_once for phase in found):
        parts.append(f"{told} told at once: {_counts(_sum(found))}")
    if outcome.peaks:
        parts.append(f"store +{outcome.peaks['store +']:.0f} MB")
    parts += [f"{name}: {value}" for name, value in outcome.spent.facts.items() if name != "processor seconds"]
    parts += [f"**open: {fault}**" for fault in outcome.faults]
    return _FOLDERS.sub("", "; ".join(parts)).replace("|", "/")


def _cost(outcome: Outcome) -> str:
    spent = outcome.spent
    if not spent.sent:
        return ""
    refused = _counts(spent.codes) or "nothing"
    cost = f"{spent.taken} of {spent.sent} taken, {spent.size / 1e6:.1f} MB, {spent.seconds:.0f} s; refused: {refused}"
    return cost.replace("|", "/")


def _sum(found: Sequence[Phase]) -> Counter[str]:
    return sum((phase.refused for phase in found), Counter[str]())


def _row(name: str, value: str) -> str:
    return f"    {name:<31} {value}"


def _pair(times: list[float]) -> str:
    return f"{ms(times, 0.5)}/{ms(times, 0.99)} of {len(times)}"


def _three(found: Sequence[Phase], what: str) -> str:
    return " / ".join(ms(getattr(phase, what), 0.99) for phase in found)


def _counts(counted: Counter[str]) -> str:
    most = counted.most_common(SHOWN)
    rest = sum(counted.values()) - sum(count for _, count in most)
    return ", ".join(f"{name} {count}" for name, count in most) + (f", others {rest}" if rest else "")
