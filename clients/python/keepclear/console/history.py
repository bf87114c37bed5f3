"""What this desk knew at an instant, and one conflict whole, as a page is told it: from the journal alone.

The picture of then has the members of now's picture, and says that it is past. Nothing can be done in it: no door that
signs takes a time. Guaranteed: what it shows of then is what the desk showed then, and where the desk was blind, or
nobody watched, it says so.
"""

from typing import Any, TypeVar

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.speakable import speakable

from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.happening import Happening, Revealed, Signature
from keepclear.desk.incident import Incident
from keepclear.desk.record import ConflictRecord
from keepclear.desk.spans import heard_spans, long_ones, watched_spans, without
from keepclear.desk.then import Then
from keepclear.desk.views import ConflictView
from keepclear.journal.past import BEGAN

from .extents import NOTHING, Filed, extent, filed
from .facts import agreement_json, counts_json, link_json, spans_json
from .said import conflict_json, notice_json, phase, queue_order, spoken, told
from .whole import whole_json

MOST_MARKS = 2_000
"""Marks of a slider: more than it has pixels."""

MOST_DRAWN = 20_000
"""Notices and alerts whose drawings are held, a few kilobytes each: a slider asks for the same again and again."""

UNWATCHED = "unwatched"

T = TypeVar("T")


class Past:
    """The past of one desk, with what was drawn of it before: neither a notice's bytes nor an alert's ever change."""

    def __init__(self, desk: AsyncDesk | Desk) -> None:
        self._desk = desk
        self._filed: dict[str, Filed] = {}
        self._records: dict[str, ConflictRecord | None] = {}

    def picture(self, at: int) -> dict[str, Any]:
        """Return the picture as this desk knew it at an instant; raise ``LocalError`` where its past begins later."""
        with self._desk.then(at) as then:
            picture, link = then.picture(), then.link
            deadline_s = self._desk.exchange.agreement.deadlines.acknowledge_s
            whole = whole_json(picture, link, None, at)
            if not then.watched:
                said = {"code": UNWATCHED, "text": "nobody watched at this desk"}
                whole = {"is": False, "reasons": [said, *whole["reasons"]]}
            return {
                "at": told(at),
                "past": True,
                "party": picture.party,
                "link": link_json(link),
                "picture": {"heard_at": told(link.heard_at), "age_s": picture.age_s, "stale": picture.stale},
                "whole": whole,
                "counts": counts_json(picture),
                "forged": picture.forged,
                "conflicts": [self._conflict(then, view, deadline_s) for view in queue_order(picture.conflicts)],
                "notices": [notice_json(view, self._read(then, view.sha256)) for view in picture.notices],
            }

    def _conflict(self, then: Then, view: ConflictView, deadline_s: int | None) -> dict[str, Any]:
        kept = then.journal.conflict(view.conflict)
        adopted = None if kept is None else kept.adopted
        if adopted is None or adopted not in self._records:
            _keep(self._records, adopted or "", then.record(view.conflict))
        came = then.journal.came(view.conflict, view.version)
        return {
            **conflict_json(view, self._records[adopted or ""], None, came, deadline_s),
            "phase": phase(view, seen=kept is not None and kept.shown >= view.version),
            "overdue": False,
        }

    def _read(self, then: Then, sha256: str) -> Filed:
        if sha256 not in self._filed:
            row = then.journal.own(sha256)
            _keep(self._filed, sha256, NOTHING if row is None else filed(row.raw))
        return self._filed[sha256]


def _keep(kept: dict[str, T], name: str, value: T) -> None:
    if len(kept) >= MOST_DRAWN:
        kept.clear()
    kept[name] = value


def span(desk: AsyncDesk | Desk, now: int) -> dict[str, Any]:
    """Return how far the past reaches, when the desk was blind or nobody watched, and what happened when."""
    journal = desk.journal
    oldest = int(journal.noted(BEGAN) or now)
    heard, watched = heard_spans(journal, desk.link()), watched_spans(journal, now)
    return {
        "oldest": told(oldest + 999),  # to the millisecond, and not before it
        "newest": told(now),
        "blind": spans_json(long_ones(without([one for one in heard if one[0] < one[1]], oldest, now))),
        "unwatched": spans_json(long_ones(without(watched, oldest, now))),
        "marks": [
            {"at": told(at), "what": what, "by": by, "id": id}
            for at, what, by, id in reversed(journal.moments(oldest, now, MOST_MARKS))
        ],
    }


def incidents(desk: AsyncDesk | Desk) -> list[dict[str, Any]]:
    """Return every conflict that there ever was, in few words, the newest first."""
    views = desk.picture(everything=True).conflicts
    return [
        {
            "conflict": view.conflict,
            "code": view.code,
            "state": view.state,
            "severity": view.severity,
            "alarm": view.alarm,
            "version": view.version,
            "own": {"id": view.own, "callsign": view.own_callsign},
            "other": {"party": view.party, "category": view.category},
            "time_start": told(view.start),
            "time_end": told(view.end),
            "received_at": told(view.received_at),
            "unanswered": view.unanswered,
        }
        for view in sorted(views, key=lambda view: (view.received_at or 0, view.version), reverse=True)
    ]


def incident_json(incident: Incident) -> dict[str, Any]:
    """Return one conflict whole."""
    record = incident.record
    view = record.view
    return {
        **conflict_json(view, record, None, None, None),
        "spoken": spoken(view.conflict),
        "agreement": agreement_json(incident.agreement),
        "timeline": [_happening(each) for each in incident.timeline],
        "signatures": [_signature(each) for each in incident.signatures],
        "unsound": incident.unsound,
        "disclosed": [_revealed(each) for each in incident.disclosed],
        "shown": [_revealed(each) for each in incident.shown],
        "own_volumes": len(incident.own),
        "blind": spans_json(incident.blind),
        "unwatched": spans_json(incident.unwatched),
        "own_code": speakable(view.own),
    }


def _happening(each: Happening) -> dict[str, Any]:
    return {
        "at": told(each.at),
        "kind": each.kind,
        "by": each.by,
        "clock": each.clock,
        "came_at": told(each.came_at),
        "sha256": each.sha256,
        **each.details,
    }


def _signature(each: Signature) -> dict[str, Any]:
    signer = each.checked.signer
    return {
        "kind": each.kind,
        "by": each.by,
        "number": each.number,
        "at": told(each.at),
        "sha256": each.checked.sha256,
        "holds": each.checked.verdict == VERIFIED,
        "verdict": each.checked.verdict,
        "detail": each.checked.detail,
        "noted": each.noted,
        "signer": None
        if signer is None
        else {
            "owner": signer.owner, "kid": signer.key.kid, "fingerprint": signer.key.fingerprint,
            "revision": signer.revision,
        },
    }  # fmt: skip


def _revealed(each: Revealed) -> dict[str, Any]:
    return {
        "digest": each.digest,
        "revision": each.revision,
        "since": told(each.since),
        "extent": extent(each.volume),
    }
