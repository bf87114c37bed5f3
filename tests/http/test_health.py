"""Readiness: each check alone makes it not ready, and asking it costs little however many ask."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service.http import health
from keepclear_service.http.deps import Hotlines
from keepclear_service.http.health import Readiness


class Lines:
    """Lines whose states a test sets, and a store that may be down."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.down = ""
        self.looks = 0

    def all(self) -> list[Any]:
        return [SimpleNamespace(state=lambda state=state: state) for state in self.states]

    async def check_store(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.down:
            raise Unavailable(self.down)

    def readiness(self) -> Readiness:
        return Readiness(cast(Hotlines, self), self.check_store)


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await story()

    asyncio.run(all_of_it())


def test_each_check_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ASKED_AGAIN_S", -1.0)

    async def story() -> None:
        lines = Lines("ok", "ok")
        readiness = lines.readiness()
        assert await readiness.checks() == {"store": "ok", "lines": "ok", "rules": "ok"}
        lines.states = ["ok", "poison entry 17", "lagging"]
        assert await readiness.checks() == {"store": "ok", "lines": "lagging; poison entry 17", "rules": "ok"}
        lines.states, lines.down = ["ok"], "store_unsafe"
        assert await readiness.checks() == {"store": "store_unsafe", "lines": "ok", "rules": "ok"}
        monkeypatch.setattr(health, "rules_hold", lambda: False)
        lines.down = ""
        assert await readiness.checks() == {"store": "ok", "lines": "ok", "rules": "wrong"}

    run(story)


def test_many_who_ask_make_one_look() -> None:
    async def story() -> None:
        lines = Lines("starting")
        readiness = lines.readiness()
        answers = await asyncio.gather(*[readiness.checks() for _ in range(50)])
        assert {tuple(answer.values()) for answer in answers} == {("ok", "starting", "ok")}
        await readiness.checks()
        assert lines.looks == 1

    run(story)
