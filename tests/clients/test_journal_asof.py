"""A desk's journal as it was: at every instant of a random history the picture is the one that the desk had then."""

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear.desk.events import LinkEvent
from keepclear.desk.picture import build_picture
from keepclear.desk.spans import without
from keepclear.journal.asof import PastJournal
from keepclear.journal.changes import HEARD, WATCHED
from keepclear.journal.journal import JOURNAL
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Content
from keepclear_protocol.instant import SECOND
from support.desks import Lied
from support.mediator import refusal
from support.world import box


def _down(_: httpx2.Request) -> httpx2.Response | None:
    raise httpx2.ConnectError("no route")


def _cut(_: httpx2.Request) -> httpx2.Response | None:
    raise httpx2.ReadError("cut")


class History(Lied):
    """A line on which anything may happen next; ``pictures`` are what south's desk gave, each with its instant."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        self.random = random.Random(seed)
        self.pictures: list[tuple[int, dict[str, Any]]] = []
        self.look()

    def look(self) -> None:
        self.pictures.append((self.now, self.south.picture().to_json()))

    def box(self) -> dict[str, Any]:
        return box(48.0 + self.random.randrange(8) / 50, at=self.now)

    def files(self) -> None:
        named = {"reference": f"OPS-{self.random.randrange(4)}"} if self.random.random() < 0.5 else {}
        self.south.file([self.box()], "transport", callsign=f"S{self.random.randrange(99)}", amend=True, **named)

    def is_refused(self) -> None:
        self.mediator.refuse = lambda _: refusal(422, "volume_past", "over")
        self.files()

    def does_not_get_through(self) -> None:
        self.mediator.refuse = self.random.choice([_down, _cut])
        self.files()

    def keeps(self) -> None:
        self.south.keep(Content([self.box()], "transport", "KEPT"))

    def sends(self) -> None:
        self.south.send(self.random.choice(self.south.waiting()))

    def amends(self) -> None:
        live = [view.id for view in self.south.picture().notices]
        self.south.amend(self.random.choice(live), [self.box()])

    def ends(self) -> None:
        self.south.withdraw(self.random.choice([view.id for view in self.south.picture().notices]))

    def they_file(self) -> None:
        self.theirs = self.file("north", self.box())
        self.them = ("north", self.theirs)

    def they_amend(self) -> None:
        self.amend(self.box())

    def they_end(self) -> None:
        self.withdraw()

    def answers(self) -> None:
        code = self.random.choice([view.code for view in self.south.picture().conflicts])
        stage = self.random.choice(["displayed", "acknowledged"])
        self.south.acknowledge(code, officer=f"duty-{self.random.randrange(3)}", stage=stage)

    def is_lied_to(self) -> None:
        told = self.mediator.opened(self.us, self.them, severity="possible")
        forged = {**told, "alert": told["alert"][:-8] + "AAAAAAAA"}
        self.mediator.tell("south", "alert", self.random.choice([told, forged]))

    def shows(self) -> None:
        self.south.note_shown(*((view.conflict, view.version) for view in self.south.picture().conflicts))

    def reads_again(self) -> None:
        self.south.refresh(settle=True)

    def watches(self) -> None:
        self.watched(self.south)

    def waits(self) -> None:
        self.now += self.random.choice([1, 9, 40, 1_800, 90_000]) * SECOND

    def goes_on(self) -> None:
        """Let something happen, if it can, and look at the picture."""
        deeds: list[Callable[[], None]] = [
            self.files, self.is_refused, self.does_not_get_through, self.keeps, self.sends, self.amends, self.ends,
            self.they_file, self.they_amend, self.they_end, self.answers, self.answers, self.is_lied_to, self.shows,
            self.reads_again, self.watches, self.watches, self.watches, self.waits,
        ]  # fmt: skip
        self.now += self.random.choice([1, SECOND])
        try:
            self.random.choice(deeds)()
        except (KeepclearError, LookupError, ValueError, AssertionError):
            pass  # it could not be done now
        finally:
            self.mediator.refuse = None
        self.look()


@pytest.mark.parametrize(
    ("seed", "steps"),
    [(1, 60), (2, 60), *(pytest.param(seed, 120, marks=pytest.mark.long) for seed in range(3, 30))],
)
def test_the_picture_of_then_is_the_one_that_the_desk_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int
) -> None:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", (0.0,))
    line = History(tmp_path, seed)
    for _ in range(steps):
        line.goes_on()
    seen = [shown for _, shown in line.pictures]
    assert any(shown["conflicts"] for shown in seen) and any(shown["not_sent"] for shown in seen)
    for at, shown in line.pictures:
        with PastJournal(tmp_path / "south" / JOURNAL, "south", at) as past:
            assert build_picture(past, at, None).to_json() == shown, at
    for desk in line.open:
        desk.close()


def test_spans_tell_when_the_hotline_was_heard_and_when_somebody_watched(tmp_path: Path) -> None:
    line = Lied(tmp_path)
    begun = line.now
    line.now += 100 * SECOND
    line.mediator.refuse = lambda _: refusal(503, "busy", "later")
    stops = iter([False, True])
    list(line.south.watch(stop=lambda: next(stops, True)))
    line.mediator.refuse = None
    blind, line.now = line.now, line.now + 20 * SECOND
    heard = threading.Event()  # there may be nothing new on the stream: it is this that is waited for
    for event in line.south.watch(stop=heard.is_set):
        if isinstance(event, LinkEvent) and event.up:
            heard.set()
    assert line.south.journal.spans(HEARD) == [(begun, begun), (line.now, line.now)]
    assert line.south.journal.spans(WATCHED) == [(begun, begun), (blind, blind), (line.now, line.now)]
    with line.south.then(line.now - 1) as then:
        assert (then.journal.read_at(), then.journal.watched_until()) == (begun, blind)
        assert (then.link.up, then.link.since, then.watched) == (False, begun, False)
        assert then.picture().stale
    for desk in line.open:
        desk.close()


def test_a_span_that_lasts_is_heard_until_now_and_the_gaps_between_spans_are_told() -> None:
    assert without([(2, 5), (4, 6), (9, 9)], 0, 12) == [(0, 2), (6, 9), (9, 12)]
    assert without([], 3, 4) == [(3, 4)] and without([(0, 9)], 1, 5) == []
