"""Budgets at a desk: whose is spent is verified, kept and shown; what is refused for one is kept, and sent again."""

import json
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from keepclear import BudgetEvent, Intent, NotSent, OverBudget, Picture, ProblemEvent
from keepclear.cli.board.frame import Scene
from keepclear.cli.board.header import header
from keepclear.cli.board.look import Look
from keepclear.cli.board.state import State
from keepclear.cli.lines import event_line
from keepclear.cli.notable import Ends, ended_words, notable_lines
from keepclear.console.whole import whole_json
from keepclear.desk import budgets
from keepclear.desk.link import Link
from keepclear.desk.probing import Probing
from keepclear_protocol.errors import CODES
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.spent import ROOM, sign_spent
from support.desks import MINUTE_US, Line
from support.mediator import refusal
from support.world import box

HOUR_US = 60 * MINUTE_US


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    return Line(tmp_path)


def spent(
    line: Line,
    party: str,
    key: PrivateKey | None = None,
    *,
    seq: int = 900,
    of: str = "alerts_an_hour",
    lasts_us: int = HOUR_US,
) -> str:
    agreement = line.world.agreement
    named = {"aud": agreement.id, "terms": agreement.terms, "party": party, "budget": of}
    entry = {"seq": seq, "epoch": line.mediator.epoch, "received_at": line.now}
    return sign_spent(key or line.world.service, **named, **entry, until=line.now + lasts_us)  # type: ignore[arg-type]


def tell(line: Line, raw: str) -> None:
    for party in line.world.parties:
        line.mediator.streams.setdefault(party, []).append(("budget", {"budget": raw}))


def over(line: Line, again_us: int, times: int) -> None:
    """Refuse so many statements for a budget that has room again after ``again_us``."""
    left = [times]

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST" or not left[0]:
            return None
        left[0] -= 1
        code = "budget_submits_a_minute"
        said = {"budget": "submits_a_minute", "left": 0, "again_at": format_instant(line.now + again_us)}
        told = {"type": f"urn:keepclear:problem:{code}", "code": code, "status": 429, "detail": CODES[code].meaning}
        kind = {"content-type": "application/problem+json"}
        return httpx2.Response(429, headers=kind, content=json.dumps({**told, **said}).encode())

    line.mediator.refuse = refuse


def reasons(picture: Picture, now: int) -> list[str]:
    whole = whole_json(picture, Link(True, now, now), None, now)
    return [reason["code"] for reason in whole["reasons"]]


@pytest.mark.req("R-118")
def test_a_counterpart_over_its_budget_stands_on_every_screen_until_it_is_over(line: Line) -> None:
    line.now += 12 * HOUR_US - line.now % (24 * HOUR_US)  # noon: an hour that ends tomorrow is told with its day
    south = line.desk("south")
    line.watched(south)
    tell(line, spent(line, "north"))
    (event,) = line.watched(south)
    assert isinstance(event, BudgetEvent) and (event.party, event.budget) == ("north", "alerts_an_hour")
    said = event_line(event, line.now, party="south")
    assert "north WAS OVER ITS AGREED BUDGET (alerts an hour) at" in said and "NOT WHOLE" in said
    again = line.desk("south")  # another process, and tomorrow: it is in the journal
    (kept,) = again.picture().over_budget
    assert kept.raw == event.raw and kept.until == line.now + HOUR_US
    assert again.picture().to_json()["over_budget"][0]["statement"] == event.raw
    link = Link(True, line.now, line.now)
    whole = whole_json(south.picture(), link, None, line.now)
    assert not whole["is"] and whole["reasons"][0]["code"] == "over_budget"
    scene = Scene(south.picture(), link, "terms", line.now, (), None)
    for rows, says, lines in ((60, "need not know it", 6), (12, "~", 5)):  # cut where conflicts would have no room
        shown = header(scene, State(), Look.of("ascii", None), 80, rows)
        head = "\n".join("".join(piece.text for piece in row) for row in shown)
        assert "OVER ITS AGREED BUDGET" in head and "NOT WHOLE" in head and says in head and len(shown) == lines
    probed = Probing("north", 9, 9, line.now - SECOND, line.now)
    busy = replace(south.picture(), over_before=south.picture().over_budget, put_back_at=line.now, probing=(probed,))
    shown = header(replace(scene, picture=busy), State(), Look.of("ascii", None), 80, 24)
    rows_said = ["".join(piece.text for piece in row) for row in shown]
    assert len(rows_said) == 7, "half of the screen is the conflicts'"
    assert "STORE WAS PUT BACK" in rows_said[3] and "OVER ITS" in rows_said[4] and "2 more notes" in rows_said[5]
    line.now += HOUR_US
    assert south.picture().over_budget == () and "over_budget" not in reasons(south.picture(), line.now)
    for desk in line.open:
        desk.close()


