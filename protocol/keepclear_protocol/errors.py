"""Every error that Keepclear raises, grouped by who must act.

    KeepclearError
    ├── NotAuthentic      nobody known signed this; said with one code only, whatever is wrong
    ├── Refused           the sender must change what it sent (4xx)
    │   ├── OverBudget    its party has spent what was agreed; it may say when to try again (429)
    │   ├── Malformed     it cannot be read
    │   ├── Forbidden     it can be read, but this signer may not say it here and now
    │   └── OutOfStep     it does not follow from what was said before
    ├── Unavailable       the mediator's operator must act; sending the same bytes again is safe (503)
    ├── EvidenceInvalid   the other side or the mediator said something that does not hold
    ├── StalePicture      the picture is too old to be relied on
    └── LocalError        this machine's own files or settings are wrong

Each error carries a stable ``code``; ``CODES`` lists them all with their HTTP status and meaning. A code is part of
the wire and never changes its meaning; the text beside it may. Malformed input always ends in one of these, never in
a leaked ``ValueError``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """What a stable code stands for: the HTTP ``status`` it travels with and one plain sentence."""

    status: int
    meaning: str


CODES: dict[str, Code] = {
    # NotAuthentic: one code, so that a stranger learns nothing from the difference.
    "not_authenticated": Code(401, "no enrolled key verifies this statement"),
    # Malformed: encodings
    "base64url": Code(400, "not canonical base64url"),
    "json": Code(400, "not strict JSON: bad syntax or encoding, a repeated name, or too deep"),
    "json_number": Code(400, "a number that is not finite"),
    "too_large": Code(413, "larger than the limit for its kind"),
    "claims": Code(400, "a claim is missing, of the wrong type, or not allowed here"),
    "crit": Code(400, "lists a critical member that this receiver does not understand"),
    "content_type": Code(415, "the body is not of the media type that this door takes"),
    "request": Code(400, "the request's path, query or headers cannot be read"),
    "request_slow": Code(408, "the request did not come whole in time, or too slowly; it may be sent again"),
    "head_too_large": Code(431, "the request's line and headers are larger than any of the protocol's"),
    "not_found": Code(404, "there is nothing of yours under this name"),
    "method": Code(405, "this door does not take this method"),
    "cursor": Code(400, "not a stream cursor"),
    # Malformed: volumes
    "volume_shape": Code(422, "a volume's members are missing, unknown or of the wrong type"),
    "volume_position": Code(422, "a latitude, longitude or number of decimals is out of range"),
    "volume_polygon": Code(422, "a polygon crosses itself, repeats a vertex or has fewer than three"),
    "volume_edge": Code(422, "an edge joins antipodal points or is longer than the limit"),
    "volume_extent": Code(422, "a volume has no extent in area, altitude or time"),
    "volume_size": Code(422, "an outline has a larger radius or reaches further than can be measured"),
    "volume_band": Code(422, "the altitude band is upside down, unknown or out of range"),
    "volume_window": Code(422, "the time window is upside down or not an RFC 3339 time with Z"),
    # Malformed: keys, agreements
    "key": Code(422, "not a usable Ed25519 public key"),
    "agreement": Code(422, "the agreement cannot be read"),
    "agreement_signatures": Code(422, "the agreement is not signed by exactly the roots that must sign it"),
    "agreement_successor": Code(422, "the agreement does not follow from the one before it"),
    "fingerprint": Code(403, "the digits heard by voice are not the fingerprint of the key"),
    # Malformed: selective disclosure
    "disclosure": Code(422, "a disclosure cannot be read, or stands where it may not"),
    "disclosure_unmatched": Code(422, "a disclosure matches no digest"),
    "disclosure_repeated": Code(422, "a digest or a disclosure stands twice"),
    "disclosure_missing": Code(422, "a submission must disclose everything that it signs"),
    "manifest": Code(422, "the manifest is missing, not last, or not over what was sent"),
    "notice": Code(422, "the notice has members that it must not have, or lacks some"),
    # Refused by an agreement's limits
    "limit_area": Code(422, "a volume, as widened by the rules, is larger than the agreed area"),
    "limit_band": Code(422, "a volume, as widened by the rules, is taller than the agreed band"),
    "limit_duration": Code(422, "a volume, as widened by the rules, lasts longer than agreed"),
    "limit_horizon": Code(422, "the notice begins further ahead than agreed"),
    "limit_volumes": Code(422, "more volumes than agreed"),
    "limit_vertices": Code(422, "more vertices than agreed"),
    "limit_revisions": Code(422, "more revisions of one notice than agreed"),
    "limit_answers": Code(422, "more acknowledgements of one version of an alert than anyone needs"),
    "limit_retention": Code(422, "the notice ended longer ago than the agreed retention"),
    "outside_area": Code(422, "a volume lies outside the agreement's area"),
    "category": Code(422, "the agreement knows no such category"),
    # OverBudget: nothing was kept, and others were told that this party is over its budget
    "budget_live_notices": Code(429, "the party has more live notices than agreed"),
    "budget_submits_a_minute": Code(429, "the party files more notices a minute than agreed"),
    "budget_acknowledgements_a_minute": Code(429, "the party sends more acknowledgements a minute than agreed"),
    "budget_stored_bytes": Code(429, "the party's notices take more of the store than agreed"),
    "budget_pairs_an_hour": Code(429, "the party's notices made the rules look at more pairs an hour than agreed"),
    "budget_alerts_an_hour": Code(429, "the party's notices opened more conflicts with a counterpart an hour"),
    "budget_volume_time_a_day": Code(429, "the party's notices take more space and time a day than agreed"),
    "budget_streams": Code(429, "the party has more streams open than agreed"),
    # Forbidden: told apart only after the signature verified
    "wrong_party": Code(403, "the statement's issuer is not the party whose key signed it"),
    "wrong_role": Code(403, "the key lacks the role for this"),
    "wrong_agreement": Code(403, "the statement is for another agreement"),
    "wrong_terms": Code(409, "the statement names other terms than those in force"),
    "key_revoked": Code(403, "the key was revoked"),
    "key_not_valid": Code(403, "the key is not valid at this time"),
    "admitted_too_late": Code(409, "the statement arrived after its admit_by; sign it anew"),
    "not_yet": Code(409, "the statement is dated further in the future than the clocks may differ"),
    "proof_request": Code(403, "the request proof is for another request"),
    "proof_expired": Code(403, "the request proof is too old or from the future"),
    "proof_replayed": Code(403, "the request proof was used before"),
    # OutOfStep
    "revision_conflict": Code(409, "another statement was already accepted at this revision"),
    "revision_order": Code(409, "the revision is not the current one plus one"),
    "prev_mismatch": Code(409, "prev is not the hash of the revision before"),
    "notice_unknown": Code(409, "there is no such notice to amend or withdraw"),
    "notice_withdrawn": Code(409, "the notice was withdrawn; its id has ended for ever"),
    "jti_conflict": Code(409, "another statement was already accepted under this jti"),
    "conflict_unknown": Code(409, "there is no such conflict"),
    "alert_mismatch": Code(409, "ours or theirs are not those of the alert that the acknowledgement names"),
    "version_stale": Code(409, "the acknowledgement is not of the conflict's newest alert"),
    # Unavailable
    "store_unavailable": Code(503, "the store does not answer; nothing was accepted"),
    "store_unsafe": Code(503, "the store could lose a receipted notice"),
    "store_full": Code(503, "the store has no room for it until the mediator makes some; others were not touched"),
    "store_clock": Code(503, "the clocks are not as they were; nothing was accepted"),
    "busy": Code(503, "the service is stopping or catching up; send the same bytes again"),
    "unreachable": Code(503, "the hotline cannot be reached"),
    "client_certificate": Code(503, "the hotline's door asks for another TLS certificate than this machine shows"),
    "internal": Code(500, "a fault of the service's own"),
    # EvidenceInvalid: what a desk says of the mediator or the other side
    "evidence": Code(422, "a signed statement does not verify or does not hold together"),
    "recompute": Code(422, "the alert's figures are not those of the rules"),
    "over_disclosed": Code(422, "the mediator showed a volume of ours that is not in conflict"),
    "rollback": Code(422, "an older version, or another one of the same number, was sent as current"),
    "closed_without_cause": Code(422, "a conflict was closed without the signed cause that it needs"),
    "stale_picture": Code(503, "the picture is too old to be relied on"),
    # OutOfStep and LocalError, of a desk alone
    "reference_conflict": Code(409, "something else was filed under this reference of the party's own"),
    "clock": Code(422, "an alert is dated ahead of this machine's clock, which seems to be slow"),
    "journal": Code(503, "the desk's journal cannot be used or written"),
    "key_file": Code(422, "the key file cannot be used"),
    "input_file": Code(422, "the input file cannot be read as flight intents"),
    "usage": Code(400, "the command's words or settings are off"),
}


class KeepclearError(Exception):
    """An error with a stable ``code``, a plain ``detail`` and, where one helps, a ``hint``."""

    def __init__(self, code: str, detail: str = "", *, hint: str = "") -> None:
        self.code = code
        self.detail = detail or CODES[code].meaning
        self.hint = hint
        super().__init__(self.detail)

    @property
    def status(self) -> int:
        """The HTTP status that the code travels with; 500 for a code of a later version."""
        known = CODES.get(self.code)
        return 500 if known is None else known.status

    @property
    def retryable(self) -> bool:
        """Whether sending the same bytes again, unchanged, can succeed."""
        return self.status == 503


class NotAuthentic(KeepclearError):
    """Nobody known signed this."""

    def __init__(self) -> None:
        super().__init__("not_authenticated")


class Refused(KeepclearError):
    """The sender must change what it sent."""


def budget_code(name: str) -> str:
    """Return the code with which a statement over the budget of that name is refused."""
    return f"budget_{name}"


class OverBudget(Refused):
    """Its party has spent ``budget``: ``left`` of it is there, and before the instant ``again_at`` it is refused again.

    Where one statement asks for more than the whole budget, it is refused then too.
    """

    def __init__(self, budget: str, left: int, again_at: int, detail: str = "", *, hint: str = "") -> None:
        super().__init__(budget_code(budget), detail, hint=hint)
        self.budget = budget
        self.left = left
        self.again_at = again_at


class Malformed(Refused):
    """It cannot be read."""


class Forbidden(Refused):
    """It can be read, but this signer may not say it here and now."""


class OutOfStep(Refused):
    """It does not follow from what was said before."""


class Unavailable(KeepclearError):
    """The mediator's operator must act; sending the same bytes again is safe."""


class EvidenceInvalid(KeepclearError):
    """The other side or the mediator said something that does not hold."""


class StalePicture(KeepclearError):
    """The picture is too old to be relied on."""


class LocalError(KeepclearError):
    """This machine's own files or settings are wrong."""
