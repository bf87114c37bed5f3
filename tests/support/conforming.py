"""Answers the conformance driver's questions with this repository's own protocol and desk, as a stranger's would.

    python protocol/conformance/conform.py -- python tests/support/conforming.py

Each operation of ``protocol/conformance/README.md`` is one function of its inputs; what it returns is the reading, and
a ``KeepclearError`` that it raises is the code.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear.desk.position import Position
from keepclear.desk.transition import notice_id
from keepclear.verify.verdicts import Adopted, Known, Seen, Verified, open_addressed, verify_alert
from keepclear.wire.answers import AlertObject
from keepclear.wire.arrivals import BudgetArrived, GapArrived, Passing
from keepclear.wire.exchange import Exchange
from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.alert import Alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import b64, digest, unb64
from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_protocol.geometry import SHOWN, SUBMITTED
from keepclear_protocol.instant import format_instant, parse_instant
from keepclear_protocol.keys import PrivateKey, PublicKey
from keepclear_protocol.kinds import BUDGET, EVERY_KIND
from keepclear_protocol.notice import Notice, open_presentation, open_submission
from keepclear_protocol.opening import check_opening, open_opening
from keepclear_protocol.request import check_request, open_request
from keepclear_protocol.separation import Minima, Uncertainty, judge
from keepclear_protocol.spent import open_spent
from keepclear_protocol.statement import open_statement, protected_header
from keepclear_protocol.terms import read_terms
from keepclear_protocol.volume import parse_volume
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal
from keepclear_service.decide.admission import check_signer

from support.transcript_player import play

Inputs = Mapping[str, Any]


def keys_make(given: Inputs) -> Any:
    """A key from its seed, in every form."""
    key = PrivateKey(bytes.fromhex(given["seed"]))
    return {"public": key.public.raw.hex(), "secret_text": key.text, **_names(key.public)}


def keys_public(given: Inputs) -> Any:
    """A public key from its bytes, if it may be enrolled."""
    return _names(PublicKey(bytes.fromhex(given["public"])))


def keys_text(given: Inputs) -> Any:
    """A key from its text."""
    is_secret = given["kind"] == "secret"
    key = PrivateKey.parse(given["text"]).public if is_secret else PublicKey.parse(given["text"])
    return {"public": key.raw.hex()}


def _names(key: PublicKey) -> dict[str, Any]:
    return {"kid": key.kid, "jwk": key.jwk, "public_text": key.text, "fingerprint": key.fingerprint}


def kinds_read(given: Inputs) -> Any:
    """A row of the table of kinds."""
    kind = next(kind for kind in EVERY_KIND if kind.name == given["kind"])
    return {
        "typ": kind.typ,
        "role": kind.role or None,
        "max_payload_bytes": kind.max_payload_bytes,
        "media_type": kind.media_type or None,
        "door": kind.door or None,
        "precondition": str(kind.precondition),
        "event": kind.event or None,
    }


def statements_open(given: Inputs) -> Any:
    """A compact JWS under some enrolled keys."""
    keys = {key.kid: key for key in map(PublicKey.from_jwk, given["keys"])}
    statement = open_statement(given["jws"], given["typ"], keys.get)
    return {"kid": statement.kid, "sha256": statement.sha256, "payload": statement.payload}


def statements_make(given: Inputs) -> Any:
    """The JWS of exactly these payload bytes."""
    key = PrivateKey(unb64(given["seed"]))
    signed = f"{b64(protected_header(key.kid, given['typ']))}.{b64(given['payload'].encode())}"
    statement = f"{signed}.{b64(key.sign(signed.encode()))}"
    return {"statement": statement, "sha256": digest(statement)}


def agreement_read(given: Inputs) -> Any:
    """A signed agreement, perhaps as the successor of another."""
    before = None if given["previous"] is None else open_agreement(given["previous"].encode())
    agreement = open_agreement(given["document"].encode(), before)
    return {
        "agreement": agreement.id,
        "terms": agreement.terms,
        "revision": agreement.revision,
        "prev": agreement.prev,
        "fingerprint": agreement.fingerprint,
        "signers": [signer.key.kid for signer in agreement.signers],
    }


def agreement_terms(given: Inputs) -> Any:
    """The payload of an agreement, whoever may sign it."""
    return {"terms": read_terms(given["payload"].encode()).terms}


def volumes_read(given: Inputs) -> Any:
    """A Volume4D."""
    parse_volume(given["volume"], SHOWN if given["read"] else SUBMITTED)
    return True


def separation_judge(given: Inputs) -> Any:
    """Two volumes, each with its category's minima."""
    uncertainty = Uncertainty(**{name: tuple(bounds) for name, bounds in given["uncertainty"].items()})
    ours, theirs = parse_volume(given["a"]), parse_volume(given["b"])
    pair = judge(ours, Minima(**given["a_minima"]), theirs, Minima(**given["b_minima"]), uncertainty)
    if pair is None:
        return None
    return {
        "severity": str(pair.severity),
        "horizontal_m": pair.horizontal_m,
        "vertical_m": pair.vertical_m,
        "time_start": format_instant(pair.start),
        "time_end": format_instant(pair.end),
        "altitude_lower_m": pair.lower_m,
        "altitude_upper_m": pair.upper_m,
        "reference": str(pair.reference),
    }


