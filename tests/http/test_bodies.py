"""A body as it comes: of a large one under no key of ours no more is read than tells so, announced or in chunks."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.kinds import NOTICE
from keepclear_service.http import submits
from keepclear_service.http.deps import Hotlines

PIECE = 16 * 1024


@pytest.mark.parametrize(
    ("length", "read"),
    [(b"500000", 1), (b"", submits.LARGE_BODY_BYTES // PIECE), (b"600000", 0)],
    ids=["announced", "in chunks", "too large"],
)
def test_a_large_body_under_no_key_of_ours_is_refused_at_once(length: bytes, read: int) -> None:
    pieces = 0

    async def receive() -> Any:
        nonlocal pieces
        pieces += 1
        return {"type": "http.request", "body": b"e" * PIECE, "more_body": pieces < 31}

    headers = [(b"content-type", NOTICE.media_type.encode()), *([(b"content-length", length)] if length else [])]
    app = SimpleNamespace(state=SimpleNamespace(hotlines=Hotlines(())))
    scope = {"type": "http", "headers": headers, "app": app, "state": {}}
    with pytest.raises(NotAuthentic if read else Malformed):
        asyncio.run(submits._body(Request(scope, receive), NOTICE))
    assert pieces == read
