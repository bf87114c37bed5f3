"""The order in which what has come is taken in: nobody's flood keeps another's waiting, nothing is lost or twice."""

import json
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear.desk import backlog
from keepclear.desk.backlog import OURS, Backlog
from keepclear.desk.position import Arrived
from keepclear.wire.answers import AlertObject
from keepclear.wire.arrivals import AcknowledgementArrived, AlertArrived, Arrival, GapArrived, Unreadable
from keepclear.wire.hints import hint_of_acknowledgement, hint_of_alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import b64

EPOCH = "0" * 32
RED, GREEN = "red", "green"
SEVERITIES = ("overlap", "proximity", "possible")
LEADS = ("IN_PROGRESS", "LATE", "SHORT", "ROUTINE")


def alert(
    party: str, conflict: str, severity: str | None = "overlap", lead: str = "ROUTINE", text: str = ""
) -> Arrival:
    state = "closed" if severity is None else "open"
    said = {"conflict": conflict, "state": state, "severity": severity, "lead": lead, "other": {"party": party}}
    return AlertArrived(AlertObject(f"h.{b64(json.dumps(said).encode())}.s", text or None, None))


def acknowledgement(party: str, conflict: str) -> Arrival:
    return AcknowledgementArrived(f"h.{b64(json.dumps({'iss': party, 'conflict': conflict}).encode())}.s")


def stream(*arrivals: Arrival, after: int = 0, size: int = 1000) -> list[Arrived]:
    return [Arrived(one, Cursor(EPOCH, after + number), size) for number, one in enumerate(arrivals, 1)]


def begun(after: int = 0, ahead: str = "") -> Backlog:
    waiting = Backlog({RED, GREEN}, lambda: 0)
    waiting.begin(Cursor(EPOCH, after), ahead)
    return waiting


def number_of(arrived: Arrived) -> int:
    assert arrived.cursor is not None
    return arrived.cursor.number


def drained(waiting: Backlog) -> list[list[int]]:
    batches = []
    while (batch := waiting.batch()) is not None:
        batches.append([number_of(one) for one in batch.arrived])
        waiting.written()
    return batches


def test_one_counterparts_danger_is_in_the_next_batch_however_many_of_anothers_wait() -> None:
    waiting = begun()
    waiting.put(stream(*(alert(RED, f"r{number}") for number in range(5_000))))
    assert waiting.batch() is not None  # under way when the danger comes
    waiting.put(stream(alert(GREEN, "g"), after=5_000))
    waiting.written()
    batch = waiting.batch()
    assert batch is not None and 5_001 in [number_of(one) for one in batch.arrived]
    assert waiting.counts[RED] > 4_000 and waiting.counts[GREEN] == 1
    waiting.written()
    assert waiting.counts[GREEN] == 0


def test_turns_are_by_the_work_and_not_by_the_number() -> None:
    waiting = begun()
    large = backlog.HEAVY_BYTES // 2
    waiting.put(stream(*(alert(RED, f"r{number}") for number in range(8)), size=large))
    waiting.put(stream(*(alert(GREEN, f"g{number}") for number in range(40)), after=8))
    first = drained(waiting)[0]
    assert {number for number in first if number > 8} == set(range(9, 49)) and 1 in first and 7 not in first


def test_what_is_heavy_is_taken_alone_and_after_who_comes_anew() -> None:
    waiting = begun()
    waiting.put(stream(*(alert(RED, f"r{number}") for number in range(4)), size=backlog.HEAVY_BYTES))
    assert waiting.may_wait
    assert waiting.batch() is not None
    waiting.put(stream(alert(GREEN, "g"), alert(GREEN, "h"), after=4))
    waiting.written()
    assert not waiting.may_wait  # for what is next is soon done
    assert drained(waiting) == [[5], [2], [6], [3], [4]]


