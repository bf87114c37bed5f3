"""A forge for statements that no library of ours would sign: odd bytes under a good key, good bytes under an odd one.

Every function here returns text as it would be sent. Nothing is checked: what comes out is meant to be refused, and
the tests say with which code.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import b64, dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.statement import protected_header

from support.notice_forge import Forge
from support.world import ORIGIN, World

Alter = Callable[[dict[str, Any]], None]


def sign_bytes(key: PrivateKey, typ: str, payload: bytes, *, header: bytes | None = None) -> str:
    """Return a compact JWS over exactly these payload bytes, under the profile's header or another one."""
    protected = protected_header(key.kid, typ) if header is None else header
    signing_input = f"{b64(protected)}.{b64(payload)}"
    return f"{signing_input}.{b64(key.sign(signing_input.encode()))}"


def party_claims(world: World, party: str, **changed: Any) -> dict[str, Any]:
    """Return all claims of a party's statement made now; a change to ``...`` takes the claim away."""
    iat = int(time.time())
    claims = {**world.claims(party), "jti": new_jti(), "admit_by": iat + 600, **changed}
    return {name: value for name, value in claims.items() if value is not ...}


def with_members(payload: dict[str, Any], members: str) -> bytes:
    """Return the payload's JSON with raw ``members`` (such as ``"x":NaN``) put first, as no serialiser would."""
    return b"{" + members.encode() + b"," + dump_json(payload)[1:]


class NoticeForge:
    """Notices of one party of a world, of any volumes, properties and claims."""

    def __init__(self, world: World, party: str, *, key: PrivateKey | None = None) -> None:
        self.world = world
        self.party = party
        self.key = key or world.parties[party].key
        self.forge = Forge(new_jti())

    def element(self, volume: dict[str, Any] | bytes) -> str:
        """Return a volume's disclosure: of an object, or of raw JSON bytes in its place."""
        raw = volume if isinstance(volume, bytes) else json.dumps(volume).encode()
        return b64(b'["' + self.forge.random(16).encode() + b'",' + raw + b"]")

    def notice(
        self,
        volumes: Sequence[dict[str, Any] | bytes],
        *,
        category: str = "transport",
        alter: Alter = lambda payload: None,
        **claims: Any,
    ) -> str:
        """Return a submission that is right but for what the arguments make wrong."""
        elements = [self.element(volume) for volume in volumes]
        properties = [self.forge.property("category", category)]
        sent = [*elements, *properties]
        manifest = self.forge.manifest(sent)
        said = {**party_claims(self.world, self.party), "notice": new_jti()}
        payload = self.forge.payload(elements, [*properties, manifest], **said)
        payload.update(claims)
        alter(payload)
        return self.forge.sign(payload, [*sent, manifest], key=self.key)


def proof_payload(world: World, party: str, target: str, **changed: Any) -> dict[str, Any]:
    """Return the payload of a request proof for GET ``target``."""
    return {**party_claims(world, party, admit_by=...), "htm": "GET", "htu": ORIGIN + target, **changed}
