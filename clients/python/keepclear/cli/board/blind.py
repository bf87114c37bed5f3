"""When nobody could see: from when to when this face did not hear the hotline, and when nobody watched at this desk.

Pure: the instant is handed in.
"""

from dataclasses import dataclass, field

from keepclear_protocol.instant import SECOND

from keepclear.desk.link import Link

BLIND_STAYS_S = 900
"""Seconds for which it is said that somebody was blind: a quarter of an hour away from the desk."""

UNWATCHED_S = 3
"""Seconds between two watches that are worth a word: less is a watch begun anew at once."""

Span = tuple[int, int]


@dataclass
class Blindness:
    """From when to when one face was blind, each time that is not long ago."""

    spans: list[Span] = field(default_factory=list)
    _heard_at: int | None = None
    _was_up: bool = False

    def looks(self, link: Link, now: int) -> None:
        """Note what the link has changed."""
        if link.up and not self._was_up and self._heard_at is not None:
            self.spans.append((self._heard_at, link.since))
        if link.up:
            self.spans = [one for one in self.spans if is_recent(one, now)]
        self._was_up = link.up
        if link.up:
            self._heard_at = link.heard_at
        elif self._heard_at is not None:
            self._heard_at = link.since


def is_recent(span: Span, now: int) -> bool:
    """Whether it is not so long ago that it need not be said any more."""
    return now - span[1] <= BLIND_STAYS_S * SECOND


def unwatched(until: int | None, now: int) -> Span | None:
    """Return from when to when nobody watched, where a watch before this one ended ``until`` then."""
    return None if until is None or now - until < UNWATCHED_S * SECOND else (until, now)