def test_of_one_counterparts_the_worst_and_soonest_is_first_and_what_has_closed_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlog, "BATCH", 1)
    waiting = begun()
    waiting.put(
        stream(
            alert(RED, "a", None),
            alert(RED, "b", "possible", "IN_PROGRESS"),
            alert(RED, "c", "overlap", "ROUTINE"),
            alert(RED, "d", "overlap", "LATE"),
            alert(RED, "e", "proximity", "LATE"),
        )
    )
    assert drained(waiting) == [[4], [3], [5], [2], [1]]


def test_a_conflict_with_a_bad_newest_version_brings_its_older_ones_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BATCH", 1)
    waiting = begun()
    waiting.put(stream(alert(RED, "a", "possible"), alert(RED, "b", "proximity"), alert(RED, "a", "overlap")))
    assert drained(waiting) == [[1], [3], [2]]


def test_an_answer_stays_behind_the_alert_that_it_answers_whoever_signed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BATCH", 1)
    waiting = begun()
    waiting.put(stream(alert(RED, "a", "possible"), acknowledgement("blue", "a"), acknowledgement("blue", "z")))
    order = [number for (number,) in drained(waiting)]
    assert order.index(1) < order.index(2)


def test_what_was_taken_before_its_place_is_noted_and_not_taken_again() -> None:
    waiting = begun()
    flood = [alert(RED, f"r{number}") for number in range(1_000)]
    waiting.put(stream(*flood, alert(GREEN, "g")))
    batch = waiting.batch()
    assert batch is not None and batch.moved is not None
    taken = sorted(number_of(one) for one in batch.arrived)
    assert taken[-1] == 1_001 and batch.moved.cursor.number == len(taken) - 1 and batch.moved.ahead == "1001-1001"
    again = begun(batch.moved.cursor.number, batch.moved.ahead)
    half = 300
    for piece in (flood[batch.moved.cursor.number : half], [*flood[half:], alert(GREEN, "g")]):
        again.put(stream(*piece, after=half if len(piece) > half else batch.moved.cursor.number))
    left = [number for numbers in drained(again) for number in numbers]
    assert sorted(left) == [number for number in range(1, 1_002) if number not in taken]
    assert again.is_empty and again.cost == 0 and not again.counts and again.since is None


def test_where_all_that_comes_again_is_taken_already_the_cursor_moves_all_the_same() -> None:
    again = begun(2, "3-4")
    again.put(stream(alert(RED, "a"), alert(GREEN, "b"), after=2))
    assert not again.is_empty
    batch = again.batch()
    assert batch is not None and not batch.arrived and batch.moved is not None
    assert (batch.moved.cursor.number, batch.moved.ahead) == (4, "") and again.is_empty
    assert again.batch() is None


def test_the_note_of_what_was_taken_before_its_place_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "BATCH", 10)
    monkeypatch.setattr(backlog, "MOST_RUNS", 20)
    waiting = begun()
    waiting.put(stream(*(alert(RED, f"r{number}", SEVERITIES[number % 2]) for number in range(2_000))))
    longest = 0
    while (batch := waiting.batch()) is not None:
        assert batch.moved is not None
        longest = max(longest, len(batch.moved.ahead.split()))
        waiting.written()
    assert longest <= 20 + 10


def test_a_gap_waits_for_what_came_before_it_and_counts() -> None:
    waiting = begun()
    waiting.put([*stream(alert(RED, "a")), Arrived(GapArrived("hole"), None)])
    assert waiting.gap == GapArrived("hole") and not waiting.is_empty and sum(waiting.counts.values()) == 2
    drained(waiting)
    assert waiting.is_empty and waiting.since == 0
    waiting.reread(Cursor(EPOCH, 9))
    assert waiting.gap is None and waiting.since is None and not waiting.counts


