"""New terms at a desk: which terms and which key of the service an alert may have, and what an old desk makes of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import LinkEvent, ProblemEvent
from keepclear.cli.main import STALE
from keepclear.cli.pictured import read_picture
from keepclear.desk import succession
from keepclear.desk.events import TermsEvent
from keepclear.journal.journal import Journal
from keepclear_protocol.errors import OutOfStep
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.request import SCHEME
from support.desks import Lied, alerts
from support.line import payload
from support.world import ORIGIN, box

MINIMA = {"horizontal_m": 1000, "vertical_m": 100, "lead_s": 0, "tail_s": 0}
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
    line.world.service, line.mediator.opening_key = old, new
    event = line.told(opened(line))
    assert (event.verdict, event.alert) == ("evidence", None) and line.state() == ("OPEN", None)
    line.world.service = new
    assert line.told(opened(line)).verdict == "verified"


@pytest.mark.req("R-074")
def test_a_key_of_the_service_speaks_only_in_its_time(line: Lied) -> None:
    new, valid = PrivateKey.generate(), PrivateKey.generate()
    line.world.service, line.mediator.opening_key = new, valid
    keys = [*service(new, not_after="2021-01-01T00:00:00Z")["keys"], *service(valid)["keys"]]
    line.world.successor(service={"origin": ORIGIN, "keys": keys})
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
    """From now on the doors under ``path`` refuse whatever names other terms than the world's; one shows these."""
    problem = {"content-type": "application/problem+json"}
    wrong = json.dumps({"code": "wrong_terms", "detail": "the statement names other terms"})

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        said = request.content.decode() or request.headers["authorization"].removeprefix(SCHEME)
        current = payload(said)["terms"] == line.world.agreement.terms
        if current or request.url.path == "/v1/agreement" or not request.url.path.startswith(path):
            return None
        return httpx2.Response(409, headers=problem, content=wrong)

    line.mediator.refuse = refuse


def test_what_could_not_be_said_under_old_terms_is_told_once_and_said_under_the_new_ones(line: Lied) -> None:
    line.world.successor(name="the second")
    said = len(line.mediator.acknowledgements)
    old_terms(line, "/v1/acknowledgements")
    for _ in range(2):
        line.mediator.tell("south", "alert", opened(line))
    left, came = iter(range(3)), list[Any]()

    def problems() -> list[ProblemEvent]:
        return [event for event in came if isinstance(event, ProblemEvent)]

    for event in line.south.watch(stop=lambda: bool(problems()) and next(left, None) is None):
        came.append(event)
    (told,) = problems()
    assert told.code == "wrong_terms" and "NEW TERMS" in told.detail
    reopen(line)
    line.watched(line.south)
    line.south.deliver()
    (delivered,) = line.mediator.acknowledgements[said:]
    assert (delivered.stage, delivered.verdict, delivered.version) == ("delivered", "verified", line.mediator.seq - 1)


def stage(line: Lied) -> None:
    """Another process of south's stages the world's agreement in the desk's folder."""
    other = Journal(line.folder / "south", line.first_agreement, "south")
    other.stage(line.world.agreement)
    other.close()


@pytest.mark.req("R-029")
def test_a_watch_lives_on_under_old_terms_says_what_must_be_done_and_goes_over_once_that_is_done(line: Lied) -> None:
    line.world.successor(name="the second")
    old_terms(line, "/v1/")
    came: list[Any] = []
    for event in line.south.watch(stop=lambda: any(isinstance(one, LinkEvent) and one.up for one in came)):
        came.append(event)
        if isinstance(event, LinkEvent) and not event.up and len(came) == 2:
            stage(line)
    down, *_, over, up = came
    assert isinstance(down, LinkEvent) and not down.up and "NEW TERMS" in down.detail
    assert "revision 2 is in force, and this desk has 1" in down.detail and "keepclear agreement stage" in down.detail
    assert isinstance(over, TermsEvent) and over.terms == line.world.agreement.terms
    assert isinstance(up, LinkEvent) and up.up
    line.south.file([box(20.0)], "transport")


@pytest.mark.req("R-027", "R-029")
def test_a_staged_revision_is_used_by_itself_once_it_is_in_force_and_not_before(line: Lied) -> None:
    first = line.world.agreement
    second = line.world.successor(name="the second")
    stage(line)
    line.mediator.in_force = line.world.agreement = first
    line.south.file([box(20.0)], "transport")
    line.south.refresh()
    assert terms_of(line.mediator.requests[-2:]) == {first.terms}
    line.mediator.in_force = line.world.agreement = second
    old_terms(line, "/v1/")
    line.mediator.requests.clear()
    line.south.file([box(21.0)], "transport")  # signed, refused, and signed anew
    assert line.first.alert is not None
    line.south.acknowledge(line.first.alert.conflict, officer="duty-1")
    assert line.south.refresh() is not None
    assert terms_of(line.mediator.requests) == {first.terms, second.terms}
    assert terms_of(line.mediator.requests[-2:]) == {second.terms}
    assert [row.status for row in line.south.journal.own_heads()] == ["receipted"] * 3
    # The folder remembers, whatever file is named.
    line.south.close()
    line.world.agreement = first
    again = line.desk("south")
    line.world.agreement = second
    assert again.exchange.agreement.terms == second.terms and not again.journal.staged
    again.file([box(22.0)], "transport")


