"""Who may ask the console: start links, sessions, and what each of them proves.

A start link carries a token that works once and for ``TOKEN_S``; it is exchanged for a session, which is two secrets:
a cookie that no script can read, and a page key that only scripts of the console's own origin can read. Both must
come with every question. The cookie alone proves nothing: all ports of 127.0.0.1 are one site, so a browser sends it
to another user's server on another port, too. The page key alone proves nothing either: a script that another program
of the origin's former owner left behind has no cookie of ours.

Guaranteed: secrets have 256 bits, are compared in constant time, and are held as hashes. Not guaranteed: anything
against who can read this user's memory, files or screen.
"""

import hashlib
import hmac
import secrets
import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from keepclear_protocol.encoding import b64, unb64
from keepclear_protocol.errors import KeepclearError

from .refusals import Refusal

Role = Literal["officer", "wall"]

TOKEN_S = 300
"""A link that was printed is opened within minutes; a new one is a key away."""

SESSION_S = 24 * 3600
"""Longer than any watch: a browser that died at its end is opened again without a new link. Counted from the last
use."""

MAX_SESSIONS = 32
"""Pages of one desk that anybody could look at; the one not used for longest makes room."""

SECRET_BYTES = 32
MAX_COOKIES = 8
ROLES: tuple[Role, ...] = ("officer", "wall")
_TOKEN = struct.Struct(f">BQ{SECRET_BYTES}s")
"""Role, the second until which it counts, and what makes it one of a kind; its MAC comes after."""


@dataclass
class Session:
    """One browser's session; ``shown`` is since when which versions stood on it."""

    role: Role
    page_key: bytes
    used_at: float
    shown: dict[tuple[str, int], int] = field(default_factory=dict)


class Admitted(NamedTuple):
    """A new session, and the two secrets that prove it."""

    session: Session
    cookie: str
    page_key: str


def start_token(secret: bytes, role: Role, now_s: float) -> str:
    """Return a fresh token for a start link; whoever holds the console's ``secret`` can make one."""
    named = _TOKEN.pack(ROLES.index(role), int(now_s) + TOKEN_S, secrets.token_bytes(SECRET_BYTES))
    return b64(named + _mac(secret, named))


class Access:
    """The sessions of one console. ``secret`` is what its start tokens are made with."""

    def __init__(self, secret: bytes, clock_s: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock_s = clock_s
        self._spent: dict[bytes, int] = {}
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()

    def admit(self, token: object, cookies: Sequence[str] = (), keys: Mapping[str, object] | None = None) -> Admitted:
        """Exchange a start token for a session; raise ``Refusal`` with ``start_link`` where it is none that counts.

        A browser that proves by ``cookies`` and one of its page ``keys`` that it has a session of this role goes on
        with that one: its pages share what it keeps, and another session would take the watch from those that are open.
        """
        role, expires, nonce = self._read(token)
        now = int(self._clock_s())
        self._spent = {spent: until for spent, until in self._spent.items() if until >= now}
        if expires < now or nonce in self._spent:
            raise Refusal("start_link")
        self._spent[nonce] = expires
        key = (keys or {}).get(role)
        held = self._find(cookies, key) if isinstance(key, str) else None
        if held is not None and held.session.role == role:
            return held
        cookie, page_key = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        session = Session(role, _hash(page_key), self._clock_s())
        self._sessions[_hash(cookie)] = session
        while len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return Admitted(session, cookie, page_key)

    def session(self, cookies: Sequence[str], page_key: str) -> Session:
        """Return the session that both secrets prove; raise ``Refusal`` with ``session``.

        Of several ``cookies`` of our name any may be ours: other ports of this host can plant some beside it.
        """
        held = self._find(cookies, page_key)
        if held is None:
            raise Refusal("session")
        return held.session

    def _find(self, cookies: Sequence[str], page_key: str) -> Admitted | None:
        now, key = self._clock_s(), _hash(page_key)
        for cookie in cookies[:MAX_COOKIES]:
            name = _hash(cookie)
            found = self._sessions.get(name)
            # Compared also where there is none, so that no stopwatch tells whether a cookie is known.
            holds = hmac.compare_digest(bytes(SECRET_BYTES) if found is None else found.page_key, key)
            if found is None or not holds:
                continue
            if now - found.used_at > SESSION_S:
                del self._sessions[name]
                break
            found.used_at = now
            self._sessions.move_to_end(name)
            return Admitted(found, cookie, page_key)
        return None

    def _read(self, token: object) -> tuple[Role, int, bytes]:
        try:
            data = unb64(token) if isinstance(token, str) else b""
        except KeepclearError:
            data = b""
        named, mac = data[: _TOKEN.size], data[_TOKEN.size :]
        if not hmac.compare_digest(_mac(self._secret, named), mac):
            raise Refusal("start_link")
        role, expires, nonce = _TOKEN.unpack(named)
        return ROLES[role], expires, nonce


def _mac(secret: bytes, named: bytes) -> bytes:
    return hmac.new(secret, b"keepclear console start " + named, hashlib.sha256).digest()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
