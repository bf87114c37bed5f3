"""Kept statements verified anew, each from its exact bytes: whose key signed it, whether it might, what it is bound to.

Pure. Nothing that was noted when a statement came is believed here. Guaranteed of one that is ``verified``: its
signature holds under a key that a revision of the agreement at hand names for that signer and that purpose at its time,
and it names what it is kept beside. Not guaranteed: its place among others; that is ``verdicts``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keepclear_protocol.acknowledgement import VERIFIED, Acknowledgement, open_acknowledgement
from keepclear_protocol.agreement import SUBMIT, Agreement
from keepclear_protocol.alert import Alert, Side
from keepclear_protocol.claims import SERVICE
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError
from keepclear_protocol.geometry import SHOWN
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import ACKNOWLEDGE, ACKNOWLEDGEMENT, ALERT, NOTICE, RECEIPT, WITHDRAWAL
from keepclear_protocol.notice import Notice, open_presentation, open_submission
from keepclear_protocol.receipt import Receipt, open_receipt
from keepclear_protocol.statement import match_header
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from .verdicts import find_party_key, find_service_key

_TYPES = [kind.typ for kind in (NOTICE, WITHDRAWAL, ALERT, RECEIPT, ACKNOWLEDGEMENT)]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs with a key: a party or the service, by the newest revision of the agreement that names it."""

    owner: str
    key: PublicKey
    revision: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a statement is found to be now: ``verdict`` is ``verified`` or a code, ``detail`` says it in words.

    ``sha256`` is of the signed bytes; ``signer`` is None where the key that it names is nobody's by the agreement.
    """

    sha256: str
    signer: Signer | None
    verdict: str = VERIFIED
    detail: str = ""


def own_anew(raw: str, kind: str, row: Side, agreements: tuple[Agreement, ...]) -> Checked:
    """Check a notice or withdrawal of ours; ``row`` is what it is kept as, and when the hotline had received it."""

    def check() -> None:
        find = _party_finder(agreements)
        statement = open_submission(raw, find, bounds=SHOWN) if kind == NOTICE.name else open_withdrawal(raw, find)
        _bound(statement, row, agreements)

    return _checked(raw, agreements, check)


def theirs_anew(raw: str, alert: Alert, agreements: tuple[Agreement, ...], *, shown: bool) -> Checked:
    """Check the counterpart's notice or withdrawal that came beside ``alert``; ``shown``: to show what is disclosed."""

    def check() -> None:
        find = _party_finder(agreements)
        statement = open_presentation(raw, find) if "~" in raw else open_withdrawal(raw, find)
        _bound(statement, alert.other, agreements)
        disclosed = {item.digest for item in statement.volumes} if isinstance(statement, Notice) else set()
        if shown and disclosed != set(alert.disclosed):
            raise EvidenceInvalid("evidence", "it discloses other volumes than the alert names")

    return _checked(raw, agreements, check)


def receipt_anew(
    raw: str, named: tuple[str, str, str, int | None], agreements: tuple[Agreement, ...]
) -> tuple[Checked, Receipt | None]:
    """Check a receipt of the service's for a statement: its kind, party, hash and revision. Return it, if it holds."""
    found: list[Receipt] = []

    def check() -> None:
        receipt = open_receipt(raw, lambda kid: find_service_key(agreements, kid))
        if (receipt.kind, receipt.party, receipt.sha256, receipt.revision) != named:
            raise EvidenceInvalid("evidence", "it is for another statement")
        if receipt.claims.aud != agreements[0].id:
            raise EvidenceInvalid("evidence", "it is of another agreement")
        _service_key_at(raw, receipt.received_at, agreements)
        found.append(receipt)

    return _checked(raw, agreements, check), next(iter(found), None)


def acknowledgement_anew(raw: str, alert: Alert | None, party: str, agreements: tuple[Agreement, ...]) -> Checked:
    """Check an acknowledgement of either side; ``alert`` is the one of its version that came to ``party``."""

    def check() -> None:
        ack = open_acknowledgement(raw, _party_finder(agreements))
        found = next((found for item in agreements if (found := item.find(ack.kid))), None)
        if ack.claims.aud != agreements[0].id or found is None or found[0].id != ack.claims.iss:
            raise EvidenceInvalid("evidence", "it is of another agreement, or of another party than its key's")
        found[1].check(ACKNOWLEDGE, ack.claims.iat * SECOND)
        if wrong := mismatch(ack, alert, party):
            raise EvidenceInvalid("evidence", wrong)

    return _checked(raw, agreements, check)


def mismatch(ack: Acknowledgement, alert: Alert | None, party: str) -> str:
    """Return how a verified acknowledgement differs from the alert that it names, or nothing."""
    if alert is None:
        return "an acknowledgement names an alert that this desk does not have"
    ours, theirs = alert.own, alert.other
    if ack.claims.iss != party:
        ours, theirs = theirs, ours
    if (ack.claims.iss, ack.ours, ack.theirs) != (ours.party, ours.sha256, theirs.sha256):
        return "an acknowledgement names other notices than the alert of its version"
    # The counterpart's alert of the same version is another statement, which only its own desk has.
    if ack.claims.iss == party and ack.alert != alert.sha256:
        return "an acknowledgement of ours names another alert than the one of its version"
    return ""


def _checked(raw: str, agreements: tuple[Agreement, ...], check: Callable[[], None]) -> Checked:
    signed = raw.partition("~")[0]
    who = signer_of(signed, agreements)
    try:
        check()
    except KeepclearError as error:
        detail = error.detail if who is not None else "it is signed by a key that no revision of the agreement names"
        return Checked(digest(signed), who, error.code, detail)
    return Checked(digest(signed), who)


def signer_of(raw: str, agreements: Iterable[Agreement]) -> Signer | None:
    """Return whose key a statement names; whether that key signed it is another question."""
    try:
        header = unb64(raw.partition(".")[0])
    except KeepclearError:
        return None
    for typ in _TYPES:
        try:
            kid = match_header(header, typ)
        except KeepclearError:
            continue
        for agreement in agreements:
            if (party := agreement.find(kid)) is not None:
                return Signer(party[0].id, party[1].key, agreement.revision)
            if (key := agreement.service_key(kid)) is not None:
                return Signer(SERVICE, key, agreement.revision)
    return None


def _party_finder(agreements: tuple[Agreement, ...]) -> Callable[[str], PublicKey | None]:
    return lambda kid: find_party_key(agreements, kid)


def _bound(statement: Notice | Withdrawal, side: Side, agreements: tuple[Agreement, ...]) -> None:
    id = statement.notice if isinstance(statement, Withdrawal) else statement.id
    what = statement.claims.aud, statement.party, id, statement.revision, statement.sha256
    if what != (agreements[0].id, side.party, side.id, side.revision, side.sha256):
        raise EvidenceInvalid("evidence", "it is another statement than the one that it is kept as")
    found = next((found for item in agreements if (found := item.find(statement.kid)) is not None), None)
    if found is None or found[0].id != side.party:
        raise EvidenceInvalid("evidence", "it is signed by a key of somebody else")
    found[1].check(SUBMIT, side.received_at)


def _service_key_at(raw: str, at: int, agreements: tuple[Agreement, ...]) -> None:
    who = signer_of(raw, agreements)
    keys = [key for item in agreements for key in item.service.keys]
    if who is None or not any(key.key == who.key and key.not_before <= at <= key.not_after for key in keys):
        raise EvidenceInvalid("evidence", "it is signed by a key that was not the service's at its time")
