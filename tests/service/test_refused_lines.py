"""Of one code's refusals a few are lines each second, whoever sums the others up: the next refusal or the clock."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from keepclear_service import observer
from keepclear_service.lines import Lines
from keepclear_service.metrics import Board
from keepclear_service.observer import SAID_A_SECOND, Observer


def test_a_second_that_a_refusal_summed_up_does_not_end_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else twice as many are lines in a steady wave: the clock's turn comes directly behind the refusal's."""
    now, calls, said = 100.0, list[tuple[Callable[..., None], tuple[Any, ...]]](), list[dict[str, Any]]()
    clock = SimpleNamespace(monotonic=lambda: now, time=time.time, strftime=time.strftime, gmtime=time.gmtime)
    loop = SimpleNamespace(call_later=lambda _, call, *args: calls.append((call, args)))
    monkeypatch.setattr(observer, "time", clock)
    monkeypatch.setattr(observer, "asyncio", SimpleNamespace(get_running_loop=lambda: loop))
    monkeypatch.setattr(observer.log, "isEnabledFor", lambda level: True)
    lines = cast(Lines, SimpleNamespace(add=lambda line: said.append(json.loads(line())), lost=None))
    seen = Observer(Board(1), lines)

    def wave() -> int:
        before = len(said)
        for _ in range(20):
            seen.refused("notice", "not_authentic", dict)
        return sum(line["event"] == "refused" for line in said[before:])

    assert wave() == SAID_A_SECOND
    now += 1.0
    assert wave() == SAID_A_SECOND
    call, args = calls.pop(0)
    call(*args)  # the clock's turn of the first second
    assert wave() == 0
    now += 1.0
    call, args = calls.pop(0)
    call(*args)  # and of the second one: nothing more need come for its sum
    assert wave() == SAID_A_SECOND
    assert [line["count"] for line in said if line["event"] == "refused_more"] == [15, 35]
