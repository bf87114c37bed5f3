"""Readiness of a service whose agreements have ended: under them nothing can be signed."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from keepclear_protocol.instant import SECOND
from keepclear_service.http.health import Readiness, _word
from keepclear_service.line.pace import Pace
from keepclear_service.steady import SteadyClock

LEFT, OVER = 3600.0, -3600.0


def test_a_service_is_not_ready_once_all_of_its_agreements_have_ended() -> None:
    async def well() -> float:
        return 0.0

    still = SimpleNamespace(clocks=SimpleNamespace(off=""), pace=Pace(""))

    def found(*left_s: float) -> str:
        def hotline(left: float) -> SimpleNamespace:
            key = SimpleNamespace(not_after=int((time.time() + left) * SECOND))
            service = SimpleNamespace(keys=[key])
            agreement = SimpleNamespace(service=service)
            return SimpleNamespace(state=lambda: "ok", turn=still, clock=SteadyClock(), agreement=agreement)

        lines: Any = SimpleNamespace(all=lambda: tuple(hotline(left) for left in left_s))
        return asyncio.run(Readiness(cast(Any, lines), well).checks())["lines"]

    assert found(LEFT) == found(LEFT, OVER) == "ok"  # the others are served as ever
    assert found(OVER) == found(OVER, OVER) == "ended"


def test_what_is_wrong_is_said_in_one_word() -> None:
    def word(**found: str) -> str:
        return _word({"store": "ok", "clock": "ok", "lines": "ok", "rules": "ok", **found})

    assert word() == "ok"
    assert word(store="store_full", lines="lagging") == "full" == word(lines="store_full: the alerts of 1 entries")
    assert word(store="slow") == word(lines="slow") == "slow"
    assert word(clock="clock: the store's is +7 s") == "clock" and word(lines="starting") == "starting"
    assert word(lines="lagging") == word(lines="poison entry 3 (ValueError)") == word(lines="busy") == "log"
    assert word(store="store_unavailable") == "down" and word(store="store_unsafe") == "unsafe"
    assert word(rules="wrong") == "rules" and word(lines="ended") == "ended"


@pytest.mark.parametrize(("write_s", "turn_s", "state"), [(0.1, 0.1, "ok"), (1.2, 0.1, "slow"), (0.1, 1.2, "slow")])
def test_a_write_or_a_turn_that_takes_longer_than_is_promised_is_slow(
    write_s: float, turn_s: float, state: str
) -> None:
    key = SimpleNamespace(not_after=int((time.time() + LEFT) * SECOND))
    turn = SimpleNamespace(clocks=SimpleNamespace(off=""), pace=SimpleNamespace(lasts_s=turn_s))
    agreement = SimpleNamespace(service=SimpleNamespace(keys=[key]))
    hotline = SimpleNamespace(state=lambda: "ok", turn=turn, clock=SteadyClock(), agreement=agreement)

    async def written() -> float:
        return write_s

    async def story() -> str:
        readiness = Readiness(cast(Any, SimpleNamespace(all=lambda: (hotline,))), written)
        await readiness.checks()
        return readiness.state

    assert asyncio.run(story()) == state
