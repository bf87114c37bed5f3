"""The doors that take statements. The bytes are read, never parsed by the framework, and answered with a receipt."""

from typing import Any

from fastapi import APIRouter, Request, Response
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE, WITHDRAWAL

from ..line.hotline import Accepted
from .deps import hotlines
from .problems import described

MAX_BODY_BYTES = 512 * 1024
"""The largest submission of the protocol; an agreement may allow less."""

router = APIRouter()


def _described(media_type: str) -> dict[str, Any]:
    body = {"required": True, "content": {media_type: {"schema": {"type": "string"}}}}
    return {"requestBody": body}


def _answers() -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "accepted before: the receipt"}, **described(400, 401, 403, 409, 413, 415, 422, 503)}


@router.post(NOTICE.door, status_code=201, openapi_extra=_described(NOTICE.media_type), responses=_answers())
async def notice(request: Request) -> Response:
    """File a notice, or its next revision: an SD-JWT with all its disclosures."""
    raw = await _body(request, NOTICE.media_type)
    return _answer(await hotlines(request).of(raw, NOTICE.typ).submit_notice(raw))


@router.post(WITHDRAWAL.door, status_code=201, openapi_extra=_described(WITHDRAWAL.media_type), responses=_answers())
async def withdrawal(request: Request) -> Response:
    """End a notice."""
    raw = await _body(request, WITHDRAWAL.media_type)
    return _answer(await hotlines(request).of(raw, WITHDRAWAL.typ).submit_withdrawal(raw))


@router.post(
    ACKNOWLEDGEMENT.door,
    status_code=201,
    openapi_extra=_described(ACKNOWLEDGEMENT.media_type),
    responses=_answers(),
)
async def acknowledgement(request: Request) -> Response:
    """Say that an alert was delivered, displayed or acknowledged."""
    raw = await _body(request, ACKNOWLEDGEMENT.media_type)
    return _answer(await hotlines(request).of(raw, ACKNOWLEDGEMENT.typ).acknowledge(raw))


async def _body(request: Request, media_type: str) -> str:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise Malformed("content_type", f"this door takes {media_type}")
    too_large = Malformed("too_large", f"a body has at most {MAX_BODY_BYTES} bytes")
    announced = request.headers.get("content-length", "")[:20]
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise NotAuthentic from None


def _answer(accepted: Accepted) -> Response:
    body: dict[str, Any] = {"receipt": accepted.receipt}
    if not accepted.again:
        body["alerts"] = list(accepted.alerts)
    return Response(dump_json(body), 200 if accepted.again else 201, media_type="application/json")
