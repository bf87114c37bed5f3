"""What looks like probing: many of our flights met, in a short time, by notices that the other side soon ended again.

A notice that crosses a whole sky and is withdrawn at once leaves as many closed conflicts as it met flights: each says
little, together they say that somebody was shown where all of them fly. Pure. Not guaranteed: that it was meant so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from ..journal.kept import KeptConflict

WITHIN_US = 3_600 * SECOND
"""How long it is told: an officer who comes back from a break must still see it."""

SHORT_US = 600 * SECOND
"""A notice of theirs that meets ours and is moved or withdrawn within this was short-lived. Whoever settles a true
conflict speaks first, which takes minutes, and settles one."""

MANY = 8
"""Flights of ours that were met so, from which on it is told: an honest correction moves a notice that meets few."""


@dataclass(frozen=True, slots=True)
class Probing:
    """``party`` has filed and soon ended ``notices`` that met ``ours`` of our notices, from ``since`` to ``until``."""

    party: str
    notices: int
    ours: int
    since: int
    until: int

    def to_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        times = {"since": format_instant(self.since), "until": format_instant(self.until)}
        return {"party": self.party, "notices": self.notices, "ours": self.ours, **times}


def candidates(kept: Iterable[KeptConflict], party: str, now: int) -> list[KeptConflict]:
    """Return the conflicts that were closed in the last hour by an act of the other side."""
    return [
        row
        for row in kept
        if row.pictured is not None
        and row.pictured.by not in (None, party)
        and row.pictured.reason in ("withdrawn", "amended")
        and now - WITHIN_US <= row.learnt_at
    ]


def probings(kept: Iterable[KeptConflict], came: Mapping[str, int]) -> list[Probing]:
    """Return what looks like probing among ``candidates``; ``came`` is when the first word of each conflict came."""
    by_party: dict[str, list[tuple[int, int, str, str]]] = {}
    for row in kept:
        first, shown = came.get(row.conflict, row.learnt_at), row.pictured
        if shown is not None and row.learnt_at - first <= SHORT_US:
            by_party.setdefault(shown.party, []).append((first, row.learnt_at, shown.other, shown.own))
    found = [
        Probing(
            party,
            len({other for *_, other, _ in rows}),
            len({own for *_, own in rows}),
            min(row[0] for row in rows),
            max(row[1] for row in rows),
        )
        for party, rows in by_party.items()
    ]
    return [one for one in found if one.ours >= MANY]
