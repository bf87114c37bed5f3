"""The demo's course: set the scene, say everything by turns, wait until every alert is answered, tell what happened.

Guaranteed of a ``Result``: every notice has its receipt, every alert was verified by the desk that got it and
acknowledged, every acknowledgement came to the other side, both sides were told of every conflict, and each desk's
stream, read once more from its beginning, holds exactly what the desk had watched, nothing twice. Where the script
foresees what must come, exactly that came. Anything else raises ``KeepclearError``. Nothing sleeps: each step waits for
what the desks report, ``STALL_S`` at most without any report.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keepclear.transport.client import now_instant
from keepclear_protocol.errors import EvidenceInvalid, LocalError, Unavailable

from .children import DeskHandle, Reports, ServiceProcess, running_desk, running_service
from .disturbance import schedule
from .progress import Progress
from .scene import Scene, set_scene
from .script import Script, Told
from .tally import Conflict, Tally, percentile
from .turn import FILE, Turn

STALL_S = 60.0
"""Longer than any restart; a desk that reports nothing for so long has stopped."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What the demo has shown; ``notices`` go by their flights, ``alerts`` count closings too."""

    notices: dict[str, str]
    conflicts: list[Conflict]
    alerts: int
    unverified: int
    latencies_ms: list[float]
    told: Told
    resent: int
    links_lost: int
    took_s: float

    def to_json(self) -> dict[str, Any]:
        """Return the result file's object."""
        return {
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "parties": self.notices,
            "notices": len(self.notices),
            "alerts": self.alerts,
            "unverified": self.unverified,
            "latency_ms": {"p50": self._latency(0.5), "p99": self._latency(0.99)},
            **self.told.facts,
        }

    def _latency(self, share: float) -> float | None:
        found = percentile(self.latencies_ms, share)
        return None if found is None else round(found, 1)


Then = Callable[[Result, Scene, ServiceProcess], Awaitable[None]]


async def play(script: Script, *, keep: Path | None, disturb: bool, say: Say, then: Then) -> None:
    """Play a whole script; raise ``KeepclearError`` where it does not hold.

    ``then`` is handed the result, and scene and service, which stand until it returns; the desks have ended.
    """
    began = time.monotonic()
    now = now_instant()
    script.turns(now)  # what cannot be read is told before anything is started
    with _folder(keep) as folder:
        async with contextlib.AsyncExitStack() as stack:
            scene = set_scene(folder, script.setting, now)
            service = await stack.enter_async_context(running_service(scene, folder / "service.log"))
            say(f"the service listens on {service.address} with a store of its own; each party's desk is a process")
            stage, conflicts, told = await _played(script, scene, service, disturb=disturb, say=say)
            tally = stage.tally
            took_s = time.monotonic() - began
            notices = {turn.name: turn.party for turn in stage.turns if turn.does == FILE}
            counts = (tally.unverified, tally.latencies_ms(), told, tally.resent, tally.links_lost)
            result = Result(notices, conflicts, len(tally.alerts) + len(tally.closings), *counts, took_s)
            await then(result, scene, service)


async def _played(
    script: Script, scene: Scene, service: ServiceProcess, *, disturb: bool, say: Say
) -> "tuple[Stage, list[Conflict], Told]":
    """Run a desk for each party until all is said, answered and told."""
    reports: Reports = asyncio.Queue()
    async with contextlib.AsyncExitStack() as stack:
        desks = {}
        for party in script.setting.parties:
            desk = running_desk(scene, party, service.address, reports)
            desks[party] = await stack.enter_async_context(desk)
        stage = Stage(script, service, desks, reports, say)
        await stage.say_all(disturb=disturb)
        conflicts = await stage.finish()
        return stage, conflicts, await stage.tell(conflicts)


class Stage:
    """The running processes, and how far they are."""

    def __init__(
        self, script: Script, service: ServiceProcess, desks: dict[str, DeskHandle], reports: Reports, say: Say
    ) -> None:
        self.turns: list[Turn] = []
        self.tally = Tally(self.turns, tuple(desks))
        self._script = script
        self._service = service
        self._desks = desks
        self._reports = reports
        self._say = say

    async def say_all(self, *, disturb: bool) -> None:
        """Have each turn taken, the next when all that must come of the one before has come."""
        await self._until(lambda: len(self.tally.links_up) == len(self._desks), lambda: "a desk that cannot connect")
        self.turns += self._script.turns(now_instant())  # only now: some windows begin a minute from here
        disturbances = schedule(len(self.turns)) if disturb else {}
        with Progress("filing notices") as progress:
            for turn in self.turns:
                await self._desks[turn.party].order(
                    turn.does,
                    number=turn.number,
                    of=turn.of,
                    volumes=turn.volumes,
                    category=turn.category,
                    callsign=turn.callsign,
                    remarks=turn.remarks,
                )
                if turn.number in disturbances:
                    what, act = disturbances[turn.number]
                    self._say(f"while {turn.name} is being filed, {what}")
                    await act(self._service)
                await self._take(turn)
                progress.show(len(self.tally.filed), len(self.turns))

    async def _take(self, turn: Turn) -> None:
        """Wait for all that must come of a turn, and for what both desks say of it."""
        await self._until(lambda: not self.tally.missing_of(turn), lambda: self.tally.missing_of(turn))
        for meeting in turn.meets or ():
            await self._ask(str(self.tally.conflict_of(turn.name, meeting.name)), "open")
        for name in turn.closes:
            await self._ask(str(self.tally.conflict_of(turn.name, name)), "closed")

    async def finish(self) -> list[Conflict]:
        """Wait until every alert is watched, answered and heard, and return the conflicts."""
        for desk in self._desks.values():
            await desk.order("finish")
        with Progress("acknowledging alerts") as progress:

            def done() -> bool:
                all_came = len(self.tally.finished) == len(self._desks)
                progress.show(len(self.tally.acknowledged), len(self.tally.alerts) if all_came else None)
                return not self.tally.missing()

            await self._until(done, self.tally.missing)
        conflicts = self.tally.conflicts()
        self._check()
        return conflicts

    async def tell(self, conflicts: list[Conflict]) -> Told:
        """Return what is told in the end, from what both desks have in their journals."""
        for conflict in self._script.asks(conflicts):
            await self._ask(conflict.id, "open")
        return self._script.tell(self.turns, conflicts, self.tally)

    async def _ask(self, conflict: str, state: str) -> None:
        """Have each desk testify of a conflict that is in ``state``."""
        for desk in self._desks.values():
            await desk.order("tell", conflict=conflict)
        keys = {(party, conflict, state) for party in self._desks}
        await self._until(lambda: keys <= self.tally.testimonies.keys(), lambda: "a desk's testimony")

    async def _until(self, reached: Callable[[], bool], lack: Callable[[], str]) -> None:
        """Take in reports until ``reached``; ``lack`` says in words what is not there yet."""
        while not reached():
            try:
                # Not wait_for, which in Python 3.11 forgets a cancellation that comes together with a report.
                async with asyncio.timeout(STALL_S):
                    party, said = await self._reports.get()
            except TimeoutError:
                raise Unavailable("unreachable", f"nothing came for {STALL_S:.0f} s; there is still {lack()}") from None
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
