"""The JSON Schemas of what the hotline answers: alert objects, the answer of each door, refusals, events' data.

Members that a reader does not know are none of its business (R-102), so but for alert objects nothing here is exact.
"""

from keepclear_protocol import spent
from keepclear_protocol.alert import CLOSED, OPEN, PAST
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, BUDGET, NOTICE, OPENING, RECEIPT, REQUEST, WITHDRAWAL
from keepclear_protocol.request import SCHEME
from keepclear_service.http import reads
from keepclear_service.http.health import OK, STATES

from support.schema_words import DEFINITIONS, Schema, listed, obj, or_null, ref, statement_text, text, words

_BOOL: Schema = {"type": "boolean"}
_NEXT = or_null(ref("after"))
_DIGEST = DEFINITIONS["digest"]["pattern"].strip("^$")
_RECEIPT = ref(f"{RECEIPT.name}-statement")
_ACKNOWLEDGEMENT = ref(f"{ACKNOWLEDGEMENT.name}-statement")
_OBJECT = {
    "alert": ref(f"{ALERT.name}-statement"),
    "presentation": or_null(ref("presentation")),
    "cause": or_null(ref("cause")),
}
_STATEMENTS = {NOTICE.name: ref("submission"), WITHDRAWAL.name: ref(f"{WITHDRAWAL.name}-statement")}

QUERIES: dict[str, Schema] = {
    "after": text(reads._AFTER, "The next of a page, which goes into ?after= as it is; null on the last (R-092)."),
    "also": words(["all"], "In ?state=: what has ended or was withdrawn as well."),
    "conflict-ids": text(
        f"{_DIGEST}(?:,{_DIGEST}){{0,{reads.NAMED_AT_ONCE - 1}}}", "Ids of conflicts, with commas between them."
    ),
}

ANSWERS: dict[str, Schema] = {
    "authorization": statement_text(REQUEST, SCHEME),
    "alert-object": obj(_OBJECT, exact=True, description="An alert wherever it travels (R-067)."),
    "filed": obj(
        {"receipt": _RECEIPT, "alerts": listed(ref("alert-object"), 0)},
        optional={"more": {"const": True}},
        description="The statement was admitted now: 201 (R-088, R-089).",
    ),
    "filed-before": obj(
        {"receipt": or_null(_RECEIPT)},
        description="The same bytes were admitted before: 200 (R-090). The receipt is for the statement's own party.",
    ),
    "notices": obj(
        {
            "at": ref("position"),
            "notices": listed(
                obj(
                    {
                        "id": ref("id"),
                        "revision": ref("count"),
                        "sha256": ref("digest"),
                        "submission": or_null(ref("digest")),
                        "received_at": ref("time"),
                        "seq": ref("count"),
                        "state": words(["live", "ended", "withdrawn"]),
                    }
                ),
                0,
                reads.NOTICES_AT_ONCE,
            ),
            "next": _NEXT,
        },
        description="A page of the party's own notices (R-092).",
    ),
    "own-notice": obj(
        {"at": ref("position"), **{name: or_null(schema) for name, schema in _STATEMENTS.items()}, "receipt": _RECEIPT},
        description="One of the party's own notices: the newest revision, or the withdrawal that ended it.",
        oneOf=[{"properties": {name: {"type": "string"}}} for name in _STATEMENTS],
    ),
    "conflicts": obj(
        {
            "at": ref("position"),
            "conflicts": listed(
                obj(
                    {
                        "conflict": ref("digest"),
                        "party": ref("party"),
                        "version": ref("count"),
                        "alert": ref("digest"),
                        "state": words([OPEN, CLOSED, PAST]),
                        "acknowledgements": listed(ref("digest"), 0),
                    }
                ),
                0,
                reads.CONFLICTS_AT_ONCE,
            ),
            "next": _NEXT,
        },
        optional={"budgets": listed(ref(f"{BUDGET.name}-statement"), 0)},
        description="A page of the party's conflicts, worst and soonest first; the first has budgets, too (R-092).",
    ),
    "named-conflicts": obj(
        {
            "at": ref("position"),
            "conflicts": listed(
                obj(
                    {
                        "conflict": ref("digest"),
                        "version": ref("count"),
                        **_OBJECT,
                        "acknowledgements": listed(_ACKNOWLEDGEMENT, 0),
                    }
                ),
                0,
                reads.NAMED_AT_ONCE,
            ),
            "more": _BOOL,
        },
        description="Conflicts whole, in the order asked (R-092).",
    ),
    "alive": obj({"status": {"const": OK}}),
    "ready": obj(
        {
            "status": words(["ready", "not ready"]),
            "state": words(sorted({OK, *STATES})),
            "checks": obj({name: {"type": "string"} for name in ("store", "clock", "lines", "rules")}),
        },
        description="Each check says ok, or in a few words what is wrong; state is the one word for all of it.",
    ),
    "problem": obj(
        {
            "type": text(r"urn:keepclear:problem:[a-z][a-z0-9_]*"),
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "code": text(r"[a-z][a-z0-9_]*", "Stable; one unknown is treated by its status (R-094)."),
        },
        optional={
            "budget": text(spent._BUDGET, "The budget that is spent (R-117)."),
            "left": {"type": "integer", "minimum": 0},
            "again_at": ref("time"),
        },
        description="Every refusal: a problem document of RFC 9457. One over a budget says which, and until when.",
    ),
}

EVENTS: dict[str, Schema] = {
    OPENING.event: obj({OPENING.name: ref(f"{OPENING.name}-statement")}, description="First on every stream (R-104)."),
    ALERT.event: ref("alert-object"),
    ACKNOWLEDGEMENT.event: obj(
        {ACKNOWLEDGEMENT.name: _ACKNOWLEDGEMENT}, description="Of the counterpart, or the own party's."
    ),
    NOTICE.event: obj(
        {"receipt": _RECEIPT},
        optional=_STATEMENTS,
        oneOf=[{"required": [name]} for name in _STATEMENTS],
        description="A statement of the own party, from any of its desks.",
    ),
    BUDGET.event: obj(
        {BUDGET.name: ref(f"{BUDGET.name}-statement")}, description="A party is over a budget (R-118), whoever it is."
    ),
    "superseded": obj(
        {"conflict": ref("digest"), "version": ref("count")},
        description="An alert that is kept no more, since a newer one of its conflict replaced it, which follows "
        "(R-096).",
    ),
    "gap": obj(
        {"reason": words(["trimmed", "epoch", "ahead"]), "resume_at": ref("position")},
        description="What is behind the reader's position is not all there: read everything anew (R-099).",
    ),
    "drain": {"description": "The worker stops: come back with a fresh proof.", "type": "object"},
    "slow": {"description": "What is filed now may be told more than a second late (R-101).", "type": "object"},
}
