"""What became of each flight that a page filed, for the page: the words of ``keepclear submit --json`` and more.

One object for each flight: its ``outcome``, the notice and its code, the stable code of what was refused with all
faults, and the conflicts that the answer brought.
"""

from typing import Any

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Unfit
from keepclear_protocol.speakable import speakable

from keepclear.cli.doubles import Standing
from keepclear.cli.lines import holds
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.filed import Filed
from keepclear.journal.kept import OwnStatement

SETTLED, DECLINED = "settled", "not_tried"
"""Nothing is left to be filed of it; it was not tried since the line is down."""


def of_filed(desk: AsyncDesk, filed: Filed, outcome: str) -> dict[str, Any]:
    """Return what became of a statement that was receipted; ``outcome`` is its word."""
    views = [view for event in filed.alerts if (view := desk.view(event)) is not None]
    return {
        **_named(filed.id),
        "outcome": outcome,
        "revision": filed.revision,
        "lead": filed.receipt.lead,
        "reference": filed.reference,
        "anew": filed.anew or None,
        "more": filed.more,
        "conflicts": [view.to_json() for view in views],
        "unverified": sum(not holds(event) for event in filed.alerts),
    }


def of_error(error: KeepclearError, outcome: str, id: str = "") -> dict[str, Any]:
    """Return what became of a statement that was not receipted, or of which that is not known."""
    faults = error.faults if isinstance(error, Unfit) else ()
    return {
        **_named(getattr(error, "id", "") or id),
        "outcome": outcome,
        "problem": {"code": error.code, "detail": error.detail, "hint": error.hint},
        "faults": [{"place": one.place, "code": one.code, "detail": str(one), "hint": one.hint} for one in faults],
    }


def of_standing(standing: Standing) -> dict[str, Any]:
    """Return that a flight was said before, and is not filed again."""
    return {**_named(standing.id), "outcome": standing.outcome, "detail": standing.detail}


def of_statement(row: OwnStatement, outcome: str, detail: str = "") -> dict[str, Any]:
    """Return what stands of a statement of ours, of which nothing was sent now."""
    return {**_named(row.id), "outcome": outcome, "revision": row.revision, "detail": detail}


def _named(id: str) -> dict[str, Any]:
    return {"notice": id or None, "code": speakable(id) if id else None}
