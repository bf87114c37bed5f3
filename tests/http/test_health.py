"""Readiness of a service whose agreements have ended: under them nothing can be signed."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

from keepclear_protocol.instant import SECOND
from keepclear_service.http.health import Readiness
from keepclear_service.steady import SteadyClock

LEFT, OVER = 3600.0, -3600.0


def test_a_service_is_not_ready_once_all_of_its_agreements_have_ended() -> None:
    async def well() -> None:
        pass

    still = SimpleNamespace(clocks=SimpleNamespace(off=""))

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
