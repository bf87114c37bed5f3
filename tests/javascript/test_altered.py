"""Two implementations that were written apart answer alike whatever is done to what was signed.

Payloads of the vectors are altered and signed anew from a seed, and asked of both clients' answerers as two programs:
every answer must be equal, reading or code. What is excused stands in ``EXCUSED``, each with its reason.
"""

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.encoding import b64, unb64
from keepclear_protocol.statement import protected_header
from support.node import node_program
from support.wire_world import KEYS

REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = REPOSITORY / "protocol" / "vectors"
Require = Callable[[str, str], None]
Object = dict[str, Any]

VALUES: list[Any] = [
    None, 0, 1, -1, 1.5, True, "", "x", "open", "closed", "past", "withdrawn", "amended", "ended", "terms", "overlap",
    "proximity", "possible", "ROUTINE", "SHORT", "RETROACTIVE", "LATE", "IN_PROGRESS", [], {}, "W84", "FL", "north",
    "south", "service", 2, 5, 2**53 - 1, 9_007_199_254, 9_007_199_255, "2026-11-22T13:00:05.250Z",
    "2026-11-22T15:14:00Z", "2026-11-22T16:00:00Z", 90, -180, 1e-9, 0.0005, 1_000_000, 30_480, -8000, "M", "FT", "AGL",
]  # fmt: skip

SIMPLE = {
    "withdrawals": ("statement", "keepclear-withdrawal+jws", "south", ()),
    "acknowledgements": ("statement", "keepclear-acknowledgement+jws", "south", ()),
    "receipts": ("receipt", "keepclear-receipt+jws", "service", ("kind", "statement")),
    "openings": ("opening", "keepclear-open+jws", "service", ("to", "request", "now")),
    "requests": ("authorization", "keepclear-request+jws", "south watch", ("method", "target", "now")),
}
"""Files of plain statements: what is altered, its ``typ``, who signs, and what is asked beside it."""


def excused(question: Object, ours: Object, theirs: Object) -> bool:
    """Whether two answers may differ."""
    both_refuse = "code" in ours and "code" in theirs
    # of a volume with several faults any of their codes may be said.
    return both_refuse and question["do"] == "volumes.read"


class Program:
    """An answerer of the conformance protocol."""

    def __init__(self, argv: list[str]) -> None:
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)

    def ask(self, questions: list[Object]) -> list[Object]:
        """Return the answers to some questions, in order."""
        said, _ = self.process.communicate("".join(json.dumps(question) + "\n" for question in questions), timeout=600)
        answers = [json.loads(line) for line in said.splitlines()]
        assert [answer.pop("id") for answer in answers] == [question["id"] for question in questions]
        return answers


def payload_of(statement: str) -> Object:
    read: Object = json.loads(unb64(statement.split(" ")[-1].split(".")[1]))
    return read


def signed(who: str, typ: str, payload: Object) -> str:
    key = KEYS[who]
    text = f"{b64(protected_header(key.kid, typ))}.{b64(json.dumps(payload).encode())}"
    return f"{text}.{b64(key.sign(text.encode()))}"


