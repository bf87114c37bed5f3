"""The demo's course: set the scene, file every flight by turns, wait until every alert is answered, tell what happened.

Guaranteed of a ``Result``: every notice has its receipt, every alert was verified by the desk that got it and
acknowledged, every acknowledgement came to the other side, both sides were told of every conflict, and each desk's
stream, read once more from its beginning, holds exactly what the desk had watched, nothing twice. Anything else raises
``KeepclearError``. Nothing sleeps: each step waits for what the desks report, ``STALL_S`` at most without any report.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepclear.offline.inputs import Options
from keepclear.transport.client import now_instant
from keepclear_protocol.errors import EvidenceInvalid, LocalError, Unavailable

from .children import DeskHandle, Reports, ServiceProcess, running_desk, running_service
from .disturbance import schedule
from .flights import Turn, deal
from .progress import Progress
from .scene import MINIMA, PARTIES, set_scene
from .story import tell, worth_telling
from .tally import Conflict, Tally, percentile

STALL_S = 60.0
"""Longer than any restart; a desk that reports nothing for so long has stopped."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo has shown."""

    turns: list[Turn]
    conflicts: list[Conflict]
    alerts: int
    unverified: int
    latencies_ms: list[float]
    story: list[str]
    resent: int
    links_lost: int
    took_s: float

    def to_json(self) -> dict[str, Any]:
        """Return the result file's object."""
        options = Options()
        return {
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "parties": {turn.name: turn.party for turn in self.turns},
            "rules": {
                "horizontal_m": MINIMA.horizontal_m,
                "vertical_m": MINIMA.vertical_m,
                "leg_s": options.leg_s,
                "margin_s": options.margin_s,
            },
            "notices": len(self.turns),
            "alerts": self.alerts,
            "unverified": self.unverified,
            "latency_ms": {"p50": self._latency(0.5), "p99": self._latency(0.99)},
        }

    def _latency(self, share: float) -> float | None:
        found = percentile(self.latencies_ms, share)
        return None if found is None else round(found, 1)


async def play(source: Path | None, *, limit: int | None, keep: Path | None, disturb: bool, say: Say) -> Result:
    """Play the whole demo with the flights of ``source``; raise ``KeepclearError`` where it does not hold."""
    began = time.monotonic()
    now = now_instant()
    turns = deal(source, PARTIES, limit=limit, now=now)
    with _folder(keep) as folder:
        async with contextlib.AsyncExitStack() as stack:
            scene = set_scene(folder, now)
            service = await stack.enter_async_context(running_service(scene, folder / "service.log"))
            say(f"the service listens on {service.address} with a store of its own; each party's desk is a process")
            reports: Reports = asyncio.Queue()
            desks = {}
            for party in PARTIES:
                own = [
                    {"number": turn.number, "callsign": turn.callsign, "volumes": turn.volumes}
                    for turn in turns
                    if turn.party == party
                ]
                desk = running_desk(scene, party, own, service.address, reports)
                desks[party] = await stack.enter_async_context(desk)
            stage = Stage(turns, service, desks, reports, say)
            await stage.file_all(disturb=disturb)
            conflicts = await stage.finish()
            story = await stage.tell(conflicts)
    tally = stage.tally
    took_s = time.monotonic() - began
    counts = (tally.unverified, tally.latencies_ms(), story, tally.resent, tally.links_lost)
    return Result(turns, conflicts, len(tally.alerts), *counts, took_s)


class Stage:
    """The running processes, and how far they are."""

    def __init__(
        self, turns: list[Turn], service: ServiceProcess, desks: dict[str, DeskHandle], reports: Reports, say: Say
    ) -> None:
        self.tally = Tally(turns, tuple(desks))
        self._turns = turns
        self._service = service
        self._desks = desks
        self._reports = reports
        self._say = say

    async def file_all(self, *, disturb: bool) -> None:
        """Have each flight filed in its turn, the next when the one before has its receipt."""
        await self._until(lambda: len(self.tally.links_up) == len(self._desks), "a desk that cannot connect")
        disturbances = schedule(len(self._turns)) if disturb else {}
        with Progress("filing notices") as progress:
            for turn in self._turns:
                await self._desks[turn.party].order("file", number=turn.number)
                if turn.number in disturbances:
                    what, act = disturbances[turn.number]
                    self._say(f"while {turn.name} is being filed, {what}")
                    await act(self._service)
                await self._until(lambda number=turn.number: number in self.tally.filed)  # type: ignore[misc]
                progress.show(len(self.tally.filed), len(self._turns))

    async def finish(self) -> list[Conflict]:
        """Wait until every alert is watched, answered and heard, and return the conflicts."""
        for desk in self._desks.values():
            await desk.order("finish")
        with Progress("acknowledging alerts") as progress:

            def done() -> bool:
                progress.show(len(self.tally.acknowledged), len(self.tally.alerts))
                return not self.tally.missing()

            await self._until(done)
        conflicts = self.tally.conflicts()
        self._check()
        return conflicts

    async def tell(self, conflicts: list[Conflict]) -> list[str]:
        """Return one conflict as a story, from what both desks have in their journals."""
        if not conflicts:
            return ["No two flights of different parties come closer than agreed."]
        conflict = worth_telling(conflicts)
        for turn in conflict.turns:
            await self._desks[turn.party].order("tell", conflict=conflict.id)
        await self._until(lambda: len(self.tally.testimonies) == len(conflict.turns))
        return tell(conflict, self.tally.filed, self.tally.testimonies)

    async def _until(self, reached: Callable[[], bool], otherwise: str = "") -> None:
        """Take in reports until ``reached``."""
        while not reached():
            try:
                # Not wait_for, which in Python 3.11 forgets a cancellation that comes together with a report.
                async with asyncio.timeout(STALL_S):
                    party, said = await self._reports.get()
            except TimeoutError:
                lack = otherwise or self.tally.missing()
                raise Unavailable("unreachable", f"nothing came for {STALL_S:.0f} s; there is still {lack}") from None
            self.tally.take(party, said)
            self._check()

    def _check(self) -> None:
        if self.tally.stopped:
            raise Unavailable("internal", self.tally.stopped)
        if faults := self.tally.faults:
            more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
            raise EvidenceInvalid("evidence", f"{faults[0]}{more}")


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield a folder that is removed at the end, or ``keep``, which must be new or empty and stays."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="keepclear-demo-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(keep.iterdir()):
            raise LocalError("usage", f"the folder {keep} is not empty", hint="name a new one with --keep")
    except OSError as error:
        raise LocalError("usage", f"the folder {keep} cannot be used: {error.strerror}") from None
    yield keep.resolve()
