"""The page at ``/openapi.json``: OpenAPI 3.1 of every door, made of ``operations`` and the protocol's JSON Schemas.

Documentation and nothing else: no request is checked by it and no answer goes through it, so it costs a submit nothing.
It is made when it is first asked for, and then kept. It names no address but the agreements' origins, and there is no
page here that shows it, because those load programs from elsewhere.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request, Response
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import CODES
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, BUDGET, NOTICE, OPENING, Kind
from keepclear_protocol.schema import read_schema, schema_names

from ..delivery.told import tell_opening
from .deps import hotlines
from .operations import EVENTS, JSON, OPEN, OPERATIONS, OPTIONAL, Answer, Operation, Parameter
from .problems import CHALLENGE, MEDIA_TYPE, document
from .refusals import by_status

Json = dict[str, Any]

TAGS = {
    "filing": "What a party says: notices, withdrawals, acknowledgements. Statements are signed texts, never JSON.",
    "reading": "What a party may see: its own notices, its conflicts, the agreement, and the stream that tells them.",
    "health": "Open to all, and no party's data.",
}
EVENT_POSITIONS = {
    OPENING.event: "none; first on every stream, and nothing counts before it (R-104, R-105)",
    ALERT.event: "its own, in `id`",
    ACKNOWLEDGEMENT.event: "its own, in `id`",
    NOTICE.event: "its own, in `id`",
    BUDGET.event: "its own, in `id`",
    "superseded": "its own, in `id`",
    "gap": "`resume_at`",
    "drain": "none; `retry: 500` stands with it",
    "slow": "none",
}
"""The events of a stream with the position of each (R-096)."""

_ABOUT = """\
A deconfliction hotline: signed flight-intent notices in, verified conflict alerts out. SPEC.md of the protocol binds;
numbers such as R-088 are its requirements. Schemas say the shape of things alone: signatures, digests and figures are
for the receiver to verify.
"""
_PROOF = """\
`Authorization: Keepclear <statement>`, exactly one, scheme and one space as written here (R-086). The statement is a
request proof for this one request: a compact JWS of typ `keepclear-request+jws`, signed by an operational key of the
party, whose payload (schema `request`) names the method as `htm` and, as `htu`, the server's URL below with path and
raw query byte for byte as sent. `iat` is within 30 s of the hotline's clock, and a `jti` is spent once (R-087). To be
made anew for each read; on what is filed it proves to whom the receipt of bytes sent before may be shown (R-090).
"""


router = APIRouter()


@router.api_route("/openapi.json", methods=["GET", "HEAD"])
async def openapi(request: Request) -> Response:
    """Return the page for the agreements in force."""
    origins = frozenset(hotline.agreement.service.origin for hotline in hotlines(request).all())
    return Response(_written(origins, request.app.version), media_type=JSON)


@lru_cache(maxsize=4)
def _written(origins: frozenset[str], version: str) -> bytes:
    return dump_json(page(origins, version))


def page(origins: Iterable[str], version: str) -> Json:
    """Return the OpenAPI document of a hotline of some version whose agreements have these origins."""
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Keepclear", "version": version, "description": _ABOUT},
        "servers": [{"url": origin} for origin in sorted(origins)],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "examples": {code: {"summary": CODES[code].meaning, "value": document(code)} for code in _codes()},
            "headers": {
                "Cache-Control": _header("no cache keeps it (R-088)", {"const": "no-store"}),
                "X-Request-ID": _header("what the operator's log calls this request", {"type": "string"}),
                "WWW-Authenticate": _header("the scheme that a request proof has", {"const": CHALLENGE}),
                "Retry-After": _header("seconds until it is worth asking again", {"pattern": "^[1-9][0-9]*$"}),
            },
            "securitySchemes": {
                "proof": {
                    "type": "http",
                    "scheme": CHALLENGE,
                    "description": _PROOF,
                    "x-schema": _ref("authorization"),
                }
            },
        },
    }


def _operation(one: Operation) -> Json:
    proof: Sequence[Json] = [{"proof": []}]
    made: Json = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "security": [] if one.proof == OPEN else [{}, *proof] if one.proof == OPTIONAL else proof,
        "responses": {
            **{str(status): _answer(one, status, answer) for status, answer in one.answers.items()},
            **{str(status): _refusal(codes) for status, codes in by_status(one.refusals).items()},
        },
    }
    if one.more:
        made["description"] = one.more
    if one.parameters:
        made["parameters"] = [_parameter(parameter) for parameter in one.parameters]
    if one.body is not None:
        schema = _ref("submission" if one.body is NOTICE else f"{one.body.name}-statement")
        content = {"schema": schema, "example": _statement(one.body)}
        made["requestBody"] = {"required": True, "content": {one.body.media_type: content}}
    return made


def _answer(one: Operation, status: int, answer: Answer) -> Json:
    made: Json = {"description": answer.why}
    if answer.media_type == EVENTS:
        made["content"] = {EVENTS: {"schema": {"type": "string"}, "example": _stream()}}
        made["x-events"] = {
            name: {"data": _ref(f"event-{name}"), "position": said} for name, said in EVENT_POSITIONS.items()
        }
    elif answer.media_type:
        made["content"] = {answer.media_type: {"schema": _ref(answer.schema), "example": _example(answer.schema)}}
    made["headers"] = _headers("X-Request-ID", *(["Cache-Control"] if one.tag == "reading" else []))
    return made


def _refusal(codes: list[str]) -> Json:
    known: Json = {"properties": {"code": {"enum": codes}}}
    content = {
        "schema": {"allOf": [_ref("problem"), known]},
        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
    }
    made: Json = {"description": "; ".join(codes), "content": {MEDIA_TYPE: content}}
    beside = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(CODES[codes[0]].status, [])
    made["headers"] = _headers("X-Request-ID", *beside)
    return made


def _parameter(parameter: Parameter) -> Json:
    return {
        "in": parameter.place,
        "name": parameter.name,
        "required": parameter.place == "path",
        "description": parameter.why,
        "schema": _ref(parameter.schema),
    }


def _header(why: str, schema: Json) -> Json:
    return {"description": why, "required": True, "schema": schema}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _codes() -> list[str]:
    said = {code for one in OPERATIONS for code in one.refusals}
    return [code for code in CODES if code in said]


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _example(shape: str) -> Any:
    return read_schema(shape)["examples"][0]


def _statement(kind: Kind) -> str:
    """Return a statement of a kind that parties file, as the stream's events show one."""
    shown = read_schema(f"event-{kind.event}")["examples"]
    return next(str(event[kind.name]) for event in shown if kind.name in event)


def _stream() -> str:
    """Return how a stream begins: the opening, and events with their positions."""
    at = Cursor.parse(_example("notices")["at"])
    told = tell_opening(_example(f"event-{OPENING.event}")[OPENING.name]).decode()
    for number, event in enumerate((NOTICE.event, ALERT.event), at.number - 1):
        data = dump_json(_example(f"event-{event}")).decode()
        told += f"id: {Cursor(at.epoch, number)}\nevent: {event}\ndata: {data}\n\n"
    return told


def _schemas() -> dict[str, Json]:
    """Every shape and every definition that one needs; of the same name they are the same in each file."""
    found: dict[str, Json] = {}
    for name in schema_names():
        schema = read_schema(name)
        found |= schema.pop("$defs", {})
        found[name] = {key: value for key, value in schema.items() if key not in ("$schema", "$id")}
    whole: dict[str, Json] = json.loads(json.dumps(found).replace('"#/$defs/', '"#/components/schemas/'))
    return dict(sorted(whole.items()))
