"""The HTTP shells: what is tried again, where requests go, and what becomes of a transport's faults."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from keepclear.transport.blocking import Client
from keepclear.transport.client import AsyncClient
from keepclear.transport.tls import Tls
from keepclear.wire.answers import MAX_ANSWER_BYTES
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import KeepclearError, LocalError, Unavailable
from support.mediator import EPOCH, Mediator, refusal
from support.world import ORIGIN, World, now_us

world = World()
JSON = {"content-type": "application/json"}
Answer = Callable[[httpx2.Request], httpx2.Response]
NAMES = {"submit", "amend", "withdraw", "notices", "notice", "conflicts", "acknowledge", "agreement", "stream", "call"}


def client(answer: Answer, **options: Any) -> Client:
    return Client(world.agreement, world.parties["north"].key, transport=httpx2.MockTransport(answer), **options)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", (0.0, 0.0, 0.0))


def faults(count: int, fault: Exception | int, then: Answer) -> tuple[Answer, list[httpx2.Request]]:
    """Return an answer that fails ``count`` times first, and the requests that it was sent."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if len(seen) > count:
            return then(request)
        if isinstance(fault, Exception):
            raise fault
        return refusal(fault, "busy" if fault == 503 else "category", "no")

    return answer, seen


FAULTS = [503, httpx2.ConnectError("refused"), httpx2.ReadTimeout("late"), httpx2.RemoteProtocolError("cut"), OSError()]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_may_pass_is_tried_again_with_the_same_bytes(fault: Exception | int) -> None:
    mediator = Mediator(world, now_us)
    answer, seen = faults(3, fault, mediator.answer)
    submission = world.submission("north")
    with client(answer) as north:
        assert north.submit(submission).receipt.seq == 1
    assert [request.content for request in seen] == [submission.encode()] * 4


def test_a_read_is_tried_again_with_a_fresh_proof() -> None:
    answer, seen = faults(1, 503, Mediator(world, now_us).answer)
    with client(answer) as north:
        assert north.notices().at == Cursor(EPOCH, 0)
    assert len({request.headers["authorization"] for request in seen}) == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_attempts_are_bounded(fault: Exception | int) -> None:
    answer, seen = faults(99, fault, lambda _: httpx2.Response(200))
    with client(answer) as north, pytest.raises(Unavailable) as failed:
        north.conflicts()
    assert len(seen) == 4 and failed.value.retryable


def test_a_refusal_is_not_tried_again() -> None:
    answer, seen = faults(99, 422, lambda _: httpx2.Response(200))
    with client(answer) as north, pytest.raises(KeepclearError) as refused:
        north.submit(world.submission("north"))
    assert (len(seen), refused.value.code) == (1, "category")


def test_asyncio_does_the_same_under_the_same_names() -> None:
    mediator = Mediator(world, now_us)
    answer, seen = faults(2, httpx2.ConnectError("refused"), mediator.answer)

    async def run() -> None:
        key = world.parties["north"].key
        async with AsyncClient(world.agreement, key, transport=httpx2.MockTransport(answer)) as north:
            submission = world.submission("north")
            assert (await north.submit(submission)).receipt.seq == 1
            assert (await north.notices()).notices[0].revision == 1
            assert (await north.notice(world.opened(submission).id)).notice == submission
            assert (await north.conflicts()).conflicts == ()
            async with north.stream(Cursor(EPOCH, 0)) as chunks:
                assert b"event: notice" in b"".join([chunk async for chunk in chunks])

    asyncio.run(run())
    assert len(seen) == 7
    assert all(callable(getattr(kind, name)) for kind in (Client, AsyncClient) for name in NAMES)


@pytest.mark.parametrize("connect_to", ["http://127.0.0.1:9", "127.0.0.1:9", "http://127.0.0.1:9/"])
def test_another_address_changes_where_not_what(connect_to: str) -> None:
    mediator = Mediator(world, now_us)
    with client(mediator.answer, connect_to=connect_to) as north:
        north.notices()
    (request,) = mediator.requests
    assert (request.url.host, request.url.port) == ("127.0.0.1", 9)
    assert request.headers["host"] == ORIGIN.removeprefix("http://")


@pytest.mark.parametrize(
    "connect_to", ["ftp://x", "http://", "http://x:99999", "http://x/path", "://", "http://[", "x y:p"]
)
def test_an_address_that_is_none_is_told(connect_to: str) -> None:
    with pytest.raises(LocalError):
        client(lambda _: httpx2.Response(200), connect_to=connect_to)


def test_certificates_that_are_none_are_told(tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with (
            client(lambda _: httpx2.Response(200), tls=Tls(ca=path)) as north,
            pytest.raises(LocalError, match="certificates"),
        ):
            north.notices()


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.transport.client.MAX_ANSWER_BYTES", 1000)
    with client(lambda _: httpx2.Response(200, content=b" " * 1001)) as north, pytest.raises(Unavailable):
        north.notices()
    assert MAX_ANSWER_BYTES < 2**30


def test_a_stream_that_is_refused_is_told_by_its_code() -> None:
    problem = {"code": "wrong_role", "detail": "may not watch"}
    with client(lambda _: refusal(403, **problem)) as north:
        with pytest.raises(KeepclearError) as refused, north.stream():
            pass
    assert refused.value.code == "wrong_role"


def test_redirects_are_not_followed() -> None:
    answer, seen = faults(0, 200, lambda _: httpx2.Response(307, headers={"location": "http://elsewhere.test/"}))
    with client(answer) as north, pytest.raises(Unavailable):
        north.notices()
    assert {request.url.host for request in seen} == {"hotline.test"}


def test_the_agreement_of_the_service_is_given_as_bytes_only() -> None:
    with client(lambda _: httpx2.Response(200, headers=JSON, content=world.agreement.raw)) as north:
        assert north.agreement() == world.agreement.raw
