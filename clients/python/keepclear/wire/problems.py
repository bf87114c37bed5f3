"""The hotline's problem documents (RFC 9457) as errors.

A problem document becomes the error of its code, a code that we do not know that of its status; something that is not
the hotline's becomes ``Unavailable``. A status of 500 and above never refuses: what was sent may have been admitted
(but see ``NOTHING_KEPT``).
"""

import contextlib
import re
from collections.abc import Mapping

from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import (
    CODES,
    Forbidden,
    KeepclearError,
    Malformed,
    OutOfStep,
    OverBudget,
    Refused,
    Unavailable,
    budget_code,
)
from keepclear_protocol.instant import parse_instant

MAX_PROBLEM_BYTES = 1024 * 1024
"""A problem document has some hundred bytes."""

PROBLEM = "application/problem+json"

TYPE = "urn:keepclear:problem:"
"""What the ``type`` of the hotline's problems is, before their code (R-094)."""

NOTHING_KEPT = frozenset({"store_full", "store_clock"})
"""Codes of 503 that say, too, that nothing of the statement was kept (R-095): as if it had never left."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")

_LATER = frozenset({408, 425, 429})
"""Of the statuses below 500 those that say: not now."""


class UnknownProblem(Refused):
    """A refusal with a code that this version does not know; ``code`` and ``status`` are the service's."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(code, detail or "the hotline refused for a reason that this version does not know")
        self._status = status

    @property
    def status(self) -> int:
        """The HTTP status that the service gave."""
        return self._status


class UnknownFault(Unavailable):
    """The service cannot answer, with a code that this version does not know: the outcome is unknown."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(code, detail or "the hotline cannot answer for a reason that this version does not know")
        self._status = status

    @property
    def status(self) -> int:
        """The HTTP status that the service gave."""
        return self._status


def media_type(header: str | None) -> str:
    """Return the media type of a ``Content-Type`` header without its parameters, in lower case."""
    return (header or "").partition(";")[0].strip().lower()


def stranger(status: int, media: str) -> Unavailable:
    """Return the error for an answer that is not the hotline's."""
    what = f" of type {media[:60]}" if media else ""
    hint = "is the address right, or does a proxy or a network's login page stand between?"
    return Unavailable("unreachable", f"something other than the hotline answered with {status}{what}", hint=hint)


def read_problem(status: int, media: str, body: bytes) -> KeepclearError:
    """Return the error that a problem document of media type ``media`` stands for."""
    problem = None
    if media == PROBLEM and 400 <= status <= 599:
        with contextlib.suppress(Malformed):
            problem = parse_json(body, max_bytes=MAX_PROBLEM_BYTES)
    code = problem.get("code") if isinstance(problem, dict) else None
    if not isinstance(problem, dict) or not isinstance(code, str) or not _CODE.match(code):
        return stranger(status, media)
    # Gateways write such documents as well, with codes of their own.
    if problem.get("type", TYPE + code if code in CODES else "") != TYPE + code:
        return stranger(status, media)
    detail = problem.get("detail")
    detail = detail[:500] if isinstance(detail, str) else ""
    if (over := _over_budget(code, problem, detail)) is not None and status == over.status:
        return over
    known = CODES.get(code)
    if status >= 500 or status in _LATER:
        known_here = known is not None and known.status >= 500
        return Unavailable(code, detail) if known_here else UnknownFault(code, status, detail)
    if known is None:
        return UnknownProblem(code, status, detail)
    return _KINDS.get(known.status, Malformed)(code, detail)


def _over_budget(code: str, problem: Mapping[str, object], detail: str) -> OverBudget | None:
    """Return the refusal of a party that is over its budget, if the document says all that it must (R-117)."""
    budget, left, again_at = (problem.get(name) for name in ("budget", "left", "again_at"))
    if not isinstance(budget, str) or budget_code(budget) != code or type(left) is not int:
        return None
    with contextlib.suppress(Malformed):
        return OverBudget(budget, left, parse_instant(again_at), detail)
    return None


# 401 is a plain refusal here: NotAuthentic is what this side says of statements, and the hotline said it of ours.
_KINDS: Mapping[int, type[KeepclearError]] = {
    401: Refused,
    403: Forbidden,
    409: OutOfStep,
    500: Unavailable,
    503: Unavailable,
}
