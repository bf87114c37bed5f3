import math
import random

import pytest

from benchmarks import classify
from benchmarks.figures import Figure
from benchmarks.profile import room_of


def drawn(middle: float, count: int = 2_000) -> list[float]:
    rng = random.Random(middle)
    return [rng.gauss(middle, 1) for _ in range(count)]


def test_the_same_tells_nothing() -> None:
    assert classify.accuracy(drawn(0), drawn(1e-9)) == pytest.approx(0.5, abs=0.03)
    assert classify.auc(drawn(0), drawn(1e-9)) == pytest.approx(0.5, abs=0.03)
    assert classify.auc([1, 1, 1], [1, 1, 1]) == 0.5
    assert classify.accuracy([25.0] * 400, [25.0] * 400) <= 0.55


@pytest.mark.parametrize("sign", [1, -1])
def test_a_threshold_between_two_normal_distributions_is_right_as_theory_says(sign: int) -> None:
    near, far = drawn(2 * sign), drawn(0)
    d_prime, error = classify.separation(near, far)
    assert d_prime == pytest.approx(2, abs=0.15)
    assert error < 0.04
    assert classify.accuracy(near, far) == pytest.approx(0.841, abs=0.03)  # Phi(1)


def test_so_many_tries_make_it_sure() -> None:
    tries = round(classify.tries_to_be_sure(0.5))
    rng = random.Random(1)

    def mean(middle: float) -> float:
        return sum(rng.gauss(middle, 1) for _ in range(tries)) / tries

    right = sum((mean(0.5) > 0.25) + (mean(0) < 0.25) for _ in range(1_000)) / 2_000
    assert right == pytest.approx(0.95, abs=0.02)
    assert classify.tries_to_be_sure(0) == math.inf


def test_a_target_is_met_or_missed() -> None:
    assert Figure("a", 0.7, target=">= 0.75").met is False
    assert Figure("a", 0.75, target=">= 0.75").met is True
    assert Figure("a", 1.6, target="<= 1.5").met is False
    assert Figure("a", 1).met is None


def test_a_sample_belongs_to_its_innermost_room() -> None:
    door, turn = ("submit", "/s/keepclear_service/http/submits.py"), ("run", "/s/keepclear_service/line/turn.py")
    fold, read = ("apply", "/s/keepclear_service/decide/fold.py"), ("unb64", "/p/keepclear_protocol/encoding.py")
    verify = ("verify", "/p/keepclear_protocol/keys.py")
    loop = ("run", "/lib/asyncio/runners.py")
    assert room_of([loop]) == "framework"
    assert room_of([loop, door, turn]) == "rest"
    assert room_of([loop, door, read]) == "opening"
    assert room_of([loop, turn, fold, read]) == "fold"
    assert room_of([loop, turn, fold, verify]) == "signature"
    assert room_of([loop, turn, ("turn", "/s/keepclear_service/store/line.py"), loop]) == "store call"
