"""The frame of the attacks notices a danger that comes late or never, and an honest party that waits or is refused."""

import itertools
from collections import Counter

import pytest
from keepclear_protocol.separation import judge
from support.world import World

from .attack import Outcome, _open, _phase
from .every import EVERY
from .flights import APART, ATTACKER, FLIGHTS, HONEST, VICTIM, apart, crossing, danger, harmless, victims
from .honest import Measured
from .volley import Spent

NOW = 1_000_000.0


def sample(what: str, number: int, **changed: object) -> dict[str, object]:
    return {
        "what": what,
        "id": f"{what}-{number}",
        "due": NOW + number,
        "codes": [],
        "ms": 30.0,
        "status": 201,
        **changed,
    }


def alert(other: str, at: float, verdict: str = "verified") -> dict[str, object]:
    return {"at": at, "event": "AlertEvent", "verdict": verdict, "other": other, "state": "open"}


def faults(samples: list[dict[str, object]], told: list[dict[str, object]], excused: tuple[str, ...] = ()) -> list[str]:
    phase = _phase(Measured(samples, told), excused, NOW, NOW + 100)
    quiet = _phase(Measured([], []), excused, NOW, NOW + 100)
    none: Counter[str] = Counter()
    return _open(Outcome("X", "x", {"before": quiet, "during": phase, "after": quiet}, Spent(), none, none, none, {}))


def test_a_danger_within_a_second_and_receipts_within_one_are_no_fault() -> None:
    assert faults([sample("danger", 0), sample("submit", 1), sample("other", 2)], [alert("danger-0", NOW + 0.9)]) == []


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([alert("danger-0", NOW + 1.1)], "during: 1 of 1 dangers late, 0 of them never came"),
        ([], "during: 1 of 1 dangers late, 1 of them never came"),
        ([alert("danger-0", NOW + 0.1, "signature")], "during: 1 of 1 dangers late, 1 of them never came"),
    ],
    ids=["late", "never", "unverified"],
)
def test_a_danger_that_is_late_or_not_verified_is_a_fault(told: list[dict[str, object]], fault: str) -> None:
    assert faults([sample("danger", 0)], told) == [fault]


def warned(at: float, is_so: bool = True) -> dict[str, object]:
    return {"at": at, "event": "Warned", "warned": is_so, "behind": 400}


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ([warned(NOW + 0.9)], True),
        ([warned(NOW - 5), warned(NOW + 0.2, False)], True),
        ([warned(NOW + 1.2)], False),
        ([warned(NOW - 5), warned(NOW - 1, False)], False),
    ],
    ids=["in time", "before", "too late", "no more"],
)
def test_a_late_danger_is_held_only_where_the_desk_has_said_in_time_that_it_may_be(
    told: list[dict[str, object]], held: bool
) -> None:
    late = "during: 1 of 1 dangers late, 0 of them never came"
    assert faults([sample("danger", 0)], [*told, alert("danger-0", NOW + 3)]) == ([] if held else [late])
    never = "during: 1 of 1 dangers late, 1 of them never came"
    assert faults([sample("danger", 0)], told) == [never]


def test_what_has_no_receipt_is_a_fault_but_where_that_was_said_at_once() -> None:
    first = sample("submit", 0, ms=None, status=None)
    refused = sample("submit", 0, ms=2_000.0, codes=["store_full", "store_full"])
    assert faults([first], []) == ["during: 1 of 1 honest submits took more than 1 s"]
    assert faults([first, refused], []) == ["during: 1 of 1 honest submits took more than 1 s"]
    assert faults([first, refused], [], ("store_full",)) == []
    other = sample("other", 0, ms=2_000.0)
    assert faults([other], []) == ["during: 1 of 1 honest submits of the other agreement took more than 1 s"]


def test_an_honest_party_that_is_refused_for_a_budget_is_a_fault() -> None:
    (fault,) = faults([sample("submit", 0, codes=["budget_alerts_an_hour"], ms=10.0)], [])
    assert fault == "during: 1 honest statements refused for a budget"


def test_attacks_meet_what_they_attack_and_honest_traffic_meets_nobody() -> None:
    world = World(ATTACKER, VICTIM, HONEST)
    minima = world.agreement.categories["transport"]

    def meet(first: str, second: str) -> bool:
        pairs = itertools.product(world.opened(first).volumes, world.opened(second).volumes)
        uncertainty = world.agreement.uncertainty
        return any(judge(a.volume, minima, b.volume, minima, uncertainty) is not None for a, b in pairs)

    attacked, elsewhere = victims(world, 2), apart(world)
    wall = crossing(world, 999)
    assert [meet(wall, flight) for flight in attacked] == [True] * FLIGHTS
    assert [meet(danger(world, number), flight) for number, flight in enumerate(elsewhere)] == [True] * APART
    far = [harmless(world, HONEST, number) for number in range(20)]
    assert not any(meet(one, other) for one in far for other in (wall, *attacked[:3], *elsewhere[:3]))
    assert not meet(wall, elsewhere[0])


def test_each_attack_has_a_name_of_its_own_and_says_what_it_is() -> None:
    assert len({attack.name for attack in EVERY}) == len(EVERY)
    assert all(attack.title and attack.__doc__ for attack in EVERY)
