"""The doors as others see them: what each is for, what it takes, what it answers (R-088). One row a door and method.

The page at ``/openapi.json`` is made of this table, and ``Allow`` is read from it. The tests hold it against the routes
that there are, and against what these answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from keepclear_protocol.kinds import KINDS, NOTICE, WATCH, Kind

from . import refusals

JSON, EVENTS = "application/json", "text/event-stream"

REQUIRED, OPTIONAL, OPEN = "required", "optional", "open"
"""Whether a request proof must stand in ``Authorization``, may, or means nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: why, of which schema of ``keepclear_protocol.schema``, and as which media type."""

    why: str
    schema: str = ""
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in ``path``, ``query`` or ``header``, of a schema of ``keepclear_protocol.schema``."""

    place: str
    name: str
    why: str
    schema: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A door and a method: its id, its words, the kind of statement that it takes, its answers and its refusals."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    refusals: tuple[str, ...] = ()
    proof: str = REQUIRED
    parameters: tuple[Parameter, ...] = ()
    body: Kind | None = None
    more: str = ""


def _submit(kind: Kind) -> Operation:
    return Operation(
        "POST",
        kind.door,
        f"file_{kind.name}",
        "filing",
        f"File a statement of kind {kind.name}",
        {
            201: Answer("admitted: the receipt, and the alerts that it caused to its sender, worst first", "filed"),
            200: Answer(
                "the same bytes were admitted before: the first receipt, and nothing else happens", "filed-before"
            ),
        },
        refusals.of_submits(kind),
        OPTIONAL,
        body=kind,
        more=f"Signed by a key with role {kind.role}. Sending the same bytes again is always safe.",
    )


def _read(
    path: str,
    name: str,
    summary: str,
    answer: Answer,
    *parameters: Parameter,
    own: tuple[str, ...] = (),
    role: str = WATCH,
) -> Operation:
    more = f"Signed for by a key with role {role}." if role else "Signed for by any valid key, under any terms."
    codes = refusals.of_reads(*own, role=bool(role))
    return Operation("GET", path, name, "reading", summary, {200: answer}, codes, parameters=parameters, more=more)


def _health(path: str, name: str, summary: str, answers: Mapping[int, Answer]) -> tuple[Operation, Operation]:
    without = {status: Answer(answer.why, media_type="") for status, answer in answers.items()}
    return (
        Operation("GET", path, name, "health", summary, answers, proof=OPEN),
        Operation("HEAD", path, f"{name}_head", "health", f"{summary}; the status alone", without, proof=OPEN),
    )


_AFTER = Parameter("query", "after", "the `next` of the page before, as it was", "after")

OPERATIONS: tuple[Operation, ...] = (
    *map(_submit, KINDS),
    _read(
        NOTICE.door,
        "list_notices",
        "List the party's own notices",
        Answer("a page of what has not ended", "notices"),
        _AFTER,
        Parameter("query", "state", "`all`: those that have ended or were withdrawn too", "also"),
        own=("request",),
    ),
    _read(
        f"{NOTICE.door}/{{id}}",
        "read_notice",
        "Read one of the party's own notices",
        Answer("the newest revision's bytes, or the withdrawal's, and their receipt", "own-notice"),
        Parameter("path", "id", "the notice's id; one that is none, or another's, is not found", "id"),
        own=("not_found",),
    ),
    _read(
        "/v1/conflicts",
        "list_conflicts",
        "List the party's conflicts, worst and soonest first",
        Answer("a page of what stands", "conflicts"),
        _AFTER,
        own=("request",),
    ),
    _read(
        "/v1/conflicts/{ids}",
        "read_conflicts",
        "Read some conflicts whole",
        Answer("those that are the reader's, in the order asked", "named-conflicts"),
        Parameter("path", "ids", "ids of conflicts, with commas between them", "conflict-ids"),
        own=("request",),
    ),
    _read(
        "/v1/agreement",
        "read_agreement",
        "Read the agreement in force",
        Answer("the signed agreement, as its bytes; no desk installs one that came this way", "agreement-document"),
        role="",
    ),
    _read(
        "/v1/stream",
        "follow_stream",
        "Follow the party's stream",
        Answer("server-sent events, from the position on and then as they come", media_type=EVENTS),
        Parameter("query", "cursor", "the last position that the reader has kept", "position"),
        Parameter("header", "Last-Event-ID", "the same; where both stand the header counts", "position"),
        own=("cursor", "budget_streams", *refusals.BUSY),
    ),
    *_health("/healthz", "healthz", "Whether the process answers", {200: Answer("it does", "alive")}),
    *_health(
        "/readyz",
        "readyz",
        "Whether store, durability, lines and rules are as they must be",
        {200: Answer("they are", "ready"), 503: Answer("one is not: `checks` says which", "ready")},
    ),
)

_TEMPLATES = {one.path: re.compile(re.sub(r"\{\w+\}", "[^/]+", one.path)) for one in OPERATIONS}


def methods_at(path: str) -> list[str]:
    """Return the methods that the door at ``path`` takes, in order; none where there is no door."""
    return sorted({one.method for one in OPERATIONS if _TEMPLATES[one.path].fullmatch(path)})
