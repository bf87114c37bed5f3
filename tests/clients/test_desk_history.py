"""A mediator that lies about what was and what has ended: old revisions, replays, closings, false receipts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.notice import open_submission, present
from support.desks import MINUTE_US, Lied, alerts
from support.world import box


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def test_an_old_revision_sent_as_current_is_rollback(line: Lied) -> None:
    old = line.mediator.filed[line.them]
    line.amend(box(48.06))
    assert [event.verdict for event in alerts(line.watched(line.south))] == ["verified"]
    line.mediator.filed[line.them] = old
    line.next_version()
    event = line.told(line.mediator.opened(line.us, line.them))
    assert event.verdict == "rollback" and event.detail.startswith("ROLLBACK")
    (view,) = line.south.picture().conflicts
    assert (view.state, view.other_revision, view.alarm) == ("OPEN", 2, "rollback")


def test_an_old_revision_of_ours_used_as_current_is_rollback(line: Lied) -> None:
    old = line.mediator.filed[line.us]
    line.south.amend(line.mine.id, [box(48.01)])
    line.watched(line.south)
    line.mediator.filed[line.us] = old
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "rollback"


def test_two_different_revisions_of_one_number_are_rollback(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    raw = line.world.submission("north", box(48.05), notice=line.theirs)
    filed.notice = open_submission(raw, line.world.agreement.party_key)
    filed.side = type(filed.side)("north", line.theirs, 1, filed.notice.sha256, filed.side.received_at)
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "rollback"


def test_a_revision_that_does_not_follow_the_one_seen_is_shown(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    raw = line.world.submission("north", box(48.05), notice=line.theirs, revision=2, prev="A" * 43)
    filed.notice = open_submission(raw, line.world.agreement.party_key)
    filed.side = type(filed.side)("north", line.theirs, 2, filed.notice.sha256, filed.side.received_at)
    line.next_version()
    event = line.told(line.mediator.opened(line.us, line.them))
    assert event.verdict == "evidence" and "follow" in event.detail


def test_a_replayed_older_version_is_rollback_and_not_adopted(line: Lied) -> None:
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "verified"
    newest = line.south.picture().conflicts[0].version
    event = line.told(line.first.object.to_json())
    assert event.verdict == "rollback"
    assert line.south.picture().conflicts[0].version == newest
    assert line.state() == ("OPEN", "rollback")


def test_another_alert_of_the_same_version_is_rollback_and_not_adopted(line: Lied) -> None:
    assert line.first.alert is not None
    line.now += MINUTE_US
    event = line.told(line.mediator.opened(line.us, line.them, version=line.first.alert.version))
    assert event.verdict == "rollback" and "two different" in event.detail
    kept = line.south.journal.conflict(line.first.alert.conflict)
    assert kept is not None and kept.adopted == line.first.object.digest


@pytest.mark.parametrize("reason", ["withdrawn", "amended", "ended", "terms"])
def test_a_closing_without_its_cause_leaves_the_conflict_open(line: Lied, reason: str) -> None:
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, reason, None))
    assert event.verdict == "closed_without_cause"
    assert line.state() == ("OPEN", "closed_without_cause")


def test_a_closing_with_anothers_cause_leaves_the_conflict_open(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    another = line.mediator.filed["north", line.file("north", box(60.0))].notice
    causes = {
        "withdrawn": [line.world.withdrawal("north", another), line.world.withdrawal("south", filed.notice), "x"],
        "amended": [f"{another.jwt}~", f"{filed.notice.jwt}~", filed.raw, line.world.withdrawal("north", filed.notice)],
        "ended": [line.world.withdrawal("north", filed.notice)],
    }
    for reason, statements in causes.items():
        for cause in statements:
            line.next_version()
            event = line.told(line.mediator.closed(line.us, line.them, reason, cause))
            assert event.verdict in ("closed_without_cause", "evidence"), (reason, cause)
            assert line.state()[0] == "OPEN"


def test_a_closing_by_an_act_of_ours_that_was_none_leaves_the_conflict_open(line: Lied) -> None:
    filed = line.mediator.filed[line.us]
    side = type(filed.side)("south", line.mine.id, 2, digest("another"), filed.side.received_at)
    for reason in ("withdrawn", "amended"):
        line.next_version()
        told = line.mediator.closed(line.us, line.them, reason, None, own=side)
        assert line.told(told).verdict == "evidence"
        assert line.state()[0] == "OPEN"


def test_a_closing_by_our_amendment_that_is_still_in_conflict_leaves_it_open(line: Lied) -> None:
    line.south.amend(line.mine.id, [box(48.01)])
    line.watched(line.south)
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "amended", None))
    assert event.verdict == "closed_without_cause"


def test_an_open_conflict_called_past_too_early_stays_open(line: Lied) -> None:
    line.next_version()
    told = {"state": "past", "reason": None, "lead": "RETROACTIVE"}
    event = line.told(line.mediator.object(line.us, line.them, told, f"{line.mediator.filed[line.them].notice.jwt}~"))
    assert event.verdict == "closed_without_cause" and line.state()[0] == "OPEN"


@pytest.mark.req("R-074")
def test_a_closing_dated_ahead_leaves_the_conflict_open(line: Lied) -> None:
    line.next_version()
    for ahead_s, verdict in ((400 * 86_400, "clock"), (61, "closed_without_cause")):
        line.mediator.seq += 1
        event = line.told(line.mediator.closed(line.us, line.them, "ended", None, at=line.now + ahead_s * 1_000_000))
        assert event.verdict == verdict and line.state() == ("OPEN", verdict)


@pytest.mark.req("R-076")
def test_a_flight_that_has_not_begun_is_not_past(line: Lied) -> None:
    mine = line.south.file([box(60.0)], "transport")
    theirs = line.file("north", box(62.0))
    line.watched(line.south)
    us, them = ("south", mine.id), ("north", theirs)
    told = {"state": "past", "reason": None, "lead": "RETROACTIVE"}
    event = line.told(line.mediator.object(us, them, told, f"{line.mediator.filed[them].notice.jwt}~"))
    assert (event.verdict, event.standing) == ("closed_without_cause", None)


def test_a_past_conflict_is_told_once_without_disclosures(line: Lied) -> None:
    mine = line.south.file([box(10.0, start_s=-7200)], "transport")
    theirs = line.file("north", box(10.0, start_s=-7200))
    line.watched(line.south)
    us, them = ("south", mine.id), ("north", theirs)
    told = {"state": "past", "reason": None, "lead": "RETROACTIVE"}
    bare = f"{line.mediator.filed[them].notice.jwt}~"
    event = line.told(line.mediator.object(us, them, told, bare))
    assert (event.verdict, event.standing) == ("verified", "PAST")
    theirs_all = line.mediator.filed[them].notice
    line.next_version()
    shown = present(theirs_all, [theirs_all.volumes[0].digest])
    assert line.told(line.mediator.object(us, them, told, shown)).verdict == "evidence"
    line.next_version()
    assert line.told(line.mediator.object(us, them, {**told, "lead": "LATE"}, bare)).verdict == "recompute"


def test_figures_or_disclosures_in_a_closing_are_shown(line: Lied) -> None:
    cause = line.world.withdrawal("north", line.mediator.filed[line.them].notice)
    extras: list[dict[str, Any]] = [
        {"disclosed": ["A" * 43]},
        {"shown": ["A" * 43]},
        {"pairs": [{}]},
        {"severity": "overlap"},
    ]
    for extra in extras:
        line.next_version()
        assert line.told(line.mediator.closed(line.us, line.them, "withdrawn", cause, **extra)).verdict == "evidence"
        assert line.state()[0] == "OPEN"


def test_a_replay_of_what_the_picture_shows_does_not_disturb_the_picture(line: Lied) -> None:
    line.next_version()
    assert line.told(line.mediator.closed(line.us, line.them, "ended", None)).verdict == "closed_without_cause"
    event = line.told(line.first.object.to_json())
    assert event.verdict == "rollback"
    (view,) = line.south.picture().conflicts
    assert (view.state, view.verdict, view.alarm) == ("OPEN", "verified", "rollback")
    assert view.start is not None


def test_a_snapshot_that_leaves_out_an_open_conflict_or_tells_an_older_one_is_rollback(line: Lied) -> None:
    line.next_version()
    line.told(line.mediator.opened(line.us, line.them))
    (conflict,) = line.mediator.newest["south"]
    line.now += 1
    line.mediator.newest["south"][conflict] = line.first.object.to_json()
    assert [event.to_json()["verdict"] for event in line.south.refresh()][:1] == ["rollback"]
    line.now += 1
    line.mediator.newest["south"].clear()
    (event,) = line.south.refresh()
    assert event.to_json()["code"] == "rollback" and conflict in event.to_json()["detail"]
    assert line.state() == ("OPEN", "rollback")


def test_a_cursor_ahead_of_the_head_is_a_gap_and_what_fell_is_rollback(line: Lied) -> None:
    line.next_version()
    line.told(line.mediator.opened(line.us, line.them))
    line.now += 1
    line.mediator.streams["south"] = line.mediator.streams["south"][:2]
    (conflict,) = line.mediator.newest["south"]
    line.mediator.newest["south"][conflict] = line.first.object.to_json()
    events = [event.to_json() for event in line.watched(line.south)]
    assert (events[0]["event"], events[0]["reason"]) == ("gap", "ahead")
    assert [event["verdict"] for event in events if event["event"] == "alert"] == ["rollback"]


def test_a_false_receipt_is_told_and_does_not_stop_the_watch(line: Lied) -> None:
    real = line.world.service

    def false_receipt(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST":
            return None
        line.mediator.refuse, line.world.service = None, line.world.parties["north"].key
        answer = line.mediator.answer(request)
        line.world.service = real
        return answer

    line.mediator.refuse = false_receipt
    with pytest.raises(EvidenceInvalid):
        line.south.file([box(70.0)], "transport")
    assert {notice.state for notice in line.south.picture().notices} == {"live", "unknown"}
    line.next_version()
    line.mediator.refuse = lambda request: false_receipt(request) if "acknowledgements" in request.url.path else None
    line.mediator.tell("south", "alert", line.mediator.opened(line.us, line.them))
    events = [event.to_json() for event in line.watched(line.south)] + [
        event.to_json() for event in line.watched(line.south)
    ]
    told = [event.get("verdict") or event["code"] for event in events if event["event"] in ("alert", "problem")]
    # Of each of two connections, which ask for what is unknown; of the notice on the stream; and of delivered, which is
    # tried again where the time allows.
    assert told.count("verified") == 1 and told.count("evidence") in (2, 3) and len(told) == told.count("evidence") + 1


def test_a_closing_that_shows_more_than_its_cause_is_shown(line: Lied) -> None:
    theirs = line.mediator.filed[line.them]
    cause = line.world.withdrawal("north", theirs.notice)
    line.next_version()
    ended = type(theirs.side)("north", line.theirs, 2, digest(cause), line.now)
    shown = line.mediator.closed(line.us, line.them, "withdrawn", cause, other=ended)
    assert line.told({**shown, "presentation": f"{theirs.notice.jwt}~"}).verdict == "evidence"
    raw = line.world.amend("north", theirs.notice, box(60.0))
    amended = line.world.opened(raw)
    side = type(theirs.side)("north", line.theirs, 2, amended.sha256, line.now)
    line.next_version()
    told = present(amended, [amended.volumes[0].digest])
    event = line.told(line.mediator.closed(line.us, line.them, "amended", told, other=side))
    assert event.verdict == "closed_without_cause"
    line.now += 120 * MINUTE_US
    line.mediator.seq += 1
    assert line.told(line.mediator.closed(line.us, line.them, "ended", cause)).verdict == "evidence"
    line.mediator.seq += 1
    assert line.told(line.mediator.closed(line.us, line.them, "terms", None)).verdict == "closed_without_cause"
    line.mediator.seq += 1
    assert line.told(line.mediator.closed(line.us, line.them, "ended", None)).standing == "CLOSED"


def test_a_closing_by_an_amendment_that_nobody_showed_leaves_the_conflict_open(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    side = type(filed.side)("north", line.theirs, 2, digest("another"), line.now)
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "amended", None, other=side))
    assert event.verdict == "closed_without_cause" and line.state()[0] == "OPEN"


def test_a_closing_by_our_amendment_is_held_against_what_they_had_shown(
    line: Lied,
) -> None:
    line.mediator.quiet = True
    line.south.amend(line.mine.id, [box(48.01)])
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "amended", None))
    assert event.verdict == "closed_without_cause" and "still in conflict" in event.detail
    line.south.amend(line.mine.id, [box(70.0)])
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "amended", None))
    assert (event.verdict, event.standing) == ("verified", "CLOSED")


def test_a_closing_by_new_terms_is_held_against_the_new_terms(line: Lied) -> None:
    line.south.close()
    categories = line.world.payload["categories"]
    line.world.successor(categories={**categories, "transport": {**categories["transport"], "tail_s": 5}})
    line.south = line.desk("south")
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "terms", None))
    assert event.verdict == "closed_without_cause" and "new terms" in event.detail


def test_new_terms_that_end_a_conflict_close_it(tmp_path: Path) -> None:
    line = Lied(tmp_path)
    line.south.withdraw(line.mine.id)
    near = line.south.file([box(20.0)], "transport")
    far = line.file("north", box(20.12))
    line.watched(line.south)
    line.south.close()
    categories = line.world.payload["categories"]
    line.world.successor(categories={**categories, "transport": {**categories["transport"], "horizontal_m": 10}})
    line.south = line.desk("south")
    line.next_version()
    event = line.told(line.mediator.closed(("south", near.id), ("north", far), "terms", None))
    assert (event.verdict, event.standing) == ("verified", "CLOSED")
    line.south.close()


def test_an_earlier_entry_that_comes_later_is_no_rollback(line: Lied) -> None:
    second = line.south.file([box(48.04)], "transport")
    line.watched(line.south)
    line.south.withdraw(second.id)
    line.amend(box(48.06))
    stream = line.mediator.streams["south"]
    closing, opening = (index for index, (event, _) in enumerate(stream[-2:], len(stream) - 2) if event == "alert")
    stream[closing], stream[opening] = stream[opening], stream[closing]
    told = alerts(line.watched(line.south))
    assert [(event.verdict, event.standing) for event in told] == [("verified", "OPEN"), ("verified", "CLOSED")]


def test_another_alert_than_the_answers_at_its_version_is_rollback(line: Lied) -> None:
    line.now += MINUTE_US
    amended = line.south.amend(line.mine.id, [box(48.01)])
    version = amended.alerts[0].alert.version if amended.alerts[0].alert else 0
    line.mediator.streams["south"] = [row for row in line.mediator.streams["south"] if row[0] != "alert"][:-1]
    line.mediator.streams["south"] += [("notice", line.mediator.streams["south"][0][1])] * 2
    line.now += MINUTE_US
    line.mediator.tell("south", "alert", line.mediator.opened(line.us, line.them, version=version))
    shown = alerts(line.watched(line.south))
    assert [event.verdict for event in shown][-1] == "rollback"


def test_a_snapshot_that_is_older_than_an_answer_before_it_is_rollback(line: Lied) -> None:
    (conflict,) = line.mediator.newest["south"]
    line.now += 1
    assert [event.verdict for event in line.south.amend(line.mine.id, [box(48.01)]).alerts] == ["verified"]
    line.mediator.newest["south"][conflict] = line.first.object.to_json()
    line.now += 1
    assert [event.verdict for event in alerts(list(line.south.refresh()))] == ["rollback"]
