"""Attacks at their small size: whatever a party does, an honest danger reaches the desk, and who is refused is told."""

from math import isfinite

import pytest

from .attack import Outcome, Scale, attacked
from .flood import BlindTheDesk, OverItsBudget
from .together import AllAtOnce

SMALL = Scale(small=True)


def facts_hold(outcome: Outcome) -> None:
    """Facts alone: on a shared machine a second says little, whether a danger came says all."""
    assert outcome.spent.faults == [], outcome
    for name, phase in outcome.phases.items():
        assert phase.dangers and all(map(isfinite, phase.dangers)), (name, outcome)
        assert phase.submits and all(map(isfinite, phase.submits + phase.others)), (name, outcome)
        assert not phase.refused, (name, outcome)
    assert not {"fault", "turn_fault", "worker_died"} & set(outcome.log)


@pytest.mark.long
def test_a_party_over_its_budget_is_refused_and_the_others_told_and_nobody_else_is_held_up() -> None:
    facts_hold(attacked(OverItsBudget(), SMALL))


@pytest.mark.long
def test_a_desk_reads_a_picture_of_few_large_notices() -> None:
    facts_hold(attacked(BlindTheDesk(), SMALL))


@pytest.mark.long
def test_one_agreement_attacked_in_every_way_at_once_reaches_its_desks_all_the_same() -> None:
    outcome = attacked(AllAtOnce(), SMALL)
    outcome.spent.faults = [fault for fault in outcome.spent.faults if "times its quiet one" not in fault]
    facts_hold(outcome)
    assert {"category", "not_authenticated"} <= set(outcome.spent.codes)
