"""Heads that are known: what is begun without the parser is answered as with it, and only where nothing is lost."""

import asyncio
from typing import Any

import pytest
import uvicorn
from keepclear_service.http.submits import LARGE_BODY_BYTES, WHOLE_BODY, Answer
from keepclear_service.process import known, wire
from uvicorn.server import ServerState

from .test_whole_answer import Wire

KIND = "Content-Type: application/sd-jwt"
HEAD = f"POST /v1/notices HTTP/1.1\r\nHost: h\r\n{KIND}\r\n"
SIZE = "Content-Length: 4\r\n"
PIPELINED = f"{HEAD}{SIZE}\r\n"


class Never(known.KnownHeads):
    """Knows none."""

    def of(self, data: bytes) -> None:
        return None


async def told(pieces: list[bytes], heads: known.KnownHeads, *, party: bool) -> tuple[list[bytes], list[Any], int]:
    """What is written after each piece, the scopes of the requests with their bodies, and how many were known."""
    scopes: list[Any] = []
    count = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal count
        count += WHOLE_BODY in scope
        body = b""
        while (message := await receive())["more_body"]:
            body += message["body"]
        body += message["body"]
        state = {name: value for name, value in scope["state"].items() if name != "wire"}
        scopes.append({**scope, "state": state, WHOLE_BODY: body})
        if party:
            scope["state"]["wire"].proved("party")
        await asyncio.sleep(0)
        await Answer(body, 201)(scope, receive, send)

    config = uvicorn.Config(app, interface="asgi3", ws="none", lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    protocol, transport = wire.BoundedHead(config, state, {}), Wire()
    written = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_known", heads)
        patch.setattr(wire, "_next_name", lambda: "name")
        protocol.connection_made(transport)
        for piece in pieces:
            protocol.data_received(piece)
            for _ in range(10):
                await asyncio.sleep(0)
            written.append(transport.written)
        protocol.connection_lost(None)
    assert protocol._wire.gate.held == 0
    return written, scopes, count


def usual_and_known(pieces: list[bytes], *, party: bool = True) -> tuple[int, list[Any]]:
    """How many were begun by what was known, where all is written and read as where nothing is; and the scopes."""
    usual = asyncio.run(told(pieces, Never(), party=party))
    quick = asyncio.run(told(pieces, known.KnownHeads(), party=party))
    assert quick[:2] == usual[:2] and usual[2] == 0
    return quick[2], quick[1]


def test_a_partys_request_under_a_head_that_came_before_is_begun_without_the_parser() -> None:
    bodies = [b"aaaa", b"bbbb", b"cccc", b"\r\n\r\n", b"dddd"]
    count, scopes = usual_and_known([f"{HEAD}{SIZE}\r\n".encode() + body for body in bodies])
    assert count == 3  # the first was a stranger's, the second is learnt from
    assert [scope[WHOLE_BODY] for scope in scopes] == bodies
    assert usual_and_known([PIPELINED.encode() + b"aaaa"] * 5, party=False)[0] == 0


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"{HEAD}Transfer-Encoding: chunked\r\n", b"4\r\naaaa\r\n0\r\n\r\n"),
        (f"{HEAD}{SIZE}Expect: 100-continue\r\n", b"aaaa"),
        (f"{HEAD}{SIZE}Authorization: Keepclear a\r\n", b"aaaa"),
        (f"{HEAD}{SIZE}X-Request-ID: 0123456789abcdef\r\n", b"aaaa"),
        (f"{HEAD}{SIZE}Connection: upgrade\r\nUpgrade: websocket\r\n", b"aaaa"),
        (f"{HEAD}{SIZE}{KIND}\r\n", b"aaaa"),
        (f"POST /v1/notices HTTP/1.1\r\nHost: h\r\nContent-Type: application/jwt\r\n{SIZE}", b"aaaa"),
        (f"PUT /v1/notices HTTP/1.1\r\nHost: h\r\n{KIND}\r\n{SIZE}", b"aaaa"),
        (f"POST /v1/reads HTTP/1.1\r\nHost: h\r\n{KIND}\r\n{SIZE}", b"aaaa"),
        (f"{HEAD}Content-Length: {LARGE_BODY_BYTES + 1}\r\n", b"a" * (LARGE_BODY_BYTES + 1)),
        (f"{HEAD}{SIZE}X: {'x' * known.MOST_BYTES}\r\n", b"aaaa"),
    ],
)
def test_no_other_head_is_known(head: str, body: bytes) -> None:
    assert usual_and_known([f"{head}\r\n".encode() + body] * 4)[0] == 0


@pytest.mark.parametrize("ends", [f"{HEAD}{SIZE}Connection: close\r\n", f"{HEAD}{SIZE}".replace("1.1", "1.0", 1)])
def test_a_head_that_ends_its_connection_is_learnt_from_none(ends: str) -> None:
    heads, said = known.KnownHeads(), f"{ends}\r\naaaa".encode()
    asyncio.run(told([PIPELINED.encode() + b"aaaa", said], heads, party=True))
    assert heads.of(said) is None


def test_what_comes_in_pieces_or_together_goes_by_the_parser() -> None:
    one = PIPELINED.encode() + b"aaaa"
    learnt = [one, one]
    assert usual_and_known([*learnt, one + one, one[:-1], one[-1:], one[:9], one[9:]])[0] == 0
    assert usual_and_known([*learnt, one + b"\r\n", one, one])[0] == 2
    assert usual_and_known([*learnt, one[:-1], one[-1:], one])[0] == 1


def test_behind_what_ends_the_parser_it_is_asked() -> None:
    one = PIPELINED.encode() + b"aaaa"
    other = f"{HEAD}{SIZE}Connection: upgrade\r\nUpgrade: h2c\r\n\r\naaaa".encode()
    assert usual_and_known([one, one, other, one])[0] == 0


def test_so_many_heads_are_known_and_no_more() -> None:
    heads = known.KnownHeads()
    every = [f"{HEAD}{SIZE}X: {number}\r\n\r\naaaa".encode() for number in range(known.MOST_HEADS + 2)]
    asyncio.run(told(every, heads, party=True))
    assert [heads.of(one) is not None for one in every] == [False, False] + [True] * known.MOST_HEADS