def test_a_watch_follows_another_process_of_its_desk_that_has_gone_over(
    line: Lied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "LOOK_S", 0.0)
    line.world.successor(name="the second")
    stage(line)
    came: list[Any] = []
    for event in line.south.watch(stop=lambda: any(isinstance(one, TermsEvent) for one in came)):
        came.append(event)
        if isinstance(event, LinkEvent) and event.up and len(came) == 1:
            other = line.desk("south")
            other.journal.go_over(line.world.agreement.terms)
            other.close()
    assert line.south.exchange.agreement.terms == line.world.agreement.terms


def test_an_alert_under_staged_terms_is_judged_under_them_when_it_comes(line: Lied) -> None:
    line.world.successor(categories={**line.world.payload["categories"], "drone": MINIMA})
    stage(line)
    event = line.told(opened(line))
    assert (event.verdict, event.standing, line.state()) == ("verified", "OPEN", ("OPEN", None))
    assert line.south.exchange.agreement.terms == line.world.agreement.terms


def test_an_alert_by_a_key_of_the_service_that_only_staged_terms_name_is_judged_under_them(line: Lied) -> None:
    line.mediator.opening_key, line.world.service = line.world.service, PrivateKey.generate()
    line.world.successor(service=service(line.world.service))
    stage(line)
    assert line.told(opened(line)).verdict == "verified"


def test_a_revision_that_the_hotline_shows_is_not_used_where_nobody_staged_it(line: Lied) -> None:
    first = line.world.agreement
    line.world.successor(name="the second")
    assert line.told(opened(line)).verdict == "wrong_terms"
    old_terms(line, "/v1/")
    with pytest.raises(OutOfStep) as refused:
        line.south.file([box(20.0)], "transport")
    assert refused.value.code == "wrong_terms" and "stage" in refused.value.hint
    assert "revision 2 is in force, and this desk has 1" in refused.value.detail
    assert line.south.exchange.agreement.terms == first.terms and len(line.south.journal.agreements) == 1


def test_a_quiet_watch_says_that_new_terms_are_in_force_which_nobody_has_staged(
    line: Lied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "UNSTAGED_S", 0.0)
    monkeypatch.setattr(succession, "LOOK_S", 0.0)
    line.world.successor(name="the second")
    came: list[Any] = []
    left = iter(range(3))

    def problems() -> list[ProblemEvent]:
        return [event for event in came if isinstance(event, ProblemEvent)]

    for event in line.south.watch(stop=lambda: bool(problems()) and next(left, None) is None):
        came.append(event)
    (told,) = problems()
    assert told.code == "wrong_terms" and "NEW TERMS: revision 2 is in force" in told.detail
    assert "keepclear agreement stage" in told.detail


def test_a_hotline_that_shows_an_older_revision_as_in_force_is_a_rollback(line: Lied) -> None:
    first = line.world.agreement
    line.world.successor(name="the second")
    reopen(line)
    line.mediator.in_force = line.world.agreement = first
    old_terms(line, "/v1/")
    with pytest.raises(OutOfStep, match="ROLLBACK: the hotline has revision 1"):
        line.south.file([box(20.0)], "transport")


def terms_of(requests: list[httpx2.Request]) -> set[str]:
    said = (one.content.decode() or one.headers["authorization"].removeprefix(SCHEME) for one in requests)
    return {payload(raw)["terms"] for raw in said}


def test_lists_under_old_terms_are_those_of_before_and_stale(line: Lied, capsys: pytest.CaptureFixture[str]) -> None:
    line.world.successor(name="the second")
    old_terms(line, "/v1/")
    picture, code = read_picture(line.south)
    assert code == STALE and [view.state for view in picture.conflicts] == ["OPEN"]
    told = capsys.readouterr().err
    assert "NEW TERMS" in told and "hint: stage it, signed by all: keepclear agreement stage" in told


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
    line.mediator.opening_key, line.world.service = line.world.service, PrivateKey.generate()
    line.world.successor(service=service(line.world.service))
    assert line.told(opened(line)).alert is None
    version, line.mediator.opening_key = line.mediator.seq, None
    reopen(line)
    (view,) = line.south.picture().conflicts
    assert (view.state, view.version, view.alarm, line.south.picture().forged) == ("OPEN", version, None, 0)
