"""Statements read back from one's own store or journal, where only what was verified is ever written.

Guaranteed: the same reading of the same bytes as ``open_statement`` gives. Not guaranteed, and the reason for a module
of its own: that anyone signed them. Only the fold over the service's own log and a desk over its own journal may use
this; each would otherwise verify again what it has verified, at about 100 us each. Nothing that came over a network
belongs here.
"""

from .encoding import digest, unb64
from .errors import Malformed
from .kinds import MAX_PAYLOAD_BYTES
from .statement import KeyFinder, Signed, Statement, match_header, read_payload, verify_statement


def verify_or_recall(
    raw: str, typ: str, find_key: KeyFinder | None, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Signed:
    """Verify a statement's signature unless ``find_key`` is ``None``: then ``raw`` is from our own store.

    Of that, raises ``NotAuthentic`` for other header bytes and ``Malformed`` for anything else that was never admitted.
    """
    if find_key is not None:
        return verify_statement(raw, typ, find_key, max_payload_bytes=max_payload_bytes)
    parts = raw.split(".")
    if len(parts) != 3:
        raise Malformed("json", "a statement has three parts")
    protected, body, _ = (unb64(part) for part in parts)
    return Signed(raw, typ, match_header(protected, typ), body, digest(raw), max_payload_bytes)


def open_or_reopen(
    raw: str, typ: str, find_key: KeyFinder | None, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Statement:
    """Open a statement, verifying its signature unless ``find_key`` is ``None``: then ``raw`` is from our own store."""
    signed = verify_or_recall(raw, typ, find_key, max_payload_bytes=max_payload_bytes)
    return Statement(raw, typ, signed.kid, read_payload(signed), signed.sha256)
