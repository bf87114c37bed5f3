"""A service's state in one document: how it stands, line by line and party by party, and what is wrong with it.

Pure: a ``Sight`` in, JSON out. ``wrong`` are sentences for whoever was woken; with none of them the service is healthy.
A party's silence is wrong too where somebody has to telephone: overdue, not delivered, no stream beside what waits.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from ..line.standing import SLOW_S
from ..steady import STEPPED_S
from ..store.room import Room
from ..store.spent import Spent
from .disk import SCARCE_BYTES
from .heartbeat import SILENT_S
from .lookout import DIED_LATELY_S, Sight, StoreSight, WorkerSight
from .runs_out import RunsOut
from .span import span
from .store_silence import SILENT_S as STORE_SILENT_S
from .survey import LineSurvey, PartySurvey
from .unanswered import Unanswered

LAGS_AT = 1_000
"""Entries that may wait for their alerts: a second or two of the busiest line."""

ALONE_S = 60
"""Seconds without a stream after which a party that has something to answer is telephoned."""

LOSS_COUNTS_S = 600
"""Seconds for which a lost line of the log is wrong; then it is a figure."""

SHOWN = 64
"""Alerts of a party that the document holds one by one, the oldest."""

NAMED = 3
"""Alerts of a party that are named one by one; the others are a sum."""


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


def _wrong(sight: Sight, down: str) -> list[str]:
    found = sight.survey
    wrong = [down] if down else []
    wrong += _store_wrong(sight)
    wrong += [words for worker in sight.workers if (words := _worker_wrong(worker))]
    stepped_s = max((worker.note.stepped_s for worker in sight.workers if worker.note), key=abs, default=0.0)
    if abs(stepped_s) > STEPPED_S:
        wrong.append(
            f"this machine's clock was stepped by {stepped_s:+.0f} s, and the service goes on by its own: mend NTP;"
            " if it is right now, start the service again"
        )
    if sight.lost_at is not None and found.at / SECOND - sight.lost_at < LOSS_COUNTS_S:
        wrong.append(
            f"the log is lost: {sight.lost} lines, the last {_span_of(int(sight.lost_at * SECOND), found.at)} ago:"
            " standard error is closed, full, or nobody reads it; see to that, and start the service again"
        )
    for place, line in enumerate(found.lines):
        if line.fault and found.code != "store_unavailable":
            wrong.append(f"{line.name}: {line.fault}")
        for worker in sight.workers:
            note = worker.line(place)
            if note is not None and note.told_s:
                wrong.append(
                    f"{line.name}: the parties' clocks all say that ours is {-note.told_s:+.0f} s off (worker"
                    f" {worker.place}): look at a clock that you trust; their reads are refused"
                )
            if note is not None and note.state != "ok":
                wrong.append(f"{line.name}: worker {worker.place} is not ready: {note.state}")
        lag = 0 if line.founded is None else line.founded.head - line.founded.matched_through
        if lag > LAGS_AT:
            wrong.append(f"{line.name}: {lag} entries wait for their alerts")
        hurries = [end for end in line.ends if end.roles and end.stage(found.at) in (0, 1)]
        wrong += [f"{line.name}: {end.words(found.at)}" for end in hurries]
        for party in line.parties:
            wrong += [f"{line.name}: {party.id} {words}" for words in _over(party)]
            wrong += [f"{line.name}: {words}" for words in _silence(sight, place, line, party, down=bool(down))]
    return wrong


TOLD_FOR = ", each time for five minutes, since what was refused is filed later if at all"


def _over(party: PartySurvey) -> Iterator[str]:
    """Yield what a party is refused for."""
    for one in party.spent:
        if one.over:
            until = "" if one.back_at is None else f" until {format_instant(-(-one.back_at // 1000) * SECOND)}"
            if one.budget == "acknowledgements_a_minute":
                yield f"has spent its {one.budget}: its answers are refused{until}"
            else:
                yield f"has spent its {one.budget}: its next notice is refused{until}; the others are told{TOLD_FOR}"


def _silence(sight: Sight, place: int, line: LineSurvey, party: PartySurvey, *, down: bool) -> Iterator[str]:
    """Yield why a party must be telephoned."""
    now = sight.survey.at
    late, lying = line.overdue(party, now), party.undelivered(now)
    for one in late[:NAMED]:
        yield (
            f"{party.id} has not answered {one.code} ({one.severity}) for {_waited(one, now)};"
            f" agreed is {span(line.within_s or 0)}: telephone them"
        )
    if len(late) > NAMED:
        yield f"{party.id} has not answered {len(late) - NAMED} more in the agreed time"
    for one in lying[:NAMED]:
        yield (
            f"{party.id}: {one.code} ({one.severity}) NOT DELIVERED for {_span_of(one.undelivered, now)}:"
            " its desk does not take it: telephone them"
        )
    if len(lying) > NAMED:
        yield f"{party.id}: {len(lying) - NAMED} more NOT DELIVERED"
    alone = sight.alone[place].get(party.id)
    if party.waiting and not down and alone is not None and now / SECOND - alone > ALONE_S:
        yield (
            f"{party.id} has NO STREAM here for {span(now / SECOND - alone)} and {len(party.waiting)} unanswered:"
            " telephone them (with several replicas, ask each first)"
        )


def _waited(one: Unanswered, now: int) -> str:
    return ("at least " if one.at_least else "") + _span_of(one.since, now)


def _span_of(since: int | None, now: int) -> str:
    return span(0 if since is None else (now - since) / SECOND)


def _store_wrong(sight: Sight) -> Iterator[str]:
    found, own = sight.survey, sight.own_store
    if own is not None and own.deaths:
        at, cause = own.deaths[-1]
        times = "once" if len(own.deaths) == 1 else f"{len(own.deaths)} times"
        last = f"{max(0, int(found.at / SECOND - at))} s ago"
        when = last if len(own.deaths) == 1 else f"last {last}"
        yield f"the store died {times} in the last {DIED_LATELY_S // 60:.0f} minutes, {when}: {cause}"
    if own is not None and own.free is not None and own.free < SCARCE_BYTES:
        yield f"the store's disk is full, {own.free >> 20} MiB free: NOTICES ARE REFUSED; make room on that disk"
    if found.write_s is not None and found.write_s > SLOW_S:
        yield f"the store is slow: a durable write took {found.write_s:.1f} s; look at its disk and its machine"
    if not found.code:
        return
    mend = ": NOTICES ARE REFUSED, all else goes on; give it more memory" if found.code == "store_full" else ""
    if found.code == "store_unavailable" and own is not None and own.pid is not None:
        mend = f": its process {own.pid} runs; after {STORE_SILENT_S:.0f} s of silence it is ended and started again;"
        mend += f" kill -9 {own.pid} is sooner"
    yield f"{found.fault} ({found.code}){mend}"


def _worker_wrong(worker: WorkerSight) -> str:
    if worker.pid is None:
        return f"worker {worker.place} is not running: the log says why under worker_died or restart_failed"
    if worker.line(0) is not None:
        return ""
    if worker.note is None:
        return f"worker {worker.place} says nothing: it is only starting, or hangs and will be replaced"
    return f"worker {worker.place} hangs, silent for {worker.silent_s:.0f} s: it is replaced after {SILENT_S:.0f} s"


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
        "acknowledge_s": line.within_s,
        "parties": [_party(sight, place, line, party, down=down) for party in line.parties],
        "ends": [_end(end, now) for end in line.ends if end.stage(now) is not None],
        "end": None if line.end is None else format_instant(line.end),
    }


def _ready(workers: Sequence[WorkerSight], place: int) -> str:
    states = {note.state for worker in workers if (note := worker.line(place)) is not None} or {"no worker"}
    return "; ".join(sorted(states - {"ok"})) or "ok"


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
