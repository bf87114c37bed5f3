"""What a stream says, as bytes: a numbered event, a gap, the few words that carry no position.

Guaranteed: an event's bytes depend on the log and the stored statements alone, so that they are the same for every
reader and on every worker. An event whose alert or statement retention has let go is told as a gap: its reader then
reads anew what still counts, and never takes a hole for nothing. An alert that a newer one replaced is told as that.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import dump_plain
from keepclear_protocol.kinds import ALERT, BUDGET, EVERY_KIND, NOTICE, OPENING

from ..decide.entry import Entry
from ..decide.shown import alert_object
from ..giving_way import give_way
from ..line.hotline import Hotline
from ..line.ports import Event, Window

BODIES_AT_ONCE = 8
"""Statements read together, of up to 512 KiB each: at most 4 MiB for a moment."""

TOLD_BYTES_AT_ONCE = 32 * 1024
"""Of events made before others have the loop: a millisecond."""

RETRY_MS = 500
"""What a draining worker asks of its readers: come back soon, another worker is there."""

KEEP_ALIVE = b": keep-alive\n\n"
SLOW = b"event: slow\ndata: {}\n\n"
DRAIN = b"event: drain\ndata: {}\nretry: %d\n\n" % RETRY_MS

_EVENT = {kind.name: kind.event or kind.name for kind in EVERY_KIND}


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it is sent, and the position at which its reader then stands."""

    epoch: str
    at: int
    data: bytes


def tell_opening(raw: str) -> bytes:
    """Return the first event of a stream: the service's own signed word, before which a desk counts nothing."""
    return b"event: %s\ndata: %s\n\n" % (OPENING.event.encode(), dump_plain({OPENING.name: raw}))


def tell_gap(reason: str, epoch: str, at: int) -> Told:
    """Return the event that sends a reader to ``at``; ``reason`` is ``trimmed``, ``epoch`` or ``ahead``."""
    return Told(epoch, at, _event("gap", epoch, at, {"reason": reason, "resume_at": str(Cursor(epoch, at))}))


def gap(window: Window, epoch: str, at: int) -> Told | None:
    """Return the gap between the position ``at`` of ``epoch`` and what ``window``, read behind it, holds, if any."""
    if window.epoch != epoch:
        return tell_gap("epoch", window.epoch, window.head)
    if at > window.head:
        return tell_gap("ahead", epoch, window.head)
    first = window.events[0].at if window.events else window.head + 1
    return tell_gap("trimmed", epoch, first - 1) if first != at + 1 else None


async def tell(hotline: Hotline, party: str, epoch: str, events: Sequence[Event]) -> list[Told]:
    """Return ``party``'s events as they are sent: the first, and as many as ``BODIES_AT_ONCE`` statements make.

    One notice that crosses thirty of a party's makes thirty events, all of them of one statement. Raises
    ``Unavailable``.
    """
    events = _of_few_bodies(events)
    alerts = [event for event in events if event.kind == ALERT.name]
    logged = [event for event in events if _EVENT.get(event.kind) in (NOTICE.event, BUDGET.event)]
    bodies = {event.body if event.kind == ALERT.name else event.sha256 for event in events} - {""}
    read = await asyncio.gather(
        hotline.line.alerts([event.sha256 for event in alerts]),
        hotline.line.bodies(list(bodies)),
        hotline.line.entries([event.seq for event in logged]),
    )
    let_go = [event for event, jws in zip(alerts, read[0], strict=True) if jws is None]
    newer = await _replaced(hotline, party, let_go)
    signed = dict(zip((event.at for event in alerts), read[0], strict=True))
    stored = dict(zip(bodies, read[1], strict=True))
    entries = dict(zip((event.at for event in logged), read[2], strict=True))
    told = []
    room = TOLD_BYTES_AT_ONCE
    for event in events:
        if room <= 0:
            await give_way()
            room = TOLD_BYTES_AT_ONCE
        data: dict[str, Any] | None
        if event.kind == ALERT.name:
            data = _alert(event, signed[event.at], stored)
        elif event.kind == BUDGET.name:
            data = _spent(hotline, entries[event.at])
        else:
            data = _statement(hotline, event, stored.get(event.sha256), entries.get(event.at))
        if event.at in newer:
            told.append(_superseded(epoch, event))
        elif data is None:
            told.append(tell_gap("trimmed", epoch, event.at))
        else:
            name = _EVENT.get(event.kind, event.kind)
            told.append(Told(epoch, event.at, _event(name, epoch, event.at, data)))
        room -= len(told[-1].data)
    return told


def _of_few_bodies(events: Sequence[Event]) -> Sequence[Event]:
    bodies = {""}
    for count, event in enumerate(events):
        bodies.add(event.body if event.kind == ALERT.name else event.sha256)
        if len(bodies) > 1 + BODIES_AT_ONCE:
            return events[:count]
    return events


async def _replaced(hotline: Hotline, party: str, alerts: Sequence[Event]) -> set[int]:
    """Return at which positions an alert stood that is gone since a newer one of its conflict stands."""
    if not alerts:
        return set()
    page = await hotline.line.conflict(party, list({event.conflict for event in alerts}))
    standing = {row.conflict: row.version for row in page.rows}
    return {event.at for event in alerts if standing.get(event.conflict, 0) > event.version}


def _superseded(epoch: str, event: Event) -> Told:
    name = {"conflict": event.conflict, "version": event.version}
    return Told(epoch, event.at, _event("superseded", epoch, event.at, name))


def _alert(event: Event, jws: str | None, stored: dict[str, str | None]) -> dict[str, str | None] | None:
    return None if jws is None else alert_object(jws, event.shows, stored.get(event.body))


def _spent(hotline: Hotline, entry: Entry | None) -> dict[str, Any] | None:
    return None if entry is None else {BUDGET.name: hotline.spent(entry)}


def _statement(hotline: Hotline, event: Event, raw: str | None, entry: Entry | None) -> dict[str, Any] | None:
    if raw is None:
        return None
    if _EVENT.get(event.kind) != NOTICE.event:
        return {event.kind: raw}
    return None if entry is None else {event.kind: raw, "receipt": hotline.receipt(entry)}


def _event(name: str, epoch: str, at: int, data: object) -> bytes:
    return b"event: %s\nid: %s-%d\ndata: %s\n\n" % (name.encode(), epoch.encode(), at, dump_plain(data))
