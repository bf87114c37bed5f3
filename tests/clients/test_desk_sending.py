"""What a desk keeps and sends: a crash before the first byte, bytes too late, terms and time that overtake them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import Desk, NotSent
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid, LocalError, Refused
from keepclear_protocol.filing import Content, Unfit
from support.desks import MINUTE_US, Line, OnLoop
from support.mediator import refusal
from support.world import box


@pytest.fixture(params=["blocking", "asyncio"])
def line(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    made = Line(tmp_path, Desk if request.param == "blocking" else OnLoop)
    yield made
    for desk in made.open:
        desk.close()


def down(_: httpx2.Request) -> httpx2.Response | None:
    raise httpx2.ConnectError("no route")


def cut(_: httpx2.Request) -> httpx2.Response | None:
    raise httpx2.ReadError("cut")


def unsent(line: Line, desk: Any, *volumes: dict[str, Any]) -> str:
    line.mediator.refuse = down
    with pytest.raises(NotSent) as kept:
        desk.file(volumes or (box(at=line.now),), "transport", callsign="VIPER01", remarks="late")
    assert kept.value.certain
    line.mediator.refuse = None
    return kept.value.id


def states(desk: Any) -> list[tuple[str, int]]:
    return [(view.state, view.revision) for view in desk.picture(everything=True).notices]


def posts(line: Line) -> list[bytes]:
    return [request.content for request in line.mediator.requests if request.method == "POST"]


class Crash(BaseException):
    """The process ends here."""


def test_a_crash_between_the_journal_and_the_first_byte_is_unknown_and_then_not_sent(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = line.desk("north")

    async def dies(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr("keepclear.desk.settling.Settling.post", dies)
        with pytest.raises(Crash):
            north.file([box(at=line.now)], "transport", callsign="VIPER01")
    again = line.desk("north")
    again.settle()
    assert states(again) == [("unknown", 1)]  # as if it were on its way
    with pytest.raises(LocalError, match="may have been admitted"):
        again.discard(*again.waiting())
    line.now += 12 * MINUTE_US
    assert states(again) == [("unknown", 1)]  # past admit_by, and nobody has asked yet
    again.settle()
    assert states(again) == [("not sent", 1)] and posts(line) == []
    (row,) = again.waiting()
    filed = again.send(row)
    assert (filed.id, filed.revision) == (row.id, 1) and filed.sha256 != row.sha256 and "admitted sooner" in filed.anew
    assert states(again) == [("live", 1)] and again.picture().notices[0].callsign == "VIPER01"
    assert len(posts(line)) == 1


def test_what_was_kept_is_sent_as_the_same_bytes_while_they_are_in_time(line: Line) -> None:
    north = line.desk("north")
    id = unsent(line, north)
    (row,) = north.waiting()
    for _ in range(2):  # twice, as two processes would: the same bytes are always safe
        filed = north.send(row)
        assert (filed.id, filed.sha256, filed.anew) == (id, row.sha256, "")
    assert len(set(posts(line))) == 1 and states(north) == [("live", 1)]


def test_what_comes_too_late_is_refused_by_the_hotline_first_where_it_may_have_been_admitted(line: Line) -> None:
    north = line.desk("north")
    line.mediator.refuse = cut
    with pytest.raises(NotSent) as kept:
        north.file([box(at=line.now)], "transport")
    assert not kept.value.certain
    line.now += 11 * MINUTE_US - 30_000_000
    late = {"code": "admitted_too_late", "detail": "too late"}
    first: list[bytes] = []

    def too_late(request: httpx2.Request) -> httpx2.Response | None:
        if request.method == "POST" and not first:
            first.append(request.content)
            return refusal(409, **late)
        return None

    line.mediator.refuse = too_late
    (row,) = north.waiting()
    filed = north.send(row)
    assert digest(first[0].decode().partition("~")[0]) == row.sha256 != filed.sha256 and filed.anew
    assert states(north) == [("live", 1)] and north.waiting() == []


def test_new_terms_are_signed_for_anew_and_a_new_limit_is_told_before(line: Line) -> None:
    north = line.desk("north")
    unsent(line, north)
    north.close()
    limits = line.world.payload["limits"]
    line.world.successor(limits={**limits, "duration_s": 300})
    line.mediator.state.agreement = line.world.agreement
    north = line.desk("north")
    with pytest.raises(Unfit) as unfit:
        north.send(*north.waiting())
    assert [fault.code for fault in unfit.value.faults] == ["limit_duration"] and states(north) == [("not sent", 1)]
    north.close()
    line.world.successor(limits=limits)
    line.mediator.state.agreement = line.world.agreement
    north = line.desk("north")
    filed = north.send(*north.waiting())
    assert "terms have changed" in filed.anew and states(north) == [("live", 1)]


def test_what_time_has_overtaken_is_told_and_only_discarded(line: Line) -> None:
    north = line.desk("north")
    unsent(line, north)
    line.now += (9 * 24 * 60) * MINUTE_US
    with pytest.raises(Unfit) as unfit:
        north.send(*north.waiting())
    assert unfit.value.code == "limit_retention"
    assert [view.state for view in north.picture().notices] == ["not sent"]  # it vanishes for nobody
    north.discard(*north.waiting())
    assert north.picture(everything=True).notices == () and len(posts(line)) == 1  # which made no connection


def test_what_was_never_sent_is_amended_in_its_place_and_cannot_be_withdrawn(line: Line) -> None:
    north = line.desk("north")
    id = unsent(line, north)
    with pytest.raises(Refused, match="never sent"):
        north.withdraw(id)
    filed = north.amend(id, [box(50.0, at=line.now)])
    assert (filed.id, filed.revision) == (id, 1) and states(north) == [("live", 1)] and north.waiting() == []
    assert north.picture().notices[0].callsign == "VIPER01"


def test_the_next_revision_waits_for_the_outcome_of_the_one_before(line: Line) -> None:
    north = line.desk("north")
    line.mediator.refuse = cut
    with pytest.raises(NotSent):
        north.file([box(at=line.now)], "transport")
    (row,) = north.waiting()
    with pytest.raises(Exception, match="cannot be reached"):
        north.amend(row.id, [box(50.0, at=line.now)])
    assert states(north) == [("unknown", 1)]
    line.mediator.refuse = None
    assert north.amend(row.id, [box(50.0, at=line.now)]).revision == 2
    assert [digest(raw.decode().partition("~")[0]) for raw in posts(line)][-2] == row.sha256


def test_a_program_is_told_all_that_is_wrong_and_nothing_is_signed(line: Line) -> None:
    north = line.desk("north")
    with pytest.raises(Unfit) as unfit:
        north.file([box(at=line.now), box(95.0, at=line.now)], "bomber", callsign="VIPER 1", remarks="\u202e")
    assert [fault.code for fault in unfit.value.faults] == ["disclosure", "disclosure", "volume_position", "category"]
    with pytest.raises(Unfit):
        north.keep(Content([box(at=line.now)], "transport", "VIPER 1"))
    assert north.waiting() == [] and posts(line) == []
    kept = north.keep(Content([box(at=line.now)], "transport", "VIPER1", "cafe\u0301"))
    assert states(north) == [("not sent", 1)] and posts(line) == []
    north.send(kept)
    assert line.world.opened(posts(line)[0].decode()).remarks == "caf\u00e9"


@pytest.mark.parametrize("place", [1, 2])
def test_a_place_of_the_log_that_is_given_again_is_a_rollback(line: Line, place: int) -> None:
    """A hotline that goes on with an older copy of its store, in the same epoch, though its head is past our cursor."""
    north = line.desk("north")
    for latitude in (10.0, 20.0):
        north.file([box(latitude, at=line.now)], "transport")
        line.now += MINUTE_US
    assert line.mediator.seq == 2
    line.mediator.seq = place - 1
    with pytest.raises(EvidenceInvalid, match="ROLLBACK") as told:
        north.file([box(30.0, at=line.now)], "transport")
    assert told.value.code == "rollback"
    assert [state for state, _ in states(north)].count("unknown") == 1  # it is held for nothing that counts
    line.mediator.seq = 7
    line.now += MINUTE_US
    north.file([box(40.0, at=line.now)], "transport")
