"""How long an answer to a conflict may still take, by the agreement."""

import math

from keepclear_protocol.instant import SECOND

from keepclear.desk.picture import Answers, ConflictView
from keepclear.verify.verdicts import Standing


def told_at(view: ConflictView) -> int | None:
    """Return since when this side may know of the conflict, as far as that is known."""
    return view.ours.delivered_at or view.received_at


def left_s(view: ConflictView, said: Answers, deadline_s: int | None, now: int) -> float:
    """Return what is left to a side of the agreement's time for an answer, without end where that is not known."""
    since = said.delivered_at or told_at(view)
    if since is None or deadline_s is None or view.state != Standing.OPEN:
        return math.inf
    return deadline_s - (now - since) / SECOND
