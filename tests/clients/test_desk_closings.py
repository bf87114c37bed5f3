"""What makes a closing CLOSED, between two real desks: never the mediator's word, nor a desk's that could not check."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keepclear import Desk
from keepclear.cli.board.card import full
from keepclear.cli.board.look import Look
from keepclear.cli.conflict import record_lines
from keepclear.cli.lines import conflict_line, event_line
from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.filed import Filed
from keepclear_protocol.notice import present
from support.desks import Lied, Line, alerts
from support.world import box


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def quietly(line: Line, north: Desk, id: str, lat: float) -> Filed:
    """North amends, and the mediator matches nothing."""
    line.now += 1_000_000
    with line.mediator.silence():
        return north.amend(id, [box(lat)])


@pytest.mark.req("R-077", "R-079")
def test_a_desk_from_which_the_opening_was_withheld_confirms_nothing(line: Line) -> None:
    mediator = line.mediator
    south, north = line.desk("south"), line.desk("north")
    line.watched(south), line.watched(north)
    mine = south.file([box()], "transport")
    theirs = north.file([box(60.0)], "transport")
    us, them = ("south", mine.id), ("north", theirs.id)
    quietly(line, north, theirs.id, 48.05)
    mediator.tell("south", "alert", mediator.opened(us, them))
    assert [event.standing for event in alerts(line.watched(south))] == ["OPEN"]
    quietly(line, north, theirs.id, 48.06)
    cause = f"{mediator.filed[them].notice.jwt}~"
    for to, closing in (
        ("south", mediator.closed(us, them, "amended", cause)),
        ("north", mediator.closed(them, us, "amended", None)),
    ):
        mediator.tell(to, "alert", closing)
    (closed,) = alerts(line.watched(north))
    assert (closed.verdict, closed.standing) == ("verified", "CLOSED NOT CONFIRMED")
    line.watched(south)
    line.watched(north), line.watched(south)
    assert {ack.claims.iss: ack.verdict for ack in mediator.acknowledgements} == {"north": UNPROVEN, "south": UNPROVEN}
    for desk in (south, north):
        assert [view.state for view in desk.picture().conflicts] == ["CLOSED NOT CONFIRMED"]


@pytest.fixture
def lied(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def after_the_end(lied: Lied) -> None:
    lied.next_version()
    lied.now += 2 * 3600 * 1_000_000


def test_the_end_of_a_revision_is_not_the_end_of_a_later_one_that_was_not_shown(lied: Lied) -> None:
    # North's next revision lasts for hours; the mediator keeps it back until the first one is over.
    south = lied.south.file([box(), box(start_s=36_000)], "transport")
    lied.watched(lied.south)
    lied.us = ("south", south.id)
    with lied.mediator.silence():
        lied.amend(box(48.05, start_s=36_000))
    after_the_end(lied)
    event = lied.told(lied.mediator.closed(lied.us, lied.them, "ended", None))
    assert (event.verdict, event.standing) == ("verified", "CLOSED NOT CONFIRMED")


def test_an_opening_that_did_not_verify_proves_no_end(lied: Lied) -> None:
    harmless = lied.mediator.filed["north", lied.file("north", box(60.0))].notice
    lied.next_version()
    lied.mediator.swap = lambda beside: beside.update(presentation=present(harmless, [harmless.volumes[0].digest]))
    assert lied.told(lied.mediator.opened(lied.us, lied.them)).verdict == "evidence"
    lied.mediator.swap = None
    lied.next_version()
    event = lied.told(lied.mediator.closed(lied.us, lied.them, "ended", None))
    assert (event.verdict, event.standing) == ("closed_without_cause", None)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda lied: lied.amend(box(60.0)), "north amended its notice"),
        (lambda lied: lied.withdraw(), "north withdrew its notice"),
        (lambda lied: lied.south.amend(lied.mine.id, [box(60.0)]), "we amended our notice"),
        (lambda lied: lied.south.withdraw(lied.mine.id), "we withdrew our notice"),
    ],
    ids=["their amendment", "their withdrawal", "our amendment", "our withdrawal"],
)
def test_whose_act_has_closed_a_conflict_stands_wherever_it_is_read(
    lied: Lied, act: Callable[[Lied], object], said: str
) -> None:
    lied.now += 1_000_000
    act(lied)
    events = alerts(lied.watched(lied.south))
    (view,) = lied.south.picture(everything=True).conflicts
    assert said in conflict_line(view, lied.now)
    assert said in "".join(span.text for row in full(view, lied.now, Look(), 200) for span in row)
    record = lied.south.record(view.conflict)
    means, versions = record_lines(record, lied.now)[2], record_lines(record, lied.now)[-1]
    assert said in means and f"({said})" in versions
    for event in events:
        assert said in event_line(event, lied.now, lied.south.view(event))


def test_time_and_terms_are_nobodys_act(lied: Lied) -> None:
    after_the_end(lied)
    lied.told(lied.mediator.closed(lied.us, lied.them, "ended", None))
    (view,) = lied.south.picture(everything=True).conflicts
    assert (view.by, view.reason) == (None, "ended") and "by time: the flights are over" in conflict_line(
        view, lied.now
    )
