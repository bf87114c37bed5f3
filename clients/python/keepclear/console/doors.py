"""What doors have in common: JSON in, within a limit and of that kind alone; errors out as problems."""

import json
import traceback
from pathlib import Path
from typing import Any

from keepclear_protocol.errors import KeepclearError, Malformed, Refused
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from keepclear.cli import out

from .access import Session
from .refusals import problem_json

MOST_BYTES = 64 * 1024
"""Of a deed; a door that takes a file says its own limit."""


async def read_json(request: Request, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """Return the JSON object of a request's body.

    Raises ``Malformed`` with ``content_type``, ``too_large``, ``json`` or ``request``. Of another content type a
    form of a foreign page could send one without asking the browser first.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Malformed("content_type", "the body must be application/json")
    body = await read_body(request, most_bytes)
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("json", "the body is no JSON") from None
    if not isinstance(value, dict):
        raise Malformed("request", "the body must be a JSON object")
    return value


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Return a request's body; raise ``Malformed`` with ``too_large`` as soon as it is longer than it may be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise Malformed("too_large", f"the body has more than {most_bytes} bytes")
    return bytes(body)


def text(given: dict[str, Any], name: str, most: int = 256) -> str:
    """Return a member that must be a text; raise ``Malformed`` with ``request``."""
    value = given.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise Malformed("request", f"{name} must be a text of at most {most} characters")
    return value


def whole_number(given: dict[str, Any], name: str) -> int:
    """Return a member that must be a whole number; raise ``Malformed`` with ``request``."""
    value = given.get(name)
    if type(value) is not int:
        raise Malformed("request", f"{name} must be a whole number")
    return value


def session_of(request: Request) -> Session:
    """Return the session that the guard has let in."""
    session: Session = request.state.session
    return session


async def problem(request: Request, error: Exception) -> Response:
    """Return an error as the page is told it; of a fault of ours no more than that it is one."""
    if isinstance(error, HTTPException):
        code = {404: "not_found", 405: "method"}.get(error.status_code, "request")
        error = Refused(code)
    if isinstance(error, KeepclearError):
        status = error.status if 400 <= error.status <= 599 else 500
        return _answer(problem_json(error), status)
    at = traceback.extract_tb(error.__traceback__)[-1]
    detail = f"a fault of keepclear's own in {Path(at.filename).name} line {at.lineno}: {type(error).__name__}"
    out.heading("error", f"{detail}: {error}")
    said = {"code": "internal", "detail": detail, "hint": ""}
    return _answer(said, 500)


def _answer(said: dict[str, str], status: int) -> Response:
    return JSONResponse(said, status, media_type="application/problem+json")


def _no_constant(name: str) -> None:
    raise ValueError(name)
