"""The doors that read: a party's own view, with the stream position that it is good for."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from keepclear_protocol.agreement import WATCH
from keepclear_protocol.claims import is_jti
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import format_instant

from ..store.lines import parse_record
from .deps import Reader, reader
from .problems import described

router = APIRouter(responses=described(400, 401, 403, 404, 409, 503))

Watching = Annotated[Reader, Depends(reader(WATCH))]


@router.get("/v1/notices")
async def notices(who: Watching) -> Response:
    """List the party's own notices, each as its newest revision stands."""
    epoch, at, clock, rows = await who.hotline.line.view(who.party, "notices")
    listed = []
    for record, withdrawn, end in rows:
        entry = parse_record(record)
        ended = end and int(end) * 1000 < clock
        listed.append(
            {
                "id": entry.id,
                "revision": entry.revision,
                "sha256": entry.sha256,
                "submission": entry.submission or None,
                "received_at": format_instant(entry.received_at),
                "seq": entry.seq,
                "state": "withdrawn" if withdrawn else "ended" if ended else "live",
            }
        )
    return _json({"at": f"{epoch}-{at}", "notices": listed})


@router.get("/v1/notices/{notice_id}")
async def notice(who: Watching, notice_id: str) -> Response:
    """Return one of the party's own notices: the newest revision's bytes and their receipt."""
    if not is_jti(notice_id):
        raise Malformed("not_found")
    epoch, at, _, rows = await who.hotline.line.view(who.party, notice_id)
    if not rows:
        raise Malformed("not_found")
    record, withdrawn, _, body = rows[0]
    told: dict[str, Any] = {"at": f"{epoch}-{at}", "notice": None, "withdrawal": None}
    told["withdrawal" if withdrawn else "notice"] = body.decode() or None
    told["receipt"] = who.hotline.receipt(parse_record(record))
    return _json(told)


@router.get("/v1/conflicts")
async def conflicts(who: Watching) -> Response:
    """List the newest alert of each of the party's conflicts, with what either side has answered to it."""
    epoch, at, _, rows = await who.hotline.line.view(who.party, "conflicts")
    listed = [
        {**json.loads(alert_object), "acknowledgements": sorted(answer.decode() for answer in answers)}
        for _, alert_object, answers in sorted(rows)
    ]
    return _json({"at": f"{epoch}-{at}", "conflicts": listed})


@router.get("/v1/agreement")
async def agreement(who: Annotated[Reader, Depends(reader(None, terms=False))]) -> Response:
    """Return the agreement in force as this service has it. No desk installs one that came this way."""
    return Response(who.hotline.agreement.raw, media_type="application/json")


def _json(value: object) -> Response:
    return Response(dump_json(value), media_type="application/json", headers={"Cache-Control": "no-store"})
