"""The hotline's problem documents (RFC 9457) as errors.

A problem document becomes the error of its code, also when we do not know that code; something that is not the
hotline's becomes ``Unavailable``.
"""

import re
from collections.abc import Mapping

from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import CODES, Forbidden, KeepclearError, Malformed, OutOfStep, Refused, Unavailable

MAX_PROBLEM_BYTES = 1024 * 1024
"""A problem document has some hundred bytes."""

_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")


class UnknownProblem(Refused):
    """A problem with a code that this version does not know; ``code`` and ``status`` are the service's."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(code, detail or "the hotline refused for a reason that this version does not know")
        self._status = status

    @property
    def status(self) -> int:
        """The HTTP status that the service gave."""
        return self._status


def read_problem(status: int, body: bytes) -> KeepclearError:
    """Return the error that a problem document stands for."""
    try:
        problem = parse_json(body, max_bytes=MAX_PROBLEM_BYTES)
    except Malformed:
        problem = None
    code = problem.get("code") if isinstance(problem, dict) else None
    if not isinstance(code, str) or not _CODE.match(code):
        hint = "is the address right, and does a proxy stand between?"
        return Unavailable("unreachable", f"something other than the hotline answered with {status}", hint=hint)
    detail = problem.get("detail")
    detail = detail[:500] if isinstance(detail, str) else ""
    known = CODES.get(code)
    if known is None:
        return UnknownProblem(code, status, detail)
    return _KINDS.get(known.status, Malformed)(code, detail)


# 401 is a plain refusal here: NotAuthentic is what this side says of statements, and the hotline said it of ours.
_KINDS: Mapping[int, type[KeepclearError]] = {
    401: Refused,
    403: Forbidden,
    409: OutOfStep,
    500: Unavailable,
    503: Unavailable,
}
