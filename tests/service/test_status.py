"""What is wrong, and whom to wake: pure, over sights made by hand."""

import time
from collections import Counter
from typing import Any

import msgspec
import pytest
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.speakable import speakable
from keepclear_service.line.ports import Founded
from keepclear_service.metrics import Board
from keepclear_service.process.fits import beyond
from keepclear_service.process.lookout import Lookout, Sight, WorkerSight
from keepclear_service.process.note import LineNote, Note
from keepclear_service.process.runs_out import RunsOut
from keepclear_service.process.status import status
from keepclear_service.process.survey import LineSurvey, PartySurvey, Survey
from keepclear_service.process.unanswered import Unanswered
from keepclear_service.steady import since_boot_s
from keepclear_service.store.connect import connect
from keepclear_service.store.room import Room
from keepclear_service.store.spent import Spent
from support.world import World

NOW_S = time.time()
NOW = int(NOW_S) * SECOND
AGREEMENT = World().agreement


def seen(*waiting: Unanswered, alone_s: float | None = None, lost_s: float | None = None, **of_line: Any) -> list[str]:
    """Return what is wrong with a service where north has this to answer; ``alone_s``: since it has no stream."""
    party = PartySurvey("north", 1, waiting, None, "")
    founded = Founded("e", "t", 9, 1, 9, NOW, ())
    line = LineSurvey("a" * 43, "night", founded=founded, agreement=AGREEMENT, parties=(party,), **of_line)
    alone = {} if alone_s is None else {"north": NOW_S - alone_s}
    streams = Counter({"north": int(alone_s is None)})
    lost_at = None if lost_s is None else NOW_S - lost_s
    sight = Sight(Survey(NOW, "", "", "Valkey", (line,)), (), [streams], [alone], NOW_S, {}, lost=9, lost_at=lost_at)
    return list(status(sight)["wrong"])


def unanswered(number: int = 0, *, for_s: int, undelivered_s: int | None = None, at_least: bool = False) -> Unanswered:
    undelivered = None if undelivered_s is None else NOW - undelivered_s * SECOND
    return Unanswered(f"{number:043}", 7, "overlap", NOW - for_s * SECOND, at_least, undelivered)


CODE = speakable("0" * 43)


@pytest.mark.parametrize(
    ("at_least", "words"),
    [(False, f"night: north has not answered {CODE} (overlap) for 4 min; agreed is 2 min: telephone them"),
     (True, f"night: north has not answered {CODE} (overlap) for at least 4 min; agreed is 2 min: telephone them")],
)  # fmt: skip
def test_an_overdue_answer_is_wrong(at_least: bool, words: str) -> None:
    assert seen(unanswered(for_s=250, at_least=at_least)) == [words]
    assert seen(unanswered(for_s=119)) == []


def test_of_many_the_first_are_named_and_the_others_counted() -> None:
    said = seen(*(unanswered(number, for_s=300 - number, undelivered_s=300) for number in range(9)))
    assert len(said) == 8 and said[3].endswith("north has not answered 6 more in the agreed time")
    assert said[7].endswith("6 more NOT DELIVERED")


def test_a_desk_that_takes_nothing_is_wrong_though_its_stream_stands() -> None:
    (said,) = seen(unanswered(for_s=100, undelivered_s=100))
    assert said.startswith(f"night: north: {CODE} (overlap) NOT DELIVERED for 100 s: its desk does not take it")
    assert seen(unanswered(for_s=10, undelivered_s=10)) == []


def test_no_stream_is_wrong_beside_something_unanswered_alone() -> None:
    (said,) = seen(unanswered(for_s=90), alone_s=490)
    assert said.startswith("night: north has NO STREAM here for 8 min and 1 unanswered: telephone them")
    assert seen(alone_s=480) == seen(unanswered(for_s=90), alone_s=50) == []


