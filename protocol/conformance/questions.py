"""What the vectors ask: each case as a question, with what is expected of its answer.

One function a file, in ``FILES``; a file that is not there is not asked, and one without a function stops the run, so
that no new file is passed over in silence. Nothing here knows how an answer is found.
"""

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Value = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One thing that is expected: of the whole answer, or of the state at ``pick`` in a reading that is an array."""

    case: str
    requirement: str
    expected: Value
    pick: int | None = None


@dataclass(frozen=True)
class Question:
    """One question to the program, and what is expected: most often one thing, of a transcript one for each step."""

    file: str
    do: str
    inputs: Value
    parts: Sequence[Part]


def questions(folder: Path) -> Iterator[Question]:
    """Yield every question that the files in ``folder`` hold. Raises ``ValueError`` for a file that nobody asks."""
    paths = sorted(folder.glob("*.json"))
    if unknown := sorted({path.name for path in paths} - FILES.keys()):
        raise ValueError(f"no operation asks {', '.join(unknown)}: this driver is older than these vectors")
    for path in paths:
        requirement, asked = FILES[path.name]
        for do, inputs, case in asked(json.loads(path.read_text("utf-8"))):
            name = str(case.get("name") or case.get("why") or case.get("kid"))
            told = case.get("requirements")
            said = requirement if told is None else ", ".join(told)
            yield Question(path.name, do, inputs, case.get("parts") or [Part(name, said, _expected(case))])


Asked = Iterator[tuple[str, Value, Value]]
"""Operation, inputs, and the case: its ``name``, and ``expect`` or ``code``."""


def _expected(case: Value) -> Value:
    return {"code": case["code"]} if case.get("code") is not None else {"ok": case.get("expect", True)}


def _keys(document: Value) -> Asked:
    for case in document["keys"]:
        rest = {name: case[name] for name in ("kid", "jwk", "public_text", "fingerprint")}
        made = {"public": case["public"], "secret_text": case["secret_text"], **rest}
        yield "keys.make", {"seed": case["seed"]}, {"name": f"made: {case['kid']}", "expect": made}
        yield "keys.public", {"public": case["public"]}, {"name": f"enrolled: {case['kid']}", "expect": rest}
        for kind in ("public", "secret"):
            asked = {"kind": kind, "text": case[f"{kind}_text"]}
            yield "keys.text", asked, {"name": f"{kind}: {case['kid']}", "expect": {"public": case["public"]}}
    for case in document["not_enrolled"]:
        yield "keys.public", {"public": case["public"]}, {"name": f"{case['why']}: {case['public']}", "code": "key"}
    for case in document["bad_texts"]:
        name = f"{case['kind']}: {case['why']}"
        yield "keys.text", {"kind": case["kind"], "text": case["text"]}, {"name": name, "code": "key"}


def _kinds(document: Value) -> Asked:
    for case in document["cases"]:
        row = {name: value for name, value in case.items() if name not in ("name", "why")}
        yield "kinds.read", {"kind": case["name"]}, {"name": case["name"], "expect": row}


def _statements(document: Value) -> Asked:
    for case in document["cases"]:
        yield "statements.open", {"keys": document["keys"], "typ": case["typ"], "jws": case["jws"]}, case


def _agreement(document: Value) -> Asked:
    for case in [*document["accepted"], *document["refused"]]:
        yield "agreement.read", {"document": case["document"], "previous": case.get("previous")}, case
    text = _compact(document["terms"])
    yield "agreement.terms", {"payload": text}, {"name": "terms as they are", "expect": {"terms": _digest(text)}}
    for case in document["edits"]:
        yield "agreement.terms", {"payload": _compact(_edited(document["terms"], case))}, case


def _edited(terms: Value, case: Value) -> Value:
    """Return ``terms`` with the member at ``path`` set or taken away."""
    edited = copy.deepcopy(terms)
    *way, last = case["path"].split(".")
    place: Any = edited
    for name in way:
        place = place[_step(place, name)]
    if case.get("absent"):
        del place[_step(place, last)]
    else:
        place[_step(place, last)] = case["value"]
    return edited


def _step(place: Any, name: str) -> Any:
    return int(name) if isinstance(place, list) else name


def _volumes(document: Value) -> Asked:
    for case in document["cases"]:
        yield "volumes.read", {"volume": case["volume"], "read": case.get("read", False)}, case


def _separation(document: Value) -> Asked:
    common = {"rules": document["rules"], "uncertainty": document["uncertainty"]}
    for case in document["cases"]:
        yield "separation.judge", {**common, **_inputs(case)}, case


def _notices(document: Value) -> Asked:
    for case in document["cases"]:
        yield "notices.read", {"key": document["key"], "door": case["door"], "sd_jwt": case["sd_jwt"]}, case


def _alerts(document: Value) -> Asked:
    objects = {case["name"]: case["object"] for case in document["cases"]}
    for case in document["cases"]:
        own = [{"statement": document["statements"][row["statement"]], "seq": row["seq"]} for row in case["own"]]
        seen = [objects[name] for name in case["seen"]]
        desk = {"party": "south", "agreements": document["agreements"][: case["installed"]], "now": case["now"]}
        yield "alerts.take", {**desk, "own": own, "seen": seen, "object": case["object"]}, case
    for name, raw in document["statements"].items():
        yield from _made(document, name, raw)
    for case in document["cases"]:
        if "expect" in case:
            yield from _made(document, case["name"], case["object"]["alert"])


def _wire(do: str, raw: str, *, desk: str = "") -> Callable[[Value], Asked]:
    """Return how a file of statements is asked: each case read, and each good one's ``raw`` member made anew.

    ``desk``: a party of that name reads, and its key is given.
    """

    def asked(document: Value) -> Asked:
        reader = {"party": desk, "seed": document["keys"][desk]["seed"]} if desk else {}
        for case in document["cases"]:
            yield do, {"agreements": document["agreements"], **reader, **_inputs(case)}, case
        for case in document["cases"]:
            if "expect" in case:
                yield from _made(document, case["name"], case[raw].removeprefix("Keepclear "))

    return asked


def _made(document: Value, name: str, raw: str) -> Asked:
    """Ask that a good statement be signed again: Ed25519 makes the same bytes of the same payload."""
    jws = raw.partition("~")[0]
    header, payload, _ = (base64.urlsafe_b64decode(part + "==") for part in jws.split("."))
    protected = json.loads(header)
    seed = next(key["seed"] for key in document["keys"].values() if key["kid"] == protected["kid"])
    inputs = {"seed": seed, "typ": protected["typ"], "payload": payload.decode()}
    yield "statements.make", inputs, {"name": name, "requirements": ["R-013", "R-016"],
                                      "expect": {"statement": jws, "sha256": _digest(jws)}}  # fmt: skip


def _streams(document: Value) -> Asked:
    for case in document["cases"]:
        yield "streams.follow", {"cursor": case["cursor"], "text": case["text"]}, case


def _transcript(document: Value) -> Asked:
    told = ("name", "why", "requirements", "expect")
    for case in document["cases"]:
        steps = [{name: value for name, value in step.items() if name not in told} for step in case["steps"]]
        parts = [
            Part(f"{case['name']}: {step['name']}", ", ".join(step["requirements"]), {"ok": step["expect"]}, at)
            for at, step in enumerate(case["steps"])
        ]
        seed = document["keys"][case["key"]]["seed"]
        given = {"party": case["party"], "seed": seed, "agreements": document["agreements"][: case["installed"]]}
        yield "transcript.play", {**given, "steps": steps}, {**case, "parts": parts}


FILES: Mapping[str, tuple[str, Callable[[Value], Asked]]] = {
    "keys.json": ("R-007 to R-012", _keys),
    "statements.json": ("R-001, R-003, R-013, R-014, R-016", _statements),
    "kinds.json": ("R-013, R-088, R-096", _kinds),
    "agreement.json": ("R-021 to R-028", _agreement),
    "volumes.json": ("R-030 to R-036", _volumes),
    "separation.json": ("R-055 to R-061", _separation),
    "notices.json": ("R-037 to R-045", _notices),
    "withdrawals.json": ("R-052", _wire("withdrawals.read", "statement")),
    "alerts.json": ("R-066 to R-078", _alerts),
    "acknowledgements.json": ("R-079", _wire("acknowledgements.read", "statement")),
    "receipts.json": ("R-083, R-085", _wire("receipts.read", "receipt", desk="south")),
    "requests.json": ("R-086, R-087", _wire("requests.read", "authorization")),
    "budgets.json": ("R-118", _wire("budgets.read", "statement")),
    "openings.json": ("R-104, R-105", _wire("openings.read", "opening")),
    "streams.json": ("R-096 to R-100, R-105", _streams),
    "transcript.json": ("", _transcript),
}


def _inputs(case: Value) -> Value:
    return {name: value for name, value in case.items() if name not in ("name", "why", "expect", "code")}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
