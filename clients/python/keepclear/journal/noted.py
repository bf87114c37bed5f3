"""What a desk's journal notes by single values and by time: where the stream is, who heard and watched when, what came.

The connection and the way to ask it are here too; ``reads`` asks for the rest.
"""

import json
import sqlite3
import threading
from typing import Any

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.instant import SECOND

from .changes import PUT_BACK, SPENT_NOTE, spent_name
from .faults import journal_faults
from .kept import OverNow

DAY_US = 86_400 * SECOND

AHEAD_US = 60 * SECOND
"""By how much the hotline's clock may be ahead of this desk's: what it has just signed counts at once."""


class Noted:
    """The notes, over one connection; any thread may ask."""

    def __init__(self, db: sqlite3.Connection, party: str) -> None:
        self.party = party
        self._read = db
        self._reading = threading.RLock()

    def receipted_beside(self, epoch: str, seq: int) -> list[tuple[int, str, str]]:
        """Return seq, hash and receipt of our own statement at a place of the log, or of those next to it."""
        columns = "SELECT seq, sha256, receipt FROM own WHERE epoch = ? AND receipt IS NOT NULL"
        below = self._rows(f"{columns} AND seq <= ? ORDER BY seq DESC LIMIT 1", epoch, seq)
        return below + self._rows(f"{columns} AND seq >= ? ORDER BY seq LIMIT 1", epoch, seq)

    def cursor(self) -> Cursor | None:
        """Return the position behind which the stream has not been taken yet."""
        value = self.noted("cursor")
        return None if value is None else Cursor.parse(value)

    def ahead(self) -> str:
        """Return the runs of positions behind the cursor that were taken before their place."""
        return self.noted("ahead") or ""

    def read_at(self) -> int | None:
        """Return the instant at which everything was last read from the service, or a watch last heard it."""
        return max(self.heard_ats(), default=None)

    def heard_ats(self) -> list[int]:
        """Return when everything was last read, and when a watch last heard the service, as far as they are known."""
        noted = (self.noted("read_at"), self.noted("heard_at"))
        return [int(value) for value in noted if value is not None]

    def watched_until(self) -> int | None:
        """Return the instant until which somebody is known to have watched at this desk, ``None`` of a new one."""
        value = self.noted("watched_until")
        return None if value is None else int(value)

    def answer_s(self) -> float:
        """Return the longest wait for one answer when everything was last read, 0 if that is not known."""
        return int(self.noted("answer_ms") or 0) / 1000

    def in_force(self) -> tuple[str, int] | None:
        """Return the newest terms that a verified alert was under, and the earliest instant at which one was."""
        terms, _, at = (self.noted("in_force") or "").partition(" ")
        return (terms, int(at)) if at else None

    def over_budget(self, now: int) -> list[OverNow]:
        """Return who is over which budget at ``now``, and until when, by the service's newest word of each."""
        return [over for over in self._spent(now) if now < over.until]

    def over_before(self, since: int, now: int) -> list[OverNow]:
        """Return who was over which budget until an instant from ``since`` on, and may not have filed all since.

        The service's word that a budget's end has come says that all of it was filed; one of its own room does not.
        """
        ended = [over for over in self._spent(now) if since < over.until <= now]
        return [over for over in ended if over.is_room or not over.is_end]

    def _spent(self, now: int) -> list[OverNow]:
        """Return the newest word of each budget of a party's that was spent lately."""
        query = "SELECT name, value FROM meta WHERE name BETWEEN ? AND ? ORDER BY name"
        rows = self._rows(query, spent_name(now - DAY_US - SECOND), spent_name(now + AHEAD_US + 1))
        over: dict[tuple[str, str], OverNow] = {}
        for name, value in rows:
            since, party, budget = name.removeprefix(SPENT_NOTE).split(" ")
            over[party, budget] = OverNow(party, budget, int(since), *json.loads(value))
        return list(over.values())

    def put_back(self) -> int | None:
        """Return when this desk met another life of the hotline's store, if it did."""
        value = self.noted(PUT_BACK)
        return None if value is None else int(value)

    def generation(self) -> int:
        """Return how often something was judged."""
        return int(self.noted("generation") or 0)

    def spans(self, what: str, since: int = 0) -> list[tuple[int, int]]:
        """Return from when to when the hotline was heard, or somebody watched, where that ended after ``since``."""
        query = "SELECT began, until FROM spans WHERE what = ? AND until >= ? ORDER BY began"
        return [(began, until) for began, until in self._rows(query, what, since)]

    def moments(self, since: int, until: int, most: int) -> list[tuple[int, str, str | None, str]]:
        """Return what happened in a span of time, the newest ``most``, newest first: when, what, by what, to which id.

        That is an alert by its standing, an answer by its party, a statement of ours by its kind.
        """
        query = (
            "SELECT received_at AS at, 'alert', standing, conflict FROM objects "
            "WHERE received_at BETWEEN :since AND :until AND conflict IS NOT NULL UNION ALL "
            "SELECT received_at, 'answer', party, conflict FROM acknowledgements "
            "WHERE received_at BETWEEN :since AND :until AND stage = 'acknowledged' UNION ALL "
            "SELECT filed_at, 'own', kind, id FROM own WHERE filed_at BETWEEN :since AND :until "
            "ORDER BY at DESC LIMIT :most"
        )
        return self._rows(query, {"since": since, "until": until, "most": most})

    def noted(self, name: str) -> str | None:
        """Return a single value."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._reading, journal_faults():
            named = values[0] if values and isinstance(values[0], dict) else values
            return self._read.execute(query, named).fetchall()
