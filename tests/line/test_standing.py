"""How a line stands on one worker, and what that keeps in mind: of budgets, of heads, of what was committed."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_service.decide.entry import Entry
from keepclear_service.line.heads import Head, Heads
from keepclear_service.line.ports import Over
from keepclear_service.line.spending import Refusing
from keepclear_service.line.standing import Standing
from keepclear_service.line.uncommitted import LEFT_MOST, Uncommitted
from keepclear_service.line.waiting import Waiting

ENTRY = Entry(7, "notice", "north", "n", 1, "a", "b", 5, "t", "", "epoch")


def test_a_store_that_was_put_back_is_not_read_because_it_was_away_for_a_moment() -> None:
    standing = Standing("a")
    standing.fell(Unavailable("store_unsafe", "it was put back"), beginning=True)
    standing.fell(Unavailable("store_unavailable"), beginning=True)
    assert standing.refused is not None and standing.refused.code == "store_unsafe"
    assert standing.said().startswith("store_unavailable")
    standing.turned()
    assert standing.refused is None and standing.said() == ""


def test_who_is_over_a_budget_is_so_after_a_statement_under_other_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = Refusing()
    refusing.note("north", "terms", Over("submits_a_minute", 0, 9, 30.0))
    assert refusing.known("north", "notice", "others") is None
    assert refusing.known("north", "notice", "terms") is not None
    assert refusing.known("north", "withdrawal", "terms") is None
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 31)
    assert refusing.known("north", "notice", "terms") is None


def test_a_head_that_was_not_written_is_written_once_its_disk_takes_it() -> None:
    written: list[Head] = []

    class Disk:
        full = True

        def read(self) -> Head | None:
            return None

        def write(self, head: Head) -> None:
            if self.full:
                raise LocalError("usage", "no space left on device")
            written.append(head)

    async def story() -> None:
        disk = Disk()
        heads = Heads(disk, "a")
        heads.note(ENTRY)
        await asyncio.sleep(0.05)
        disk.full = False
        async with asyncio.timeout(10):
            while not written:  # noqa: ASYNC110 - a thread's
                await asyncio.sleep(0.02)
        await heads.close()

    asyncio.run(story())
    assert [head.seq for head in written] == [7]


def test_what_waits_to_be_looked_for_is_bounded_by_what_it_tells() -> None:
    async def story() -> None:
        uncommitted = Uncommitted()
        alert: Any = SimpleNamespace(conflict="c", to="a", other=("b", "n"), rank="", payload={"pairs": [{}] * 500})
        for seq in range(20):
            uncommitted.add(seq, [alert], None, own=True)
            list(uncommitted.committed(seq))
        kept = uncommitted.take_left(99)
        assert [seq for seq, _ in kept] == list(range(20 - LEFT_MOST // 501, 20))
        uncommitted.add(20, [alert] * 99, None, own=True)
        list(uncommitted.committed(20))
        assert len(uncommitted.take_left(1)) == 1  # the newest at least

    asyncio.run(story())


def test_what_is_told_again_and_again_keeps_nothing_of_whom_it_was_told() -> None:
    async def story() -> None:
        kept = Unavailable("store_unsafe", "it was put back", hint="new-epoch")
        standing, uncommitted = Standing("a"), Uncommitted()
        standing.fell(kept, beginning=True)
        uncommitted.add(7, [], None, own=True)
        uncommitted.set_aside(7, kept)
        waiting = Waiting(None, None)
        uncommitted.wait(7, waiting)
        for asked in (standing.check_lost, standing.check_read, uncommitted.check, waiting.future.result):
            with pytest.raises(Unavailable) as raised:
                asked()
            assert (raised.value.detail, raised.value.hint) == (kept.detail, kept.hint)
        assert kept.__traceback__ is None

    asyncio.run(story())
