"""The steady clock: what steps of the wall clock do to it, by clocks that the test turns."""

import pytest
from keepclear_service.steady import FOLLOWED_AT, STEPPED_S, SteadyClock, since_boot_s


class Hands:
    """A wall clock and a clock since boot."""

    def __init__(self) -> None:
        self.wall, self.ticks = 1_800_000_000.0, 500.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass on both."""
        self.wall += seconds
        self.ticks += seconds

    def clock(self, offset: float | None = None) -> SteadyClock:
        """Return a steady clock over these."""
        return SteadyClock(offset, wall=lambda: self.wall, ticks=lambda: self.ticks)


def test_it_is_the_wall_clock_until_it_is_held() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 7200  # NTP sets a machine's clock after its boot
    assert clock.seconds() == hands.wall and clock.stepped_s == 0 and clock.offset is None


@pytest.mark.parametrize("step_s", [7200.0, -7200.0, STEPPED_S + 1, -365 * 86_400.0])
def test_no_step_moves_it_however_long_it_lasts_and_a_successor_goes_on_with_it(step_s: float) -> None:
    hands = Hands()
    clock = hands.clock()
    clock.hold()
    right = hands.wall
    hands.wall += step_s
    for _ in range(100):
        hands.pass_by(600)
        clock.hold()
    assert clock.seconds() == pytest.approx(right + 60_000) and clock.stepped_s == pytest.approx(step_s)
    assert hands.clock(clock.offset).seconds() == pytest.approx(right + 60_000)
    hands.wall -= step_s
    assert clock.stepped_s == pytest.approx(0)


def test_a_small_step_is_followed_but_slowly() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.hold()
    for step_s in (30.0, -50.0):
        hands.wall += step_s
        before = clock.stepped_s
        hands.pass_by(1000)
        clock.hold()
        assert abs(before - clock.stepped_s) == pytest.approx(1000 * FOLLOWED_AT)
    hands.pass_by(100_000)
    clock.hold()
    assert clock.stepped_s == pytest.approx(0) and clock.seconds() == pytest.approx(hands.wall)


def test_many_small_steps_do_not_carry_it_away() -> None:
    hands = Hands()
    clock = hands.clock()
    clock.hold()
    began = hands.wall
    for _ in range(200):
        hands.wall += STEPPED_S - 1
        hands.pass_by(1)
        clock.hold()
    assert clock.seconds() - began == pytest.approx(200, rel=0.01)


def test_it_ticks_by_a_clock_that_all_processes_of_the_machine_share() -> None:
    first = since_boot_s()
    assert 0 < first <= since_boot_s() < first + 60
