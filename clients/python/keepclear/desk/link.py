"""The link: whether this desk hears the hotline now, since when, and when it last did.

Kept by whoever follows the stream, asked by whoever shows it. Not guaranteed: that a link which is up misses nothing;
what the service withholds in silence no link can tell.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

NOT_YET = "not connected yet"

BEHIND = 300
"""Events that wait, from which on a desk is behind: it takes in a thousand and more a second, so that fewer are soon
done with, and more are told to whoever looks at the screen."""

BEHIND_BYTES = 6 * 1024 * 1024
"""What waits by its cost, from which on a desk is behind: more than half a second of work on a machine that has more
to do."""

BEHIND_S = 0.8
"""For how long the oldest may wait before a desk is behind: an officer is told within a second."""

SLOW_EACH_S = 1
"""While it lasts, the hotline says each second that it is slow: what it says is of the second to come."""

SLOW_S = 3.0
"""For how long what it says of its slowness holds, as a line that is slow may say it late."""

SLOW_TOGETHER_S = 10.0
"""What is said again within that time is one time of slowness, as where every sixth second's turn is long."""

SLOW_STAYS_S = 900.0
"""For how long it is remembered that the hotline was slow: a quarter of an hour away from the desk."""

MOST_SPANS = 256
"""Spans of hearing that wait to be noted, which is done every ten seconds: a link that comes and goes all the time. And
times of slowness: more than fit into what is remembered of them."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """How a desk stands to the hotline.

    ``since`` is the instant from which it is so: of a link that is up when it came up, of one that is down the last
    sign of life, or where there was none when this desk began. ``heard_at`` is the last sign of life, ``None`` before
    the first. ``detail`` says in plain words why it is down, or how long this desk was blind before it came up.
    ``clock_ahead_s`` is by how much this machine's clock was ahead of the hotline's when that last said who it is, give
    or take half a second; its signature has whole seconds. ``unwritten_since`` is when the oldest of what has come and
    is not in the journal yet came: nothing later counts as heard, since it is on no screen. ``behind`` is how many
    events have come, or are there as the hotline has signed, and are not in the journal; ``behind_of`` by whose they
    say that they are, of those that have come, the most first. ``slow``: they are more work than is soon done.
    ``hotline_slow_since`` is when the hotline first said that what is filed now may be told late, if that holds still;
    ``hotline_was_slow`` from when to when it was so before, each time that is not long ago, the newest last.
    """

    up: bool
    since: int
    heard_at: int | None = None
    detail: str = ""
    clock_ahead_s: float | None = None
    unwritten_since: int | None = None
    behind: int = 0
    behind_of: tuple[tuple[str, int], ...] = ()
    slow: bool = False
    hotline_slow_since: int | None = None
    hotline_was_slow: tuple[Span, ...] = ()

    @property
    def is_behind(self) -> bool:
        """Whether so many events wait, or such, that what is shown is not whole."""
        return self.slow or self.behind > BEHIND

    @property
    def hotline_slow(self) -> bool:
        """Whether the hotline has just said that what is filed now may be told late."""
        return self.hotline_slow_since is not None

    @property
    def lags(self) -> bool:
        """Whether this desk is behind, or the hotline: a danger filed just now may be on no screen."""
        return self.is_behind or self.hotline_slow

    def to_json(self) -> dict[str, Any]:
        """Return the link for scripts, times as RFC 3339."""
        return {
            "up": self.up,
            "since": format_instant(self.since),
            "heard_at": None if self.heard_at is None else format_instant(self.heard_at),
            "detail": self.detail,
            "behind": self.behind,
            "behind_of": dict(self.behind_of),
            "hotline_slow": self.hotline_slow,
            "hotline_slow_since": None if self.hotline_slow_since is None else format_instant(self.hotline_slow_since),
            "hotline_was_slow": [[format_instant(at) for at in one] for one in self.hotline_was_slow],
        }


class LinkState:
    """The link of one desk, kept up to date by its following."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._link = Link(False, clock(), None, NOT_YET)
        self._slow: deque[Span] = deque(maxlen=MOST_SPANS)  # from when to when the hotline said so, the last time
        self._ended: deque[Span] = deque(maxlen=MOST_SPANS)

    @property
    def now(self) -> Link:
        """The link as it stands."""
        if not self._slow:
            return self._link
        now = self._slow_until_now()
        recent = [one for one in self._slow if now - one[1] < SLOW_STAYS_S * SECOND]
        since = recent.pop()[0] if recent and now - recent[-1][1] < SLOW_S * SECOND else None
        return replace(
            self._link,
            hotline_slow_since=since,
            hotline_was_slow=tuple((first, last + SLOW_EACH_S * SECOND) for first, last in recent),
        )

    def told_slow(self) -> None:
        """Note that the hotline says that it is slow."""
        at = self._slow_until_now()
        goes_on = bool(self._slow) and at - self._slow[-1][1] <= SLOW_TOGETHER_S * SECOND
        self._slow.append((self._slow.pop()[0] if goes_on else at, at))

    def _slow_until_now(self) -> int:
        """Return the time, without what was said later by a clock that was set back since: it must not come again."""
        now = self._clock()
        while self._slow and self._slow[-1][1] > now:
            self._slow.pop()
        return now

    def heard(self) -> None:
        """Note a sign of life, which is none of an instant after what has come and is not written yet."""
        link, at = self._link, self._clock()
        heard_at = at if link.unwritten_since is None else max(link.since, min(at, link.unwritten_since))
        if heard_at != link.heard_at:
            self._link = replace(link, heard_at=heard_at)

    def waits(self, since: int | None, counts: Mapping[str, int], cost: int = 0, owed: int = 0) -> None:
        """Note what has come and is not written: since when the oldest waits, how many of whom, and what they cost.

        ``owed`` is how many have not even come.
        """
        late = since is not None and self._clock() - since > BEHIND_S * SECOND
        of = tuple(sorted(((who, count) for who, count in counts.items() if who), key=lambda each: -each[1]))
        slow, behind = late or cost > BEHIND_BYTES, sum(counts.values()) + owed
        self._link = replace(self._link, unwritten_since=since, behind=behind, behind_of=of, slow=slow)

    @property
    def unwritten_s(self) -> float:
        """For how long the oldest of them has waited; less than nothing where there is none."""
        since = self._link.unwritten_since
        return -math.inf if since is None else max(0, self._clock() - since) / SECOND

    def spoke(self, at_s: int) -> None:
        """Note that the hotline has just signed its first word on a connection, in second ``at_s`` of its clock."""
        ahead_s = self._clock() / SECOND - at_s - 0.5
        self._link = replace(self._link, clock_ahead_s=round(ahead_s, 1))

    def rises(self) -> str:
        """Note that the link is up; return for how long this desk was blind, in words, or nothing."""
        before, at = self._link, self._clock()
        blind = "" if before.up or before.heard_at is None else f"blind for {max(0, at - before.since) // SECOND} s"
        if not before.up:
            self._link = replace(before, up=True, since=at, heard_at=at, detail=blind)
        return blind

    def falls(self, detail: str) -> None:
        """Note that the link is down, and why."""
        before = self._link
        if before.up:
            self._ended.append((before.since, before.heard_at or before.since))
        since = before.since if not before.up else before.heard_at or self._clock()
        self._link = replace(before, up=False, since=since, detail=detail)

    def spans(self) -> list[Span]:
        """Return from when to when the hotline was heard: what has ended since this was last asked, and what lasts."""
        ended = [self._ended.popleft() for _ in range(len(self._ended))]
        link = self._link
        return [*ended, *([(link.since, link.heard_at or link.since)] if link.up else [])]
