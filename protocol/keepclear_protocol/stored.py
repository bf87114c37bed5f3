"""Statements read back from the service's own store, where only what was verified is ever written.

Guaranteed: the same reading of the same bytes as ``open_statement`` gives. Not guaranteed, and the reason for a module
of its own: that anyone signed them. Only the fold over the service's own log may use this; it would otherwise verify
every other worker's entries a second time, at about 100 us each. Nothing that came over a network belongs here.
"""

from .encoding import digest, parse_json, unb64
from .errors import Malformed
from .kinds import MAX_PAYLOAD_BYTES
from .statement import KeyFinder, Statement, match_header, open_statement


def open_or_reopen(raw: str, typ: str, find_key: KeyFinder | None) -> Statement:
    """Open a statement, verifying its signature unless ``find_key`` is ``None``: then ``raw`` is from our own store."""
    return reopen_statement(raw, typ) if find_key is None else open_statement(raw, typ, find_key)


def reopen_statement(raw: str, typ: str) -> Statement:
    """Return a statement of kind ``typ`` from our own store, its signature not verified again.

    Raises ``NotAuthentic`` for other header bytes and ``Malformed`` for anything else that was never admitted.
    """
    parts = raw.split(".")
    if len(parts) != 3:
        raise Malformed("json", "a statement has three parts")
    protected, body, _ = (unb64(part) for part in parts)
    kid = match_header(protected, typ)
    payload = parse_json(body, max_bytes=MAX_PAYLOAD_BYTES)
    if not isinstance(payload, dict):
        raise Malformed("json", "a statement's payload must be an object")
    return Statement(raw, typ, kid, payload, digest(raw))
