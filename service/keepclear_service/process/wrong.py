"""What is wrong with a service, in sentences for whoever was woken; with none of them it is healthy. Pure.

A party's silence is wrong too where somebody has to telephone: overdue, not delivered, no stream beside what waits.
"""

from collections.abc import Iterator

from keepclear_protocol.instant import SECOND, format_instant

from ..line.pace import SLOW_S
from ..steady import STEPPED_S
from .disk import SCARCE_BYTES
from .heartbeat import SILENT_S
from .lookout import DIED_LATELY_S, Sight, WorkerSight
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

NAMED = 3
"""Alerts of a party that are named one by one; the others are a sum."""


def wrong(sight: Sight, down: str) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong; ``down`` is the one of a service that does not answer."""
    found = sight.survey
    if down:
        yield down
    yield from _store_wrong(sight)
    yield from (words for worker in sight.workers if (words := _worker_wrong(worker)))
    stepped_s = max((worker.note.stepped_s for worker in sight.workers if worker.note), key=abs, default=0.0)
    if abs(stepped_s) > STEPPED_S:
        yield (
            f"this machine's clock was stepped by {stepped_s:+.0f} s, and the service goes on by its own: mend NTP;"
            " if it is right now, start the service again"
        )
    if sight.lost_at is not None and found.at / SECOND - sight.lost_at < LOSS_COUNTS_S:
        yield (
            f"the log is lost: {sight.lost} lines, the last {_span_of(int(sight.lost_at * SECOND), found.at)} ago:"
            " standard error is closed, full, or nobody reads it; see to that, and start the service again"
        )
    for place, line in enumerate(found.lines):
        if line.fault and found.code != "store_unavailable":
            yield f"{line.name}: {line.fault}"
        for worker in sight.workers:
            note = worker.line(place)
            if note is not None and note.told_s:
                yield (
                    f"{line.name}: the parties' clocks all say that ours is {-note.told_s:+.0f} s off (worker"
                    f" {worker.place}): look at a clock that you trust; their reads are refused"
                )
            if note is not None and note.state != "ok":
                yield f"{line.name}: worker {worker.place} is not ready: {note.state}"
            elif note is not None and note.lasts_s > SLOW_S:
                yield (
                    f"{line.name}: the line is slow, DANGERS COME LATE: a turn of worker {worker.place} takes"
                    f" {note.lasts_s:.1f} s"
                )
        lag = 0 if line.founded is None else line.founded.head - line.founded.matched_through
        if lag > LAGS_AT:
            yield f"{line.name}: {lag} entries wait for their alerts"
        hurries = [end for end in line.ends if end.roles and end.stage(found.at) in (0, 1)]
        yield from (f"{line.name}: {end.words(found.at)}" for end in hurries)
        for party in line.parties:
            yield from (f"{line.name}: {party.id} {words}" for words in _over(party))
            yield from (f"{line.name}: {words}" for words in _silence(sight, place, line, party, down=bool(down)))


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
