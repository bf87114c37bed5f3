"""A worker's memory: each party has its part of it; what is beyond is refused, told to all, and hurts nobody else."""

import asyncio

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.kinds import WITHDRAWAL
from line.test_turn import Workers, file, play
from support.world import World, box


@pytest.mark.req("R-095")
def test_a_party_fills_its_own_part_of_a_workers_memory(store_url: str) -> None:
    async def story(world: World, all_workers: Workers) -> None:
        one = await all_workers.start(most_volumes=5)

        def notice(party: str, volumes: int) -> str:
            return world.submission(party, *(box(10 + at) for at in range(volumes)))

        first = notice("north", 3)
        await file(one, first)
        together = await asyncio.gather(*(file(one, notice("north", 2)) for _ in range(3)), return_exceptions=True)
        refused = [answer for answer in together if isinstance(answer, Unavailable)]
        assert len(refused) == 2 and {error.code for error in refused} == {"store_full"}
        assert "this party" in refused[0].detail
        amended = world.amend("north", world.opened(first), *(box(40 + at) for at in range(3)))
        await file(one, amended)
        await file(one, notice("south", 5))
        told = [(entry.party, entry.id) for entry in await one.line.log(0, 99) if entry.kind == "budget"]
        assert told == [("north", "room")]

        await one.submit(WITHDRAWAL, world.withdrawal("north", world.opened(amended)), 0.0)
        await file(one, notice("north", 3))
        assert one.turn._state is not None and one.turn._state.index.of_party == {"north": 5, "south": 5}

    play(story, store_url)