def notices_read(given: Inputs) -> Any:
    """A notice as it was sent to the service, or as the service shows it."""
    key = PublicKey.from_jwk(given["key"])
    opener = {"submission": open_submission, "presentation": open_presentation}[given["door"]]
    notice = opener(given["sd_jwt"], {key.kid: key}.get)
    return {
        "revision": notice.revision,
        "prev": notice.prev,
        "sha256": notice.sha256,
        "submission_sha256": notice.submission_sha256,
        "category": notice.category,
        "callsign": notice.callsign,
        "remarks": notice.remarks,
        "time_starts": [format_instant(item.volume.start) for item in notice.volumes],
    }


def withdrawals_read(given: Inputs) -> Any:
    """A withdrawal under an agreement."""
    gone = open_withdrawal(given["statement"], agreements(given)[0].party_key)
    return {**_claims(gone), "notice": gone.notice, "revision": gone.revision, "prev": gone.prev}


def acknowledgements_read(given: Inputs) -> Any:
    """An acknowledgement under an agreement."""
    ack = open_acknowledgement(given["statement"], agreements(given)[0].party_key)
    names = (
        "stage",
        "alert",
        "conflict",
        "version",
        "ours",
        "theirs",
        "ours_newest",
        "verdict",
        "officer",
        "read_back",
    )
    return {**_claims(ack), **{name: getattr(ack, name) for name in names}}


def _claims(read: Any) -> dict[str, Any]:
    return {name: getattr(read.claims, name) for name in ("iss", "aud", "terms", "iat", "jti", "admit_by")}


def receipts_read(given: Inputs) -> Any:
    """A receipt held against what was sent."""
    (agreement, *_) = agreements(given)
    exchange = Exchange(agreement, PrivateKey(unb64(given["seed"])))
    receipt = exchange.check_receipt(given["receipt"], given["kind"], given["statement"])
    names = ("kind", "party", "id", "revision", "sha256", "submission", "seq", "epoch", "lead")
    return {**{name: getattr(receipt, name) for name in names}, "received_at": format_instant(receipt.received_at)}


def requests_read(given: Inputs) -> Any:
    """A request proof, as the service reads it."""
    (agreement, *_) = agreements(given)
    proof = open_request(given["authorization"], agreement.party_key)
    asked = {"method": given["method"], "origin": agreement.service.origin, "target": given["target"]}
    found = agreement.find(proof.kid)
    assert found is not None
    check_signer(proof.claims, found[0].id, agreement)
    check_request(proof, **asked, now=parse_instant(given["now"]))
    return {"iss": proof.claims.iss, "kid": proof.kid, "htu": proof.htu}


def openings_read(given: Inputs) -> Any:
    """The first word of a stream."""
    (agreement, *_) = agreements(given)
    said = open_opening(given["opening"], agreement.service_key)
    now = parse_instant(given["now"])
    check_opening(said, aud=agreement.id, to=given["to"], request=given["request"], now=now)
    return {"to": said.to, "request": said.request, "at": str(said.at)}


def budgets_read(given: Inputs) -> Any:
    """The word that a budget is spent."""
    (agreement, *_) = agreements(given)
    said = open_spent(given["statement"], agreement.service_key, agreement)
    return {"party": said.party, "budget": said.budget, "until": format_instant(said.until)}


def streams_follow(given: Inputs) -> Any:
    """A stream whose first word is taken as it is: what is kept of it, and where the desk is then."""
    position = Position(Cursor.parse(given["cursor"]))
    position.expect(lambda _: None)
    kept, gap = [], None
    try:
        taken = position.received(given["text"].encode())
    except Unavailable:
        taken = []
    for arrived in taken:
        if isinstance(arrived.arrival, GapArrived):
            gap = arrived.arrival.reason
        elif not isinstance(arrived.arrival, Passing):
            name = BUDGET.event if isinstance(arrived.arrival, BudgetArrived) else "acknowledgement"
            kept.append([str(arrived.cursor), name])
    at = None if gap is not None else str(position.cursor)
    return {"kept": kept, "cursor": at, "gap": gap, "lost": not position.opened}


