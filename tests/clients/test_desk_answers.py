"""What others say to a desk: acknowledgements, its own party's statements, other names for the same things."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear import ProblemEvent
from keepclear.cli.board.card import full
from keepclear.cli.board.look import Look
from keepclear.cli.board.strip import Strip
from keepclear.cli.conflict import record_lines
from keepclear.cli.lines import conflict_line, event_line
from keepclear.cli.words import clock
from keepclear.desk.picture import Picture, build_picture
from keepclear.transport.client import now_instant
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.alert import conflict_id
from keepclear_protocol.errors import Malformed
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.receipt import sign_receipt
from support.desks import Lied, alerts
from support.world import World, box, signed


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def acknowledgement(line: Lied, **changed: Any) -> str:
    """Return what north's desk would sign of the conflict's newest version."""
    version = line.south.picture().conflicts[0].version
    ours, theirs = (line.mediator.filed[key].side.sha256 for key in (line.them, line.us))
    conflict = conflict_id(line.world.agreement.id, line.us, line.them)
    given = {"stage": "delivered", "alert": "A" * 43, "conflict": conflict, "version": version}
    given |= {"ours": ours, "theirs": theirs, "ours_newest": ours, "verdict": "verified"}
    return line.world.acknowledgement(changed.pop("by", "north"), **{**given, **changed})


def answered(line: Lied, raw: str) -> str:
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": raw})
    (event,) = line.watched(line.south)
    return str(event.to_json()["verdict"])


def test_an_acknowledgement_of_what_was_alerted_is_verified(line: Lied) -> None:
    assert answered(line, acknowledgement(line)) == "verified"
    (view,) = line.south.picture().conflicts
    assert [answer["party"] for answer in view.answers if answer["party"] == "north"] == ["north"]


@pytest.mark.req("R-079")
def test_an_acknowledgement_that_matches_no_alert_is_never_shown_as_verified(line: Lied) -> None:
    assert answered(line, acknowledgement(line, version=99)) == "evidence"
    assert answered(line, acknowledgement(line, conflict="A" * 43)) == "evidence"
    assert answered(line, acknowledgement(line, ours="A" * 43)) == "evidence"
    (view,) = line.south.picture().conflicts
    assert [answer for answer in view.answers if answer["party"] == "north"] == []


@pytest.mark.req("R-079")
def test_our_own_acknowledgement_must_name_our_own_alert(line: Lied) -> None:
    ours, theirs = (line.mediator.filed[key].side.sha256 for key in (line.us, line.them))
    named = {"ours": ours, "theirs": theirs, "ours_newest": ours, "stage": "acknowledged", "officer": "duty-9"}
    assert line.first.alert is not None
    for alert, verdict in (("A" * 43, "evidence"), (line.first.alert.sha256, "verified")):
        assert answered(line, acknowledgement(line, by="south", alert=alert, **named)) == verdict


@pytest.mark.parametrize(
    "changed", [{"ours": "A" * 43}, {"theirs": "A" * 43}, {"aud": "A" * 43}, {"iss": "south"}, {"iss": "west"}]
)
def test_an_acknowledgement_of_something_else_is_shown(line: Lied, changed: dict[str, Any]) -> None:
    assert answered(line, acknowledgement(line, **changed)) == "evidence"


def test_an_acknowledgement_by_a_key_that_may_not_is_shown(line: Lied) -> None:
    watcher = PrivateKey.generate()
    north, south = line.world.payload["parties"]
    valid = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}
    north = {**north, "keys": [*north["keys"], {"key": watcher.public.jwk, "roles": ["watch"], **valid}]}
    line.south.close()
    line.world.successor(parties=[north, south])
    line.south = line.desk("south")
    line.world.parties["north"].key = watcher
    assert answered(line, acknowledgement(line)) == "evidence"


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "CLOSED"),
        ({"ours_newest": "A" * 43}, "CLOSED NOT CONFIRMED"),
        ({"version": 2}, "CLOSED NOT CONFIRMED"),
        ({"verdict": "recompute"}, "CLOSED NOT CONFIRMED"),
        ({"ours": "A" * 43}, "CLOSED NOT CONFIRMED"),
    ],
)
def test_only_their_own_newest_word_confirms_a_closing(line: Lied, changed: dict[str, Any], state: str) -> None:
    line.amend(box(60.0))
    line.watched(line.south)
    assert line.state()[0] == "CLOSED NOT CONFIRMED"
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": acknowledgement(line, **changed)})
    line.watched(line.south)
    assert line.state()[0] == state


@pytest.mark.req("R-077", "R-079")
def test_an_officer_signs_of_a_closing_what_this_desk_knows_of_it_by_then(line: Lied) -> None:
    line.amend(box(60.0))
    line.watched(line.south)
    conflict = line.south.picture().conflicts[0].conflict
    line.south.acknowledge(conflict, officer="duty-1")
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": acknowledgement(line)})
    line.watched(line.south)
    assert line.state()[0] == "CLOSED"
    line.south.acknowledge(conflict, officer="duty-2")
    said = {ack.officer: ack.verdict for ack in line.mediator.acknowledgements if ack.claims.iss == "south"}
    assert (said["duty-1"], said["duty-2"]) == ("closed_without_cause", "verified")


def test_no_handle_writes_facts_into_a_line_of_ours(line: Lied) -> None:
    handle = "duty at 10:00:00Z; CONFIRMED, signed by north's desk; ours: acknowledged by d"
    handle = handle[:64].rstrip()
    ours, theirs = (line.mediator.filed[key].side.sha256 for key in (line.them, line.us))
    named = {"ours": ours, "theirs": theirs, "ours_newest": ours, "stage": "acknowledged", "officer": handle}
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": acknowledgement(line, **named)})
    (event,) = line.watched(line.south)
    (view,) = line.south.picture().conflicts
    record = line.south.record(view.conflict)
    card = "".join(span.text for row in full(view, line.now, Look(), 300) for span in row)
    strip = Strip(1, "south")
    strip.add(event, line.now, view)
    shown = "\n".join(record_lines(record, line.now))
    for said in (conflict_line(view, line.now), event_line(event, line.now, view), card, shown, *strip.last(1)):
        assert f'"{handle}"' in said and "CONFIRMED" not in said.replace(f'"{handle}"', "")


def test_who_answered_first_is_told_to_whoever_comes_later_and_who_after(line: Lied) -> None:
    south = line.south.picture().conflicts[0]
    for officer in ("duty-1", "duty-2", "duty-1", "duty-3", "duty-4"):
        line.now += SECOND
        line.south.acknowledge(south.conflict, officer=officer)
    later = line.desk("south", "a second desk")
    events = line.watched(later)
    for desk in (line.south, later):
        (view,) = desk.picture().conflicts
        assert view.ours.acknowledged_by == "duty-1"
        assert [who for who, _ in view.ours.after] == ["duty-2", "duty-3", "duty-4"]
        said = conflict_line(view, line.now)
        assert f"ours: acknowledged by duty-1 at {clock(view.ours.acknowledged_at)}, then duty-2 " in said
        assert ", 1 more" in said
        ours = "".join(span.text for row in full(view, line.now, Look(), 200) for span in row)
        assert "by duty-1, then duty-2 " in ours
    answered = [event_line(event, line.now, later.view(event)) for event in events]
    assert [", after duty-1" in said for said in answered if "acknowledged by duty-2" in said] == [True]
    assert not any(", after" in said for said in answered if ": acknowledged by duty-1 at" in said)


def receipt(line: Lied, raw: str) -> str:
    notice = line.world.opened(raw)
    return sign_receipt(
        line.world.service,
        aud=line.world.agreement.id,
        terms=line.world.agreement.terms,
        kind="notice",
        party="south",
        id=notice.id,
        revision=notice.revision,
        sha256=notice.sha256,
        submission=notice.submission_sha256,
        seq=line.mediator.seq,
        epoch=line.mediator.epoch,
        received_at=line.now,
        lead="ROUTINE",
    )


def test_what_another_signed_is_not_taken_for_our_own(line: Lied) -> None:
    for raw in (line.world.submission("north"), line.world.submission("south", key=line.world.parties["north"].key)):
        line.mediator.tell("south", "notice", {"notice": raw, "receipt": receipt(line, raw)})
        (event,) = line.watched(line.south)
        assert event.to_json()["code"] == "evidence"
        assert line.south.journal.own(line.world.opened(raw).sha256) is None


def test_two_receipted_statements_of_one_revision_are_rollback(line: Lied) -> None:
    raw = line.world.submission("south", notice=line.mine.id)
    line.mediator.tell("south", "notice", {"notice": raw, "receipt": receipt(line, raw)})
    (event,) = line.watched(line.south)
    assert event.to_json()["verdict"] == "rollback"
    filed = line.mediator.filed[line.us]
    filed.notice, filed.raw, filed.receipt = line.world.opened(raw), raw, receipt(line, raw)
    filed.side = type(filed.side)("south", line.mine.id, 1, filed.notice.sha256, line.now)
    line.now += 1
    told = [event for event in line.south.refresh() if isinstance(event, ProblemEvent)]
    assert len(told) == 1 and told[0].code == "rollback" and "another revision 1" in told[0].detail


def test_our_own_number_for_our_own_bytes_only(line: Lied) -> None:
    side = line.mediator.filed[line.us].side
    line.next_version()
    event = line.told(line.mediator.opened(line.us, line.them, own=type(side)(*line.us, 7, side.sha256, line.now)))
    assert event.verdict == "evidence"


def test_another_agreements_alert_is_shown_even_with_its_own_conflict(line: Lied) -> None:
    aud = "A" * 43
    line.next_version()
    line.mediator.alter = lambda payload: payload.update(aud=aud, conflict=conflict_id(aud, line.us, line.them))
    event = line.told(line.mediator.opened(line.us, line.them))
    assert (event.verdict, event.alert) == ("evidence", None)


def test_a_notice_in_norths_name_under_souths_key_is_shown(line: Lied) -> None:
    raw = line.world.submission("north", box(48.03), key=line.world.parties["south"].key)
    assert line.mediator._admit("/v1/notices", raw).status_code == 201
    (event,) = alerts(line.watched(line.south))
    assert event.verdict == "evidence" and "somebody else" in event.detail


def test_an_agreement_that_only_claims_to_follow_is_not_installed(line: Lied) -> None:
    line.south.close()
    before, other = line.world.agreement, World()
    payload = {**other.payload, "revision": 2, "prev": before.terms, "agreement": before.id}
    payload["parties"][1]["keys"][0]["key"] = line.world.parties["south"].key.public.jwk
    roots = [party.root for party in other.parties.values()]
    line.world.agreement = open_agreement(signed(payload, *roots, other.service))
    with pytest.raises(Malformed) as refused:
        line.desk("south")
    assert refused.value.code.startswith("agreement")


def test_a_picture_asked_for_again_shows_what_has_changed_since_and_nothing_else(line: Lied) -> None:
    """What stands unchanged in the journal is not worked out again: it must be what a picture from nothing shows."""

    def fresh() -> Picture:
        return replace(build_picture(line.south.journal, now_instant(), None), age_s=None)

    def asked() -> Picture:
        shown: Picture = replace(line.south.picture(), age_s=None)
        return shown

    first = asked()
    assert first == fresh() == asked()
    assert asked().conflicts[0] is asked().conflicts[0]
    assert answered(line, acknowledgement(line)) == "verified"
    assert asked() == fresh() != first
    line.south.acknowledge(first.conflicts[0].conflict, officer="duty-1")
    assert asked() == fresh() and asked().unanswered == 0 != first.unanswered
