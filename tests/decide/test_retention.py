"""How long a notice counts: admission, the fold and the store's time to live must mean the same instant."""

from typing import Any

import pytest
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE
from keepclear_protocol.recompute import match_all, still_ahead
from keepclear_service.decide.admission import counts_until, notice_bounds
from keepclear_service.decide.entry import TERMS, Entry, Outgoing
from keepclear_service.decide.fold import State, apply
from keepclear_service.decide.state import FORGET_AT_ONCE
from support.world import World, box, now_us


def fold(world: World, *received: tuple[str, int]) -> list[list[Outgoing]]:
    """Fold submissions, each received at its instant; return the alerts of each."""
    state, told = State(world.agreement), []
    for seq, (raw, at) in enumerate(received, 1):
        notice = world.opened(raw)
        entry = Entry(seq, NOTICE.name, notice.party, notice.id, 1, notice.sha256, "", at, world.agreement.terms, "")
        told.append(apply(state, entry, notice))
    return told


@pytest.mark.parametrize("retention_s", [1, 60, 3600])
def test_a_hazard_that_outlasts_retention_is_not_forgotten(retention_s: int) -> None:
    """Bombs fall for minutes after the flight has ended; the agreement may keep what ended for a minute only."""
    world, at = World(retention_s=retention_s), now_us()
    strike = world.submission("north", box(start_s=-1200, last_s=900, at=at), category="strike")
    passing = world.submission("south", box(start_s=0, last_s=600, at=at))
    assert still_ahead(match_all(world.opened(strike), world.opened(passing), world.agreement), at)
    assert len(fold(world, (strike, at), (passing, at))[1]) == 2
    assert len(fold(world, (passing, at), (strike, at))[1]) == 2


@pytest.mark.parametrize("changed", [{}, {"category": "strike"}])
def test_what_may_still_arrive_still_counts(changed: dict[str, Any]) -> None:
    world, at = World(retention_s=60), now_us()
    notice = world.opened(world.submission("north", box(start_s=-1200, last_s=900, at=at), **changed))
    (bound,) = [bound for bound in notice_bounds(notice, world.agreement) if bound.code == "limit_retention"]
    assert bound.high == counts_until(notice, world.agreement)


def test_what_newer_terms_keep_longer_is_let_go_in_the_end() -> None:
    world = World()
    state, notice = State(world.agreement), world.opened(world.submission("north", box()))
    until = counts_until(notice, world.agreement)
    longer = world.successor(retention_s=2 * world.agreement.retention_s)

    def fold(seq: int, kind: str, at: int, body: Any) -> None:
        apply(state, Entry(seq, kind, "north", notice.id, 1, notice.sha256, "", at, longer.terms, ""), body)

    fold(1, NOTICE.name, notice.first_start, notice)
    fold(2, TERMS, notice.first_start, longer)
    fold(3, ACKNOWLEDGEMENT.name, until + 1, None)
    assert len(state.filed) == 1
    fold(4, ACKNOWLEDGEMENT.name, counts_until(notice, longer) + 1, None)
    assert not state.filed


def test_an_id_is_free_again_once_its_notice_counts_no_more_however_many_wait_to_be_let_go() -> None:
    world, at = World(retention_s=1), now_us()
    over = [world.submission("north", box(start_s=-600, at=at)) for _ in range(FORGET_AT_ONCE + 1)]
    over.sort(key=lambda raw: world.opened(raw).id)  # the last of these is let go last
    again = world.submission("north", box(at=at), notice=world.opened(over[-1]).id)
    meeting = world.submission("south", box(48.05, at=at))
    told = fold(world, *((raw, at) for raw in over), (again, at + 2_000_000), (meeting, at + 2_000_000))
    assert len(told[-1]) == 2
    with pytest.raises(ValueError, match="came before"):
        fold(world, (over[-1], at), (again, at))
