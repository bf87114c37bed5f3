"""New terms at a desk: which terms and which key of the service an alert may have, and what an old desk makes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import ProblemEvent
from keepclear.cli.main import STALE, exit_code
from keepclear.cli.pictured import read_picture
from keepclear_protocol.errors import StalePicture
from keepclear_protocol.keys import PrivateKey
from support.desks import Lied, alerts
from support.world import ORIGIN, box

DECADES = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def service(*keys: PrivateKey, **valid: str) -> dict[str, Any]:
    return {"origin": ORIGIN, "keys": [{"key": key.public.jwk, **DECADES, **valid} for key in keys]}


def reopen(line: Lied) -> None:
    line.south.close()
    line.south = line.desk("south")


def opened(line: Lied, **changed: Any) -> dict[str, Any]:
    line.next_version()
    return line.mediator.opened(line.us, line.them, **changed)


@pytest.mark.req("R-074")
def test_a_key_that_newer_terms_dropped_speaks_no_more(line: Lied) -> None:
    old, new = line.world.service, PrivateKey.generate()
    line.world.service = new
    line.world.successor(service=service(new))
    reopen(line)
    line.world.service = old
    event = line.told(opened(line))
    assert (event.verdict, event.alert) == ("evidence", None) and line.state() == ("OPEN", None)
    line.world.service = new
    assert line.told(opened(line)).verdict == "verified"


@pytest.mark.req("R-074")
def test_a_key_of_the_service_speaks_only_in_its_time(line: Lied) -> None:
    new = PrivateKey.generate()
    line.world.service = new
    line.world.successor(service=service(new, not_after="2021-01-01T00:00:00Z"))
    reopen(line)
    event = line.told(opened(line))
    assert (event.verdict, event.alert) == ("evidence", None)


@pytest.mark.req("R-074")
def test_older_terms_are_refused_once_newer_ones_were_seen_in_force(line: Lied) -> None:
    first = line.world.agreement.terms
    again = line.south.file([box(20.0)], "transport")
    other = line.file("north", box(20.05))
    line.watched(line.south)
    line.world.successor(name="the second")
    reopen(line)
    assert line.told(opened(line, terms=first)).verdict == "verified"  # not in force yet, for all that we know
    assert line.told(opened(line)).verdict == "verified"
    assert line.told(opened(line, terms=first)).verdict == "rollback"
    line.next_version()
    late = line.mediator.opened(("south", again.id), ("north", other), terms=first)
    event = line.told(late)
    assert event.verdict == "evidence" and "newer ones had replaced" in event.detail


@pytest.mark.req("R-074")
def test_terms_older_than_those_of_a_notice_that_it_names_are_refused(line: Lied) -> None:
    first = line.world.agreement.terms
    line.world.successor(name="the second")
    reopen(line)
    line.mediator.alter = lambda payload: payload.update(terms=first)
    line.amend(box(48.06))  # under the new terms
    (event,) = alerts(line.watched(line.south))
    assert event.verdict == "evidence" and "older terms" in event.detail


@pytest.mark.req("R-027", "R-074")
def test_what_came_under_terms_not_installed_is_judged_again_when_they_are(line: Lied) -> None:
    line.world.successor(name="the second")
    assert line.told(opened(line)).verdict == "wrong_terms"
    assert line.state() == ("UNVERIFIED", "wrong_terms")
    reopen(line)
    assert line.state() == ("OPEN", None)
    (event,) = alerts(line.watched(line.south))
    assert (event.verdict, event.standing) == ("verified", "OPEN")
    reopen(line)
    assert line.watched(line.south) == []


def old_terms(line: Lied, path: str) -> None:
    """From now on the doors under ``path`` refuse whoever has the first terms."""

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        wrong = httpx2.Response(409, json={"code": "wrong_terms", "detail": "the statement names other terms"})
        return wrong if request.url.path.startswith(path) else None

    line.mediator.refuse = refuse


def test_what_could_not_be_said_under_old_terms_is_told_once_and_said_under_the_new_ones(line: Lied) -> None:
    line.world.successor(name="the second")
    said = len(line.mediator.acknowledgements)
    old_terms(line, "/v1/acknowledgements")
    for _ in range(2):
        line.mediator.tell("south", "alert", opened(line))
    left = iter(range(4))
    events = list(line.south.watch(stop=lambda: next(left, None) is None))
    (told,) = [event for event in events if isinstance(event, ProblemEvent)]
    assert told.code == "wrong_terms" and "NEW TERMS" in told.detail
    reopen(line)
    line.mediator.refuse = None
    line.watched(line.south)
    line.south.deliver()
    (delivered,) = line.mediator.acknowledgements[said:]
    assert (delivered.stage, delivered.verdict, delivered.version) == ("delivered", "verified", line.mediator.seq - 1)


def test_a_watch_ends_under_old_terms_and_says_what_must_be_done(line: Lied) -> None:
    line.world.successor(name="the second")
    old_terms(line, "/v1/stream")
    with pytest.raises(StalePicture) as ended:
        list(line.south.watch())
    assert ended.value.code == "wrong_terms" and "NEW TERMS" in ended.value.detail
    assert "newest revision" in ended.value.hint and exit_code(ended.value) == STALE


def test_lists_under_old_terms_are_those_of_before_and_stale(line: Lied, capsys: pytest.CaptureFixture[str]) -> None:
    old_terms(line, "/v1/")
    picture, code = read_picture(line.south)
    assert code == STALE and [view.state for view in picture.conflicts] == ["OPEN"]
    told = capsys.readouterr().err
    assert "NEW TERMS" in told and "hint: get the agreement's newest revision" in told


def test_an_opening_and_its_end_under_terms_not_installed_are_judged_in_their_order(line: Lied) -> None:
    line.world.successor(name="the second")
    assert line.told(opened(line)).verdict == "wrong_terms"
    line.now += 2 * 3600 * 1_000_000
    line.mediator.seq += 1
    assert line.told(line.mediator.closed(line.us, line.them, "ended", None)).verdict == "wrong_terms"
    reopen(line)
    assert line.state() == ("CLOSED", None)
    assert [event.standing for event in alerts(line.watched(line.south))] == ["OPEN", "CLOSED"]


def test_what_is_wrong_under_the_new_terms_too_keeps_its_alarm(line: Lied) -> None:
    line.world.successor(name="the second")
    line.mediator.alter = lambda payload: payload.update(severity="possible")
    assert line.told(opened(line)).verdict == "wrong_terms"
    reopen(line)
    assert line.state() == ("UNVERIFIED", "recompute")


def test_an_alert_by_a_key_that_only_newer_terms_name_is_taken_in_when_they_are_installed(line: Lied) -> None:
    line.world.service = PrivateKey.generate()
    line.world.successor(service=service(line.world.service))
    assert line.told(opened(line)).alert is None
    version = line.mediator.seq
    reopen(line)
    (view,) = line.south.picture().conflicts
    assert (view.state, view.version, view.alarm, line.south.picture().forged) == ("OPEN", version, None, 0)
