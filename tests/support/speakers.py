"""Whoever answers on a socket: streams whose every byte a test gives, opened by a real service's key or not at all."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.opening import sign_opening
from keepclear_protocol.request import SCHEME

from support.mediator import EPOCH
from support.world import World

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>\n: please sign in\n\n</html>\n"

Speaks = Callable[["Said"], None]


class Said:
    """One connection: the proof that asked, and ``say`` for what is answered; ``held`` until the test is over."""

    def __init__(self, connection: socket.socket, proof: str, over: threading.Event) -> None:
        self._connection = connection
        self.proof = proof
        self._over = over

    def say(self, data: bytes) -> None:
        self._connection.sendall(data)

    def rest(self, seconds: float) -> None:
        """Say nothing for a while, or until the test is over."""
        self._over.wait(seconds)

    def hold(self, every_s: float = 0.0, data: bytes = b"", first: bytes = b"") -> None:
        """Say ``first``, then keep the connection open, saying ``data`` again and again."""
        self.say(first)
        while not self._over.wait(every_s or None):
            self.say(data)


class Speaker:
    """Answers every connection as ``speaks`` does; counts them."""

    def __init__(self, speaks: Speaks) -> None:
        self._speaks = speaks
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked_at: list[float] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> "Speaker":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536) or b"\r\n\r\n"
            self.asked_at.append(time.monotonic())
            lines = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line)
            proof = {name.lower(): value for name, value in lines.items()}.get("authorization", "")
            self._speaks(Said(connection, proof.removeprefix(SCHEME), self._over))


def first_word(world: World, proof: str, **changed: Any) -> bytes:
    """Return the event that the service of ``world`` begins a stream of north with; ``changed`` members win."""
    agreement = world.agreement
    told = {
        "key": world.service, "aud": agreement.id, "terms": agreement.terms, "iat": int(time.time()), "to": "north",
        "request": digest(proof), "at": Cursor(EPOCH, 0),
    }  # fmt: skip
    return f"event: open\ndata: {json.dumps({'open': sign_opening(**{**told, **changed})})}\n\n".encode()
