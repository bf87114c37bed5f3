"""``keepclear doctor`` at a hotline that refuses for a reason of its own: nothing at this desk is said to mend that."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from keepclear.cli.doctor import line as doctor_line
from keepclear.cli.doctor.finding import Finding
from keepclear_protocol.errors import CODES
from support.mediator import refusal
from support.world import World


@pytest.mark.parametrize(
    ("code", "state", "stream", "store"),
    [
        ("store_unsafe", "unsafe", doctor_line.ASK_STATUS, doctor_line.ASK_STATUS),  # an older copy is back
        ("store_clock", "clock", doctor_line.ASK_STATUS, "at the hotline: chronyc tracking; keepclear-service status"),
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
