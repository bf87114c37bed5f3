"""The heartbeat: a worker says over its pipe that it comes round; one that has not for ``SILENT_S`` is replaced.

It beats from its loop, so a process that is stopped or a loop that runs for ever is silent; and it beats only while its
lines turn, so that one whose turn never ends is silent, too. A line that is still being read is no such: a long log may
take as long as it takes. Who listens counts silences, not time: a supervisor that was stopped itself hears first what
was said meanwhile. Not covered: a store that does not answer, which is no fault of the worker's.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEAT = {"event": "beat"}

BEAT_EVERY_S = 1.0

MISSED_S = 2.5
"""Seconds without a beat that are one silence: twice what a busy loop of a loaded machine was seen late by."""

SILENCES = 4

SILENT_S = MISSED_S * SILENCES
"""Seconds of silence after which a worker is replaced: the store's own patience twice, and few for those who wait."""

STARVED_AT_MOST_S = 6 * SILENT_S
"""Seconds of silence after which a worker is replaced however little it had of the cores."""

FIRST_WITHIN_S = 60.0
"""Seconds until a worker's first beat: its program is loaded and its files are read before there is a loop."""

TURN_WITHIN_S = 120.0
"""Seconds after which a turn that has not ended never will: the longest of honest ones, the largest notice against a
whole night on a loaded machine, takes a tenth."""


async def beat(say: Callable[[dict[str, Any]], None], turns: Callable[[], bool]) -> None:
    """Say that the loop comes round while ``turns`` says that the lines do, until cancelled."""
    while True:
        if turns():
            say(BEAT)
        await asyncio.sleep(BEAT_EVERY_S)


async def silence(pipe: asyncio.StreamReader, waited_s: Callable[[], float]) -> bool:
    """Return True once the worker at the other end is silent for too long, False once it has ended.

    ``waited_s`` tells for how many seconds it has waited for a core in its life.
    """
    silent_s = starved_s = 0.0
    while silent_s < MISSED_S * SILENCES and silent_s + starved_s < STARVED_AT_MOST_S:
        before = waited_s()
        try:
            async with asyncio.timeout(MISSED_S):
                if not await pipe.readline():
                    return False
        except TimeoutError:
            waited = min(MISSED_S, waited_s() - before)
            silent_s, starved_s = silent_s + MISSED_S - waited, starved_s + waited
        else:
            silent_s = starved_s = 0.0
    return True


def waited_for_a_core_s(pid: int) -> float:
    """Return for how many seconds a process's main thread has been ready to run and did not; 0 where none can tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
