"""Problem documents (RFC 9457): a stable code, plain words, and nothing of another party. Each one is noted.

What is noted of a refusal says whose it was only where the code itself comes after a signature that verified.
"""

import contextlib
import logging
import math
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from keepclear_protocol.encoding import digest, dump_json
from keepclear_protocol.errors import CODES, KeepclearError, OverBudget
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.kinds import KINDS, REQUEST, Kind
from keepclear_protocol.request import SCHEME
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from ..line.hotline import Hotline
from ..logs import Outage
from ..metrics import OTHER
from ..observer import Observer
from .operations import methods_at

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER_S = "1"
"""Of what is unavailable; the same bytes may be sent again."""

CHALLENGE = SCHEME.strip()
"""What a 401 asks for, as RFC 9110 section 15.5.2 wants it said."""

_BESIDE = {401: {"WWW-Authenticate": CHALLENGE}, 503: {"Retry-After": RETRY_AFTER_S}}
_OF_STATUS = {404: "not_found", 405: "method", 413: "too_large", 415: "content_type"}

STATEMENT, REQUEST_ID = "statement", "request_id"
"""What the doors leave in a request's state: the statement or proof that came, and what the log calls the request."""

_VERIFIED = (403, 409, 422, 429)
"""Statuses of the codes that are told apart only after the signature verified."""

_DOORS: dict[tuple[str, str], Kind] = {("POST", kind.door): kind for kind in KINDS}

log = logging.getLogger(__name__)

_refusals = Outage(log, "unavailable", "available")
_notices = Outage(log, "notices_refused", "notices_taken")

_OF_NOTICES = ("store_full", "store_clock")
"""Codes with which notices are refused while all else may go on, so that only a notice shows that they are over."""


def served(*, notice: bool = False) -> None:
    """Note that a request which needs the store was served, and whether it filed a ``notice``: what failed is over."""
    _refusals.over()
    if notice:
        _notices.over()


def proved(scope: Scope, hotline: Hotline, party: str) -> None:
    """Tell the connection that a party has shown on it who it is: it keeps its place before strangers' (``gate``)."""
    wire = scope["state"].get("wire")
    if wire is not None:
        wire.proved((hotline.agreement.id, party))


def named(scope: Scope, hotline: Hotline, party: str) -> None:
    """Tell the connection whose the statement says to be that is still coming on it."""
    wire = scope["state"].get("wire")
    if wire is not None:
        wire.named((hotline.agreement.id, party))


def document(code: str, detail: str = "") -> dict[str, Any]:
    """Return the problem document for a stable code."""
    known = CODES[code]
    return {
        "type": f"urn:keepclear:problem:{code}",
        "title": known.meaning,
        "status": known.status,
        "detail": detail or known.meaning,
        "code": code,
    }


def over_budget(error: OverBudget, now_s: float) -> Response:
    """Return the answer for a budget that is spent: what is left, and when it is worth asking again (R-117).

    ``now_s`` is by a clock that no step of this machine's moves, since ``again_at`` is by the store's.
    """
    said = {"budget": error.budget, "left": error.left, "again_at": format_instant(error.again_at)}
    wait_s = max(1, math.ceil(error.again_at / SECOND - now_s))
    body = dump_json({**document(error.code, error.detail), **said})
    return Response(body, error.status, {"Retry-After": str(wait_s)}, media_type=MEDIA_TYPE)


def problem(code: str, detail: str = "", *, headers: dict[str, str] | None = None) -> Response:
    """Return the answer for a stable code."""
    return Response(dump_json(document(code, detail)), CODES[code].status, headers, media_type=MEDIA_TYPE)


def request_id(scope: Scope) -> str:
    """Return what the log calls a request, and its answer's header."""
    name: str = scope["state"].get(REQUEST_ID, "")
    return name


def note(code: str, scope: Scope) -> None:
    """Note that a request is answered with ``code``."""
    kind = _DOORS.get((scope["method"], scope["path"]))
    if kind is None and scope["path"].startswith("/v1/"):
        kind = REQUEST
    observer: Observer = scope["app"].state.observer
    observer.refused(OTHER if kind is None else kind.name, code, lambda: _about(code, scope, kind))


def _about(code: str, scope: Scope, kind: Kind | None) -> dict[str, Any]:
    status = CODES[code].status
    said: dict[str, Any] = {"request": request_id(scope), "status": status}
    statement = scope["state"].get(STATEMENT)
    if statement is None or kind is None:
        return said
    jwt = statement.partition("~")[0]
    said["sha256"] = digest(jwt)
    if status in _VERIFIED:
        with contextlib.suppress(KeepclearError):  # its key may have gone meanwhile
            hotline, kid = scope["app"].state.hotlines.of_signer(jwt, kind.typ)
            said["agreement"], said["party"] = hotline.agreement.id, hotline.signer(kid)[0].id
    return said


def refusal(error: KeepclearError | ClientDisconnect, scope: Scope) -> Response:
    """Return the answer for an error of ours; that the service is unavailable is logged once, with its cause."""
    if isinstance(error, ClientDisconnect):
        return problem("request")  # nobody hears it
    note(error.code, scope)
    if error.status >= 500:
        (_notices if error.code in _OF_NOTICES else _refusals).began(error, code=error.code)
    if isinstance(error, OverBudget):
        return over_budget(error, scope["app"].state.clock.seconds())
    return problem(error.code, error.detail, headers=_BESIDE.get(error.status))


def install(app: FastAPI) -> None:
    """Let every error of the app end as a problem document."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, KeepclearError | ClientDisconnect)  # noqa: S101 - the handler is for nothing else
        return refusal(error, request.scope)

    app.add_exception_handler(KeepclearError, refused)
    app.add_exception_handler(ClientDisconnect, refused)  # else whoever hangs up would fill the log with tracebacks

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - the handler is for nothing else
        headers = dict(error.headers or {})
        if methods := methods_at(request.scope["path"]):
            # The router names those of the first route alone, and a door may stand in two.
            headers["Allow"] = ", ".join(methods)
        code = _OF_STATUS.get(error.status_code, "request")
        note(code, request.scope)
        return problem(code, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _unreadable(request: Request, _: Exception) -> Response:
        note("request", request.scope)
        return problem("request")  # the framework's own answer would repeat the input

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> Response:
        log.error("fault", exc_info=error)
        note("internal", request.scope)
        return problem("internal")
