"""Those whom a turn lets go get their receipts together: each its own, and what is wrong with one is nobody else's.

Each is told at its tick; what it is told first, stands.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from keepclear_protocol.errors import KeepclearError, Unavailable
from keepclear_service.decide.entry import Entry
from keepclear_service.line.ports import Outcome, Over, SignedAlert
from keepclear_service.line.standing import Standing
from keepclear_service.line.tick import Tick
from keepclear_service.line.waiting import Released, Told, Waiting


def entry(seq: int) -> Entry:
    return Entry(seq, "notice", "north", f"n{seq}", 1, "", "", 0, "", "")


def waiting(seq: int, tick: Tick | None = None) -> Waiting:
    return Waiting(outcome=Outcome(entry(seq)), tick=tick)


ALERT = SignedAlert("north", "c", 1, ("north", "n"), ("south", "s"), "OPEN", "", "", "", "", "", None, 0)


async def let_go(sign: Callable[[Entry], str], *some: Waiting, poison: bool = False) -> list[Any]:
    standing = Standing("a")
    if poison:
        standing.set_aside(entry(9), "it cannot be read")
    released = Released(sign, standing)
    for one in some:
        released.add(one)
    return list(await asyncio.gather(*(one.future for one in some), return_exceptions=True))


def receipt_of(future: "asyncio.Future[Any]") -> str:
    receipt: str = future.result().receipt
    return receipt


def test_receipts_are_signed_in_one_piece_in_the_order_in_which_they_were_due() -> None:
    async def story() -> None:
        said = list[str]()

        def sign(signed: Entry) -> str:
            said.append(f"signed {signed.seq}")
            return f"receipt {signed.seq}"

        some = [waiting(seq) for seq in (3, 1, 2)]
        for one in some:
            one.future.add_done_callback(lambda future: said.append(receipt_of(future)))
        await let_go(sign, *some)
        assert said == ["signed 3", "signed 1", "signed 2", "receipt 3", "receipt 1", "receipt 2"]

    asyncio.run(story())


def test_one_that_cannot_be_signed_is_told_so_and_no_other() -> None:
    async def story() -> None:
        def sign(signed: Entry) -> str:
            if signed.seq == 1:
                raise Unavailable("store_unsafe", "its note cannot be read")
            return "a receipt"

        first, wrong, last = await let_go(sign, waiting(0), waiting(1), waiting(2))
        assert isinstance(wrong, KeepclearError) and wrong.code == "store_unsafe"
        assert isinstance(first, Told) and isinstance(last, Told) and first.receipt == last.receipt == "a receipt"

    asyncio.run(story())


def test_nothing_is_signed_for_whom_nobody_waits() -> None:
    async def story() -> None:
        signed, gone, here = list[int](), waiting(1), waiting(2)

        def sign(one: Entry) -> str:
            signed.append(one.seq)
            return "a receipt"

        released = Released(sign, Standing("a"))
        released.add(gone)
        gone.future.cancel()
        released.add(here)
        await here.future
        assert signed == [2]

    asyncio.run(story())


def test_where_something_cannot_be_folded_there_is_no_receipt() -> None:
    def never(_: Entry) -> str:
        raise AssertionError("signed")

    async def story() -> None:
        (told,) = await let_go(never, waiting(1), poison=True)
        assert isinstance(told, Unavailable) and told.code == "store_unsafe"

    asyncio.run(story())


def test_an_answer_waits_for_its_tick_but_what_is_still_to_be_worked_on_is_told_at_once() -> None:
    """Alerts are to be shown; that a budget is spent is to be known, so that nothing more of it is opened."""

    async def story() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        alone, alarmed, over = (waiting(seq, Tick(began, 0.2)) for seq in (1, 2, 3))
        over.outcome = Outcome(refused="over_pairs", over=Over("pairs_an_hour", 0, 0, 1.0))
        alone.answer("a receipt")
        alarmed.answer("a receipt", (ALERT,))
        over.answer()
        assert alarmed.future.done() and over.future.done() and not alone.future.done()
        assert await alone.future == Told(alone.outcome, "a receipt")
        assert loop.time() - began >= 0.19

    asyncio.run(story())


def test_whoever_was_answered_is_not_refused_before_its_tick() -> None:
    async def story() -> None:
        answered, refused = (waiting(seq, Tick(asyncio.get_running_loop().time(), 0.05)) for seq in (1, 2))
        answered.answer("a receipt")
        answered.refuse(Unavailable("busy"))
        refused.refuse(Unavailable("busy"))
        refused.answer("a receipt")
        told, error = await asyncio.gather(answered.future, refused.future, return_exceptions=True)
        assert isinstance(told, Told) and told.receipt == "a receipt"
        assert isinstance(error, Unavailable)

    asyncio.run(story())
