"""Requests to the hotline and readings of its answers, without I/O and without a clock.

An ``Exchange`` knows one agreement and one key of a party. Each of its methods returns a ``Call``: what to send, and
how to read what comes back. Whoever has a network sends ``headers(call, now)`` and the body, and hands status and
body to ``read``. Every call may be sent again as it is: statements are deduplicated by the service, and a read's
proof is signed anew by each ``headers``.

Guaranteed of an ``Admission``: its receipt is signed by the agreement's service, and names exactly the bytes that were
sent, down to the hash of every disclosure.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from keepclear_protocol.agreement import Agreement, Party
from keepclear_protocol.claims import is_jti
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest, is_digest
from keepclear_protocol.errors import EvidenceInvalid, LocalError, Malformed, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, KINDS, NOTICE, WITHDRAWAL, Kind
from keepclear_protocol.opening import Opening, read_opening
from keepclear_protocol.receipt import Receipt, open_receipt
from keepclear_protocol.request import sign_request
from keepclear_protocol.stored import open_or_reopen

from .answers import (
    MAX_IDS,
    Admission,
    ConflictIndex,
    Conflicts,
    NoticeAnswer,
    Notices,
    read_admission,
    read_conflicts,
    read_index,
    read_notice,
    read_notices,
    read_object,
    text_of,
)
from .problems import read_problem, stranger

T = TypeVar("T")

CONFLICTS = "/v1/conflicts"
USER_AGENT = "keepclear"
TYPES = {kind.name: kind.typ for kind in KINDS}
JSON, EVENT_STREAM = "application/json", "text/event-stream"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request: ``target`` is path and raw query; ``body`` with its ``media`` type for statements, else a read."""

    method: str
    target: str
    read: Callable[[bytes], T]
    body: str | None = None
    media: str | None = None


