"""A whole answer in one message: byte for byte what uvicorn makes of the two usual ones."""

import asyncio
from typing import Any

import pytest
import uvicorn
from keepclear_service.http.submits import Answer
from keepclear_service.process.wire import BoundedHead
from uvicorn.server import ServerState

HEAD = "host: x\r\ncontent-length: 2"
CLOSING = HEAD + "\r\nconnection: close"


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


async def answered(raw: bytes, monkeypatch: pytest.MonkeyPatch, *, whole: bool) -> tuple[bytes, bool, int]:
    """What is written, whether the connection closes, and how many messages it took."""
    sent = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def counting(message: Any) -> None:
            nonlocal sent
            sent += 1
            await send(message)

        await receive()
        if not whole:
            del scope["extensions"]
        await Answer(b'{"receipt":"r"}', 201)(scope, receive, counting)

    config = uvicorn.Config(app, interface="asgi3", ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    protocol, wire = BoundedHead(config, state, {}), Wire()
    protocol.connection_made(wire)
    monkeypatch.setattr(protocol, "request_name", lambda: "name")
    protocol.data_received(raw)
    while protocol.tasks:
        await asyncio.gather(*protocol.tasks)
    closed = wire.closed
    protocol.connection_lost(None)
    return wire.written, closed, sent


@pytest.mark.parametrize(
    ("version", "head", "requests"), [("1.1", HEAD, 1), ("1.1", CLOSING, 1), ("1.0", HEAD, 1), ("1.1", HEAD, 3)]
)
def test_it_is_what_uvicorn_writes(version: str, head: str, requests: int, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = f"POST /v1/notices HTTP/{version}\r\n{head}\r\n\r\nab".encode() * requests
    usual = asyncio.run(answered(raw, monkeypatch, whole=False))
    whole = asyncio.run(answered(raw, monkeypatch, whole=True))
    assert whole[0] == usual[0] and whole[0].count(b"HTTP/1.1 201 Created\r\n") == requests
    assert (whole[2], usual[2]) == (requests, 2 * requests)
    closing = head == CLOSING or version == "1.0"
    assert (b"connection: close" in whole[0]) == whole[1] == usual[1] == closing
