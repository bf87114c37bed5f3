"""Pictures for boards: conflicts made of plain values, and what a drawn frame says as text."""

import itertools
from collections.abc import Sequence
from typing import Any

from keepclear.cli.board.frame import Frame, Scene, draw
from keepclear.cli.board.look import Look
from keepclear.cli.board.state import State
from keepclear.desk.answered import Answers
from keepclear.desk.link import Link
from keepclear.desk.picture import ConflictView, Picture
from keepclear.journal.pictured import Heights
from keepclear_protocol.encoding import digest
from keepclear_protocol.speakable import speakable

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
"""2027-01-15T08:00:00Z"""

_numbers = itertools.count()


def conflict(**changed: Any) -> ConflictView:
    """Return an open, unanswered overlap in a quarter of an hour; ``changed`` replaces members."""
    id = digest(f"conflict {next(_numbers)}")
    given: dict[str, Any] = {
        "conflict": id, "version": 3, "state": "OPEN", "severity": "overlap", "lead": "LATE", "verdict": "verified",
        "alarm": None, "alarm_detail": None, "own": "own-notice", "own_revision": 1, "party": "south",
        "other": "their-notice", "other_revision": 1, "start": NOW + 900 * SECOND, "end": NOW + 1500 * SECOND,
        "pairs": 1, "answers": (), "own_callsign": "NORTH12", "category": "transport",
        "where": (34.65, 37.8), "lower_m": 5638, "upper_m": 5944, "reference": "FL",
        "our_heights": Heights(5486.4, 5791.2, "FL"), "their_heights": Heights(5638.8, 5943.6, "FL"),
        "horizontal_m": 0, "vertical_m": 0,
        "received_at": NOW - 40 * SECOND, "ours": Answers(delivered_at=NOW - 38 * SECOND),
        "theirs": Answers(delivered_at=NOW - 38 * SECOND), "unanswered": True,
    }  # fmt: skip
    given.update(changed)
    return ConflictView(**{"code": speakable(given["conflict"]), **given})


ANSWERED: dict[str, Any] = {
    "unanswered": False, "ours": Answers(delivered_at=NOW, acknowledged_at=NOW, acknowledged_by="duty-1"),
}  # fmt: skip


def picture(*views: ConflictView, age_s: float | None = 2.0) -> Picture:
    return Picture("north", age_s, views, ())


def up(since_s: float = 60.0, heard_s: float = 2.0, at: int = NOW) -> Link:
    return Link(True, at - int(since_s * SECOND), at - int(heard_s * SECOND))


def down(since_s: float = 101.0, detail: str = "the hotline cannot be reached", at: int = NOW) -> Link:
    since = at - int(since_s * SECOND)
    return Link(False, since, since, detail)


def drawn(
    views: Sequence[ConflictView], link: Link | None = None, *, columns: int = 80, rows: int = 24,
    state: State | None = None, look: Look | None = None, now: int = NOW, deadline_s: int | None = 120,
) -> Frame:  # fmt: skip
    scene = Scene(picture(*views), link or up(), "North and South", now, (), deadline_s)
    return draw(scene, state or State(), look or Look(), columns, rows)


def text(frame: Frame) -> list[str]:
    return ["".join(span.text for span in line) for line in frame.lines]
