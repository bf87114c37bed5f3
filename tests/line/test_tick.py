"""When a receipt may leave depends on when its notice came and on its own number of volumes, and on nothing else."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_service.line.tick import Tick, tick_s


@pytest.mark.parametrize(("volumes", "ticks"), [(1, 1), (16, 1), (17, 2), (500, 32)])
def test_a_tick_grows_with_the_notices_own_volumes(volumes: int, ticks: int) -> None:
    assert tick_s(volumes, 25) == pytest.approx(ticks * 0.025)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose clock goes only where it is told to, or where it would wait."""

    now = 1000.0

    def time(self) -> float:
        """Return what the clock says."""
        return self.now

    def _run_once(self) -> None:
        scheduled = getattr(self, "_scheduled", [])
        if scheduled and not getattr(self, "_ready", []):
            self.now = max(self.now, scheduled[0].when())
        super()._run_once()  # type: ignore[misc]


@given(volumes=st.integers(1, 500), worked_ms=st.floats(0, 3000), phase=st.floats(0, 1))
def test_a_receipt_leaves_whole_ticks_after_its_notice_came(volumes: int, worked_ms: float, phase: float) -> None:
    loop = Clock()
    try:
        arrived = loop.now = 1000.0 + phase
        loop.now += worked_ms / 1000
        loop.run_until_complete(Tick(arrived, tick_s(volumes, 25)).come())
        ticks = (loop.now - arrived) / tick_s(volumes, 25)
        assert ticks == pytest.approx(max(1, round(ticks)), abs=1e-6)
        assert worked_ms / 1000 <= loop.now - arrived + 1e-9 <= worked_ms / 1000 + tick_s(volumes, 25) + 1e-6
    finally:
        loop.close()


def test_no_tick_no_wait() -> None:
    loop = Clock()
    try:
        loop.run_until_complete(Tick(loop.now - 0.001, tick_s(1, 0)).come())
        assert loop.now == 1000.0
    finally:
        loop.close()
