"""One conflict and one own notice as a page is told them: the picture's view, and what there is to draw.

Pure but for the record that is handed in. The same functions tell a page of now and of then (``history``).
"""

from collections.abc import Sequence
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.speakable import speakable

from keepclear.cli.board.state import calls
from keepclear.cli.deadline import left_s, told_at
from keepclear.desk.record import ConflictRecord, PairRecord
from keepclear.desk.views import ConflictView, NoticeView
from keepclear.verify.verdicts import Standing

from .extents import Filed, extent, extents

NEW, ACKNOWLEDGED, CLEARED, CLEARED_UNSEEN, PAST = "new", "acknowledged", "cleared", "cleared_unseen", "past"
"""How far a conflict has come at this desk. What is new stays new until somebody of ours has answered, whatever
becomes of the flights; what was closed before anybody had answered stays so until somebody has seen that."""

_SPOKEN = dict(zip("0123456789", "Zero One Two Three Four Five Six Seven Eight Niner".split(), strict=True)) | {
    word[0]: word
    for word in (
        "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec"
        " Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu"
    ).split()
}
"""The radiotelephony alphabet of ICAO Annex 10: the same words whatever the language."""


def spoken(id: str) -> str:
    """Return the words of an id's code, to be said over a telephone."""
    return ", ".join(" ".join(_SPOKEN[symbol] for symbol in half) for half in speakable(id).split("-"))


def told(instant: int | None) -> str | None:
    """Return an instant for the page, rounded down to milliseconds."""
    return None if instant is None else format_instant(instant // 1000 * 1000)


def phase(view: ConflictView, *, seen: bool) -> str:
    """Return how far a conflict has come; ``seen``: somebody has seen this version of it."""
    if view.state == Standing.CLOSED and not view.alarm:
        unseen = not seen and view.ours.acknowledged_at is None and view.ours.earlier is None
        return CLEARED_UNSEEN if unseen else CLEARED
    if view.unanswered:
        return NEW
    return PAST if view.state == Standing.PAST and not view.alarm else ACKNOWLEDGED


def is_overdue(view: ConflictView, deadline_s: int | None, now: int) -> bool:
    """Whether an answer of ours is overdue by the agreement."""
    return view.unanswered and left_s(view, view.ours, deadline_s, now) < 0


def queue_order(views: Sequence[ConflictView]) -> list[ConflictView]:
    """Return conflicts as they are listed: what calls for somebody before all else, else as the picture has them."""
    return sorted(views, key=lambda view: not calls(view))


def conflict_json(
    view: ConflictView,
    record: ConflictRecord | None,
    before: ConflictView | None,
    came: tuple[int, int] | None,
    deadline_s: int | None,
) -> dict[str, Any]:
    """Return what of a conflict changes with its view alone.

    ``record`` has the pairs; ``before`` is what the picture showed of the version before this one; ``came`` is when the
    first version and this one came to this desk.
    """
    first_at, since = came or (None, None)
    waits_from = told_at(view)
    is_open = view.state == Standing.OPEN and deadline_s is not None and waits_from is not None
    return {
        **view.to_json(),
        "deadline_at": told((waits_from or 0) + (deadline_s or 0) * SECOND) if is_open else None,
        "spoken": spoken(view.conflict),
        "pairs_shown": [] if record is None else [_pair(pair) for pair in record.pairs],
        "their_extents": [] if record is None else extents(record.their_volumes),
        "changes": [] if before is None else changes(before, view),
        "since": told(since),
        "first_at": told(first_at),
    }


def notice_json(view: NoticeView, said: Filed) -> dict[str, Any]:
    """Return an own notice; its key among the others is ``sha256``: an id may stand twice, filed and amended."""
    return {**view.to_json(), "extents": said.extents, "remarks": said.remarks}


def changes(before: ConflictView, after: ConflictView) -> list[dict[str, Any]]:
    """Return what a version has changed against the one before; nothing of what a closing says no more."""
    told_of = {
        "state": (before.state, after.state),
        "severity": (before.severity, after.severity),
        "window": (_window(before), _window(after)),
        "band": (_band(before), _band(after)),
        "distance": (_distance(before), _distance(after)),
        "volumes": (before.pairs, after.pairs),
        "revision": (_revision(before), _revision(after)),
    }
    closed = after.state == Standing.CLOSED or after.state == Standing.UNCONFIRMED
    names = ("state", "revision") if closed else tuple(told_of)
    return [
        {"what": name, "before": told_of[name][0], "after": told_of[name][1]}
        for name in names
        if told_of[name][0] != told_of[name][1]
    ]


def _pair(pair: PairRecord) -> dict[str, Any]:
    return {
        "severity": pair.severity,
        "horizontal_m": pair.horizontal_m,
        "vertical_m": pair.vertical_m,
        "start": format_instant(pair.start),
        "end": format_instant(pair.end),
        "lower_m": pair.lower_m,
        "upper_m": pair.upper_m,
        "reference": pair.reference,
        "where": pair.where,
        "ours": extent(pair.ours),
        "theirs": extent(pair.theirs),
    }


def _window(view: ConflictView) -> list[str | None]:
    return [told(view.start), told(view.end)]


def _band(view: ConflictView) -> list[float | str | None]:
    return [view.lower_m, view.upper_m, view.reference]


def _distance(view: ConflictView) -> list[int | None]:
    return [view.horizontal_m, view.vertical_m]


def _revision(view: ConflictView) -> dict[str, int]:
    return {"own": view.own_revision, "other": view.other_revision}
