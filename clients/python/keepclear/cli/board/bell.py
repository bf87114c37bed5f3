"""When the bell rings: for danger that nobody of ours has answered, and in another rhythm for a lost link.

Pure: the instant is handed in, and what comes out is the rhythm that is due. A clock that was set back makes it ring
at once, never fall silent until that clock has caught up. A terminal has one tone, so alarms differ
by rhythm alone. Nothing but an answer, or the end of the danger, ends the first; nothing but the link the second. What
cannot be excluded is no danger that anybody has seen: it rings once, and once more when its time is near. A bell that
does not stop for what is most often nothing is how officers learn not to hear it.
"""

from dataclasses import dataclass, field

from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Severity

from keepclear.desk.link import Link
from keepclear.desk.picture import UNVERIFIED, ConflictView, Picture
from keepclear.verify.verdicts import Standing

DANGER_AGAIN_S = 15
"""Unanswered danger rings again after this: a sentence on the telephone long, an eighth of what the agreement of the
tests gives for an answer."""

BLIND_AGAIN_S = 10
"""A lost link rings again after this, sooner than danger does: it hides every danger."""

BLIND_LATER_AFTER_S, BLIND_LATER_AGAIN_S = 120, 60
"""After two minutes everybody in the room has heard it. A bell that cannot be borne is pulled out; one each minute is
not, and the screen stays inverted."""

BLIND_AT_START_S = 5
"""A watch that begins needs a moment to connect."""

NEAR_S = 600
"""Before its window, a conflict that cannot be excluded rings again: time to ask for the other height, and to turn."""

Rhythm = tuple[float, ...]
"""The pauses between strokes, in seconds; there is one stroke more than pauses."""

DANGER: Rhythm = (0.3, 0.3)
BLIND: Rhythm = (0.3, 0.9, 0.3)
POSSIBLE: Rhythm = (0.9,)


@dataclass
class Bell:
    """The bell of one watch, which began at the instant ``began``."""

    began: int
    _danger_at: int | None = None
    _blind_at: int | None = None
    _rung: set[tuple[str, int]] = field(default_factory=set)
    _hinted: set[tuple[str, int, bool]] = field(default_factory=set)

    def due(self, picture: Picture, link: Link, now: int) -> Rhythm | None:
        """Return what is to ring now, if anything, taking it for rung."""
        if link.up:
            self._blind_at = None
        elif self._blind_due(link, now):
            self._blind_at = now
            return BLIND
        danger = {(view.conflict, view.version) for view in picture.conflicts if is_danger(view)}
        hints = {
            (view.conflict, view.version, is_near(view, now)) for view in picture.conflicts if cannot_be_excluded(view)
        }
        hinted = hints <= self._hinted
        self._hinted = hints
        new = danger - self._rung
        self._rung &= danger
        if not danger:
            self._danger_at = None
        elif new or _is_over(self._danger_at, DANGER_AGAIN_S, now):
            self._rung |= danger
            self._danger_at = now
            return DANGER
        return None if hinted else POSSIBLE

    def _blind_due(self, link: Link, now: int) -> bool:
        if link.heard_at is None and not _is_over(self.began, BLIND_AT_START_S, now):
            return False
        late = now - link.since > BLIND_LATER_AFTER_S * SECOND
        again_s = BLIND_LATER_AGAIN_S if late else BLIND_AGAIN_S
        return _is_over(self._blind_at, again_s, now)


def _is_over(began: int | None, pause_s: int, now: int) -> bool:
    """Whether a pause is over, or never began; one that begins ahead of now was counted by another clock."""
    return began is None or not 0 <= now - began < pause_s * SECOND


def is_danger(view: ConflictView) -> bool:
    """Whether somebody must be called to the conflict until he has answered."""
    called = view.unanswered and view.state in (Standing.OPEN, UNVERIFIED)
    return called and not cannot_be_excluded(view)


def cannot_be_excluded(view: ConflictView) -> bool:
    """Whether the conflict is an unanswered one of heights of two kinds, and all that was said of it holds."""
    possible = view.severity == Severity.POSSIBLE and view.state == Standing.OPEN and view.alarm is None
    return possible and view.unanswered


def is_near(view: ConflictView, now: int) -> bool:
    """Whether the window of a conflict is near, or has begun."""
    return view.start is not None and view.start - now <= NEAR_S * SECOND
