"""``keepclear doctor`` at a hotline that refuses for a reason of its own: nothing at this desk is said to mend that."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from keepclear.cli.doctor import line as doctor_line
from keepclear.cli.doctor.finding import Finding
from keepclear.transport.client import now_instant
from keepclear_protocol.errors import CODES
from keepclear_protocol.instant import SECOND
from keepclear_protocol.spent import sign_spent
from support.mediator import refusal
from support.world import World

CLOCKS = "nothing at this desk; at the hotline: chronyc tracking; keepclear-service status"


@pytest.mark.parametrize(
    ("code", "state", "stream", "store"),
    [
        ("store_unsafe", "unsafe", doctor_line.ASK_STATUS, doctor_line.ASK_STATUS),  # an older copy is back
        ("store_clock", "clock", doctor_line.ASK_STATUS, CLOCKS),
        ("busy", "log", doctor_line.ASK_STATUS, doctor_line.ASK_STATUS),
        ("budget_streams", "ok", doctor_line.CLOSE_STREAMS, ""),
    ],
)
def test_what_the_hotline_refuses_for_itself_is_not_mended_at_this_desk(
    code: str, state: str, stream: str, store: str
) -> None:
    world = World()
    checks = {"store": "ok", "clock": "ok", "lines": "ok" if state == "ok" else f"{code}: why", "rules": "ok"}

    def answer(request: httpx2.Request) -> httpx2.Response:
        plain: Any = {"network_stream": SimpleNamespace(get_extra_info=lambda _: None)}
        if request.url.path == "/healthz":
            return httpx2.Response(200, json={"status": "ok"}, extensions=plain)
        if request.url.path == "/readyz":
            told = {"state": state, "checks": checks}
            return httpx2.Response(200 if state == "ok" else 503, json=told, extensions=plain)
        return refusal(CODES[code].status, code)

    async def examine() -> dict[str, Finding]:
        given: Any = {"transport": httpx2.MockTransport(answer)}
        findings = doctor_line.examine(world.agreement, world.parties["north"].key, given)
        return {finding.thing: finding async for finding in findings}

    found = asyncio.run(examine())
    assert found["stream"].mend == found["terms"].mend == stream and found["store"].mend == store


def test_whose_budget_is_spent_is_said_before_anything_is_refused_here() -> None:
    world = World()
    now = now_instant()
    named: Any = {"aud": world.agreement.id, "terms": world.agreement.terms, "seq": 9, "epoch": "e" * 32}
    words = [
        sign_spent(key, **named, party="north", budget="alerts_an_hour", until=now + SECOND * 300, received_at=now)
        for key in (world.service, world.parties["north"].key)
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        plain: Any = {"network_stream": SimpleNamespace(get_extra_info=lambda _: None)}
        index = {"at": f"{'e' * 32}-9", "conflicts": [], "next": None, "budgets": words}
        if request.url.path == "/v1/conflicts":
            return httpx2.Response(200, json=index)
        return httpx2.Response(200, json={"status": "ok"}, extensions=plain)

    async def examine() -> list[Finding]:
        given: Any = {"transport": httpx2.MockTransport(answer)}
        return [one async for one in doctor_line.examine(world.agreement, world.parties["north"].key, given)]

    *_, found = asyncio.run(examine())
    assert [one.thing for one in asyncio.run(examine())].count("budgets") == 1, "what others signed counts for nothing"
    assert found.verdict == "NOTE" and "WE WERE OVER OUR AGREED BUDGET (alerts an hour)" in found.said
