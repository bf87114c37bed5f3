"""Withdrawals: a party's signed end of one of its notices.

A withdrawal takes the notice's next revision and names the revision before by hash, so it cannot be slipped in behind
an amendment that its signer had not seen; it ends the notice's id for ever. Checked here: signature and shape. Not
checked: that there is such a notice, that it is the issuer's own, and that revision and ``prev`` follow from it.
"""

from dataclasses import dataclass

from .claims import ADMIT_WITHIN_S, Claims, digest_claim, id_claim, new_jti, read_claims, whole
from .keys import PrivateKey
from .kinds import WITHDRAWAL
from .statement import KeyFinder, sign_statement
from .stored import open_or_reopen


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A verified withdrawal: ``notice`` is the ended notice's id, ``prev`` the hash of its last revision."""

    raw: str
    sha256: str
    kid: str
    claims: Claims
    notice: str
    revision: int
    prev: str

    @property
    def party(self) -> str:
        """The party that it names as its issuer."""
        return self.claims.iss


def build_withdrawal(
    key: PrivateKey,
    *,
    iss: str,
    aud: str,
    terms: str,
    iat: int,
    notice: str,
    revision: int,
    prev: str,
    admit_by: int | None = None,
    jti: str | None = None,
) -> str:
    """Return a signed withdrawal of ``notice``: ``revision`` is its last one plus one, ``prev`` the hash of that.

    ``iat`` and ``admit_by`` are seconds. Raises what ``open_withdrawal`` would raise.
    """
    payload = {
        "iss": iss,
        "aud": aud,
        "terms": terms,
        "iat": iat,
        "jti": jti or new_jti(),
        "admit_by": iat + ADMIT_WITHIN_S if admit_by is None else admit_by,
        "notice": notice,
        "revision": revision,
        "prev": prev,
    }
    raw = sign_statement(key, WITHDRAWAL.typ, payload)
    open_withdrawal(raw, {key.kid: key.public}.get)
    return raw


def open_withdrawal(raw: str, find_key: KeyFinder | None) -> Withdrawal:
    """Verify a withdrawal and return it; ``find_key`` is ``None`` for bytes of the service's own store (``stored``).

    Raises ``NotAuthentic`` before the signature verified, then ``Malformed`` with ``claims`` or ``crit``. Unknown
    members are kept in ``raw`` and mean nothing.
    """
    statement = open_or_reopen(raw, WITHDRAWAL.typ, find_key, max_payload_bytes=WITHDRAWAL.max_payload_bytes)
    payload = statement.payload
    claims = read_claims(payload, admit_by=True)
    notice = id_claim(payload, "notice")
    # A withdrawal follows at least one revision of its notice.
    revision = whole(payload, "revision", low=2)
    return Withdrawal(raw, statement.sha256, statement.kid, claims, notice, revision, digest_claim(payload, "prev"))