class Exchange:
    """The requests of one party under one agreement; ``party`` follows from the key."""

    def __init__(self, agreement: Agreement, key: PrivateKey) -> None:
        self.key = key
        self.go_over(agreement)

    def go_over(self, agreement: Agreement) -> None:
        """Speak under this agreement, or this revision of it, from now on; raise ``LocalError`` if the key may not."""
        found = agreement.find(self.key.kid)
        if found is None:
            hint = "operational keys are enrolled by signing a new revision of the agreement"
            raise LocalError("key_file", "the key is not enrolled in this agreement", hint=hint)
        self.agreement = agreement
        self._party: Party = found[0]
        self.roles = found[1].roles

    @property
    def party(self) -> str:
        """The id of the party whose key this is."""
        return self._party.id

    def submit(self, submission: str) -> Call[Admission]:
        """Return the call that files a notice, or its next revision, with all its disclosures."""
        return self._filed(NOTICE, submission)

    def amend(self, submission: str) -> Call[Admission]:
        """Return the call that files a notice's next revision: the same door as ``submit``."""
        return self.submit(submission)

    def withdraw(self, withdrawal: str) -> Call[Admission]:
        """Return the call that files a withdrawal."""
        return self._filed(WITHDRAWAL, withdrawal)

    def acknowledge(self, acknowledgement: str) -> Call[Admission]:
        """Return the call that files an acknowledgement."""
        return self._filed(ACKNOWLEDGEMENT, acknowledgement)

    def notices(self, after: str | None = None) -> Call[Notices]:
        """Return the call that lists the party's own live notices, page by page: ``after`` is a page's ``next``."""
        return Call("GET", _page(NOTICE.door, after), read_notices)

    def notice(self, id: str) -> Call[NoticeAnswer]:
        """Return the call that reads one own notice; raise ``Malformed`` with ``request`` for what is no id."""
        if not is_jti(id):
            raise Malformed("request", "a notice's id is 22 characters of base64url")
        return Call("GET", f"{NOTICE.door}/{id}", read_notice)

    def conflicts(self, after: str | None = None) -> Call[ConflictIndex]:
        """Return the call that reads the index of all conflicts, page by page: ``after`` is a page's ``next``."""
        return Call("GET", _page(CONFLICTS, after), read_index)

    def conflict(self, *ids: str) -> Call[Conflicts]:
        """Return the call that reads the newest alerts of some conflicts; ``Malformed`` with ``request`` for others."""
        if not 0 < len(ids) <= MAX_IDS or not all(map(is_digest, ids)):
            raise Malformed("request", f"1 to {MAX_IDS} conflicts' ids of 43 characters of base64url")
        return Call("GET", f"{CONFLICTS}/{','.join(ids)}", read_conflicts)

    def fetch_agreement(self) -> Call[bytes]:
        """Return the call that reads the agreement in force, as bytes to look at. It never installs one."""
        return Call("GET", "/v1/agreement", _agreement_bytes)

    def stream(self, cursor: Cursor | None) -> Call[None]:
        """Return the call that opens the stream behind ``cursor``; its body is for ``sse``, not for ``read``."""
        target = "/v1/stream" if cursor is None else f"/v1/stream?cursor={cursor}"
        return Call("GET", target, lambda _: None)

    def headers(self, call: Call[T], now: int) -> dict[str, str]:
        """Return the headers of one attempt at the instant ``now``, with a fresh request proof.

        A statement needs none to be admitted, but its receipt is given again to its own party alone.
        """
        headers = {"accept-encoding": "identity", "user-agent": USER_AGENT}
        proof = sign_request(
            self.key,
            iss=self.party,
            aud=self.agreement.id,
            terms=self.agreement.terms,
            iat=now // 1_000_000,
            method=call.method,
            origin=self.agreement.service.origin,
            target=call.target,
        )
        what = {"cache-control": "no-store"} if call.media is None else {"content-type": call.media}
        return headers | {"authorization": proof, **what}

    def read(self, call: Call[T], status: int, media: str, body: bytes) -> T:
        """Return what an answer of media type ``media`` says, or raise the error that its problem stands for.

        A read carries no signature of its own: what has not its shape is not the hotline's, and no evidence.
        """
        if status not in (200, 201):
            raise read_problem(status, media, body)
        if media != JSON:
            raise stranger(status, media)
        try:
            return call.read(body)
        except EvidenceInvalid as error:
            if call.body is not None:
                raise
            raise _no_answer(error) from None

    def opening(self, raw: str, request: str, now: int) -> Opening:
        """Return the first word of the stream that the proof of digest ``request`` asked for, held against both.

        Raises ``Unavailable``: whoever else speaks there is no evidence against the hotline.
        """
        agreement = self.agreement
        said = read_opening(raw, agreement.service_key, aud=agreement.id, to=self.party, request=request, now=now)
        keys = (key for key in agreement.service.keys if key.key.kid == said.kid)
        if not any(key.not_before <= said.claims.iat * SECOND <= key.not_after for key in keys):
            raise Unavailable("unreachable", "the hotline's key is not valid at this time, or the clock is wrong")
        return said

    def _filed(self, kind: Kind, raw: str) -> Call[Admission]:
        return Call("POST", kind.door, lambda body: self._admission(body, kind.name, raw), raw, kind.media_type)

    def _admission(self, body: bytes, kind: str, sent: str) -> Admission:
        try:
            answer = read_object(body)
            if answer.get("receipt", ...) is None:
                raise _kept_back()
            signed = text_of(answer, "receipt")
        except EvidenceInvalid as error:
            raise _no_answer(error) from None  # nothing of it is signed
        if signed.count(".") != 2:
            raise _no_answer(EvidenceInvalid("evidence", "its receipt is no statement"))
        receipt = self.check_receipt(signed, kind, sent)
        return read_admission(answer, receipt)

    def check_receipt(self, raw: str, kind: str, sent: str) -> Receipt:
        """Return the receipt ``raw``; raise ``EvidenceInvalid`` unless it is for exactly ``sent``, a statement of ours.

        ``kind`` is that of ``sent``, which is a submission, a withdrawal or an acknowledgement.
        """
        receipt = open_receipt(raw, self.agreement.service_key)
        if (receipt.claims.aud, receipt.party, receipt.kind) != (self.agreement.id, self.party, kind):
            raise EvidenceInvalid("evidence", "the receipt is for another agreement, party or kind of statement")
        jwt, tilde, _ = sent.partition("~")
        if (receipt.sha256, receipt.submission) != (digest(jwt), digest(sent) if tilde else None):
            raise EvidenceInvalid("evidence", "the receipt is for other bytes than those that were sent")
        said = open_or_reopen(jwt, TYPES[kind], None).payload
        id = said["jti"] if kind == ACKNOWLEDGEMENT.name else said["notice"]
        if (receipt.id, receipt.revision, receipt.claims.terms) != (id, said.get("revision"), said["terms"]):
            raise EvidenceInvalid("evidence", "the receipt names another id, revision or terms than what was sent")
        return receipt


def _kept_back() -> Unavailable:
    detail = "the hotline says that it had this before, and did not take our proof for the receipt"
    return Unavailable("unreachable", detail, hint="set this machine's clock to within 30 s, then send the same again")


def _no_answer(error: EvidenceInvalid) -> Unavailable:
    hint = "is the address right, or does a proxy stand between?"
    return Unavailable("unreachable", f"something other than the hotline answered: {error.detail}", hint=hint)


def _page(door: str, after: str | None) -> str:
    return door if after is None else f"{door}?after={after}"


def _agreement_bytes(body: bytes) -> bytes:
    read_object(body)
    return body
