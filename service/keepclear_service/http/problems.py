"""Problem documents (RFC 9457): a stable code, plain words, and nothing of another party."""

import logging
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import CODES, KeepclearError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ..logs import Outage
from .operations import methods_at

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER_S = "1"
"""Of what is unavailable; the same bytes may be sent again."""

_OF_STATUS = {404: "not_found", 405: "method", 413: "too_large", 415: "content_type"}

log = logging.getLogger(__name__)

_refusals = Outage(log, "unavailable", "available")


def served() -> None:
    """Note that a request which needs the store was served: what was unavailable is back."""
    _refusals.over()


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


def problem(code: str, detail: str = "", *, headers: dict[str, str] | None = None) -> Response:
    """Return the answer for a stable code."""
    return Response(dump_json(document(code, detail)), CODES[code].status, headers, media_type=MEDIA_TYPE)


def refusal(error: KeepclearError | ClientDisconnect) -> Response:
    """Return the answer for an error of ours; that the service is unavailable is logged once, with its cause."""
    if isinstance(error, ClientDisconnect):
        return problem("request")  # nobody hears it
    if error.status >= 500:
        _refusals.began(error, code=error.code)
    return problem(error.code, error.detail, headers={"Retry-After": RETRY_AFTER_S} if error.retryable else None)


def install(app: FastAPI) -> None:
    """Let every error of the app end as a problem document."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, KeepclearError | ClientDisconnect)  # noqa: S101 - the handler is for nothing else
        return refusal(error)

    app.add_exception_handler(KeepclearError, refused)
    app.add_exception_handler(ClientDisconnect, refused)  # else whoever hangs up would fill the log with tracebacks

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - the handler is for nothing else
        headers = dict(error.headers or {})
        if methods := methods_at(request.scope["path"]):
            # The router names those of the first route alone, and a door may stand in two.
            headers["Allow"] = ", ".join(methods)
        return problem(_OF_STATUS.get(error.status_code, "request"), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def _unreadable(_: Request, __: Exception) -> Response:
        return problem("request")  # the framework's own answer would repeat the input

    @app.exception_handler(Exception)
    async def _fault(_: Request, error: Exception) -> Response:
        log.error("fault", exc_info=error)
        return problem("internal")
