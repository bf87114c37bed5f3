"""Who is told to stop stops, whatever a call to the store is at: ``asyncio.wait_for`` of Python 3.11 may forget it."""

import asyncio

from keepclear_service.store.connect import Store, connect


async def call(store: Store) -> None:
    await store.submits.ping()
    await store.submits.set("kept", "x" * 100)


def test_a_call_is_cancelled_at_each_of_its_steps(line_url: str) -> None:
    async def cancelled(step: int) -> bool:
        """Return whether the call ran until that step, and so was cancelled there, rather than to its end."""
        store = connect(line_url)
        try:
            task = asyncio.ensure_future(call(store))
            for _ in range(step):
                await asyncio.sleep(0)
            if task.done():
                return False
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled(), f"it went on when it was cancelled at step {step}"
            return True
        finally:
            await store.close()

    async def story() -> None:
        # How many steps there are depends on how soon the store answers: most of them are waiting for it.
        for _ in range(5):
            steps = 0
            while await cancelled(steps):
                steps += max(1, steps // 10)
            assert steps > 5

    asyncio.run(story())
