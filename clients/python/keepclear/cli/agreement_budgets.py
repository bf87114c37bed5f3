"""An agreement's budgets in words: what each party may ask of the line, the same for all."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from keepclear_protocol.budgets import Budgets
from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import Malformed
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES
from keepclear_protocol.terms import Terms

from .agreement_units import height, period

BUDGETS = {
    "live_notices": "notices that are not over, at once",
    "submits_a_minute": "notices and amendments a minute",
    "acknowledgements_a_minute": "acknowledgements a minute",
    "stored_bytes": "bytes of its notices, and of alerts they caused",
    "pairs_an_hour": "pairs of volumes looked at an hour",
    "alerts_an_hour": "alerts to each other party an hour",
    "volume_time_a_day": "air taken for a day, km2 x km x h",
    "streams": "streams open at once, with each worker",
    "least_area_m2": "a volume counts as this area at least",
    "least_band_m": "a volume counts as this high at least",
    "least_duration_s": "a volume counts as this long at least",
    "speed_m_s": "or as a flight at this speed takes",
}
"""What each budget is of; the last four are the least price of a volume in what is taken of the air."""


def budget_text(name: str, value: int) -> str:
    """Return a budget's value with its unit."""
    if name == "least_area_m2":
        return f"{value / 1e6:,.10g} km2"
    if name == "speed_m_s":
        return f"{value} m/s"
    if name.endswith("_s"):
        return period(value)
    return height(value) if name.endswith("_m") else f"{value:,}"


def budgets_text(values: Mapping[str, Any]) -> str:
    """Return all budgets in a line."""
    return "; ".join(f"{BUDGETS.get(name, name)}: {budget_text(name, value)}" for name, value in values.items())


def budget_lines(terms: Terms) -> Iterator[str]:
    """Return the budgets of an agreement, whether it names them or the protocol's defaults hold."""
    is_named = "budgets" in parse_json(terms.payload, max_bytes=MAX_PAYLOAD_BYTES)
    named = "" if is_named else ", by the protocol's defaults: the agreement names none"
    yield f"budgets of each party{named}; withdrawals are outside of all; who is over one is refused, and all are told"
    for name, value in asdict(terms.budgets).items():
        yield f"  {name:<26}{budget_text(name, value):<24} {BUDGETS[name]}"
    yield "  others can spend what is below 64 pairs a volume, 8 alerts (or its volumes) a revision: docs/budgets.md"


def set_budgets(payload: dict[str, Any], given: Mapping[str, int]) -> None:
    """Set some budgets of a payload; the others stay, or are the protocol's defaults."""
    if unknown := ", ".join(sorted(set(given) - set(BUDGETS))):
        raise Malformed("agreement", f"no budget is called {unknown}; they are {', '.join(BUDGETS)}")
    if given:
        payload["budgets"] = {**payload.get("budgets", asdict(Budgets())), **given}