@pytest.mark.req("R-119")
def test_a_hotline_without_room_for_a_partys_notices_is_no_budget_of_that_partys(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    tell(line, spent(line, "north", of=ROOM))
    (event,) = line.watched(south)
    said = event_line(event, line.now, party="south")
    assert "THE HOTLINE HAS NO ROOM for notices of north, as of" in said
    assert "NOT WHOLE" in said and "BUDGET" not in said
    tell(line, spent(line, "north", seq=901))
    line.watched(south)
    assert [lacks for _, lacks in notable_lines(south.picture(), line.now)] == [True, True]
    assert "over_budget" in reasons(south.picture(), line.now)
    south.close()


@pytest.mark.req("R-118", "R-119")
def test_a_hotline_without_room_is_one_line_for_all_and_its_end_is_told_with_what_may_be_missing(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    for at, party in enumerate(("north", "south")):
        tell(line, spent(line, party, of=ROOM, seq=900 + at))
    line.watched(south)
    ((words, lacks),) = notable_lines(south.picture(), line.now)
    assert "HAS NO ROOM for notices of north and ours" in words and "NOT WHOLE" in words and lacks
    for at, party in enumerate(("north", "south")):
        tell(line, spent(line, party, of=ROOM, seq=902 + at, lasts_us=0))  # within the second in which it began
    events = line.watched(south)
    said = [event_line(event, line.now, party="south") for event in events]
    assert "HAS ROOM AGAIN for notices of north" in said[0] and "may be unfiled still" in said[0]
    assert "HAS ROOM AGAIN for our notices" in said[1] and "keepclear send --all" in said[1]
    picture = south.picture()
    assert picture.over_budget == () and "over_budget" not in reasons(picture, line.now)
    ((words, lacks),) = notable_lines(picture, line.now)
    assert words.startswith("notices of north and ours may have been refused until") and not lacks
    line.now += 901 * SECOND
    assert list(notable_lines(south.picture(), line.now)) == []
    south.close()


def test_that_a_spent_budget_is_over_is_said_once_whether_the_hotline_says_so_or_time_does(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    ends = Ends()
    tell(line, spent(line, "north"))
    line.watched(south)
    assert ends.new(south.picture()) == []
    line.now += HOUR_US
    (ended,) = ends.new(south.picture())
    assert "north need not be refused any more (alerts an hour)" in (words := ended_words(ended, "south", line.now))
    assert "may be unfiled still" in words and ends.new(south.picture()) == []
    tell(line, spent(line, "north", seq=901, of="submits_a_minute"))
    line.watched(south)
    assert ends.new(south.picture()) == []
    line.now += SECOND
    tell(line, spent(line, "north", seq=902, of="submits_a_minute", lasts_us=0))
    (event,) = line.watched(south)
    assert isinstance(event, BudgetEvent) and event.is_end and ends.new(south.picture()) == []
    assert "within its agreed budget again" in event_line(event, line.now, party="south")
    assert [over.budget for over in south.picture().over_before] == ["alerts_an_hour"], "the other's is all filed"
    south.close()


@pytest.mark.req("R-092")
def test_a_desk_that_begins_anew_is_told_who_is_over_and_one_that_knows_it_is_not_told_again(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    tell(line, spent(line, "north"))
    line.watched(south)
    relief = line.desk("south", "relief")
    (event,) = relief.refresh()
    assert isinstance(event, BudgetEvent) and [over.party for over in relief.picture().over_budget] == ["north"]
    assert relief.refresh() == south.refresh() == ()
    line.now += HOUR_US
    assert line.desk("south", "later").refresh() == ()
    for desk in line.open:
        desk.close()


@pytest.mark.req("R-118")
def test_a_word_of_a_spent_budget_that_the_service_did_not_sign_is_told_and_counts_for_nothing(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    tell(line, spent(line, "north", line.world.parties["north"].key))
    (event,) = line.watched(south)
    assert isinstance(event, ProblemEvent) and event.code == "evidence"
    assert south.picture().over_budget == ()
    south.close()


def test_our_own_spent_budget_is_a_warning_and_makes_nothing_less_whole(line: Line) -> None:
    south = line.desk("south")
    line.watched(south)
    tell(line, spent(line, "south"))
    line.watched(south)
    ((words, lacks),) = notable_lines(south.picture(), line.now)
    assert words.startswith("WE WERE OVER OUR AGREED BUDGET (alerts an hour)") and not lacks
    south.close()


@pytest.mark.req("R-095")
@pytest.mark.parametrize(("codes", "certain"), [(["store_full"], True), (["busy", "store_full"], False)])
def test_a_503_that_says_that_nothing_was_kept_leaves_no_doubt_where_it_was_the_only_answer(
    line: Line, codes: list[str], certain: bool
) -> None:
    south = line.desk("south")
    for at, code in enumerate(codes):
        line.mediator.refuse = lambda request, code=code: refusal(503, code, "no") if request.method == "POST" else None
        with pytest.raises(NotSent) as caught:
            south.send(south.waiting()[0]) if at else south.file([box()], "transport")
    assert caught.value.certain is certain and south.picture().not_sent == int(certain)
    assert south.picture().unknown == south.picture().to_json()["unknown"] == int(not certain)
    if certain:
        assert "when the hotline has room again" in (caught.value.hint or "")
    south.close()


@pytest.mark.parametrize("times", [1, 2])
def test_what_a_budget_has_no_room_for_is_sent_by_itself_when_it_has(line: Line, times: int) -> None:
    south = line.desk("south")
    over(line, 1000, times)
    filed = south.file([box()], "transport")
    assert filed.revision == 1 and south.picture().not_sent == 0
    south.close()


def test_a_desk_whose_clock_is_ahead_does_not_ask_all_the_time(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "PATIENCE_S", 0.5)
    south = line.desk("south")
    over(line, -MINUTE_US, 99)
    with pytest.raises(NotSent):
        south.file([box()], "transport")
    assert 2 <= len(line.mediator.requests) <= 5
    south.close()


def test_what_a_budget_has_no_room_for_soon_is_kept_and_says_what_is_left_and_when_again(line: Line) -> None:
    south = line.desk("south")
    over(line, HOUR_US, 1)
    with pytest.raises(NotSent) as refused:
        south.file([box()], "transport")
    error = refused.value
    at = format_instant(-(-(line.now + HOUR_US) // SECOND) * SECOND)[11:]
    assert error.certain and error.again_at is not None and error.code == "budget_submits_a_minute"
    assert "we are over our agreed budget of submits a minute: 0 left" in error.detail and at in error.hint
    assert south.picture().not_sent == 1
    rest = south.file_all([Intent([box(lat)], "transport", reference=f"OPS-{lat}") for lat in (10.0, 20.0)])
    assert [str(one.outcome) for one in rest] == ["filed", "filed"]
    over(line, HOUR_US, 1)
    for one in south.file_all([Intent([box(lat)], "transport", reference=f"OPS-{lat}") for lat in (30.0, 40.0)]):
        assert isinstance(one.error, NotSent) and (one.error.code, one.error.again_at) == (error.code, error.again_at)
        south.discard(next(row for row in south.waiting() if row.id == one.error.id))
    (waiting,) = south.waiting()
    assert south.send(waiting).revision == 1 and south.picture().not_sent == 0
    south.close()


def test_an_answer_that_a_budget_has_no_room_for_is_told_and_deliveries_wait_for_it(line: Line) -> None:
    south, north = line.desk("south"), line.desk("north")
    south.file([box()], "transport")
    north.file([box(48.05)], "transport")
    over(line, HOUR_US, 99)
    line.watched(south)
    (view,) = south.picture().conflicts
    with pytest.raises(OverBudget, match="NOT ACKNOWLEDGED"):
        south.acknowledge(view.conflict, officer="a.b")
    south.deliver()
    sent = [request for request in line.mediator.requests if request.url.path == "/v1/acknowledgements"]
    south.deliver()
    assert len([r for r in line.mediator.requests if r.url.path == "/v1/acknowledgements"]) == len(sent)
    line.now += HOUR_US
    line.mediator.refuse = None
    south.deliver()
    assert {view.ours.delivered_at is not None for view in south.picture().conflicts} == {True}
    for desk in line.open:
        desk.close()
