"""A thread that folds what takes long gives way to the loop as long as it has work, and for so long at most."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from keepclear_service.line import breath
from keepclear_service.line.breath import Breath

WORKED_S = 0.05


@contextmanager
def asked(monkeypatch: pytest.MonkeyPatch, *, quiet_s: float) -> Iterator[list[float]]:
    """Within how many seconds a loop was asked to be round, where ``quiet_s`` is a round of one without work."""
    rounds: list[float] = []
    right = Breath._round

    def counted(self: Breath, within_s: float) -> bool:
        rounds.append(within_s)
        return right(self, within_s)

    monkeypatch.setattr(Breath, "_round", counted)
    monkeypatch.setattr(breath, "QUIET_S", quiet_s)
    yield rounds


def breathed_s(worked_s: float = WORKED_S, loop_stands_s: float = 0.0) -> float:
    """Work in a thread and breathe; return for how long."""

    def work(breathe: Breath) -> float:
        time.sleep(worked_s)
        began = time.monotonic()
        breathe()
        return time.monotonic() - began

    async def story() -> float:
        task = asyncio.ensure_future(asyncio.to_thread(work, Breath(asyncio.get_running_loop())))
        await asyncio.sleep(0)
        time.sleep(loop_stands_s)  # noqa: ASYNC251 - work of the loop's own
        return await task

    return asyncio.run(story())


def test_it_gives_way_for_as_long_as_it_worked_where_the_loop_always_has_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with asked(monkeypatch, quiet_s=0.0) as rounds:
        assert breathed_s() >= WORKED_S
    assert len(rounds) > 1


def test_it_waits_for_one_round_where_the_loop_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with asked(monkeypatch, quiet_s=60.0) as rounds:
        breathed_s()
    assert len(rounds) == 1


def test_it_waits_for_the_round_of_a_loop_that_stands_still_but_no_longer_than_it_worked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with asked(monkeypatch, quiet_s=60.0):
        assert WORKED_S <= breathed_s(loop_stands_s=10 * WORKED_S) < 8 * WORKED_S


def test_it_asks_nobody_before_it_has_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breath, "PIECE_S", 60.0)
    with asked(monkeypatch, quiet_s=60.0) as rounds:
        breathed_s()
    assert not rounds


def test_a_loop_that_is_closed_holds_nobody_up() -> None:
    loop = asyncio.new_event_loop()
    breathe = Breath(loop)
    loop.close()
    time.sleep(2 * breath.PIECE_S)
    breathe()
