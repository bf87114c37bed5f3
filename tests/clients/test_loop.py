"""The end of a loop's thread: what is under way comes to its own end first, and who waits for it is told."""

import asyncio
import threading

import pytest
from keepclear.transport.loop import LoopThread
from keepclear_protocol.errors import LocalError
from support.patience import PATIENCE_S


def test_what_is_under_way_ends_before_the_loop_and_who_waits_for_it_is_told() -> None:
    loop, begun, told = LoopThread("keepclear-desk"), threading.Event(), list[object]()

    async def forever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as closing a connection does
            told.append("ended")

    def wait() -> None:
        try:
            loop.run(forever())
        except LocalError as error:
            told.append((error.code, error.detail))

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert begun.wait(PATIENCE_S)
    loop.close()
    waiting.join(PATIENCE_S)
    assert told == ["ended", ("usage", "this desk is closed")]


def test_a_closed_one_runs_nothing_and_may_be_closed_again() -> None:
    loop = LoopThread("keepclear-client")
    loop.close()
    loop.close()
    with pytest.raises(LocalError) as raised:
        loop.run(asyncio.sleep(0))
    assert raised.value.detail == "this client is closed"
