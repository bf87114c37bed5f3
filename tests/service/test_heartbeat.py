"""Who is heard is well: silences are counted as they are heard, and a turn that never ends is silent, too."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.hotline import Hotline
from keepclear_service.line.lane import Lane
from keepclear_service.process import heartbeat
from keepclear_service.process.heartbeat import BEAT, beat, silence, waited_for_a_core_s
from keepclear_service.process.listening import Listening
from keepclear_service.process.settings import Settings
from keepclear_service.process.supervisor import Worker
from support.world import World


def test_silence_is_so_many_beats_missed_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.001)

    class Pipe(asyncio.StreamReader):
        """Brings every fourth beat, and after the fourth of these none."""

        reads = 0

        async def readline(self) -> bytes:
            self.reads += 1
            if self.reads % 4 or self.reads > 16:
                await asyncio.Event().wait()
            return b"{}\n"

    async def story() -> None:
        pipe = Pipe()
        assert await silence(pipe, lambda: 0.0) is True and pipe.reads == 16 + 4
        ended = asyncio.StreamReader()
        ended.feed_eof()
        assert await silence(ended, lambda: 0.0) is False

    asyncio.run(story())


def test_a_listener_that_was_stopped_itself_hears_first_what_was_said_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.05)

    async def story() -> None:
        pipe = asyncio.StreamReader()
        listening = asyncio.create_task(silence(pipe, lambda: 0.0))
        await asyncio.sleep(0.01)
        for _ in range(8):
            pipe.feed_data(b"{}\n")
            time.sleep(0.06)  # noqa: ASYNC251 - the loop of who listens is away for longer than a silence
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not listening.done()
        listening.cancel()

    asyncio.run(story())


def test_a_worker_that_waits_for_a_core_is_not_silent_and_one_that_waits_for_ever_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "MISSED_S", 0.02)
    monkeypatch.setattr(heartbeat, "STARVED_AT_MOST_S", 1.0)
    looks: list[None] = []

    def waited_s() -> float:
        looks.append(None)
        return len(looks) * 0.02  # since the last look it never ran

    async def story() -> None:
        assert await silence(asyncio.StreamReader(), waited_s) is True

    asyncio.run(story())
    assert len(looks) > 2 * 40  # not after four


def test_what_a_machine_that_is_full_makes_a_process_wait_for_is_seen() -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        deadline = time.monotonic() + 20
        while not all(waited_for_a_core_s(one.pid) > 0.05 for one in busy):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        for one in busy:
            one.kill()
            one.wait()
    assert waited_for_a_core_s(busy[0].pid) == 0.0


def test_a_worker_beats_while_its_lines_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_EVERY_S", 0.001)
    said: list[dict[str, Any]] = []
    turns = [True]

    async def story() -> None:
        beating = asyncio.create_task(beat(said.append, lambda: turns[0]))
        await asyncio.sleep(0.02)
        assert said
        turns[0] = False
        heard = len(said)
        await asyncio.sleep(0.02)
        assert len(said) == heard and said[0] == BEAT
        beating.cancel()

    asyncio.run(story())


def test_a_turn_that_never_ends_does_not_come_round_but_a_start_may_take_its_time() -> None:
    async def story() -> None:
        world = World()
        turn = Hotline(Any, world.service, world.agreement, Lane(), tick_ms=0).turn  # type: ignore[arg-type]
        turn.pace.round_at -= 100
        assert turn.comes_round(1), "it is still being read"
        turn.ready.set()
        assert turn.comes_round(200) and not turn.comes_round(99)

    asyncio.run(story())


def test_a_worker_that_never_beats_is_killed_and_said_to_have_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear_service.process.supervisor.FIRST_WITHIN_S", 0.2)

    async def story() -> None:
        address = Listening("127.0.0.1", 0, workers=1)
        try:
            worker = Worker(Settings(), ("/bin/sleep", "60"), address)
            with pytest.raises(Unavailable, match="ended with status -9"):
                await worker.start()
            assert worker.replaced == 1 and worker.pid is None
        finally:
            address.close()

    asyncio.run(story())