class Dice:
    """Draws questions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.files = {path.stem: json.loads(path.read_text("utf-8")) for path in VECTORS.glob("*.json")}
        self.alerts = {case["name"]: case for case in self.files["alerts"]["cases"]}
        told = [payload_of(case["object"]["alert"]) for case in self.alerts.values()]
        self.told = [value for payload in told for part in (payload, payload.get("own", {})) for value in part.values()]

    def altered(self, value: Any, others: list[Any]) -> Any:
        """Return a copy of ``value`` with one member or two altered."""
        value = copy.deepcopy(value)
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self._alter(value, others)
        return value

    def _alter(self, part: Any, others: list[Any]) -> None:
        dice = self.random
        while keys := list(part) if isinstance(part, dict) else list(range(len(part))):
            key = dice.choice(keys)
            if isinstance(part[key], dict | list) and part[key] and dice.random() < 0.7:
                part = part[key]
                continue
            roll = dice.random()
            if roll < 0.15:
                del part[key]
            elif roll < 0.3 and type(part[key]) is int:
                part[key] += dice.choice([-1, 1, 10, -1000])
            elif roll < 0.45 and isinstance(part, list):
                part.append(part[key])
            elif roll < 0.7:
                part[key] = copy.deepcopy(dice.choice(others))
            elif roll < 0.75 and isinstance(part, dict):
                part["crit" if dice.random() < 0.3 else "new"] = dice.choice(VALUES)
            else:
                part[key] = copy.deepcopy(dice.choice(VALUES))
            return

    def questions(self, count: int) -> Iterator[Object]:
        """Yield so many questions, half of them of alerts."""
        ways = [self.alert] * 6 + [self.volume] + [self.terms]
        for number in range(count):
            way = self.random.choice([*ways, *(lambda name=name: self.simple(name) for name in SIMPLE)])
            yield {"id": number, **way()}

    def alert(self) -> Object:
        """An alert object behind those that its case had seen, or fewer, or others."""
        dice, file = self.random, self.files["alerts"]
        case = dice.choice(file["cases"])
        shown = dict(case["object"])
        payload = payload_of(shown["alert"])
        if dice.random() < 0.85:
            payload = self.altered(payload, self.told)
        if dice.random() < 0.25:
            other = dice.choice(file["cases"])["object"]
            shown[dice.choice(["presentation", "cause"])] = dice.choice([None, other["presentation"], other["cause"]])
        shown["alert"] = signed("service", "keepclear-alert+jws", payload)
        own = [{**row, "statement": file["statements"][row["statement"]]} for row in case["own"]]
        seen = [self.alerts[name]["object"] for name in case["seen"]]
        roll = dice.random()
        return {
            "do": "alerts.take",
            "party": "south",
            "agreements": file["agreements"][: dice.choice([case["installed"], case["installed"], 2])],
            "now": dice.choice([case["now"], case["now"], "2026-11-22T13:10:00Z", "2026-11-22T15:13:00Z"]),
            "own": own[:-1] if dice.random() < 0.15 else own,
            "seen": [] if roll < 0.15 else [self.alerts["opened"]["object"]] if roll < 0.3 else seen,
            "object": shown,
        }

    def simple(self, name: str) -> Object:
        """A statement of one kind."""
        file, (member, typ, who, beside) = self.files[name], SIMPLE[name]
        good = [case for case in file["cases"] if "expect" in case]
        others = [value for case in good for value in payload_of(case[member]).values()]
        case = self.random.choice(good)
        statement = signed(who, typ, self.altered(payload_of(case[member]), others))
        asked = {"do": f"{name}.read", "agreements": file["agreements"], **{key: case[key] for key in beside}}
        if name == "receipts":
            asked |= {"party": "south", "seed": file["keys"]["south"]["seed"]}
        return asked | {member: f"Keepclear {statement}" if member == "authorization" else statement}

    def volume(self) -> Object:
        """A volume, as filed or as shown."""
        some = [case["volume"] for case in self.files["volumes"]["cases"]]
        volume = self.random.choice(some)
        altered = self.altered(volume, some[:5]) if isinstance(volume, dict) and volume else volume
        return {"do": "volumes.read", "volume": altered, "read": self.random.random() < 0.5}

    def terms(self) -> Object:
        """The payload of an agreement."""
        others = [
            "a b", " a", "a\u3000", "é", "xn--a", "https://[::1]", "https://a.0x", "https://1.2.3.4", "http://a:80",
            "http://a:8080", "9000-01-01T00:00:00Z", "1970-01-01T00:00:00.123456789Z", 604_800, [0, 0], [1, -1],
            ["submit"], ["watch", "watch"],
        ]  # fmt: skip
        return {"do": "agreement.terms", "payload": json.dumps(self.altered(self.files["agreement"]["terms"], others))}


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 800), *(pytest.param(seed, 4000, marks=pytest.mark.long) for seed in (2, 3))]
)
def test_both_answer_alike_whatever_was_altered(require: Require, seed: int, count: int) -> None:
    questions = list(Dice(seed).questions(count))
    answerer = REPOSITORY / "tests" / "support" / "conforming.py"
    programs = [
        Program([sys.executable, str(answerer)]),
        Program([node_program(require), str(REPOSITORY / "clients" / "javascript" / "bin" / "conformance.js")]),
    ]
    ours, theirs = (program.ask(questions) for program in programs)
    differ = [
        (question, one, two)
        for question, one, two in zip(questions, ours, theirs, strict=True)
        if one != two and not excused(question, one, two)
    ]
    assert {"ok", "code"} == {member for answer in ours for member in answer}
    told = [(question["do"], one, two) for question, one, two in differ]
    first = json.dumps(differ[0][0]) if differ else ""
    assert not told, f"{len(told)} of {count}: {told[:20]}\nthe first question: {first}"
