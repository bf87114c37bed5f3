"""The floor: the least that any service of this kind must do for a submit, in the same server over the same store.

An empty FastAPI route, one Ed25519 verification of the statement's bytes, and one durable script through redis-py that
stores the body with a time to live, adds it to a sorted set and to a stream. No parsing, no rules, no receipt. The
verification is ``cryptography``'s, as when the bound was set, or with ``create_app_libsodium`` the quicker one that our
own keys use.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import FastAPI, Request, Response
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.encoding import unb64
from keepclear_service.process.settings import Settings
from nacl.bindings import crypto_sign_open
from redis.asyncio import BlockingConnectionPool, Redis

STORE_CONNECTIONS = 64
"""64 clients already reach a store's best rate with every write fsynced."""

SCRIPT = """
local seq = redis.call('INCR', KEYS[1] .. 'head')
redis.call('SET', KEYS[1] .. seq, ARGV[1], 'PX', 3600000)
redis.call('ZADD', KEYS[1] .. 'live', seq, seq)
redis.call('XADD', KEYS[1] .. 'log', seq .. '-0', 'seq', seq)
return seq
"""


Verify = Callable[[bytes, bytes], object]
"""Takes signature and message; raises where they do not belong together."""


def create_app(settings: Settings) -> FastAPI:
    """Return the floor's app; the shell's settings as for the service."""
    return _app(settings, lambda raw: Ed25519PublicKey.from_public_bytes(raw).verify)


def create_app_libsodium(settings: Settings) -> FastAPI:
    """Return the floor's app with libsodium's verification."""

    def verifier(raw: bytes) -> Verify:
        return lambda signature, message: crypto_sign_open(signature + message, raw)

    return _app(settings, verifier)


def _app(settings: Settings, verifier: Callable[[bytes], Verify]) -> FastAPI:
    agreement = open_agreement(settings.agreements[0].read_bytes())
    keys = [item.key for party in agreement.parties for item in party.keys]
    verify_by = {key.kid: verifier(unb64(key.jwk["x"])) for key in keys}

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        assert settings.store is not None
        app.state.redis = Redis.from_pool(
            BlockingConnectionPool.from_url(settings.store, max_connections=STORE_CONNECTIONS, timeout=5)
        )
        app.state.store = app.state.redis.register_script(SCRIPT)
        yield
        await app.state.redis.aclose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/notices")
    async def submit(request: Request) -> Response:
        body = await request.body()
        jwt = body.partition(b"~")[0]
        signed, _, signature = jwt.rpartition(b".")
        header = json.loads(unb64(signed.split(b".")[0].decode()))
        verify_by[header["kid"]](unb64(signature.decode()), signed)
        await request.app.state.store(keys=["floor:"], args=[body])
        return Response(b"{}", 201)

    return app
