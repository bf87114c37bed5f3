"""The vectors as a JSON Schema sees them: of each case the values in it, each with the name of its shape.

What a schema never sees stands apart: a text that is no JSON at all has no value.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import Malformed
from keepclear_protocol.kinds import (
    ACKNOWLEDGEMENT,
    ALERT,
    BUDGET,
    EVERY_KIND,
    NOTICE,
    OPENING,
    RECEIPT,
    REQUEST,
    WITHDRAWAL,
)

from support.agreement_forge import put
from support.schema_examples import vectors

Value = tuple[str, Any]
"""A shape's or a definition's name, and a value that is to be of it."""


@dataclass(frozen=True)
class Case:
    """A case of a file: its ``code`` where it is refused, and what it holds."""

    file: str
    name: str
    code: str | None
    values: list[Value]


def all_cases() -> Iterator[Case]:
    """Yield every case that has a value in it."""
    for case in _every():
        if case.values:
            yield case


def _every() -> Iterator[Case]:
    for file, read in _READERS.items():
        for case in vectors(file)["cases"]:
            yield Case(file, case["name"], case.get("code"), list(read(case)))
    document = vectors("agreement")
    for case in document["accepted"] + document["refused"]:
        yield Case("agreement", case["name"], case.get("code"), list(_agreement(case["document"])))
    yield Case("agreement", "the terms", None, [("agreement", document["terms"])])
    for edit in document["edits"]:
        yield Case("agreement", edit["name"], edit["code"], list(_edited(document["terms"], edit)))


def _json(data: str | bytes) -> list[Any]:
    """Return the one value of a JSON text, or none: neither NaN nor half a character is a value."""
    try:
        value = json.loads(data, parse_constant=int)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return []
    return [value]


def _payload(shape: str, statement: str) -> Iterator[Value]:
    try:
        body = unb64(statement.split("~")[0].split(".")[1])
    except (IndexError, Malformed):
        return
    yield from ((shape, value) for value in _json(body))


def _statement(kind: str, member: str) -> Callable[[Any], Iterator[Value]]:
    def read(case: Any) -> Iterator[Value]:
        yield f"{kind}-statement", case[member]
        yield from _payload(kind, case[member])

    return read


def _proof(case: Any) -> Iterator[Value]:
    yield "authorization", case["authorization"]
    yield from _payload(REQUEST.name, case["authorization"])


def _notice(case: Any) -> Iterator[Value]:
    yield case["door"], case["sd_jwt"]
    yield from _payload(NOTICE.name, case["sd_jwt"])
    for part in case["sd_jwt"].split("~")[1:]:
        try:
            yield from (("disclosure", value) for value in _json(unb64(part)))
        except Malformed:
            continue


def _alert(case: Any) -> Iterator[Value]:
    yield "alert-object", case["object"]
    yield from _payload(ALERT.name, case["object"]["alert"])


def _compact(case: Any) -> Iterator[Value]:
    """A case of the envelope alone: what its payload says is nobody's shape."""
    kind = next((kind for kind in EVERY_KIND if kind.typ == case["typ"]), None)
    if kind is not None and f"{kind.name}-statement" in _TEXTS:
        yield f"{kind.name}-statement", case["jws"]


def _agreement(document: str) -> Iterator[Value]:
    for value in _json(document):
        yield "agreement-document", value
        try:
            yield from (("agreement", payload) for payload in _json(unb64(value["payload"])))
        except (TypeError, KeyError, AttributeError, Malformed):
            continue


def _edited(terms: Any, edit: Any) -> Iterator[Value]:
    (made,) = _json(json.dumps(terms))
    put(edit["path"], ... if edit.get("absent") else edit["value"])(made)
    yield from (("agreement", value) for value in _json(json.dumps(made)))


_TEXTS = {f"{kind.name}-statement" for kind in (WITHDRAWAL, ACKNOWLEDGEMENT, ALERT, RECEIPT, OPENING, BUDGET)}
_READERS: dict[str, Callable[[Any], Iterator[Value]]] = {
    "volumes": lambda case: iter([("volume", case["volume"])]),
    "separation": lambda case: iter([("volume", case["a"]), ("volume", case["b"])]),
    "notices": _notice,
    "statements": _compact,
    "withdrawals": _statement(WITHDRAWAL.name, "statement"),
    "acknowledgements": _statement(ACKNOWLEDGEMENT.name, "statement"),
    "alerts": _alert,
    "receipts": _statement(RECEIPT.name, "receipt"),
    "requests": _proof,
    "openings": _statement(OPENING.name, "opening"),
    "budgets": _statement(BUDGET.name, "statement"),
}
