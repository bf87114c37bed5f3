"""A service's state in one document: how it stands, line by line and party by party, and what is wrong with it.

Pure: a ``Sight`` in, JSON out. ``wrong`` are sentences for whoever was woken; with none of them the service is healthy.
What is a party's own affair (no stream, no answer) is shown and is not wrong with the service.
"""

from collections.abc import Sequence
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from .lookout import Sight, WorkerSight
from .runs_out import RunsOut
from .survey import LineSurvey, PartySurvey

LAGS_AT = 1_000
"""Entries that may wait for their alerts: a second or two of the busiest line."""


def status(sight: Sight, *, down: str = "") -> dict[str, Any]:
    """Return the document. ``down`` says why the service itself was not asked: then its workers are not known."""
    found = sight.survey
    lines = [_line(sight, place, line, down=bool(down)) for place, line in enumerate(found.lines)]
    return {
        "at": format_instant(found.at),
        "wrong": list(_wrong(sight, down)),
        "service": {
            "up": not down,
            "down": down,
            "since": None if down else _seconds(sight.since),
            "workers": [_worker(worker, found.at) for worker in sight.workers],
        },
        "store": {"code": found.code, "fault": found.fault, "version": found.version, "durable": not found.code},
        "agreements": lines,
        "versions": sight.versions,
    }


def _wrong(sight: Sight, down: str) -> list[str]:
    found = sight.survey
    wrong = [down] if down else []
    if found.code:
        wrong.append(f"{found.fault} ({found.code})")
    for worker in sight.workers:
        if worker.pid is None:
            wrong.append(f"worker {worker.place} is not running: the log says why under worker_died or restart_failed")
        elif worker.line(0) is None:
            wrong.append(f"worker {worker.place} says nothing: it hangs, or is only starting")
    for place, line in enumerate(found.lines):
        if line.fault and found.code != "store_unavailable":
            wrong.append(f"{line.name}: {line.fault}")
        for worker in sight.workers:
            note = worker.line(place)
            if note is not None and note.state != "ok":
                wrong.append(f"{line.name}: worker {worker.place} is not ready: {note.state}")
        lag = 0 if line.founded is None else line.founded.head - line.founded.matched_through
        if lag > LAGS_AT:
            wrong.append(f"{line.name}: {lag} entries wait for their alerts")
        wrong += [f"{line.name}: {end.words(found.at)}" for end in line.ends if end.roles and end.stage(found.at) == 0]
    return wrong


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
        "conflicts": line.conflicts,
        "more_conflicts": line.more,
        "parties": [_party(sight, place, party, down=down) for party in line.parties],
        "ends": [_end(end, now) for end in line.ends if end.stage(now) is not None],
        "end": None if line.end is None else format_instant(line.end),
    }


def _ready(workers: Sequence[WorkerSight], place: int) -> str:
    states = {note.state for worker in workers if (note := worker.line(place)) is not None} or {"no worker"}
    return "; ".join(sorted(states - {"ok"})) or "ok"


def _party(sight: Sight, place: int, party: PartySurvey, *, down: bool) -> dict[str, Any]:
    now = sight.survey.at
    last = party.last
    alone = sight.alone[place].get(party.id)
    return {
        "id": party.id,
        "streams": None if down else sight.streams[place][party.id],
        "no_stream_since": None if down or alone is None else _seconds(alone),
        "live": party.live,
        "unanswered": party.unanswered,
        "oldest_unanswered_s": None if party.oldest is None else max(0, (now - party.oldest) // SECOND),
        "last": None
        if last is None
        else {"kind": last.kind, "at": format_instant(last.received_at), "seq": last.seq},
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


def _worker(worker: WorkerSight, now: int) -> dict[str, Any]:
    silent = None if worker.note is None else round(max(0.0, now / SECOND - worker.note.at), 1)
    return {"worker": worker.place, "pid": worker.pid, "starts": worker.starts, "silent_s": silent}


def _seconds(at: float) -> str:
    return format_instant(int(at) * SECOND)
