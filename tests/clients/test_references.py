"""Filing under a reference of the party's own: the same again is the same notice, and never a twin."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import Desk, FilingOutcome, Flight, Intent, LocalError, NotSent, OutOfStep, Refused, Unfit
from keepclear.journal.journal import Journal
from keepclear_protocol.encoding import unb64
from support.desks import MINUTE_US, Line, OnLoop
from support.mediator import refusal
from support.world import box

OPS = "OPS-2211"


@pytest.fixture(params=["blocking", "asyncio"])
def line(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    made = Line(tmp_path, Desk if request.param == "blocking" else OnLoop)
    yield made
    for desk in made.open:
        desk.close()


class Crash(BaseException):
    """The process ends here."""


def down(_: httpx2.Request) -> httpx2.Response | None:
    raise httpx2.ConnectError("no route")


def answer_lost(line: Line) -> Any:
    """Return a door that takes one notice and loses the answer to it."""

    def lose(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST":
            line.mediator.refuse = None
            line.mediator.answer(request)
            raise httpx2.ReadError("cut")
        return None

    return lose


def posts(line: Line) -> list[bytes]:
    return [request.content for request in line.mediator.requests if request.method == "POST"]


def flight(line: Line, lat: float = 48.0, callsign: str | None = "VIPER01") -> Flight:
    return Flight(callsign, [box(lat, at=line.now)])


def test_the_same_again_is_the_notice_of_before_with_what_it_meets(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    south.file([box(48.05, at=line.now)], "transport")
    first = north.file(flight(line), "transport", reference=OPS)
    again = north.file(flight(line), "transport", reference=OPS)
    assert (first.reference, first.before, first.in_conflict) == (OPS, False, True)
    assert (again.id, again.sha256, again.receipt.raw) == (first.id, first.sha256, first.receipt.raw)
    assert (again.reference, again.before, again.in_conflict) == (OPS, True, True)
    assert [event.verdict for event in again.alerts] == ["verified"] and again.alerts[0].their_volumes
    other = line.desk("north").file(flight(line), "transport", reference=OPS)
    assert other.id == first.id and len(line.mediator.filed) == 2
    record = north.notice(reference=OPS)
    assert record.view.id == first.id and record.view.reference == OPS and record.to_json()["reference"] == OPS
    assert [view.reference for view in north.picture().notices] == [OPS]
    assert north.notice(reference="OPS-2212") is None
    assert north.file(flight(line), "transport").id != first.id  # without a reference it is another notice


def test_a_reference_never_leaves_this_machine(line: Line) -> None:
    north = line.desk("north")
    north.file(flight(line), "transport", remarks="seen", reference=OPS)
    north.file(flight(line, 49.0), "transport", remarks="seen", reference=OPS, amend=True)
    sent = b"".join(posts(line))
    parts = [part for body in posts(line) for word in body.decode().split("~") for part in word.split(".")]
    read = b" ".join(unb64(part) for part in parts if part)
    assert b"seen" in read and len(posts(line)) == 2
    assert OPS.encode() not in sent + read


def test_something_else_is_refused_with_a_hint_or_amends(line: Line) -> None:
    north = line.desk("north")
    first = north.file(flight(line), "transport", reference=OPS)
    for other in (flight(line, 49.0), flight(line, callsign="VIPER02")):
        with pytest.raises(OutOfStep, match=f"{OPS} was filed as") as refused:
            north.file(other, "transport", reference=OPS)
        assert refused.value.code == "reference_conflict" and "--amend" in refused.value.hint
    assert len(posts(line)) == 1
    amended = north.file(flight(line, 49.0), "transport", reference=OPS, amend=True)
    assert (amended.id, amended.revision, amended.before, amended.reference) == (first.id, 2, False, OPS)
    again = north.file(flight(line, 49.0), "transport", reference=OPS, amend=True)
    assert (again.revision, again.before, len(posts(line))) == (2, True, 2)
    # The first content would be a step back, whoever asks for it.
    with pytest.raises(OutOfStep, match="revision 2"):
        north.file(flight(line), "transport", reference=OPS)
    with pytest.raises(Unfit):
        north.file([{"volume": {}}], "transport", reference=OPS)
    with pytest.raises(LocalError, match="goes with a reference"):
        north.file(flight(line), "transport", amend=True)


def test_a_lost_answer_is_settled_by_the_same_bytes(line: Line) -> None:
    north = line.desk("north")
    line.mediator.refuse = answer_lost(line)
    with pytest.raises(NotSent) as unknown:
        north.file(flight(line), "transport", reference=OPS)
    assert not unknown.value.certain
    again = line.desk("north").file(flight(line), "transport", reference=OPS)
    assert again.id == unknown.value.id and not again.before
    assert len(set(posts(line))) == 1 and len(line.mediator.filed) == 1


@pytest.mark.parametrize("minutes", [0, 12])
def test_a_crash_before_the_first_byte_leaves_one_notice(
    line: Line, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = line.desk("north")

    async def dies(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr("keepclear.desk.settling.Settling.post", dies)
        with pytest.raises(Crash):
            north.file(flight(line), "transport", reference=OPS)
    kept = north.notice(reference=OPS).view
    planned = flight(line)
    line.now += minutes * MINUTE_US
    again = line.desk("north")
    again.settle()  # past the time until which its bytes are taken they are known not to be, and signed anew
    filed = again.file(planned, "transport", reference=OPS)
    assert (filed.id, bool(filed.anew), filed.sha256 == kept.sha256) == (kept.id, minutes > 0, minutes == 0)
    assert len(line.mediator.filed) == 1 and north.notice(reference=OPS).view.state == "live"


def test_what_was_not_sent_is_sent(line: Line) -> None:
    north = line.desk("north")
    line.mediator.refuse = down
    for _ in range(2):
        with pytest.raises(NotSent) as kept:
            north.file(flight(line), "transport", reference=OPS)
        assert kept.value.certain
    line.mediator.refuse = None
    assert len(north.waiting()) == 1
    assert north.file(flight(line), "transport", reference=OPS).id == kept.value.id


def test_what_certainly_never_was_admitted_frees_its_reference(line: Line) -> None:
    north = line.desk("north")
    line.mediator.refuse = lambda request: refusal(403, "key_revoked") if request.method == "POST" else None
    with pytest.raises(Refused):
        north.file(flight(line), "transport", reference=OPS)
    assert north.notice(reference=OPS) is None
    line.mediator.refuse = down
    with pytest.raises(NotSent) as kept:
        north.file(flight(line, 49.0), "transport", reference=OPS)
    line.mediator.refuse = None
    north.discard(*north.waiting())
    filed = north.file(flight(line, 50.0), "transport", reference=OPS)
    assert filed.id != kept.value.id and north.notice(reference=OPS).view.id == filed.id


def test_a_withdrawn_notice_keeps_its_reference_and_is_not_filed_again(line: Line) -> None:
    north = line.desk("north")
    north.withdraw(north.file(flight(line), "transport", reference=OPS).id)
    for amend in (False, True):
        with pytest.raises(Refused) as ended:
            north.file(flight(line), "transport", reference=OPS, amend=amend)
        assert ended.value.code == "notice_withdrawn" and "another reference" in ended.value.hint
    assert north.notice(reference=OPS).view.state == "withdrawn" and len(posts(line)) == 2


def test_a_notice_that_was_lost_and_filed_again_takes_its_reference_along(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    planned = flight(line)
    first = north.file(planned, "transport", reference=OPS)
    south.file([box(48.05, at=line.now)], "transport")
    line.watched(north)  # north has heard of a conflict that names it
    line.mediator.filed.pop(("north", first.id))
    line.now += 1_000_000
    north.refresh()
    assert north.notice(reference=OPS).view.state == "lost"
    again = north.file(planned, "transport", reference=OPS)
    assert again.id != first.id and again.reference == OPS and again.anew
    assert north.notice(reference=OPS).view.id == again.id
    assert north.file(planned, "transport", reference=OPS).before


def test_two_processes_of_a_desk_file_one_notice(line: Line) -> None:
    desks = [line.desk("north") for _ in range(4)]
    planned, found = flight(line), []
    together = threading.Barrier(len(desks))

    def file(desk: Any) -> None:
        together.wait()
        found.append(desk.file(planned, "transport", reference=OPS).id)

    threads = [threading.Thread(target=file, args=(desk,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1 == len(line.mediator.filed)


def test_who_files_between_a_look_and_the_filing_is_not_taken_for_what_never_was_admitted(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, planned = line.desk("north"), flight(line)
    looked: list[str | None] = []
    referenced = Journal.referenced

    def look(journal: Journal, reference: str) -> str | None:
        looked.append(referenced(journal, reference))
        if len(looked) == 1:
            line.desk("north").file(planned, "transport", reference=OPS)
        return looked[0] if len(looked) == 1 else referenced(journal, reference)

    monkeypatch.setattr(Journal, "referenced", look)
    assert north.file(planned, "transport", reference=OPS).before
    assert looked[0] is None and len(line.mediator.filed) == 1


@pytest.mark.parametrize("reference", ["", " ", " OPS", "OPS ", "a\nb", "\x1b[2J", "x" * 129])
def test_what_can_be_no_reference_is_told(line: Line, reference: str) -> None:
    with pytest.raises(LocalError, match="not a reference") as wrong:
        line.desk("north").file(flight(line), "transport", reference=reference)
    assert wrong.value.code == "usage" and wrong.value.hint and posts(line) == []


def batch(line: Line, count: int = 3) -> list[Intent]:
    return [
        Intent(flight(line, 50.0 + n, f"VIPER0{n}"), "transport", reference=f"OPS-{n}") for n in range(1, count + 1)
    ]


def outcomes(results: list[Any]) -> list[str]:
    return [str(one.outcome) for one in results]


def test_a_batch_has_a_result_for_each_flight_and_comes_again_without_twins(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    south.file([box(51.05, at=line.now)], "transport")
    planned = batch(line)
    line.mediator.refuse = lambda request: (
        down(request) if len(posts(line)) >= 4 and request.method == "POST" else None
    )
    results = north.file_all(planned)
    assert outcomes(results) == ["in_conflict", "filed", "not_sent"]
    assert [one.counts for one in results] == [True, True, False] and results[2].error.certain
    assert [one.to_json()["reference"] for one in results] == ["OPS-1", "OPS-2", "OPS-3"]
    ids = [one.to_json()["id"] for one in results]
    line.mediator.refuse = down
    assert outcomes(north.file_all([*planned, *batch(line, 5)[3:]])) == [
        "in_conflict", "filed", "not_sent", "not_sent", "not_sent",
    ]  # fmt: skip
    line.mediator.refuse = None
    again = north.file_all([*planned, *batch(line, 5)[3:]])
    assert outcomes(again) == ["in_conflict", "filed", "filed", "filed", "filed"]
    assert [one.filed.id for one in again][:3] == ids and len(line.mediator.filed) == 6
    assert [one.filed.before for one in again] == [True, True, False, False, False]
    assert isinstance(again[0].outcome, FilingOutcome) and north.waiting() == []


def test_a_batch_is_judged_whole_and_a_refused_reference_is_its_own_result(line: Line) -> None:
    north = line.desk("north")
    north.file(flight(line, 51.0, "VIPER09"), "transport", reference="OPS-1")
    here = [box(at=line.now)]
    wrong = [*batch(line), Intent(here, "bomber"), Intent(here, "transport", "X", "viper 1")]
    with pytest.raises(Unfit) as unfit:
        north.file_all(wrong)
    assert [(fault.place, fault.field) for fault in unfit.value.faults] == [("flight 4", "category"), ("X", "callsign")]
    assert len(posts(line)) == 1
    results = north.file_all(batch(line))
    assert outcomes(results) == ["refused", "filed", "filed"]
    assert results[0].error.code == "reference_conflict" and results[0].to_json()["code"] == "reference_conflict"
    amended = north.file_all(batch(line), amend=True)
    assert [one.filed.revision for one in amended] == [2, 1, 1] and len(line.mediator.filed) == 3


def test_what_a_flight_would_meet_is_told_from_what_is_known_and_what_is_not(line: Line) -> None:
    north, south = line.desk("north"), line.desk("south")
    hidden = box(60.0, at=line.now)
    theirs = south.file([box(48.05, at=line.now), hidden], "transport", callsign="SOUTH1")
    ours = north.file(flight(line), "transport", reference=OPS)
    line.watched(north)
    before = len(line.mediator.requests)
    again = north.what_if(flight(line, 48.02), "transport")
    assert [(one.whose, one.notice, str(one.severity)) for one in again.meets] == [
        ("theirs", theirs.id, "overlap"), ("ours", ours.id, "overlap"),
    ]  # fmt: skip
    met = again.meets[0]
    assert (met.party, met.category, met.callsign, met.horizontal_m) == ("south", "transport", None, 0)
    assert met.other == ours.alerts[0].their_volumes[0]
    assert again.in_conflict and (again.their_notices, again.their_volumes, again.own_notices) == (1, 1, 1)
    moved = north.what_if(flight(line, 49.5), "transport", reference=OPS)
    assert moved.meets == () and not moved.in_conflict and moved.own_notices == 0
    assert moved.to_json()["in_conflict_with_what_is_known"] is False
    # It meets what they have hidden, which nobody here can know, and is not called clear.
    blind = north.what_if([hidden], "transport")
    assert blind.meets == () and blind.unknown.startswith("NOT a clearance: of the other side 1 volume of 1 notice, in")
    assert "clear" not in blind.to_json() and len(line.mediator.requests) == before
    with pytest.raises(Unfit):
        north.what_if(flight(line), "bomber")
    south.withdraw(theirs.id)
    line.watched(north)
    gone = north.what_if(flight(line, 48.02), "transport")
    assert [one.whose for one in gone.meets] == ["ours"] and "nothing in a conflict open now" in gone.unknown
