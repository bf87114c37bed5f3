"""The stream: a party's events in order, from a cursor, with every gap said aloud.

Guaranteed: events of one epoch carry consecutive positions, and where some are missing (trimmed, another epoch, or a
cursor ahead of the head after an old store was restored) a ``gap`` comes first and names where the stream resumes.
A stream is cut as soon as its key is revoked or runs out, and ends by itself after ``STREAM_LASTS_S``.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from keepclear_protocol.agreement import WATCH
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import KeepclearError, Malformed, Unavailable
from keepclear_protocol.instant import SECOND

from ..decide.entry import WITHDRAWAL, Event, Window
from ..store.lines import parse_record
from .deps import Reader, reader
from .problems import described

KEEP_ALIVE_S = 5.0
"""Seconds between comments on a quiet stream: a desk that hears nothing for three of them takes the line for dead."""

STREAM_LASTS_S = 600.0
"""After this a desk proves anew who it is."""

EVENTS_AT_ONCE = 64
"""Events read from the store at once for one stream: bounds what a slow reader costs."""

RETRY_MS = 500
"""What a draining worker asks of its readers: come back soon, another worker is there."""

_CURSOR = re.compile(r"([0-9a-f]{32})-(0|[1-9][0-9]{0,14})\Z", re.ASCII)

router = APIRouter(responses=described(400, 401, 403, 409, 503))


def parse_cursor(text: str) -> tuple[str, int]:
    """Return epoch and position of a cursor; raise ``Malformed`` with ``cursor``."""
    match = _CURSOR.match(text)
    if match is None:
        raise Malformed("cursor", "a cursor is <epoch>-<position>")
    return match[1], int(match[2])


def position(
    last_event_id: Annotated[str | None, Header()] = None, cursor: Annotated[str | None, Query()] = None
) -> tuple[str, int] | None:
    """Return where the reader left off; ``Last-Event-ID`` is newer than the query of a reconnecting reader."""
    text = last_event_id if last_event_id is not None else cursor
    return None if text is None else parse_cursor(text)


@router.get("/v1/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    who: Annotated[Reader, Depends(reader(WATCH))],
    start: Annotated[tuple[str, int] | None, Depends(position)],
) -> AsyncIterator[ServerSentEvent]:
    """Send the party's events behind the cursor, or all that are still there without one, and then as they come."""
    follower = who.hotline.follower
    draining: asyncio.Event = request.app.state.draining
    ends = time.monotonic() + STREAM_LASTS_S
    epoch, at = start or (follower.epoch, 0)
    spoke = time.monotonic()
    yield ServerSentEvent(comment="open")
    while time.monotonic() < ends and _may_watch(who):
        try:
            window = await who.hotline.line.events(who.party, at, EVENTS_AT_ONCE)
        except Unavailable:
            return  # the desk comes back with its cursor and hears from the door that the store is down
        reason, resume = _gap(window, epoch, at)
        if reason is not None:
            epoch, at = window.epoch, resume
            spoke = time.monotonic()
            where = f"{epoch}-{at}"
            gap = dump_json({"reason": reason, "resume_at": where}).decode()
            yield ServerSentEvent(event="gap", id=where, raw_data=gap)
            continue
        for event in window.events:
            try:
                told = await _event(who, epoch, event)
            except Unavailable:
                return
            at = event.at
            yield told
            spoke = time.monotonic()
        if draining.is_set():
            yield ServerSentEvent(event="drain", data={}, retry=RETRY_MS)
            return
        if not window.events:
            if time.monotonic() - spoke >= KEEP_ALIVE_S:
                spoke = time.monotonic()
                yield ServerSentEvent(comment="keep-alive")
            await _moved(who, at, draining)


def _may_watch(who: Reader) -> bool:
    try:
        who.hotline.signer(who.proof.kid)[1].check(WATCH, int(time.time() * SECOND))
    except KeepclearError:
        return False
    return True


def _gap(window: Window, epoch: str, at: int) -> tuple[str | None, int]:
    """Return why events behind ``at`` cannot follow it, if so, and the position where the stream resumes."""
    if window.epoch != epoch:
        return "epoch", window.head
    if at > window.head:
        return "ahead", window.head
    first = window.events[0].at if window.events else None
    if first is not None and first != at + 1:
        return "trimmed", first - 1
    if first is None and at < window.head:
        return "trimmed", window.head
    return None, at


async def _moved(who: Reader, at: int, draining: asyncio.Event) -> None:
    """Wait until the party's stream has moved on from ``at``, for a second at most."""
    follower = who.hotline.follower
    if follower.streams.get(who.party, 0) > at or draining.is_set():
        # The follower knows of more than was read: read again, without spinning if the store thinks otherwise.
        await asyncio.sleep(0.01)
        return
    await follower.changed(1.0)


async def _event(who: Reader, epoch: str, event: Event) -> ServerSentEvent:
    where = f"{epoch}-{event.at}"
    if event.kind == "alert":
        return ServerSentEvent(event="alert", id=where, raw_data=event.fields["object"])
    if event.kind == "acknowledgement":
        told: dict[str, str | None] = {"acknowledgement": event.fields["statement"]}
        return ServerSentEvent(event=event.kind, id=where, raw_data=dump_json(told).decode())
    entry = parse_record(event.fields["record"])
    (body,) = await who.hotline.line.bodies([entry.sha256])
    name = "withdrawal" if entry.kind == WITHDRAWAL else "notice"
    told = {name: body, "receipt": who.hotline.receipt(entry)}
    return ServerSentEvent(event="notice", id=where, raw_data=dump_json(told).decode())