def alerts_take(given: Inputs) -> Any:
    """An alert object behind others."""
    desk = AlertDesk(given)
    for before in given["seen"]:
        desk.take_in(AlertObject.read(before))
    alert, verified = desk.take_in(AlertObject.read(given["object"]))
    return {"standing": str(verified.standing), "sha256": alert.sha256}


class AlertDesk:
    """As much of a desk's memory as alerts need that come one after the other on one unbroken stream."""

    def __init__(self, given: Inputs) -> None:
        self.agreements = tuple(reversed(agreements(given)))
        self.party = given["party"]
        self.now = parse_instant(given["now"])
        self.own: dict[str, tuple[Notice | Withdrawal, int]] = {}
        self.last: dict[str, Seen] = {}
        self.adopted: dict[str, Adopted] = {}
        self.theirs: dict[tuple[str, str], Seen] = {}
        find = self.agreements[-1].party_key
        for item in given["own"]:
            raw = item["statement"]
            opened = open_submission(raw, find) if "~" in raw else open_withdrawal(raw, find)
            self.own[opened.sha256] = opened, item["seq"]

    def take_in(self, shown: AlertObject) -> tuple[Alert, Verified]:
        """Return an alert and what it proves, and remember it. Raises ``KeepclearError``."""
        alert = open_addressed(shown.alert, self.agreements, self.party)
        own, adopted = self.own.get(alert.own.sha256), self.adopted.get(alert.conflict)
        before = self.own.get(adopted.alert.own.sha256) if adopted else None
        receipted = [(said, seq) for said, seq in self.own.values() if seq <= alert.version]
        ours = [said for said, _ in receipted if notice_id(said) == alert.own.id]
        newest = max(ours, key=lambda said: said.revision, default=None)
        known = Known(
            agreements=self.agreements,
            own=own[0] if own else None,
            own_gone=any(
                notice_id(said) == alert.own.id and said.revision > alert.own.revision for said, _ in self.own.values()
            ),
            own_before=before[0] if before and isinstance(before[0], Notice) else None,
            adopted=adopted,
            floor=self.last.get(alert.conflict),
            theirs_floor=self.theirs.get((alert.other.party, alert.other.id)),
            own_floor=Seen(newest.revision, newest.sha256) if newest else None,
            followed=True,
            now=self.now,
        )
        verified = verify_alert(alert, shown, known)
        self.last[alert.conflict] = Seen(alert.version, alert.sha256)
        self.adopted[alert.conflict] = Adopted(
            alert, verified.theirs if isinstance(verified.theirs, Notice) else None
        )
        self.theirs[alert.other.party, alert.other.id] = Seen(alert.other.revision, alert.other.sha256)
        return alert, verified


def agreements(given: Inputs) -> tuple[Agreement, ...]:
    """Return the revisions that a question gives, oldest first, each on the one before it."""
    opened: list[Agreement] = []
    for text in given["agreements"]:
        opened.append(open_agreement(text.encode(), opened[-1] if opened else None))
    return tuple(opened)


def transcript_play(given: Inputs) -> Any:
    """A desk's story, step by step."""
    return play(given)


Operation = Callable[[Inputs], Any]

OPERATIONS: dict[str, Operation] = {
    "keys.make": keys_make,
    "keys.public": keys_public,
    "keys.text": keys_text,
    "kinds.read": kinds_read,
    "statements.open": statements_open,
    "statements.make": statements_make,
    "agreement.read": agreement_read,
    "agreement.terms": agreement_terms,
    "volumes.read": volumes_read,
    "separation.judge": separation_judge,
    "notices.read": notices_read,
    "withdrawals.read": withdrawals_read,
    "acknowledgements.read": acknowledgements_read,
    "receipts.read": receipts_read,
    "requests.read": requests_read,
    "openings.read": openings_read,
    "budgets.read": budgets_read,
    "streams.follow": streams_follow,
    "alerts.take": alerts_take,
    "transcript.play": transcript_play,
}


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to one question, without its ``id``."""
    operation = OPERATIONS.get(question["do"])
    if operation is None:
        return {"unsupported": True}
    try:
        return {"ok": operation(question)}
    except KeepclearError as error:
        return {"code": error.code}


def main() -> None:
    """Answer what comes on standard input until it ends."""
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps({"id": question["id"], **answer(question)}), flush=True)


if __name__ == "__main__":
    main()
