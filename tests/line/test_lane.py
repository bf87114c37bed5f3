"""Long statements are opened one at a time, beside the loop, and a flood of them holds up its own sender alone."""

import asyncio
import threading

import pytest
from keepclear_protocol.errors import Malformed, Unavailable
from keepclear_service.line.lane import WAITING_OF_A_SENDER, Lane


def test_another_partys_statement_does_not_wait_for_a_flood() -> None:
    async def story() -> None:
        lane, gate, done = Lane(), threading.Event(), list[str]()

        def slow(name: str) -> None:
            assert gate.wait(10)
            done.append(name)

        flood = [asyncio.create_task(lane.run("north", lambda n=n: slow(f"n{n}"))) for n in range(5)]  # type: ignore[misc]
        await asyncio.sleep(0)
        other = asyncio.create_task(lane.run("south", lambda: slow("s")))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(other, *flood)
        assert done.index("s") <= 2  # behind the one that runs, and one more

    asyncio.run(story())


def test_the_loop_goes_on_and_faults_come_back_to_who_sent_them() -> None:
    async def story() -> None:
        lane, gate = Lane(), threading.Event()

        def refused() -> None:
            assert gate.wait(10)
            raise Malformed("category")

        waiting = asyncio.create_task(lane.run("north", refused))
        await asyncio.sleep(0)
        gate.set()  # reached while the thread waits: the loop was not held up
        with pytest.raises(Malformed):
            await waiting
        assert await lane.run("north", lambda: 7) == 7

    asyncio.run(story())


def test_a_sender_with_too_many_waiting_is_told_so() -> None:
    async def story() -> None:
        lane, gate = Lane(), threading.Event()
        tasks = [asyncio.create_task(lane.run("north", lambda: gate.wait(10))) for _ in range(WAITING_OF_A_SENDER + 2)]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert all(isinstance(task.exception(), Unavailable) for task in done)
        other = asyncio.create_task(lane.run("south", lambda: 1))
        gate.set()
        assert await other == 1
        await asyncio.gather(*waiting)

    asyncio.run(story())
