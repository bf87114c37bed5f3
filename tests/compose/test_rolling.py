"""Both replicas are restarted, one after the other, under load and with streams open."""

import asyncio
import itertools
import time
from typing import Any

import pytest
from keepclear import AsyncClient

from compose.parties import NAMES, Filings, Outsider, Reader, background, next_place, until
from compose.stack import REPLICAS, Stack

pytestmark = pytest.mark.timeout(1200)

SUBMITS_A_S = 10
"""Some two hundred while both restart, and no more than is left of two cores that run other tests too."""

READERS_OF_EACH = 2
AROUND_S = 2.0
WITHIN_S = 120.0


class Load:
    """Notices at a fixed rate, by turns of both parties, each pair in conflict, whatever the answers take."""

    def __init__(self, parties: dict[str, Outsider]) -> None:
        self.filings = Filings()
        self.failed: list[str] = []
        self.took_s: list[float] = []
        self.began = time.monotonic()
        self.stop = False
        self._parties = parties

    async def run(self) -> None:
        """File until ``stop``, then wait for all answers."""
        async with self._parties["israel"].client() as israel, self._parties["turkiye"].client() as turkiye:
            pairs = []
            for number in itertools.count():
                if self.stop:
                    break
                await asyncio.sleep(max(0.0, self.began + number * len(NAMES) / SUBMITS_A_S - time.monotonic()))
                pairs.append(asyncio.create_task(self._pair(israel, turkiye)))
            await asyncio.gather(*pairs)

    async def _pair(self, israel: AsyncClient, turkiye: AsyncClient) -> None:
        place = next_place()
        ids = await asyncio.gather(
            self._submit(israel, self._parties["israel"].notice(place)),
            self._submit(turkiye, self._parties["turkiye"].notice(place)),
        )
        self.filings.pairs.append((ids[0], ids[1]))

    async def _submit(self, client: AsyncClient, raw: str) -> str:
        began = time.monotonic()
        id = await self.filings.submit(client, raw)
        self.took_s.append(time.monotonic() - began)
        return id


Restarts = list[tuple[float, float]]


async def roll(stack: Stack) -> tuple[Load, list[Reader], Restarts, dict[str, set[str]]]:
    parties = {name: Outsider(stack, name) for name in NAMES}
    readers = [Reader(parties[name]) for name in NAMES for _ in range(READERS_OF_EACH)]
    async with background(*(reader.run() for reader in readers)):
        await until(lambda: all(reader.connected for reader in readers), WITHIN_S)
        load = Load(parties)
        async with background(load.run()) as (filing,):
            await asyncio.sleep(AROUND_S)
            restarts = []
            for replica in REPLICAS:
                began = time.monotonic()
                await asyncio.to_thread(stack.compose, "restart", replica)
                await asyncio.to_thread(stack.wait_healthy, replica)
                restarts.append((began, time.monotonic()))
            await asyncio.sleep(AROUND_S)
            load.stop = True
            await asyncio.wait_for(filing, WITHIN_S)
        by_party = [[reader for reader in readers if reader.party.name == name] for name in NAMES]
        for israel, turkiye in zip(*by_party, strict=True):
            await until(lambda israel=israel, turkiye=turkiye: load.filings.complete(israel, turkiye), WITHIN_S)  # type: ignore[misc]
        held = {name: await party.live() for name, party in parties.items()}
    return load, readers, restarts, held


def test_a_rolling_restart_under_load_loses_and_doubles_nothing(stack: Stack) -> None:
    load, readers, restarts, held = asyncio.run(roll(stack))
    filings = load.filings
    assert not filings.again, "the SDK gave up on a submit, and had to be asked again"
    # How many the machine files in a second is a figure; that the line answers while either replica is away, a fact.
    for began, ended in restarts:
        times = [began, *sorted(at for at in filings.receipted if began < at < ended), ended]
        assert max(b - a for a, b in itertools.pairwise(times)) < (ended - began) / 2
    rate = len(filings.receipted) / (max(filings.receipted) - load.began)
    for reader in readers:
        assert reader.clean, f"{reader.doubled} doubled, {reader.holes} holes, {reader.gaps}"
        assert len(reader.connected) >= 2, "no stream was cut, so nothing was tried"
        assert all(len(times) == 1 for times in reader.alerts.values())
    israel, second_israel, turkiye, second_turkiye = readers
    assert not filings.missing(israel, turkiye)
    assert (israel.numbers, turkiye.numbers) == (second_israel.numbers, second_turkiye.numbers)
    assert {pair[0] for pair in filings.pairs} <= held["israel"]
    assert {pair[1] for pair in filings.pairs} <= held["turkiye"]
    took = sorted(load.took_s)
    figures: dict[str, Any] = {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100], "max": took[-1]}
    stack.note(
        "rolling restart of both replicas",
        f"{len(filings.receipted)} submits at {rate:.0f}/s, 4 streams: 0 failed, 0 lost, 0 doubled;"
        f" submit {', '.join(f'{name} {value * 1000:.0f} ms' for name, value in figures.items())}; took"
        f" {restarts[-1][1] - restarts[0][0]:.0f} s",
    )
