"""HTTP by hand: requests that no client library would send, and the answers as they come."""

import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """An answer as it came; ``body`` is cut off after ``limit`` bytes where the connection stays open."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def code(self) -> Any:
        """The stable code of a problem document; None where it is none."""
        if ("content-type", "application/problem+json") not in self.headers:
            return None
        return json.loads(self.body)["code"]


def exchange(url: str, *pieces: bytes, timeout_s: float = 10.0) -> Answer | None:
    """Send bytes on a connection of their own and read one answer; None where the server closed without a word."""
    parts = urlsplit(url)
    assert parts.hostname is not None and parts.port is not None
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout_s) as connection:
        received = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may have answered, and closed, before we had said all
        try:
            while not _complete(received):
                chunk = connection.recv(65_536)
                if not chunk:
                    break
                received += chunk
        except ConnectionResetError:
            pass
    return _parse(received) if received else None


def request(
    method: str, target: str | bytes, *headers: str | bytes, body: bytes = b"", host: str = "hotline.test"
) -> bytes:
    """Return a request's bytes; nothing is escaped and no header is added but Host."""
    line = method.encode() + b" " + (target if isinstance(target, bytes) else target.encode()) + b" HTTP/1.1"
    lines = [line, b"Host: " + host.encode(), *(h if isinstance(h, bytes) else h.encode() for h in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _complete(received: bytes) -> bool:
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return len(body) >= int(value)
    return b"text/event-stream" in head and b"open" in body


def _parse(received: bytes) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":")[::2] for line in lines]
    return Answer(int(first.split(" ")[1]), [(name.strip().lower(), value.strip()) for name, value in pairs], body)
