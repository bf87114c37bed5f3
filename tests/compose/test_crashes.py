"""Each container is killed in the middle of filing: nothing is lost, nothing comes twice, and how long it takes.

The kill is SIGKILL to the container's first process from outside, as the kernel's own; the engine starts it again.
Two desks of the SDK watch, verify and acknowledge delivery; beside them two readers of the raw stream hold the service
to its word: behind a cursor every event once, in order, without a hole.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from keepclear import AsyncDesk
from keepclear.desk.events import AlertEvent, GapEvent, ProblemEvent
from keepclear_protocol.acknowledgement import VERIFIED

from compose.parties import NAMES, Filings, Outsider, Reader, background, insist, next_place, until
from compose.stack import LASTING, Stack

pytestmark = pytest.mark.timeout(1200)

BEFORE, AFTER = 10, 20
"""Receipts before the kill, and conflicts filed in all: counted, not timed, so that a busy machine tries as many."""
WITHIN_S = 120.0
PAUSE_S = 0.05


class Story:
    """What happened around one crash."""

    def __init__(self) -> None:
        self.filings = Filings()
        self.killed_at = 0.0
        self.done = False
        self.shown: dict[str, list[Any]] = {name: [] for name in NAMES}


async def file_pairs(story: Story, israel: Outsider, turkiye: Outsider) -> None:
    async with israel.client() as first, turkiye.client() as second:
        while not story.done:
            place = next_place()
            ids = await asyncio.gather(
                story.filings.submit(first, israel.notice(place)), story.filings.submit(second, turkiye.notice(place))
            )
            story.filings.pairs.append((ids[0], ids[1]))
            await asyncio.sleep(PAUSE_S)


async def watch(desk: AsyncDesk, shown: list[Any]) -> None:
    async for event in desk.watch():
        shown.append(event)


async def caught_up(desk: AsyncDesk) -> None:
    """Wait until the desk has taken all that its stream holds now."""
    head = (await insist(desk.client.conflicts)).at.number
    await until(lambda: (at := desk.journal.cursor()) is not None and at.number >= head, WITHIN_S)


async def crash(stack: Stack, victim: str, folder: Path) -> tuple[Story, dict[str, Reader]]:
    story = Story()
    parties = {name: Outsider(stack, name) for name in NAMES}
    readers = {name: Reader(party) for name, party in parties.items()}
    desks = {name: party.desk(folder / name) for name, party in parties.items()}
    try:
        async with (
            background(*(reader.run() for reader in readers.values())),
            background(*(watch(desks[name], story.shown[name]) for name in NAMES)),
        ):
            await until(lambda: all(reader.connected for reader in readers.values()), WITHIN_S)
            await until(lambda: all(desk.journal.cursor() for desk in desks.values()), WITHIN_S)
            async with background(file_pairs(story, parties["israel"], parties["turkiye"])) as (filing,):
                await until(lambda: len(story.filings.receipted) >= BEFORE, WITHIN_S)
                await asyncio.to_thread(stack.crash, victim)
                story.killed_at = time.monotonic()
                await until(lambda: max(story.filings.receipted) > story.killed_at + 0.5, WITHIN_S)
                await until(lambda: len(story.filings.pairs) >= AFTER, WITHIN_S)
                story.done = True
                await asyncio.wait_for(filing, WITHIN_S)
            await until(lambda: story.filings.complete(readers["israel"], readers["turkiye"]), WITHIN_S)
            for desk in desks.values():
                await caught_up(desk)
    finally:
        for desk in desks.values():
            await desk.close()
    return story, readers


@pytest.mark.parametrize("victim", LASTING)
def test_a_killed_container_costs_seconds_and_nothing_else(stack: Stack, tmp_path: Path, victim: str) -> None:
    before = stack.inspect(victim)["RestartCount"]
    story, readers = asyncio.run(crash(stack, victim, tmp_path))
    stack.wait_healthy(*LASTING)
    back = time.monotonic()
    assert stack.inspect(victim)["RestartCount"] == before + 1
    assert any(at < story.killed_at for at in story.filings.receipted)
    assert any(at > story.killed_at for at in story.filings.receipted)
    assert len(story.filings.pairs) >= AFTER
    assert not story.filings.missing(readers["israel"], readers["turkiye"])
    streams = []
    for name, reader in readers.items():
        assert reader.clean, f"{name}: {reader.doubled} doubled, {reader.holes} holes, {reader.gaps}"
        assert all(len(times) == 1 for times in reader.alerts.values())
        if after := [at for at in reader.connected if at > story.killed_at]:
            streams.append(after[0] - story.killed_at)
        events = story.shown[name]
        alerts = [event for event in events if isinstance(event, AlertEvent)]
        assert all(event.verdict == VERIFIED for event in alerts)
        told = [(event.alert.conflict, event.alert.version) for event in alerts if event.alert is not None]
        assert len(set(told)) == len(told)
        assert not [event for event in events if isinstance(event, GapEvent | ProblemEvent)]
    streams_said = f"streams back after {max(streams):.1f} s" if streams else "streams not cut"
    stack.note(
        f"SIGKILL of {victim}",
        f"{len(story.filings.pairs)} conflicts, 0 lost, 0 doubled; receipts stopped for"
        f" {story.filings.outage_s(story.killed_at):.1f} s, slowest submit {story.filings.slowest_s:.1f} s,"
        f" {streams_said};"
        f" all healthy again within {back - story.killed_at:.0f} s",
    )