def test_an_end_within_a_day_is_wrong() -> None:
    (said,) = seen(ends=(RunsOut("north", "k" * 43, ("submit",), NOW + 1750 * SECOND),))
    assert "north can no longer file after" in said and "(in 29 min)" in said
    assert seen(ends=(RunsOut("north", "k" * 43, (), NOW + 1750 * SECOND),)) == [], "another key goes on"
    assert seen(ends=(RunsOut("north", "k" * 43, ("submit",), NOW + 90_000 * SECOND),)) == []


def test_a_worker_that_is_heard_is_well_however_the_clock_was_stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(1)
    board.write_note(msgspec.json.encode(Note(since_boot_s() - 1, ())))

    class Place:
        pid, starts, replaced = 7, 1, 0

    place = Place()
    place.board = board  # type: ignore[attr-defined]
    lookout = Lookout(connect("unix:///nowhere"), (), (place,), False)  # type: ignore[arg-type]
    monkeypatch.setattr(time, "time", lambda: NOW_S + 14_400)
    (worker,) = lookout._workers()
    sight = Sight(Survey(NOW, "", "", "Valkey", ()), (worker,), [], [], NOW_S, {})
    assert 1 <= status(sight)["service"]["workers"][0]["silent_s"] < 5


@pytest.mark.parametrize(("lasts_s", "wrong"), [(0.9, []), (2.34, ["a turn of worker 0 takes 2.3 s"])])
def test_a_turn_that_takes_longer_than_is_promised_is_wrong(lasts_s: float, wrong: list[str]) -> None:
    note = Note(since_boot_s(), (LineNote("ok", "e", 9, 1, {}, lasts_s=lasts_s, slowest_s=2.34),))
    worker = WorkerSight("0", 7, 1, 0, Board(1), note, 0.5)
    founded = Founded("e", "t", 9, 1, 9, NOW, ())
    line = LineSurvey("a" * 43, "night", founded=founded, agreement=AGREEMENT, parties=())
    found = status(Sight(Survey(NOW, "", "", "Valkey", (line,)), (worker,), [Counter()], [{}], NOW_S, {}))
    assert found["wrong"] == [f"night: the line is slow, DANGERS COME LATE: {one}" for one in wrong]
    assert found["agreements"][0]["slowest_turn_s"] == 2.3


def test_a_lost_log_is_wrong_for_ten_minutes() -> None:
    (said,) = seen(lost_s=5)
    assert said.startswith("the log is lost: 9 lines, the last ")
    assert seen(lost_s=700) == []


def test_a_party_that_is_refused_for_a_budget_is_wrong() -> None:
    spent = (
        Spent("alerts_an_hour", 90, 80, "south", int(NOW_S) * 1000),
        Spent("acknowledgements_a_minute", 5, 5),
        Spent("stored_bytes", 79, 80),
    )
    party = PartySurvey("north", 1, (), None, "", spent)
    line = LineSurvey("a" * 43, "night", agreement=AGREEMENT, parties=(party,))
    sight = Sight(Survey(NOW, "", "", "Valkey", (line,)), (), [Counter({"north": 1})], [{}], NOW_S, {})
    at = format_instant(NOW)
    assert status(sight)["wrong"] == [
        f"night: north has spent its alerts_an_hour: its next notice is refused until {at}; the others are told"
        ", each time for five minutes, since what was refused is filed later if at all",
        "night: north has spent its acknowledgements_a_minute: its answers are refused",
    ]
    assert [one["budget"] for one in status(sight)["agreements"][0]["parties"][0]["budgets"]] == [
        "alerts_an_hour", "acknowledgements_a_minute", "stored_bytes",
    ]  # fmt: skip


def test_what_is_agreed_and_what_the_store_takes_are_compared() -> None:
    both = 2 * AGREEMENT.budgets.stored_bytes
    assert beyond(Room(0, 4 * both), [AGREEMENT]) == beyond(Room(0, 0), [AGREEMENT]) == beyond(None, [AGREEMENT]) == ""
    room = Room(0, both)
    words = f"{2 * both >> 20} MiB are agreed as the parties' stored_bytes, and the store takes notices up to"
    assert beyond(room, [AGREEMENT, AGREEMENT]).startswith(words) and beyond(room, [AGREEMENT])
