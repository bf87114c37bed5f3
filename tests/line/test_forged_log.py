"""What whoever holds the store, and no key, writes into the log: it hides no notice from whoever folds it."""

from typing import Any

import pytest
from keepclear_service.line import start
from keepclear_service.line.hotline import Hotline
from line.test_start import started
from line.test_turn import Workers, file, play, until
from support.world import World, box

NAMES = ("seq", "kind", "party", "id", "revision", "sha256", "submission", "stamp", "terms", "note", "epoch")


@pytest.fixture(autouse=True)
def _nothing_is_matched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "REMATCHED_US", -1)


async def append(one: Hotline, redis: Any, copied: int, **changed: str) -> None:
    """Write a copy of an entry behind the newest, in other words: all that the store alone can keep right is kept."""
    ((_, fields),) = await redis.xrange(f"{one.line.prefix}log", f"{copied}-0", f"{copied}-0")
    entry = dict(zip(NAMES, fields[b"e"].decode().split(" "), strict=True)) | changed
    entry["seq"] = str(one.turn.cursor + 1)
    await redis.xadd(f"{one.line.prefix}log", {"e": " ".join(entry.values())}, f"{entry['seq']}-0")
    await redis.hset(f"{one.line.prefix}meta", "head", entry["seq"])


@pytest.mark.parametrize("while_nobody_runs", [True, False])
@pytest.mark.parametrize("bytes_there", [True, False])
def test_a_withdrawal_that_nobody_signed_hides_no_notice(
    store_url: str, while_nobody_runs: bool, bytes_there: bool
) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw, redis = world.submission("north", box()), all_workers.store.submits
        await file(one, raw)
        while (await one.line.open()).matched_through < one.turn.cursor:
            await one.turn.caught_up()
        if while_nobody_runs:
            await all_workers.stop()
        if bytes_there:
            await redis.set(f"{one.line.prefix}body:{'A' * 43}", world.withdrawal("south", world.opened(raw)))
        await append(one, redis, 1, kind="withdrawal", revision="2", sha256="A" * 43, submission="-")
        if while_nobody_runs:
            one, _ = await started(all_workers, one)
        elif bytes_there:
            await until(lambda: one.turn.cursor == 2)
        if while_nobody_runs or bytes_there:
            assert one.state().startswith("poison entry 2 (its bytes ")
        else:
            assert len((await file(one, world.submission("south", box(48.05)))).alerts) == 1

    play(story, store_url)


@pytest.mark.parametrize("while_nobody_runs", [True, False])
def test_a_revision_that_came_before_takes_no_second_place(store_url: str, while_nobody_runs: bool) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start()
        raw, redis = world.submission("north", box(-40)), all_workers.store.submits
        await file(one, raw)
        await file(one, world.amend("north", world.opened(raw), box()))
        while (await one.line.open()).matched_through < one.turn.cursor:
            await one.turn.caught_up()
        if while_nobody_runs:
            await all_workers.stop()
        await append(one, redis, 1)
        if while_nobody_runs:
            one, _ = await started(all_workers, one)
        await until(lambda: one.state().startswith("poison entry 3"))

    play(story, store_url)
