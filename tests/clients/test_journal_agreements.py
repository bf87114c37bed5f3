"""A desk's revisions: staged in their order, used in their order, and remembered over processes and files."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.journal.journal import Journal
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, LocalError, Malformed
from support.world import World

WORLD = World()
FIRST = WORLD.agreement
SECOND = WORLD.successor(name="the second")
THIRD = WORLD.successor(name="the third")
FOREIGN = World().successor(name="of other people")


def other_second() -> Agreement:
    world = World()
    world.__dict__.update(WORLD.__dict__)
    world.agreement = FIRST
    return world.successor(name="another second", revision=2, prev=FIRST.terms, agreement=FIRST.id)


OTHER = other_second()


@contextlib.contextmanager
def journal(folder: Path, agreement: Agreement = FIRST) -> Iterator[Journal]:
    with contextlib.closing(Journal(folder, agreement, "north")) as opened:
        yield opened


def names(folder: Path, agreement: Agreement = FIRST) -> tuple[list[int], list[int]]:
    with journal(folder, agreement) as desk:
        return [one.revision for one in desk.agreements], [one.revision for one in desk.staged]


@pytest.mark.req("R-027")
def test_what_is_staged_binds_nobody_until_it_is_gone_over_to(tmp_path: Path) -> None:
    with journal(tmp_path) as desk:
        assert desk.stage(SECOND) is None and desk.stage(THIRD) is None
    assert names(tmp_path) == ([1], [2, 3])
    assert names(tmp_path, SECOND) == ([1], [2, 3])  # naming its file does not put it in use before its time
    with journal(tmp_path) as desk:
        desk.go_over(SECOND.terms)
    assert names(tmp_path) == ([2, 1], [3])
    with journal(tmp_path) as desk:
        desk.go_over(THIRD.terms)
        desk.go_over(FIRST.terms)  # nothing goes back
    assert names(tmp_path) == names(tmp_path, THIRD) == ([3, 2, 1], [])


def test_a_desk_that_was_away_goes_over_two_at_once(tmp_path: Path) -> None:
    with journal(tmp_path) as desk:
        desk.stage(SECOND)
        desk.stage(THIRD)
        desk.go_over(THIRD.terms)
        assert [one.revision for one in desk.agreements] == [3, 2, 1] and desk.staged == ()


@pytest.mark.req("R-027")
def test_what_does_not_follow_is_not_staged(tmp_path: Path) -> None:
    with journal(tmp_path) as desk:
        with pytest.raises(LocalError, match="in use"):
            desk.stage(FIRST)
        with pytest.raises(LocalError, match="not 2"):
            desk.stage(THIRD)
        with pytest.raises(Malformed) as caught:
            desk.stage(FOREIGN)
        assert caught.value.code == "agreement_successor"
        desk.stage(OTHER)
        with pytest.raises(Malformed):
            desk.stage(THIRD)  # it follows the other second one
    assert names(tmp_path) == ([1], [2])


def test_another_revision_takes_the_place_of_one_that_never_came_into_force(tmp_path: Path) -> None:
    with journal(tmp_path) as desk:
        desk.stage(SECOND)
        desk.stage(THIRD)
        assert desk.stage(OTHER) == SECOND and desk.stage(OTHER) is None
        assert [one.terms for one in desk.staged] == [OTHER.terms]


def test_one_process_sees_what_another_one_has_staged_or_gone_over_to(tmp_path: Path) -> None:
    with journal(tmp_path) as watching, journal(tmp_path) as other:
        assert not watching.look_again()
        other.stage(SECOND)
        assert watching.look_again() and watching.staged == (SECOND,) and not watching.look_again()
        other.go_over(SECOND.terms)
        assert watching.look_again() and watching.agreements == (SECOND, FIRST)


STEPS = st.lists(st.tuples(st.sampled_from(["stage", "use", "open"]), st.sampled_from([FIRST, SECOND, THIRD, OTHER])))


@given(steps=STEPS)
@settings(deadline=None, max_examples=15)
def test_in_whatever_order_what_is_in_use_is_one_chain_and_never_gets_shorter(
    steps: list[tuple[str, Agreement]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("desk")
    used = 1
    names(folder)
    for step, agreement in steps:
        with contextlib.suppress(KeepclearError), journal(folder, agreement if step == "open" else FIRST) as desk:
            if step == "stage":
                desk.stage(agreement)
            elif step == "use":
                desk.go_over(agreement.terms)
        with journal(folder) as desk:
            chain = [*reversed(desk.agreements), *desk.staged]
            assert [one.revision for one in chain] == list(range(1, len(chain) + 1))
            assert all(after.prev == before.terms for before, after in itertools.pairwise(chain))
            assert len(desk.agreements) >= used
            used = len(desk.agreements)
