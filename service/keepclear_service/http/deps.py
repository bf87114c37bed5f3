"""What the doors share: which hotline a request is for, and who reads.

A party is who the ``kid`` of a verified statement says, never a parameter, a header of a proxy or a certificate. The
request is held against the agreement's own origin with the raw path and query, never against ``request.url``, which
is rebuilt from a header that anyone can send.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import Request
from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import Malformed, NotAuthentic, Refused
from keepclear_protocol.kinds import REQUEST
from keepclear_protocol.request import SCHEME, RequestProof, open_request
from keepclear_protocol.statement import match_header

from ..line.hotline import Hotline
from .problems import STATEMENT, proved, served

PROOF_HEADER = "authorization"


class Hotlines:
    """The hotlines of one worker, found by the key that signed: one key belongs to one agreement."""

    def __init__(self, hotlines: Sequence[Hotline]) -> None:
        self._all = tuple(hotlines)
        self._of_key: dict[str, Hotline] = {}

    def all(self) -> tuple[Hotline, ...]:
        """Return every hotline of this worker."""
        return self._all

    def of(self, compact: str, typ: str) -> Hotline:
        """Return the hotline in whose agreement the signer of an unverified JWS would be; raise ``NotAuthentic``."""
        # Of one alone nothing need be asked: whoever opens the statement finds that its signer is none of that one's.
        return self._all[0] if len(self._all) == 1 else self.of_signer(compact, typ)[0]

    def of_signer(self, compact: str, typ: str) -> tuple[Hotline, str]:
        """Return the hotline of an unverified JWS and the ``kid`` of its signer; raise ``NotAuthentic``."""
        try:
            kid = match_header(unb64(compact.partition(".")[0][:400]), typ)
        except Malformed:
            raise NotAuthentic from None
        known = self._of_key.get(kid)
        if known is not None and known.agreement.find(kid) is not None:
            return known, kid
        for hotline in self._all:
            if hotline.agreement.find(kid) is not None:
                self._of_key[kid] = hotline
                return hotline, kid
        raise NotAuthentic


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the hotline, the party, and the proof, whose key may be revoked while a stream lasts."""

    hotline: Hotline
    party: str
    proof: RequestProof


def hotlines(request: Request) -> Hotlines:
    """Return the worker's hotlines."""
    found: Hotlines = request.scope["app"].state.hotlines
    return found


def target(request: Request) -> str:
    """Return the request's path with its raw query, as it came."""
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return raw_path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


def reader(role: str | None, *, terms: bool = True) -> Callable[[Request], Awaitable[Reader]]:
    """Return a dependency that admits whoever proves to be a party with ``role`` (None: any of its keys)."""

    async def admit(request: Request) -> Reader:
        headers = request.headers.getlist(PROOF_HEADER)
        if len(headers) != 1:  # of two, a proxy might have judged the other one
            raise NotAuthentic
        (header,) = headers
        compact = header.removeprefix(SCHEME)
        request.scope["state"][STATEMENT] = compact
        hotline = hotlines(request).of(compact, REQUEST.typ)
        proof = open_request(header, hotline.agreement.party_key)
        party = await hotline.check_reader(proof, role=role, terms=terms)
        await hotline.spend(proof, method=request.method, target=target(request))
        served()
        proved(request.scope, hotline, party)
        return Reader(hotline, party, proof)

    return admit


async def asks_as(request: Request, hotline: Hotline, party: str) -> bool:
    """Whether a request carries a proof of any valid key of ``party``; it is used up.

    A proof that does not hold is as none: what was accepted before is not refused for it.
    """
    headers = request.headers.getlist(PROOF_HEADER)
    if len(headers) != 1:
        return False
    try:
        proof = open_request(headers[0], hotline.agreement.party_key)
        if await hotline.check_reader(proof, role=None, terms=False) != party:
            return False
        await hotline.spend(proof, method=request.method, target=target(request))
    except (NotAuthentic, Refused):
        return False
    return True
