"""The desk's picture as JSON for pages, made anew only where it has changed, and what changed since the last look.

The desk gives an unchanged conflict as the same object, and a notice's bytes never change; so a look at thousands of
them costs comparisons alone. Guaranteed: a picture that was pushed, with every change behind it laid over it, is the
picture as it is. What cannot be read of one conflict leaves that one without its drawing, and no other.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any, NamedTuple, Protocol

from keepclear_protocol.instant import format_instant
from keepclear_protocol.terms import Terms

from keepclear.cli.deadline import told_at
from keepclear.desk.link import Link
from keepclear.desk.picture import Picture
from keepclear.desk.record import ConflictRecord
from keepclear.desk.views import ConflictView, NoticeView
from keepclear.journal.reads import Reads

from .extents import NOTHING, Filed, filed
from .feed import encode
from .said import CLEARED_UNSEEN, conflict_json, is_overdue, notice_json, phase, queue_order, told

Listed = dict[str, bytes]
"""JSON by key, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a page is told at one instant: single members by name, and both lists. Values are JSON already."""

    members: Mapping[str, bytes] = field(default_factory=dict)
    conflicts: Listed = field(default_factory=dict)
    notices: Listed = field(default_factory=dict)

    def whole(self, more: Mapping[str, bytes]) -> bytes:
        """Return the whole, with members of the page's own."""
        lists = {name: b"[" + b",".join(getattr(self, name).values()) + b"]" for name in ("conflicts", "notices")}
        return _object({**self.members, **more, **lists})

    def change(self, before: "Snapshot") -> bytes | None:
        """Return what is to be laid over ``before``, None where nothing is."""
        said = {name: value for name, value in self.members.items() if before.members.get(name) != value}
        for name in ("conflicts", "notices"):
            if (listed := _listed(getattr(before, name), getattr(self, name))) is not None:
                said[name] = listed
        return _object(said) if said else None


DRAW_S = 0.15
"""Seconds of one look for drawing, so that a flood takes nobody's whole second; what is not drawn is listed all the
same."""


class _Drawn(NamedTuple):
    """What was made of a conflict's view: its JSON up to the members that the clock changes.

    What ``is_whole`` has its drawing; the rest is tried again with the next look.
    """

    view: ConflictView
    steady: bytes
    is_whole: bool


class Source(Protocol):
    """What facts are made from: a desk as it is now, or as it was at another instant."""

    @property
    def journal(self) -> Reads:
        """What was kept."""

    def record(self, conflict: str) -> ConflictRecord | None:
        """Return all that is known of one conflict."""

    def earlier(self, conflict: str, version: int) -> ConflictView | None:
        """Return what the picture showed before a version."""


