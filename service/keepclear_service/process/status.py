"""A service's state in one document: how it stands, line by line and party by party, and what is wrong with it.

Pure: a ``Sight`` in, JSON out.
"""

from collections.abc import Sequence
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from ..store.room import Room
from ..store.spent import Spent
from .lookout import Sight, StoreSight, WorkerSight
from .runs_out import RunsOut
from .survey import LineSurvey, PartySurvey
from .unanswered import Unanswered
from .wrong import wrong

SHOWN = 64
"""Alerts of a party that the document holds one by one, the oldest."""


def status(sight: Sight, *, down: str = "") -> dict[str, Any]:
    """Return the document. ``down`` says why the service itself was not asked: then its workers are not known."""
    found = sight.survey
    lines = [_line(sight, place, line, down=bool(down)) for place, line in enumerate(found.lines)]
    return {
        "at": format_instant(found.at),
        "wrong": list(wrong(sight, down)),
        "service": {
            "up": not down,
            "down": down,
            "since": None if down else _seconds(sight.since),
            "workers": [_worker(worker) for worker in sight.workers],
        },
        "log": {"lost": sight.lost, "last_lost": None if sight.lost_at is None else _seconds(sight.lost_at)},
        "store": {
            "code": found.code,
            "fault": found.fault,
            "version": found.version,
            "durable": found.durable,
            "own": _own_store(sight.own_store),
            "memory": _memory(found.room),
            "write_s": None if found.write_s is None else round(found.write_s, 3),
        },
        "agreements": lines,
        "versions": sight.versions,
    }


def _line(sight: Sight, place: int, line: LineSurvey, *, down: bool) -> dict[str, Any]:
    now = sight.survey.at
    founded, agreement = line.founded, line.agreement
    return {
        "id": line.id,
        "name": line.name,
        "fault": line.fault,
        "revision": None if agreement is None else agreement.revision,
        "ready": None if down else _ready(sight.workers, place),
        "epoch": None if founded is None else founded.epoch,
        "head": None if founded is None else founded.head,
        "matched_through": None if founded is None else founded.matched_through,
        "slowest_turn_s": None if down else _slowest_s(sight.workers, place),
        "conflicts": line.conflicts,
        "more_conflicts": line.more,
        "acknowledge_s": line.within_s,
        "parties": [_party(sight, place, line, party, down=down) for party in line.parties],
        "ends": [_end(end, now) for end in line.ends if end.stage(now) is not None],
        "end": None if line.end is None else format_instant(line.end),
    }


def _ready(workers: Sequence[WorkerSight], place: int) -> str:
    states = {note.state for worker in workers if (note := worker.line(place)) is not None} or {"no worker"}
    return "; ".join(sorted(states - {"ok"})) or "ok"


def _slowest_s(workers: Sequence[WorkerSight], place: int) -> float:
    notes = (worker.line(place) for worker in workers)
    return round(max((note.slowest_s for note in notes if note is not None), default=0.0), 1)


def _party(sight: Sight, place: int, line: LineSurvey, party: PartySurvey, *, down: bool) -> dict[str, Any]:
    now = sight.survey.at
    last = party.last
    alone = sight.alone[place].get(party.id)
    return {
        "id": party.id,
        "streams": None if down else sight.streams[place][party.id],
        "no_stream_since": None if down or alone is None else _seconds(alone),
        "live": party.live,
        "budgets": [_spent(one) for one in party.spent],
        "unanswered": party.unanswered,
        "oldest_unanswered_s": max(0, (now - party.waiting[0].since) // SECOND) if party.waiting else None,
        "overdue": len(line.overdue(party, now)),
        "undelivered": len(party.undelivered(now)),
        "waiting": [_waiting(line, one, now) for one in party.waiting[:SHOWN]],
        "last": None
        if last is None
        else {"kind": last.kind, "stage": party.stage, "at": format_instant(last.received_at), "seq": last.seq},
    }


def _spent(one: Spent) -> dict[str, Any]:
    return {
        "budget": one.budget,
        "with": one.other or None,
        "used": one.used,
        "agreed": one.agreed,
        "over": one.over,
        "back_at": None if one.back_at is None else format_instant(one.back_at * 1000),
    }


def _waiting(line: LineSurvey, one: Unanswered, now: int) -> dict[str, Any]:
    return {
        "code": one.code,
        "conflict": one.conflict,
        "seq": one.version,
        "severity": one.severity,
        "unanswered_s": max(0, (now - one.since) // SECOND),
        "at_least": one.at_least,
        "overdue": line.within_s is not None and one.overdue(now, line.within_s),
        "undelivered_s": None if one.undelivered is None else max(0, (now - one.undelivered) // SECOND),
    }


def _end(end: RunsOut, now: int) -> dict[str, Any]:
    return {
        "party": end.party,
        "kid": end.kid,
        "roles": list(end.roles),
        "at": format_instant(end.at),
        "days": end.days(now),
        "says": end.words(now),
    }


def _worker(worker: WorkerSight) -> dict[str, Any]:
    return {
        "worker": worker.place,
        "pid": worker.pid,
        "starts": worker.starts,
        "replaced": worker.replaced,
        "silent_s": None if worker.note is None else round(worker.silent_s, 1),
    }


def _own_store(own: StoreSight | None) -> dict[str, Any] | None:
    if own is None:
        return None
    deaths = [{"at": _seconds(at), "cause": cause} for at, cause in own.deaths[-1:]]
    return {
        "pid": own.pid,
        "starts": own.starts,
        "died_lately": len(own.deaths),
        "last_death": (*deaths, None)[0],
        "disk_free": own.free,
    }


def _memory(room: Room | None) -> dict[str, int] | None:
    return None if room is None else {"used": room.used, "mark": room.mark, "most": room.most}


def _seconds(at: float) -> str:
    return format_instant(int(at) * SECOND)
