"""What looks like probing: many of our flights met, in a short time, by notices that the other side soon took away.

A notice that crosses a whole sky and is withdrawn at once leaves as many closed conflicts as it met flights: each says
little, together they say that somebody was shown where all of them fly. Pure. All times are the hotline's, so that a
desk that reads a night at once takes nothing of it for short. Not guaranteed: that it was meant so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from ..journal.kept import KeptConflict

WITHIN_US = 3_600 * SECOND
"""The time in which so many are met; and how long it is told, for an officer who comes back from a break."""

SHORT_US = 600 * SECOND
"""A notice of theirs that meets ours and is moved or withdrawn within this was short-lived. Whoever settles a true
conflict speaks first, which takes minutes, and settles one."""

MANY = 8
"""Flights of ours that were met so, from which on it is told: an honest correction moves a notice that meets few."""


@dataclass(frozen=True, slots=True)
class Probing:
    """``notices`` of ``party`` met ``ours`` of our notices and were soon gone, from ``since`` to ``until``."""

    party: str
    notices: int
    ours: int
    since: int
    until: int

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        times = {"since": format_instant(self.since), "until": format_instant(self.until)}
        return {"party": self.party, "notices": self.notices, "ours": self.ours, **times}


def probings(kept: Iterable[KeptConflict], party: str, now: int) -> list[Probing]:
    """Return what looks like probing at the desk of ``party``, as of what it has learnt in the last hour."""
    met: dict[str, list[tuple[int, int, str, str]]] = {}
    for row in kept:
        shown = row.pictured
        if shown is None or shown.by in (None, party) or row.learnt_at < now - WITHIN_US:
            continue
        began, gone = shown.opened_at, shown.received_at
        if began is not None and gone is not None and gone - began <= SHORT_US:
            met.setdefault(shown.party, []).append((began, gone, shown.other, shown.own))
    found = []
    for whose, rows in met.items():
        until = max(gone for _, gone, *_ in rows)
        rows = [row for row in rows if row[1] > until - WITHIN_US]
        notices, ours = ({row[at] for row in rows} for at in (2, 3))
        if len(ours) >= MANY:
            found.append(Probing(whose, len(notices), len(ours), min(row[0] for row in rows), until))
    return found
