"""What the transcript is told with: events, signed answers and receipts, and the state that each step leaves.

A ``Story`` is written by hand: each step says what it changes in what the desk knows, and the state after it is what
has been said so far.
"""

import copy
import json
from collections.abc import Sequence
from typing import Any

from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE, OPENING
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.statement import sign_statement

from support.wire_world import AGREEMENT, IAT, KEYS, claims

EPOCH, OTHER_EPOCH = "0123456789abcdef" * 2, "fedcba9876543210" * 2

Object = dict[str, Any]


def at(second: float) -> int:
    """Return the instant so many seconds after the story's first minute began."""
    return IAT * SECOND + round(second * SECOND)


def payload(shown: Object) -> Object:
    """Return what an alert object's alert says."""
    read: Object = json.loads(unb64(shown["alert"].split(".")[1]))
    return read


def signed_anew(party: str, raw: str, **changed: Any) -> str:
    """Return a submission with other claims, as its party signs it: under other terms, or at another time."""
    jwt, _, disclosures = raw.partition("~")
    said = {**json.loads(unb64(jwt.split(".")[1])), **changed}
    return f"{sign_statement(KEYS[party], NOTICE.typ, said)}~{disclosures}"


def event(number: int, name: str, data: Object, *, epoch: str = EPOCH) -> str:
    """Return an event as it stands on the stream."""
    return f"id: {epoch}-{number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


def acknowledgement(label: str, shown: Object, stage: str, second: int, **changed: Any) -> str:
    """Return what north's desk signs of its own alert of the same version, whose bytes south never has."""
    said = payload(shown)
    given = {
        **claims("north", label, iat=IAT + second),
        "stage": stage,
        "alert": digest(f"north's alert {said['conflict']} {said['version']}"),
        "conflict": said["conflict"],
        "version": said["version"],
        "ours": said["other"]["sha256"],
        "theirs": said["own"]["sha256"],
        "ours_newest": said["other"]["sha256"],
        "verdict": "verified",
        "officer": None if stage == "delivered" else "duty-7",
        "read_back": None,
        **changed,
    }
    return sign_statement(KEYS["north"], ACKNOWLEDGEMENT.typ, given)


def receipt(statement: str, id: str, revision: int, seq: int, second: float, *, epoch: str = EPOCH) -> str:
    """Return the receipt of an own notice, or of its withdrawal."""
    jwt, tilde, _ = statement.partition("~")
    return sign_receipt(
        KEYS["service"], aud=AGREEMENT.id, terms=json.loads(unb64(jwt.split(".")[1]))["terms"], party="south", id=id,
        kind="notice" if tilde else "withdrawal", revision=revision, sha256=digest(jwt),
        submission=digest(statement) if tilde else None, seq=seq, epoch=epoch, received_at=at(second),
        lead="SHORT" if tilde else None,
    )  # fmt: skip


class Story:
    """Steps one after the other, and the state that each leaves."""

    def __init__(self) -> None:
        self.steps: list[Object] = []
        self.position: str | None = None
        self.conflicts: dict[str, Object] = {}
        self.notices: dict[str, Object] = {}

    def connect(self, second: int, text: str, head: str, *, request: str = "", terms: str = AGREEMENT.terms) -> Object:
        """Return a connection that begins as it must, unless for another ``request``."""
        asked = digest(f"the desk's proof {len(self.steps)}")
        signed = {**claims("service", f"opening {len(self.steps)}", iat=IAT + second, admit=False), "terms": terms}
        opening = sign_statement(
            KEYS["service"], OPENING.typ, {**signed, "to": "south", "request": request or asked, "at": head}
        )
        return {"connect": {"request": asked, "text": f"event: open\ndata: {json.dumps({'open': opening})}\n\n{text}"}}

    def step(
        self, name: str, why: str, requirements: Sequence[str], second: int, does: Object, *, gap: str | None = None,
        lost: bool = False, alarms: Sequence[str] = (), signs: Sequence[Object] = (),
    ) -> None:  # fmt: skip
        """Add a step; what it changed was written into the state before."""
        expect: Object = {
            "position": self.position,
            "gap": gap,
            "lost": lost,
            "conflicts": [self.conflicts[id] for id in sorted(self.conflicts)],
            "notices": [self.notices[id] for id in sorted(self.notices)],
            "alarms": list(alarms),
            "signs": list(signs),
        }
        told = {"name": name, "why": why, "requirements": list(requirements), "now": format_instant(at(second))}
        self.steps.append({**told, **does, "expect": copy.deepcopy(expect)})

    def at(self, number: int, epoch: str = EPOCH) -> None:
        """The desk stands behind this position."""
        self.position = f"{epoch}-{number}"

    def filed(self, id: str, revision: int, state: str = "live") -> None:
        """An own notice stands so."""
        self.notices[id] = {"notice": id, "revision": revision, "state": state}

    def holds(self, shown: Object, state: str = "OPEN") -> None:
        """An alert has verified, and makes its conflict ``state``."""
        said = payload(shown)
        held = {"version": said["version"], "state": state, "severity": said["severity"]}
        self.newest(shown, "verified")
        self.conflicts[said["conflict"]] |= held

    def newest(self, shown: Object, verdict: str) -> None:
        """An alert is the newest of its conflict, whatever was made of it."""
        said = payload(shown)
        nothing = {"conflict": said["conflict"], "version": None, "state": None, "severity": None}
        before = self.conflicts.get(said["conflict"], nothing)
        answers = before["answers"] if before.get("newest") == said["version"] else {}
        self.conflicts[said["conflict"]] = {
            **before, "newest": said["version"], "verdict": verdict, "answers": answers,
        }  # fmt: skip

    def answered(self, shown: Object, **stages: str) -> None:
        """The counterpart's desk has answered the newest version."""
        answers: Object = self.conflicts[payload(shown)["conflict"]]["answers"]
        answers.update(stages)


def delivered(shown: Object, verdict: str = "verified", newest: str = "") -> Object:
    """Return what the desk signs by itself of an alert."""
    said = payload(shown)
    named = {"conflict": said["conflict"], "version": said["version"], "alert": digest(shown["alert"])}
    sides = {"ours": said["own"]["sha256"], "theirs": said["other"]["sha256"]}
    return {**named, **sides, "ours_newest": newest or said["own"]["sha256"], "verdict": verdict}


def in_answer(shown: Object, *acknowledgements: str) -> Object:
    """Return a conflict as the reads show it."""
    said = payload(shown)
    head = {name: said[name] for name in ("conflict", "version", "state")}
    return {**head, **shown, "acknowledgements": list(acknowledgements)}
