"""A desk between two parties and an honest mediator: what it files, shows, signs and remembers."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from keepclear import AlertEvent, Desk, GapEvent, ProblemEvent
from keepclear_protocol.errors import KeepclearError, LocalError, Refused, Unavailable
from support.desks import Line, OnLoop, alerts
from support.mediator import refusal
from support.world import box

BOXES = [box(), box(50.0)]


@pytest.fixture(params=[Desk, OnLoop], ids=["blocking", "asyncio"])
def line(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Line]:
    made = Line(tmp_path, request.param)
    yield made
    for desk in made.open:
        desk.close()


@pytest.mark.req("R-074", "R-082")
def test_a_conflict_is_verified_by_both_desks_delivered_and_acknowledged(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    assert line.watched(south) == []
    first = south.file(BOXES, "transport", callsign="SOUTH1")
    filed = north.file([box(48.05)], "transport")
    assert [event.verdict for event in filed.alerts] == ["verified"] and first.alerts == ()
    (shown,) = alerts(line.watched(south))
    assert (shown.verdict, shown.standing) == ("verified", "OPEN")
    assert shown.alert is not None and len(shown.alert.disclosed) == 1
    delivered = line.mediator.acknowledgements[-1]
    assert (delivered.claims.iss, delivered.stage, delivered.verdict) == ("south", "delivered", "verified")
    south.acknowledge(shown.alert.conflict, officer="duty-2", read_back="one north of Paris")
    answered = [event.to_json() for event in line.watched(north)]
    assert [(e["stage"], e["verdict"]) for e in answered if e["event"] == "acknowledgement"] == [
        ("delivered", "verified"),
        ("acknowledged", "verified"),
    ]
    (view,) = north.picture().conflicts
    assert (view.state, view.verdict, view.alarm) == ("OPEN", "verified", None)
    assert [answer["officer"] for answer in view.answers if answer["party"] == "south"] == [None, "duty-2"]


@pytest.mark.req("R-100")
def test_nothing_is_shown_twice_after_the_cursor_and_nothing_is_lost_before_it(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    south.file(BOXES, "transport")
    north.file([box(48.05)], "transport")
    for event in south.watch():
        if isinstance(event, AlertEvent):
            break  # a crash while the officer looks at it
    again = line.watched(south)
    assert len(alerts(again)) == 1
    assert line.watched(south) == []


@pytest.mark.req("R-100")
def test_an_alert_that_could_not_be_taken_in_comes_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    monkeypatch.setattr("keepclear.desk.position.BACKOFF_S", (0.0,))
    south, second = line.desk("south"), line.desk("south", "second")
    line.watched(south)
    second.file([box()], "transport")
    line.mediator.streams["south"].clear()  # so that the first desk has to ask for what the alert names
    line.desk("north").file([box(48.05)], "transport")
    asked: list[str] = []

    def cannot_say_yet(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path.startswith("/v1/notices/") and len(asked) < 2:
            asked.append(request.url.path)
            return refusal(503, "store_unavailable")
        return None

    line.mediator.refuse = cannot_say_yet
    left = iter(range(20))
    (event,) = alerts(list(south.watch(stop=lambda: next(left, None) is None)))
    assert (event.verdict, event.standing, len(asked)) == ("verified", "OPEN", 2)


@pytest.mark.req("R-076", "R-077")
def test_a_withdrawal_closes_and_an_amendment_closes_not_confirmed_until_their_desk_confirms(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south), line.watched(north)
    south.file([box()], "transport")
    gone = north.file([box(48.05)], "transport")
    moved = north.file([box(47.95)], "transport")
    line.watched(south)
    north.withdraw(gone.id)
    north.amend(moved.id, [box(60.0)])
    closings = alerts(line.watched(south))
    assert {event.standing for event in closings} == {"CLOSED", "CLOSED NOT CONFIRMED"}
    assert {event.verdict for event in closings} == {"verified"}
    line.watched(north)  # signs delivered for the closings, under its own newest revision
    line.watched(south)
    assert {view.state for view in south.picture().conflicts} == {"CLOSED"}


def test_the_end_of_time_closes(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    line.watched(south)
    (conflict,) = line.mediator.open
    line.now += 2 * 3600 * 1_000_000
    line.mediator.end(conflict)
    (event,) = alerts(line.watched(south))
    assert (event.verdict, event.standing) == ("verified", "CLOSED")


def test_what_another_desk_of_the_party_filed_is_fetched_to_verify_against(line: Line) -> None:
    north, second = line.desk("north"), line.desk("south", "second")
    other = line.desk("south", "other")
    other.file([box()], "transport")
    north.file([box(48.05)], "transport")
    (event,) = alerts(line.watched(second))
    assert event.verdict == "verified"
    assert [notice.state for notice in second.picture().notices] == ["live"]
    amended = second.amend(second.picture().notices[0].id, [box(48.01)])
    assert amended.revision == 2 and [event.verdict for event in amended.alerts] == ["verified"]


def test_an_unknown_outcome_is_settled_with_the_same_bytes(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    north = line.desk("north")

    def lose_the_answer(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST":
            line.mediator.refuse = None
            line.mediator.answer(request)
            raise httpx2.ReadError("cut")
        return None

    line.mediator.refuse = lose_the_answer
    with pytest.raises(Unavailable):
        north.file([box()], "transport")
    assert [notice.state for notice in north.picture().notices] == ["unknown"]
    north.settle()
    assert [notice.state for notice in north.picture().notices] == ["live"]
    assert len({r.content for r in line.mediator.requests if r.method == "POST"}) == 1


def test_a_refusal_that_came_after_a_lost_admission_is_settled_by_what_the_service_has(line: Line) -> None:
    north = line.desk("north")

    def admitted_then_refused(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST":
            return None
        line.mediator.refuse = None
        line.mediator.answer(request)
        return refusal(409, "wrong_terms", "the terms have changed")

    line.mediator.refuse = admitted_then_refused
    with pytest.raises(KeepclearError, match="the terms have changed"):
        north.file([box()], "transport")
    assert [notice.state for notice in north.picture().notices] == ["live"]


@pytest.mark.parametrize("again", [False, True], ids=["another call", "the same call"])
def test_a_refusal_after_a_lost_attempt_leaves_the_outcome_unknown_until_it_can_be_learnt(
    line: Line, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", (0.0,) if again else ())
    north = line.desk("north")
    revoked = refusal(403, "key_revoked")

    def lose_the_answer(request: httpx2.Request) -> httpx2.Response | None:
        line.mediator.refuse = lambda _: revoked
        line.mediator._admit(request.url.path, request.content.decode())
        raise httpx2.ReadError("cut")

    line.mediator.refuse = lose_the_answer
    with pytest.raises(Refused if again else Unavailable):
        north.file([box()], "transport")
    north.settle()
    assert [(notice.state, notice.revision) for notice in north.picture().notices] == [("unknown", 1)]
    line.mediator.refuse = lambda request: revoked if request.method == "POST" else None
    north.settle()
    assert [(notice.state, notice.revision) for notice in north.picture().notices] == [("live", 1)]


def test_a_refusal_after_an_attempt_that_never_arrived_is_settled_by_what_the_service_has_not(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    north = line.desk("north")

    def cut(_: httpx2.Request) -> httpx2.Response | None:
        raise httpx2.ReadError("cut")

    line.mediator.refuse = cut
    with pytest.raises(Unavailable):
        north.file([box()], "transport")
    line.mediator.refuse = lambda request: (
        refusal(422, "limit_area") if request.method == "POST" else refusal(404, "not_found")
    )
    north.settle()
    assert [notice.state for notice in north.picture().notices] == ["unknown"]  # it may be on its way yet
    assert not any(request.method == "POST" for request in line.mediator.requests[1:])
    line.now += 700_000_000
    north.settle()
    assert [notice.state for notice in north.picture().notices] == ["not sent"]
    with pytest.raises(Refused) as refused:
        north.send(*north.waiting())
    assert refused.value.code == "limit_area" and north.picture().notices == ()


def test_a_refused_revision_is_free_again(line: Line) -> None:
    north = line.desk("north")
    filed = north.file([box()], "transport")
    line.mediator.refuse = lambda request: refusal(422, "limit_area") if request.method == "POST" else None
    with pytest.raises(Refused) as refused:
        north.amend(filed.id, [box(48.5)])
    assert refused.value.code == "limit_area"
    line.mediator.refuse = None
    assert north.amend(filed.id, [box(48.4)]).revision == 2


@pytest.mark.req("R-099")
def test_a_gap_is_told_and_everything_read_again(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    line.mediator.epoch = "f" * 32
    events = line.watched(south)
    assert isinstance(events[0], GapEvent) and events[0].reason == "epoch"
    assert [event.verdict for event in alerts(events)] == ["verified"]
    assert line.watched(south) == []


@pytest.mark.req("R-078")
def test_a_restored_old_store_is_shown_as_rollback(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    mine = south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    old = dict(line.mediator.newest["south"]), dict(line.mediator.filed)
    south.amend(mine.id, [box(48.01)])
    lost = south.file([box(55.0)], "transport")
    line.watched(south)
    line.now += 1_000_000
    line.mediator.newest["south"], line.mediator.filed = old
    line.mediator.epoch = "e" * 32
    events = line.watched(south)
    assert [event.verdict for event in alerts(events)] == ["rollback"]
    told = [event.detail for event in events if isinstance(event, ProblemEvent)]
    assert len(told) == 2 and lost.id in "".join(told) and all(text.startswith("ROLLBACK") for text in told)
    (view,) = south.picture().conflicts
    assert view.alarm == "rollback" and view.version == 3


def test_an_answer_may_be_ahead_of_the_stream_without_being_called_a_rollback(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(south)
    mine = south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    line.now += 1_000_000
    amended = south.amend(mine.id, [box(48.01)])
    assert [event.verdict for event in amended.alerts] == ["verified"]
    shown = alerts(line.watched(south))
    assert [(event.verdict, event.superseded) for event in shown] == [("verified", True), ("verified", False)]
    assert [view.version for view in south.picture().conflicts] == [3]


def test_an_answer_that_the_stream_has_overtaken_is_no_rollback(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    line.watched(north), line.watched(south)
    mine = south.file([box()], "transport")
    theirs = north.file([box(48.05)], "transport")
    line.watched(south)
    line.now += 1_000_000

    def overtaken(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST":
            return None
        line.mediator.refuse = None
        answer = line.mediator.answer(request)
        line.now += 1_000_000
        north.amend(theirs.id, [box(48.06)])
        watcher = line.desk("south")  # as another process of the same desk, with the same journal
        line.watched(watcher)
        watcher.close()
        line.now += 1_000_000
        return answer

    south.close()
    south = line.desk("south")
    line.mediator.refuse = overtaken
    amended = south.amend(mine.id, [box(48.01)])
    assert [(event.verdict, event.superseded) for event in amended.alerts] == [("verified", True)]
    assert [(view.state, view.other_revision, view.alarm) for view in south.picture().conflicts] == [("OPEN", 2, None)]


def test_a_closing_of_a_revision_that_is_not_to_be_had_any_more_is_no_evidence(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south", "first")
    line.watched(south)
    mine = south.file([box()], "transport")
    theirs = north.file([box(48.05)], "transport")
    (conflict,) = line.mediator.open
    line.now += 2 * 3600 * 1_000_000
    line.mediator.end(conflict)
    south.amend(mine.id, [box(20.0, start_s=36_000)])
    north.withdraw(theirs.id)
    (event,) = alerts(line.watched(line.desk("south", "fresh")))
    assert (event.verdict, event.standing) == ("verified", "CLOSED NOT CONFIRMED")
    assert "cannot be checked here" in event.detail


def test_a_journal_is_of_one_agreement_and_one_party_and_nobody_elses_to_read(line: Line, tmp_path: Path) -> None:
    line.desk("north")
    assert (tmp_path / "north" / "journal.sqlite").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LocalError, match="another party"):
        line.desk("south", "north")
    other = Line(tmp_path)
    with pytest.raises(LocalError, match="another agreement"):
        other.desk("north")
    (tmp_path / "north").chmod(0o777)
    with pytest.raises(LocalError, match="others may write the folder") as caught:
        line.desk("north")
    assert caught.value.hint == f"chmod 700 {tmp_path / 'north'}"
    (tmp_path / "north").chmod(0o700)
    (tmp_path / "north" / "journal.sqlite").chmod(0o644)
    with pytest.raises(LocalError, match="others may read"):
        line.desk("north")


@pytest.mark.req("R-027")
def test_a_journal_follows_the_agreement_only_step_by_step(line: Line) -> None:
    first = line.world.agreement
    line.desk("north").close()
    line.world.successor(name="the second")
    line.desk("north").close()
    newest = line.world.successor(name="the third")
    line.desk("north").close()
    # An older file does not bring it back: the folder remembers what it has gone over to.
    line.world.agreement = first
    desk = line.desk("north")
    assert len(desk.journal.agreements) == 3 and desk.exchange.agreement.terms == newest.terms
    desk.close()
    line.world.agreement = newest
    for _ in range(2):
        line.world.successor(name="later")
    with pytest.raises(LocalError, match="revision 3"):
        line.desk("north")


def test_only_one_process_follows_the_stream(line: Line) -> None:
    first, second = line.desk("north"), line.desk("north")
    line.watched(first)
    with pytest.raises(LocalError, match="another watch"):
        next(second.watch())