class Facts:
    """The facts of one source, remembered from look to look; ``failed`` is told what cannot be drawn."""

    def __init__(self, source: Source, failed: Callable[[str], None]) -> None:
        self._source = source
        self._failed = failed
        self._drawn: dict[str, _Drawn] = {}
        self._listed: dict[str, tuple[NoticeView, bytes]] = {}
        self._filed: dict[str, Filed] = {}
        self._seen: set[tuple[str, int]] = set()

    def snapshot(
        self, picture: Picture, terms: Terms, heard_at: int | None, now: int, members: Mapping[str, Any]
    ) -> Snapshot:
        """Return all that a page is told of a picture; ``members`` are those that are not the picture's own.

        ``heard_at`` is when the hotline was last heard.
        """
        deadline_s = terms.deadlines.acknowledge_s
        said = {
            "party": picture.party,
            "parties": [party.id for party in terms.parties],
            "agreement": agreement_json(terms),
            # The age itself changes each second: whoever shows it has the instant.
            "picture": {"heard_at": told(heard_at), "stale": picture.stale},
            "forged": picture.forged,
            "over_budget": [over.to_json() for over in picture.over_budget],
            "probing": [probing.to_json() for probing in picture.probing],
            "counts": counts_json(picture),
            **members,
        }
        return Snapshot(encoded(said), self.conflicts(picture, deadline_s, now), self.notices(picture))

    def conflicts(self, picture: Picture, deadline_s: int | None, now: int) -> Listed:
        """Return the conflicts of a picture, in the order of the queue."""
        listed, drawn = {}, {}
        views = queue_order(picture.conflicts)
        self._draw_soon(views, deadline_s)
        for view in views:
            known = self._drawn.get(view.conflict)
            if known is None or known.view is not view:
                # In a flood the view has to do until its turn comes: it says what there is, and where not yet.
                known = _Drawn(view, encode(conflict_json(view, None, None, None, deadline_s)), is_whole=False)
            drawn[view.conflict] = known
            overdue = b"true" if is_overdue(view, deadline_s, now) else b"false"
            state = self._phase(view).encode()
            listed[view.conflict] = known.steady[:-1] + b',"phase":"' + state + b'","overdue":' + overdue + b"}"
        self._drawn = drawn
        self._seen = {one for one in self._seen if one[0] in drawn}
        return listed

    def notices(self, picture: Picture) -> Listed:
        """Return the own notices of a picture, as they were filed."""
        listed: Listed = {}
        kept: dict[str, tuple[NoticeView, bytes]] = {}
        for view in picture.notices:
            known = self._listed.get(view.sha256)
            if known is None or known[0] != view:
                known = view, encode(notice_json(view, self._read(view)))
            kept[view.sha256] = known
            listed[view.sha256] = known[1]
        self._listed = kept
        self._filed = {sha256: said for sha256, said in self._filed.items() if sha256 in kept}
        return listed

    def _draw_soon(self, views: Sequence[ConflictView], deadline_s: int | None) -> None:
        """Draw what is not drawn as it stands, for ``DRAW_S`` at most: each counterpart's by turns, in their order."""
        waiting: dict[str, list[ConflictView]] = {}
        for view in views:
            known = self._drawn.get(view.conflict)
            if known is None or known.view is not view or not known.is_whole:
                waiting.setdefault(view.party, []).append(view)
        until = time.monotonic() + DRAW_S
        turns = zip_longest(*sorted(waiting.values(), key=len))  # who has the fewest is first
        for view in filter(None, chain.from_iterable(turns)):
            self._drawn[view.conflict] = self._draw(view, deadline_s)
            if time.monotonic() > until:
                return

    def _phase(self, view: ConflictView) -> str:
        """Return a conflict's phase; whether a closing was seen is asked of the journal until it was."""
        named = view.conflict, view.version
        state = phase(view, seen=named in self._seen)
        if state == CLEARED_UNSEEN:
            kept = self._source.journal.conflict(view.conflict)
            if kept is not None and kept.shown >= view.version:
                self._seen.add(named)
                return phase(view, seen=True)
        return state

    def _draw(self, view: ConflictView, deadline_s: int | None) -> _Drawn:
        record: ConflictRecord | None = None
        before, came, is_whole = None, None, True
        try:
            record = self._source.record(view.conflict)
            rows = [row for row in self._source.journal.versions(view.conflict) if row.version is not None]
            at = next((row.received_at for row in rows if row.version == view.version), None)
            came = None if at is None else (rows[0].received_at, at)
            before = self._source.earlier(view.conflict, view.version)
        except Exception as error:  # whatever it is: the view itself is there, and must be shown
            is_whole = False
            self._failed(f"{view.code} cannot be drawn: {type(error).__name__}: {error}")
        return _Drawn(view, encode(conflict_json(view, record, before, came, deadline_s)), is_whole)

    def _read(self, view: NoticeView) -> Filed:
        said = self._filed.get(view.sha256)
        if said is None:
            row = self._source.journal.own(view.sha256)
            said = NOTHING if row is None or not view.volumes else filed(row.raw)
            self._filed[view.sha256] = said
        return said


def counts_json(picture: Picture) -> dict[str, Any]:
    """Return what waits, counted."""
    waiting = [at for view in picture.conflicts if view.unanswered and (at := told_at(view)) is not None]
    return {
        "unanswered": picture.unanswered,
        "oldest_unanswered_at": told(min(waiting, default=None)),
        "not_sent": picture.not_sent,
        "lost": picture.lost,
    }


def agreement_json(terms: Terms) -> dict[str, Any]:
    """Return what a page shows of the agreement in use."""
    return {
        "id": terms.id,
        "name": terms.name,
        "revision": terms.revision,
        "fingerprint": terms.fingerprint,
        "service": terms.service.origin,
        "deadline_s": terms.deadlines.acknowledge_s,
        "categories": [
            {
                "name": name, "horizontal_m": minima.horizontal_m, "vertical_m": minima.vertical_m,
                "lead_s": minima.lead_s, "tail_s": minima.tail_s,
            }
            for name, minima in terms.categories.items()
        ],
        "limits": {"horizon_s": terms.limits.horizon_s, "volumes": terms.limits.volumes},
        "valid_until": format_instant(max(key.not_after for key in terms.service.keys)),
    }  # fmt: skip


def link_json(link: Link) -> dict[str, Any]:
    """Return the link, with by how much this machine's clock is ahead of the hotline's, where that is known."""
    return {**link.to_json(), "clock_ahead_s": link.clock_ahead_s}


def encoded(members: Mapping[str, Any]) -> dict[str, bytes]:
    """Return members as JSON, each by itself."""
    return {name: encode(value) for name, value in members.items()}


def spans_json(spans: Iterable[tuple[int, int]]) -> list[list[str | None]]:
    """Return spans of time."""
    return [[told(begin), told(end)] for begin, end in spans]


def _listed(before: Listed, after: Listed) -> bytes | None:
    put = [value for key, value in after.items() if before.get(key) != value]
    gone = [key for key in before if key not in after]
    order: Sequence[str] = list(after)
    moved = order != list(before)
    if not (put or gone or moved):
        return None
    said = {"put": b"[" + b",".join(put) + b"]", "gone": encode(gone)}
    return _object({**said, "order": encode(order)} if moved else said)


def _object(members: Mapping[str, bytes]) -> bytes:
    return b"{" + b",".join(b'"' + name.encode() + b'":' + value for name, value in members.items()) + b"}"
