"""What matching shows a notice to have spent, whichever way it was matched."""

import pytest
from keepclear_protocol.budgets import ALERT_BYTES, ALERTS_COUNTED, KEPT_COUNTED, PAIR_BYTES, PAIRS_COUNTED
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import Notice
from keepclear_service.decide.entry import Entry, Outgoing
from keepclear_service.decide.fold import apply
from keepclear_service.decide.matching import SMALL
from keepclear_service.decide.spending import ALERTS, CAUSED, KEPT, PAIRS, spent_by
from keepclear_service.decide.state import State
from support.world import World, box, now_us


class Fold:
    """A fold over notices of a world, which says what each has spent."""

    def __init__(self, *names: str) -> None:
        self.world = World(*names)
        self.state = State(self.world.agreement)
        self.seq = 0

    def file(self, raw: str) -> list[tuple[str, str, int]]:
        notice: Notice = self.world.opened(raw)
        self.seq += 1
        entry = Entry(self.seq, NOTICE.name, notice.party, notice.id, notice.revision, notice.sha256,
                      notice.submission_sha256 or "", now_us(), self.world.agreement.terms, "")  # fmt: skip
        before = self.state.pairs
        self.outgoing: list[Outgoing] = apply(self.state, entry, notice)
        spent = list(spent_by(notice.party, self.state.pairs - before, self.outgoing))
        self.kept = sum(amount for budget, _, amount in spent if budget == KEPT)
        self.caused = sum(amount for budget, _, amount in spent if budget == CAUSED)
        return [one for one in spent if one[0] in (PAIRS, ALERTS)]


@pytest.mark.req("R-114")
@pytest.mark.parametrize("volumes", [1, SMALL, SMALL + 1, 9])
def test_each_volume_spends_what_is_near_it_up_to_so_many(volumes: int) -> None:
    fold = Fold()
    assert fold.file(fold.world.submission("north", *(box() for _ in range(3)))) == []
    crossing = fold.file(fold.world.submission("south", *(box() for _ in range(volumes))))
    assert crossing == [(PAIRS, "", 3 * volumes), (ALERTS, "north", 1)]
    fold.file(fold.world.submission("north", *(box() for _ in range(PAIRS_COUNTED))))
    crossing = fold.file(fold.world.submission("south", *(box() for _ in range(volumes))))
    assert crossing == [(PAIRS, "", PAIRS_COUNTED * volumes), (ALERTS, "north", 2)]


@pytest.mark.req("R-114")
def test_a_crowd_that_is_matched_in_bulk_after_all_is_counted_once() -> None:
    fold = Fold()
    for _ in range(2):
        fold.file(fold.world.submission("north", *(box() for _ in range(160))))
    assert fold.file(fold.world.submission("south"))[0] == (PAIRS, "", PAIRS_COUNTED)


@pytest.mark.req("R-114")
def test_what_is_far_in_time_or_space_spends_nothing_and_a_partys_own_neither() -> None:
    fold = Fold()
    fold.file(fold.world.submission("north"))
    assert fold.file(fold.world.submission("north")) == []
    assert fold.file(fold.world.submission("south", box(10.0))) == []
    assert fold.file(fold.world.submission("south", box(start_s=90_000))) == []


@pytest.mark.req("R-114")
@pytest.mark.parametrize("volumes", [1, SMALL, SMALL + 1, 9])
def test_what_only_the_index_looks_at_spends_nothing(volumes: int) -> None:
    fold = Fold()
    fold.file(fold.world.submission("north", *(box(0.3, size=0.01) for _ in range(20))))
    assert fold.file(fold.world.submission("south", *(box(0.0, size=0.01) for _ in range(volumes)))) == []
    above = fold.file(fold.world.submission("south", *(box(0.3, low=400, high=500) for _ in range(volumes))))
    assert above == [(PAIRS, "", 20 * volumes)]


@pytest.mark.req("R-114")
def test_alerts_count_for_each_counterpart_up_to_so_many_and_closings_are_free() -> None:
    fold = Fold("north", "south", "east")
    for _ in range(ALERTS_COUNTED + 2):
        fold.file(fold.world.submission("north"))
    fold.file(fold.world.submission("east"))
    raw = fold.world.submission("south")
    assert [one for one in fold.file(raw) if one[0] == ALERTS] == [(ALERTS, "east", 1), (ALERTS, "north", 8)]
    # Renewed ones count again; what only closes does not.
    again = fold.world.amend("south", fold.world.opened(raw))
    assert [one for one in fold.file(again) if one[0] == ALERTS] == [(ALERTS, "east", 1), (ALERTS, "north", 8)]
    away = fold.world.amend("south", fold.world.opened(again), box(60.0))
    assert [one for one in fold.file(away) if one[0] == ALERTS] == [] and fold.outgoing


@pytest.mark.req("R-114")
def test_alerts_count_further_as_far_as_ones_own_volumes_are_in_conflict() -> None:
    fold = Fold()
    places = [box(lat=40.0 + number) for number in range(ALERTS_COUNTED + 2)]
    for place in places:
        fold.file(fold.world.submission("north", place))
    assert fold.file(fold.world.submission("south", *places))[1:] == [(ALERTS, "north", ALERTS_COUNTED + 2)]
    assert fold.file(fold.world.submission("south", *places[:3]))[1:] == [(ALERTS, "north", 3)]


CONFLICT = 2 * (ALERT_BYTES + PAIR_BYTES)


@pytest.mark.req("R-114")
@pytest.mark.parametrize("begins_s", [3_600, -36_000])
def test_bytes_of_alerts_count_as_far_as_meetings_follow_one_another(begins_s: float) -> None:
    """What others have put in one place at one time is theirs; who stands there all day has met each by itself."""
    many = 3 * KEPT_COUNTED
    at_once, by_turns = Fold(), Fold()
    for number in range(many):
        at_once.file(at_once.world.submission("north", box(start_s=begins_s, last_s=60)))
        by_turns.file(by_turns.world.submission("north", box(start_s=begins_s + 450 * number, last_s=60)))
    for fold in (at_once, by_turns):
        fold.file(fold.world.submission("south", box(start_s=begins_s, last_s=450 * many)))
        shown = begins_s > 0
        assert fold.caused == many * (CONFLICT if shown else 2 * ALERT_BYTES)
    assert by_turns.kept == by_turns.caused
    # All of them may be over on either side of one moment that parts two times.
    assert at_once.kept * many in (at_once.caused * KEPT_COUNTED, at_once.caused * 2 * KEPT_COUNTED)


@pytest.mark.req("R-114")
def test_closing_takes_no_bytes_of_anybody() -> None:
    fold = Fold()
    fold.file(fold.world.submission("north"))
    raw = fold.world.submission("south")
    fold.file(raw)
    assert (fold.kept, fold.caused) == (CONFLICT, CONFLICT)
    fold.file(fold.world.amend("south", fold.world.opened(raw), box(60.0)))
    assert (fold.kept, fold.caused) == (0, 0) and fold.outgoing
