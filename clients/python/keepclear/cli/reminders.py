"""What a watch in lines says again, and why: it has no screen on which a danger goes on to stand.

Pure: the instant is handed in, and what comes out is what is due. Guaranteed: danger that nobody of ours has answered
is said when its answer is overdue, when its window begins, and from then on every ``AGAIN_S`` until somebody answers or
it is over; what cannot be excluded is said once for each, and when its window is near; what is answered is said when
its window begins. A link that stays lost is said in the rhythm of the board's bell.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from keepclear_protocol.instant import SECOND

from keepclear.desk.link import Link
from keepclear.desk.picture import UNVERIFIED, ConflictView, Picture
from keepclear.verify.verdicts import Standing

from .board.bell import BLIND_AGAIN_S, BLIND_LATER_AFTER_S, BLIND_LATER_AGAIN_S, cannot_be_excluded, is_danger, is_near
from .deadline import left_s
from .words import span

AGAIN_S = 60
"""Four times what the board's bell takes: lines that push what is new off a screen are a fault of their own."""

OVERDUE, BEGUN, NEAR, ALARM, LINK = "overdue", "begun", "near", "alarm", "link"


@dataclass(frozen=True, slots=True)
class Reminder:
    """Why something is said again: of a conflict, or without one of the link; ``words`` say it, ``reasons`` name it."""

    reasons: tuple[str, ...]
    words: str
    view: ConflictView | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the reminder for scripts."""
        of = {} if self.view is None else {"conflict": self.view.conflict, "code": self.view.code}
        picture = None if self.view is None else self.view.to_json()
        return {"event": "reminder", "reasons": list(self.reasons), "detail": self.words, **of, "picture": picture}


@dataclass
class Reminders:
    """The reminders of one watch, which began at the instant ``began``."""

    began: int
    _said: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    _round_at: int | None = None
    _link_at: int | None = None

    def due(self, picture: Picture, link: Link, deadline_s: int | None, now: int) -> list[Reminder]:
        """Return what is to be said now, the worst and soonest first, taking it for said."""
        due = list(self._link_due(link, now))
        reasons = {(view.conflict, view.version): _reasons(view, deadline_s, now) for view in picture.conflicts}
        danger = any(reasons[view.conflict, view.version] for view in picture.conflicts if is_danger(view))
        again = danger and (self._round_at is None or now - self._round_at >= AGAIN_S * SECOND)
        if again or not danger:
            self._round_at = now if again else None
        for view in picture.conflicts:
            key = view.conflict, view.version
            before, found = self._said.get(key, frozenset()), reasons[key]
            if found and ((again and is_danger(view)) or self._is_news(view, before, found)):
                due.append(Reminder(found, _words(view, found, deadline_s, now), view))
            self._said[key] = before | set(found)
        self._said = {key: said for key, said in self._said.items() if key in reasons}
        return due

    def _is_news(self, view: ConflictView, before: frozenset[str], found: Iterable[str]) -> bool:
        """Whether there is a reason that was not said; that something answered began before this watch is none."""
        news = set(found) - before
        if not view.unanswered and view.start is not None and view.start < self.began:
            news.discard(BEGUN)
        return bool(news)

    def _link_due(self, link: Link, now: int) -> Iterable[Reminder]:
        if link.up:
            self._link_at = None
            return
        if self._link_at is None:
            self._link_at = now  # that it is lost has its own line
        late = now - link.since > BLIND_LATER_AFTER_S * SECOND
        if now - self._link_at >= (BLIND_LATER_AGAIN_S if late else BLIND_AGAIN_S) * SECOND:
            self._link_at = now
            lasts = f"NOT CONNECTED for {span((now - link.since) / SECOND)}"
            yield Reminder((LINK,), f"{lasts}: {link.detail}; what was told before may have changed")


def _reasons(view: ConflictView, deadline_s: int | None, now: int) -> tuple[str, ...]:
    found = []
    if view.unanswered and (view.state == UNVERIFIED or view.alarm):
        found.append(ALARM)
    if view.unanswered and left_s(view, view.ours, deadline_s, now) < 0:
        found.append(OVERDUE)
    if view.state == Standing.OPEN and view.start is not None and view.end is not None and view.end >= now:
        if view.start <= now:
            found.append(BEGUN)
        elif cannot_be_excluded(view) and is_near(view, now):
            found.append(NEAR)
    return tuple(found)


def _words(view: ConflictView, reasons: Iterable[str], deadline_s: int | None, now: int) -> str:
    said = []
    for reason in reasons:
        match reason:
            case "overdue":
                said.append(f"OVERDUE {span(-left_s(view, view.ours, deadline_s, now))}")
            case "begun":
                said.append("NOT ANSWERED, BEGUN" if view.unanswered and OVERDUE not in reasons else "BEGUN")
            case "near":
                said.append("NEAR, NOT ANSWERED")
            case _:
                said.append("NOT ANSWERED")
    return ", ".join(said)
