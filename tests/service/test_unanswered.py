"""Since when something is unanswered: through revisions and new terms, and as far as whoever looks can know."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from keepclear_protocol.encoding import b64, dump_json
from keepclear_protocol.instant import SECOND
from keepclear_service.decide.entry import Entry
from keepclear_service.line.ports import Founded, Record
from keepclear_service.process.span import span
from keepclear_service.process.unanswered import Memory, Unanswered
from keepclear_service.store.reader import LineReader

CONFLICT = "c" * 43


class Told:
    """A line whose entry ``seq`` was taken at the instant of that second."""

    def __init__(self) -> None:
        self.entries_: list[Entry] = []
        self.said: dict[str, str] = {}

    def add(self, kind: str, revision: int = 0, party: str = "north", **said: Any) -> int:
        seq = len(self.entries_) + 1
        name = f"{seq:043}"
        self.entries_.append(Entry(seq, kind, party, "i", revision, name, "", seq * SECOND, "t", ""))
        self.said[name] = f"h.{b64(dump_json(said))}.s"
        return seq

    def answer(self, stage: str, version: int) -> int:
        return self.add("acknowledgement", conflict=CONFLICT, version=version, stage=stage)

    async def entries(self, seqs: Sequence[int]) -> list[Entry]:
        return [self.entries_[seq - 1] for seq in seqs]

    async def log(self, after: int, count: int) -> list[Entry]:
        return self.entries_[after : after + count]

    async def bodies(self, hashes: Sequence[str]) -> list[str]:
        return [self.said[name] for name in hashes]


class Watch:
    """One party's conflict, looked at again and again."""

    def __init__(self) -> None:
        self.told, self.memory = Told(), Memory()

    def look(self, version: int, *stages: str, epoch: str = "e") -> Unanswered:
        (found,) = self.looks(version, *stages, epoch=epoch)
        return found

    def looks(self, version: int, *stages: str, epoch: str = "e") -> tuple[Unanswered, ...]:
        answers: dict[tuple[str, str], tuple[str, ...]] = {("north", stage): ("a" * 43,) for stage in stages}
        answers["south", "acknowledged"] = ("b" * 43,)
        pair = ("north", "o"), ("south", "t")
        row = Record("north", CONFLICT, version, *pair, "open", "s", "", "", "0", None, answers)
        head = len(self.told.entries_)
        founded = Founded(epoch, "t", head, 1, head, head * SECOND, ())
        rows = {"north": [row]}
        return asyncio.run(self.memory.follow(cast(LineReader, self.told), founded, rows))["north"]


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_neither_a_revision_nor_new_terms_start_the_clock_anew(watch: Watch) -> None:
    first = watch.told.add("notice", 1)
    seen = watch.look(first)
    assert (seen.since, seen.at_least) == (first * SECOND, False)
    for kind in ("notice", "terms", "notice"):
        seen = watch.look(watch.told.add(kind, 2), "delivered")
        assert (seen.since, seen.undelivered) == (first * SECOND, None)
    assert seen.overdue(61 * SECOND + first * SECOND, 60) and not seen.overdue(60 * SECOND + first * SECOND, 60)
    assert watch.looks(seen.version, "acknowledged") == ()
    again = watch.told.add("notice", 3)
    seen = watch.look(again)
    assert (seen.since, seen.at_least) == (again * SECOND, False)


@pytest.mark.parametrize(("stage", "since"), [("acknowledged", 3), ("displayed", 1)])
def test_what_was_answered_between_two_looks_counts(watch: Watch, stage: str, since: int) -> None:
    first = watch.told.add("notice", 1)
    watch.look(first)
    watch.told.answer(stage, first)
    second = watch.told.add("notice", 2)
    seen = watch.look(second)
    assert seen.since == since * SECOND
    assert seen.undelivered == second * SECOND, "its desk took the one before"


def test_what_no_desk_took_counts_from_the_first_that_it_did_not(watch: Watch) -> None:
    first = watch.told.add("notice", 1)
    watch.look(first)
    seen = watch.look(watch.told.add("notice", 2))
    assert seen.undelivered == first * SECOND
    assert seen.lies((first + 16) * SECOND) and not seen.lies((first + 15) * SECOND)
    seen = watch.look(seen.version, "delivered")
    assert not seen.lies(99 * SECOND)
    third = watch.told.add("notice", 3)
    seen = watch.look(third)
    assert (seen.since, seen.undelivered) == (first * SECOND, third * SECOND)


def test_after_a_start_the_newest_alert_is_all_that_is_known_and_that_is_said(watch: Watch) -> None:
    watch.told.add("notice", 1)
    second = watch.told.add("notice", 2)
    seen = watch.look(second)
    assert (seen.since, seen.at_least) == (second * SECOND, True)
    seen = watch.look(watch.told.add("terms"))
    assert (seen.since, seen.at_least) == (second * SECOND, True)
    restored = watch.look(seen.version, epoch="f")
    assert restored.since == second * SECOND


def test_a_span_below_two_minutes_is_told_in_seconds() -> None:
    assert [span(s) for s in (9.9, 60, 108, 120, 3599, 3660, 90_000)] == [
        "9 s", "1 min", "108 s", "2 min", "59 min", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
