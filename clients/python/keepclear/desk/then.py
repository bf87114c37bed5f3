"""A desk as it was at an instant: its picture, its conflicts in full and its link, from the journal alone.

Guaranteed: the picture is the one that the desk gave then, answers and alarms included. The link is told from the
spans in which the hotline was heard, which are noted every ten seconds: while one lasts, it counts as heard until now.
"""

from typing import Self

from ..journal.asof import PastJournal
from ..journal.journal import JOURNAL, Journal
from ..verify.opening import Opener
from .link import Link
from .picture import Picture, build_picture
from .record import ConflictRecord, conflict_record
from .spans import heard_spans, watched_spans


class Then:
    """A desk at the instant ``at``; it is ``now``, and ``link`` is what it is now. ``close`` it."""

    def __init__(self, journal: Journal, opener: Opener, at: int, now: int, link: Link) -> None:
        self.at = at
        self.journal = PastJournal(journal.folder / JOURNAL, journal.party, at)
        self._opener = opener
        self._heard = heard_spans(journal, link)
        self._watched = watched_spans(journal, now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal of then."""
        self.journal.close()

    @property
    def link(self) -> Link:
        """The link, as far as it is known: whether the hotline was heard then, and until when it had been."""
        lasting = [span for span in self._heard if span[0] <= self.at <= span[1] and span[0] < span[1]]
        if lasting:
            return Link(True, lasting[0][0], self.at)
        until = max((min(until, self.at) for began, until in self._heard if began <= self.at), default=None)
        if until is None:
            return Link(False, self.at, None, "the hotline had never been heard")
        return Link(False, until, until, "the hotline was not heard")

    @property
    def watched(self) -> bool:
        """Whether somebody watched at this desk."""
        return any(began <= self.at <= until for began, until in self._watched)

    def picture(self) -> Picture:
        """Return the picture."""
        return build_picture(self.journal, self.at, self.link.heard_at)

    def record(self, conflict: str) -> ConflictRecord | None:
        """Return all that the desk had of one conflict."""
        return conflict_record(self.journal, self._opener, conflict)