def test_the_same_presentation_is_held_once() -> None:
    waiting = begun()
    text = "x" * backlog.SHARED_CHARACTERS
    waiting.put(stream(*(alert(RED, f"r{number}", text="".join(text)) for number in range(3)), alert(GREEN, "g")))
    batch = waiting.batch()
    assert batch is not None
    values = [one.arrival.object.presentation for one in batch.arrived if isinstance(one.arrival, AlertArrived)]
    assert values[:3] == [text] * 3 and values[0] is values[1] is values[2] and values[3] is None


def test_it_is_full_by_bytes_and_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MOST", 3)
    waiting = begun()
    waiting.put(stream(alert(RED, "a"), alert(RED, "b")))
    assert not waiting.is_full
    waiting.put(stream(alert(RED, "c"), after=2))
    assert waiting.is_full
    drained(waiting)
    assert not waiting.is_full
    waiting.put(stream(alert(RED, "d"), after=3, size=backlog.MOST_BYTES))
    assert waiting.is_full


@pytest.mark.parametrize("raw", ["", "a", "a.b.c", "a.!.c", f"a.{b64(b'[]')}.c", f"a.{b64(b'{')}.c"])
def test_what_cannot_be_read_has_no_hint(raw: str) -> None:
    assert hint_of_alert(raw) is None and hint_of_acknowledgement(raw) is None


def test_who_is_no_party_has_no_turn_of_its_own() -> None:
    waiting = begun()
    waiting.put(stream(alert("purple", "a"), alert("blue", "b"), Unreadable("?")))
    assert dict(waiting.counts) == {OURS: 3}
    assert drained(waiting) == [[1, 2, 3]]


ARRIVALS = st.one_of(
    st.builds(
        alert, st.sampled_from([RED, GREEN, "blue"]), st.sampled_from("abcde"), st.sampled_from([*SEVERITIES, None]),
        st.sampled_from(LEADS),
    ),
    st.builds(acknowledgement, st.sampled_from([RED, GREEN, "blue"]), st.sampled_from("abcde")),
    st.builds(Unreadable, st.just("?")),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.lists(ARRIVALS, max_size=12), st.integers(0, 3)), max_size=8),
    st.integers(1, 5),
    st.integers(0, 4),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_whatever_comes_is_taken_once_in_its_conflicts_order_over_any_connections(
    pieces: Sequence[tuple[Sequence[Arrival], int]], at_once: int, runs: int, lost: Sequence[bool]
) -> None:
    came: list[Arrived] = []
    taken: list[int] = []
    kept = (0, "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backlog, "BATCH", at_once)
        patch.setattr(backlog, "MOST_RUNS", runs)
        waiting = begun()

        def take() -> bool:
            nonlocal kept
            if (batch := waiting.batch()) is None:
                return False
            assert batch.moved is not None
            kept = batch.moved.cursor.number, batch.moved.ahead
            taken.extend(number_of(one) for one in batch.arrived)
            waiting.written()
            return True

        for (piece, batches), ends in zip(pieces, lost, strict=False):
            news = stream(*piece, after=len(came))
            came += news
            waiting.put(news)
            for _ in range(batches):
                take()
            if ends:  # the connection, twice: what was not written comes again, and only half of it the first time
                waiting.begin(Cursor(EPOCH, kept[0]), kept[1])
                left = came[kept[0] :]
                waiting.put(left[: len(left) // 2])
                take()
                waiting.begin(Cursor(EPOCH, kept[0]), kept[1])
                waiting.put(came[kept[0] :])
        while take():
            pass
        assert kept == (len(came), "") or not came
    assert Counter(taken) == Counter(range(1, len(came) + 1))
    order: dict[str, list[int]] = {}
    for number in taken:
        arrival = came[number - 1].arrival
        if isinstance(arrival, AlertArrived):
            hint = hint_of_alert(arrival.object.alert)
            assert hint is not None
            order.setdefault(f"{hint.party} {hint.conflict}", []).append(number)
    assert all(numbers == sorted(numbers) for numbers in order.values())
