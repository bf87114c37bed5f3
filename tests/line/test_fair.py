"""A sender's flood lengthens its own queue alone."""

from hypothesis import given
from hypothesis import strategies as st
from keepclear_service.line.fair import FairQueue


def test_one_statement_of_another_party_passes_a_flood() -> None:
    queue: FairQueue[str] = FairQueue(1000)
    for number in range(500):
        queue.put("north", f"n{number}")
    queue.put("south", "s0")
    assert queue.take(3) == ["n0", "s0", "n1"]


def test_a_full_queue_takes_no_more_of_its_own_sender_and_all_of_others() -> None:
    queue: FairQueue[int] = FairQueue(2)
    assert [queue.put("north", item) for item in range(3)] == [True, True, False]
    assert queue.put("south", 9)
    assert queue.take(10) == [0, 9, 1]
    assert queue.put("north", 3)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=60))
def test_each_sender_is_served_in_its_own_order_and_by_turns(steps: list[tuple[str, int]]) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(1000)
    put: dict[str, int] = {}
    taken: list[tuple[str, int]] = []
    for sender, count in steps:
        queue.put(sender, (sender, put.get(sender, 0)))
        put[sender] = put.get(sender, 0) + 1
        if count == 4:
            taken += queue.take(2)
    rest = queue.take(1000)
    taken += rest
    assert not queue
    for sender, count in put.items():
        assert [number for name, number in taken if name == sender] == list(range(count))
    for at in range(1, len(rest)):
        if rest[at][0] == rest[at - 1][0]:
            assert {name for name, _ in rest[at:]} == {rest[at][0]}, "served twice while another waited"
