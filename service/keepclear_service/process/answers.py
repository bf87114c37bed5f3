"""What is written on a connection beside what uvicorn writes: whole answers in one message, and the gate's refusals."""

import asyncio
import logging
from typing import Any

from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import CODES
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from ..http.problems import MEDIA_TYPE, RETRY_AFTER_S, document
from ..http.submits import WHOLE_ANSWER, WHOLE_BODY

_CODE_OF = {
    "head": "request_slow",
    "body": "request_slow",
    "large_head": "head_too_large",
    "framing": "request",
    "broken": "request",
    "bytes": "busy",
    "address": "busy",
    "full": "busy",
}
"""What is said of why the gate ends a connection (``metrics.CUTS``); of others nothing is, since nobody asked."""

_DETAIL_OF = {
    "broken": "invalid HTTP request received",
    "large_head": "the request's head is too large",
    "framing": "the body's chunks, their extensions or trailers are too large",
    "address": "too many connections from this address",
    "full": "too many connections",
    "bytes": "too much is under way",
}


class Cycle(RequestResponseCycle):
    """uvicorn's request and response, which takes a whole answer in one message, too."""

    async def send(self, message: Any) -> None:
        """Send what uvicorn sends, or a whole JSON answer."""
        if message["type"] != WHOLE_ANSWER:
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected or self.response_started:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        body: bytes = message["body"]
        head = b"".join([b"%b: %b\r\n" % header for header in self.default_headers])
        close = b"" if self.keep_alive else b"connection: close\r\n"
        said = STATUS_LINE[message["status"]], head, len(body), close, body
        self.transport.write(b"%b%bcontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n%b" % said)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class Whole(Cycle):
    """One whose body came with its head, under a head that is known (``known``), so that little is its own."""

    access_log = waiting_for_100_continue = more_body = False
    disconnected = response_started = response_complete = False
    keep_alive = True
    chunked_encoding = None
    expected_content_length = 0
    logger = logging.getLogger("uvicorn.error")
    message_event = asyncio.Event()  # nobody waits for it

    def __init__(self, protocol: HttpToolsProtocol, scope: Any, headers: list[tuple[bytes, bytes]]) -> None:
        self.scope, self.default_headers, self.body = scope, headers, scope[WHOLE_BODY]
        self.transport, self.flow, self.on_response = protocol.transport, protocol.flow, protocol.on_response_complete

    async def receive(self) -> Any:
        """Return the body, as uvicorn does."""
        return {"type": "http.request", "body": self.body, "more_body": False}


def refusal(why: str) -> bytes:
    """Return the whole answer that says why a connection ends; nothing where nothing is said."""
    code = _CODE_OF.get(why)
    if code is None:
        return b""
    body, status = dump_json(document(code, _DETAIL_OF.get(why, ""))), CODES[code].status
    again = f"retry-after: {RETRY_AFTER_S}\r\n" if status == 503 else ""
    head = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n{again}connection: close\r\n\r\n"
    return STATUS_LINE[status] + head.encode() + body
