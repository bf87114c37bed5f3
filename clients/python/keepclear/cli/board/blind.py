"""When nobody could see: from when to when this face did not hear the hotline, and when nobody watched at this desk.

Pure: the instant is handed in.
"""

from dataclasses import dataclass, field

from keepclear_protocol.instant import SECOND

from keepclear.desk.link import Link

BLIND_STAYS_S = 900
"""Seconds for which it is said that somebody was blind: a quarter of an hour away from the desk."""

QUIET_S = 8.0
"""The service gives a sign of life every five seconds: after eight one is missing."""

UNWATCHED_S = 3
"""Seconds between two watches that are worth a word: less is a watch begun anew at once."""

Span = tuple[int, int]


@dataclass
class Blindness:
    """From when to when one face was blind, each time that is not long ago.

    A link that is up and brings nothing is no less blind, once a sign of life is missing: nothing else tells of it.
    """

    spans: list[Span] = field(default_factory=list)
    _heard_at: int | None = None
    _was_up: bool = False
    _quiet_from: int | None = None

    def looks(self, link: Link, now: int) -> None:
        """Note what the link has changed."""
        if link.up and not self._was_up and self._heard_at is not None:
            self.spans.append((self._heard_at, link.since))
        elif link.up and self._quiet_from is not None and (link.heard_at or 0) > self._quiet_from:
            self.spans.append((self._quiet_from, link.heard_at or now))
        self._quiet_from = link.heard_at if is_quiet(link, now) else None
        if link.up:
            self.spans = [one for one in self.spans if is_recent(one, now)]
        self._was_up = link.up
        if link.up:
            self._heard_at = link.heard_at
        elif self._heard_at is not None:
            self._heard_at = link.since


def is_quiet(link: Link, now: int) -> bool:
    """Whether a link that is up has brought no sign of life for longer than it may.

    One that brings more than is read is not quiet: that it is behind is said instead.
    """
    return link.up and link.heard_at is not None and now - link.heard_at > QUIET_S * SECOND and not link.is_behind


def is_recent(span: Span, now: int) -> bool:
    """Whether it is not so long ago that it need not be said any more."""
    return now - span[1] <= BLIND_STAYS_S * SECOND


def unwatched(until: int | None, now: int) -> Span | None:
    """Return from when to when nobody watched, where a watch before this one ended ``until`` then."""
    return None if until is None or now - until < UNWATCHED_S * SECOND else (until, now)
