"""The doors that read: a party's own view, page by page, with the stream position that it is good for."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import dump_plain, is_128_bits, is_digest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.kinds import NOTICE, WATCH, WITHDRAWAL

from ..decide.shown import alert_object
from ..giving_way import give_way
from ..line.ports import Line, Page, Record
from .deps import Reader, reader

CONFLICTS_AT_ONCE = 256
"""Rows of one page of the index: some 60 KB."""

NOTICES_AT_ONCE = 500
"""Rows of one page: some 200 KB."""

NAMED_AT_ONCE = 32
"""Conflicts that one request may name; their ids take 1 400 of the 2 048 bytes that a proof has for a URL."""

ANSWER_BYTES = 1024 * 1024
"""Of whole conflicts in one answer, one at least: the largest has under 1 MB."""

_AFTER = re.compile(r"[0-9A-Za-z._-]{1,200}\Z", re.ASCII)
"""What a page ended with. It means something to the store alone; its letters are those that a URL takes as they are."""

router = APIRouter()

Watching = Annotated[Reader, Depends(reader(WATCH))]
After = Annotated[str | None, Query()]


@router.get(NOTICE.door)
async def notices(who: Watching, after: After = None, state: Annotated[str | None, Query()] = None) -> Response:
    """List the party's own notices that have not ended, or all with ``state=all``, each as its newest revision."""
    if state not in (None, "all"):
        raise Malformed("request", "state is all, or left out")
    page = await who.hotline.line.notices(who.party, _after(after), NOTICES_AT_ONCE, live=state is None)
    await give_way()
    listed = [
        {
            "id": row.entry.id,
            "revision": row.entry.revision,
            "sha256": row.entry.sha256,
            "submission": row.entry.submission or None,
            "received_at": format_instant(row.entry.received_at),
            "seq": row.entry.seq,
            "state": row.state,
        }
        for row in page.rows
    ]
    return _json({"at": _at(page), "notices": listed, "next": page.after})


@router.get(NOTICE.door + "/{id}")
async def notice(who: Watching, id: str) -> Response:
    """Return one of the party's own notices: the newest revision's bytes and their receipt."""
    if not is_128_bits(id):
        raise Malformed("not_found")
    line = who.hotline.line
    page = await line.notice(who.party, id)
    if not page.rows:
        raise Malformed("not_found")
    entry = page.rows[0].entry
    (body,) = await line.bodies([entry.sha256])
    told: dict[str, Any] = {"at": _at(page), NOTICE.name: None, WITHDRAWAL.name: None}
    told[entry.kind] = body
    return _json({**told, "receipt": who.hotline.receipt(entry)})


@router.get("/v1/conflicts")
async def conflicts(who: Watching, after: After = None) -> Response:
    """List the party's conflicts, worst and soonest first: which alert stands, and what either side has answered.

    The first page also has the words that cover now: a reader that begins has no event of them.
    """
    page = await who.hotline.line.conflicts(who.party, _after(after), CONFLICTS_AT_ONCE)
    await give_way()
    listed = [
        {
            "conflict": row.conflict,
            "party": row.other[0],
            "version": row.version,
            "alert": row.sha256,
            "state": row.state,
            "acknowledgements": row.statements,
        }
        for row in page.rows
    ]
    told: dict[str, Any] = {"at": _at(page), "conflicts": listed, "next": page.after}
    if after is None:
        hotline = who.hotline
        parties = [party.id for party in hotline.agreement.parties]
        spent = await hotline.line.covering(parties, int(hotline.clock.seconds() * SECOND))
        told["budgets"] = [hotline.spent(entry) for entry in spent]
    return _json(told)


@router.get("/v1/conflicts/{ids}")
async def named_conflicts(who: Watching, ids: str) -> Response:
    """Return some conflicts whole, in the order asked: the newest alert of each, and the answers to it.

    ``more`` says that the answer was cut and the rest must be asked for again. Ids of no conflict are left out.
    """
    wanted = list(dict.fromkeys(ids.split(",")))
    if len(wanted) > NAMED_AT_ONCE or not all(map(is_digest, wanted)):
        raise Malformed("request", f"at most {NAMED_AT_ONCE} ids of conflicts, with a comma between them")
    page = await who.hotline.line.conflict(who.party, wanted)
    rows = sorted(page.rows, key=lambda row: wanted.index(row.conflict))
    whole, more = await _whole(who.hotline.line, rows)
    return Response(
        b'{"at":%s,"conflicts":[%s],"more":%s}' % (dump_plain(_at(page)), b",".join(whole), dump_plain(more)),
        media_type="application/json",
        headers=NO_STORE,
    )


@router.get("/v1/agreement")
async def agreement(who: Annotated[Reader, Depends(reader(None, terms=False))]) -> Response:
    """Return the agreement in force as this service has it. No desk installs one that came this way."""
    return Response(who.hotline.agreement.raw, media_type="application/json", headers=NO_STORE)


NO_STORE = {"Cache-Control": "no-store"}


async def _whole(line: Line, rows: Sequence[Record]) -> tuple[list[bytes], bool]:
    """Return conflicts as JSON as far as one answer takes them, and whether some were cut off."""
    told: list[bytes] = []
    room = ANSWER_BYTES
    alerts = await line.alerts([row.sha256 for row in rows])
    for row, jws in zip(rows, alerts, strict=True):
        if jws is None:
            continue  # let go of since the index was read: a newer one stands, and comes on the stream
        # One at a time: a notice may have half a megabyte.
        body, *answers = await line.bodies([row.body or row.sha256, *row.statements])
        one = dump_plain(
            {
                "conflict": row.conflict,
                "version": row.version,
                **alert_object(jws, row.shows, body),
                "acknowledgements": [answer for answer in answers if answer is not None],
            }
        )
        room -= len(one)
        if room < 0 and told:
            return told, True
        told.append(one)
    return told, False


def _after(text: str | None) -> str:
    if text is not None and not _AFTER.match(text):
        raise Malformed("request", "after is the next of a page, as it was")
    return text or ""


def _at(page: Page[Any]) -> str:
    return str(Cursor(page.epoch, page.at))


def _json(value: object) -> Response:
    return Response(dump_plain(value), media_type="application/json", headers=NO_STORE)
