"""Openings: the service's signed first word on a stream, so that a desk knows who speaks before it counts anything.

An opening is for one request: it names the request's proof by hash, which nobody can have known before, and the party
that is addressed. So it can be neither made by who has no key of the service nor used a second time. It says how far
the party's stream had come. Not guaranteed: that all which follows it was written by the same hand; events carry their
own signatures.
"""

from dataclasses import dataclass

from .claims import SERVICE, Claims, digest_claim, new_jti, read_claims
from .cursor import Cursor
from .errors import Malformed, NotAuthentic, Unavailable
from .instant import SECOND
from .keys import PrivateKey
from .kinds import OPENING
from .statement import KeyFinder, open_statement, sign_statement

FRESH_S = 60
"""Seconds by which an opening's ``iat`` may differ from the desk's clock: a proof may be 30 s off, and as much again
may pass until the opening is there."""

MAX_PARTY_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """A verified opening: whom it addresses, the request that it answers, and the stream's newest position then."""

    claims: Claims
    kid: str
    to: str
    request: str
    at: Cursor


def sign_opening(key: PrivateKey, *, aud: str, terms: str, iat: int, to: str, request: str, at: Cursor) -> str:
    """Return the opening of the stream that the proof of digest ``request`` asked for, signed by the service."""
    payload = {
        "iss": SERVICE,
        "aud": aud,
        "terms": terms,
        "iat": iat,
        "jti": new_jti(),
        "to": to,
        "request": request,
        "at": str(at),
    }
    return sign_statement(key, OPENING.typ, payload)


def open_opening(raw: str, find_key: KeyFinder) -> Opening:
    """Verify the service's signature over an opening; raises ``NotAuthentic`` or ``Malformed``."""
    statement = open_statement(raw, OPENING.typ, find_key, max_payload_bytes=OPENING.max_payload_bytes)
    payload = statement.payload
    claims = read_claims(payload, admit_by=False)
    to = payload.get("to")
    if claims.iss != SERVICE or not isinstance(to, str) or not 0 < len(to) <= MAX_PARTY_CHARACTERS:
        raise Malformed("claims", "an opening is the service's, to a party")
    return Opening(claims, statement.kid, to, digest_claim(payload, "request"), Cursor.parse(payload.get("at")))


def check_opening(opening: Opening, *, aud: str, to: str, request: str, now: int) -> None:
    """Raise ``Unavailable`` with ``unreachable`` unless the opening answers this request, fresh at instant ``now``."""
    if (opening.claims.aud, opening.to, opening.request) != (aud, to, request):
        raise Unavailable("unreachable", "the stream begins with the hotline's answer to another request")
    off_s = opening.claims.iat - now // SECOND
    if abs(off_s) > FRESH_S:
        way = "ahead of" if off_s > 0 else "behind"
        detail = f"the hotline's signed time is {abs(off_s)} s {way} this machine's clock"
        raise Unavailable("unreachable", detail, hint="is this machine's clock right?")


def read_opening(raw: str, find_key: KeyFinder, *, aud: str, to: str, request: str, now: int) -> Opening:
    """Return the opening of a stream that one request asked for; raise ``Unavailable`` with ``unreachable``."""
    try:
        opening = open_opening(raw, find_key)
    except (NotAuthentic, Malformed):
        detail = "the stream does not begin with a word that the hotline has signed"
        raise Unavailable("unreachable", detail) from None
    check_opening(opening, aud=aud, to=to, request=request, now=now)
    return opening
