"""Statements read back from one's own store or journal, where only what was verified is ever written.

Guaranteed: the same reading of the same bytes as ``open_statement`` gives. Not guaranteed, and the reason for a module
of its own: that anyone signed them. Only the fold over the service's own log and a desk over its own journal may use
this; each would otherwise verify again what it has verified, at about 100 us each. Nothing that came over a network
belongs here.
"""

from .encoding import digest, parse_json, unb64
from .errors import Malformed
from .kinds import MAX_PAYLOAD_BYTES
from .statement import KeyFinder, Statement, match_header, open_statement


def open_or_reopen(
    raw: str, typ: str, find_key: KeyFinder | None, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES
) -> Statement:
    """Open a statement, verifying its signature unless ``find_key`` is ``None``: then ``raw`` is from our own store."""
    if find_key is None:
        return reopen_statement(raw, typ, max_payload_bytes=max_payload_bytes)
    return open_statement(raw, typ, find_key, max_payload_bytes=max_payload_bytes)


def reopen_statement(raw: str, typ: str, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> Statement:
    """Return a statement of kind ``typ`` from our own store, its signature not verified again.

    Raises ``NotAuthentic`` for other header bytes and ``Malformed`` for anything else that was never admitted.
    """
    parts = raw.split(".")
    if len(parts) != 3:
        raise Malformed("json", "a statement has three parts")
    protected, body, _ = (unb64(part) for part in parts)
    kid = match_header(protected, typ)
    payload = parse_json(body, max_bytes=max_payload_bytes)
    if not isinstance(payload, dict):
        raise Malformed("json", "a statement's payload must be an object")
    return Statement(raw, typ, kid, payload, digest(raw))
