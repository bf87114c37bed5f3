"""A reader that hangs up is no fault; everything else that a stream raises still is one."""

import asyncio
from typing import Any

import anyio
import pytest
from keepclear_service.http.hangups import HangUps
from keepclear_service.line.follower import Follower
from support.world import World


def run(error: BaseException) -> None:
    async def app(*_: Any) -> None:
        raise error

    nothing: Any = None
    asyncio.run(HangUps(app)({"type": "http"}, nothing, nothing))


def test_a_hang_up_ends_in_peace() -> None:
    run(anyio.BrokenResourceError())
    run(ExceptionGroup("of a stream", [ExceptionGroup("of its task", [anyio.BrokenResourceError()])]))
    run(ExceptionGroup("of a stream", [anyio.ClosedResourceError()]))


def test_whatever_else_goes_wrong_is_heard_of() -> None:
    with pytest.raises(KeyError):
        run(KeyError("a fault"))
    with pytest.raises(ExceptionGroup) as caught:
        run(ExceptionGroup("of a stream", [anyio.BrokenResourceError(), KeyError("a fault")]))
    assert caught.group_contains(KeyError) and not caught.group_contains(anyio.BrokenResourceError)


def test_a_waiting_stream_may_be_cancelled_again_and_again() -> None:
    """As anyio's cancel scopes do it; in particular while others are told that something has moved."""

    async def story() -> None:
        no_store: Any = None
        follower = Follower(no_store, World().agreement)
        for turns in range(4):
            waiting = [asyncio.create_task(follower.changed(5.0)) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(6):
                for task in waiting:
                    task.cancel()
                await asyncio.sleep(0)
            for ended in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(ended, asyncio.CancelledError)

    asyncio.run(story())
