"""A sample party's desk for the profile ``demo``: says its part of the synthetic night, and answers every alert.

Files once: a desk that finds notices of its own in its journal only watches. Ends with 0 when the line has been quiet
for a while after its last notice was filed, with 1 where an alert did not verify or the hotline refused something.
"""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from keepclear.cli.lines import event_line, filed_line, holds
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AlertEvent
from keepclear.desk.filed import Filed
from keepclear.keystore import load_private_key
from keepclear.transport.client import now_instant
from keepclear.transport.tls import Tls
from keepclear_demo.levant.night import night
from keepclear_demo.turn import AMEND, FILE, Turn
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.errors import KeepclearError, OutOfStep, Unavailable

FOLDER = Path("/desk")
HOTLINE = os.environ.get("KEEPCLEAR_CONNECT_TO", "https://proxy:8443")
BETWEEN_S = 0.5
"""Between one notice and the next, so that a person can follow."""

QUIET_S = 10.0
OFFICER = "sample-officer"


class SampleDesk:
    """One party's desk; ``failed`` counts what did not hold."""

    def __init__(self, party: str) -> None:
        agreement = open_agreement((FOLDER / "agreement.json").read_bytes())
        key = load_private_key(FOLDER / "desk.key")
        journal = FOLDER / "journal"
        self.party = party
        self.desk = AsyncDesk(agreement, key, journal, connect_to=HOTLINE, tls=Tls(ca=FOLDER / "authority.pem"))
        self.failed = self.filed = self.alerts = self.acknowledged = 0
        self._open: set[str] = set()
        self._heard = asyncio.Event()

    async def run(self) -> None:
        """File, watch and answer until the line is quiet."""
        async with self.desk:
            watching = asyncio.create_task(self._watch())
            answering = asyncio.create_task(self._answer())
            try:
                await self._file()
                while not watching.done() and not answering.done():
                    self._heard.clear()
                    async with asyncio.timeout(QUIET_S):
                        await self._heard.wait()
            except TimeoutError:
                pass
            finally:
                for task in (watching, answering):
                    task.cancel()
                results = await asyncio.gather(watching, answering, return_exceptions=True)
            for result in results:
                if isinstance(result, Exception):
                    raise result

    async def _file(self) -> None:
        if self.desk.journal.own_heads():
            self.say("has filed before; watching")
            return
        ids: dict[int, str] = {}
        for turn in night(now_instant()):
            await asyncio.sleep(BETWEEN_S)
            if turn.party == self.party:
                filed = await self._speak(turn, ids.get(turn.of, ""))
                ids[turn.number] = filed.id
                self.filed += 1
                self.say(f"{turn.name}: {filed_line(filed)}")

    async def _speak(self, turn: Turn, id: str) -> Filed:
        if turn.does == FILE:
            return await self.desk.file(turn.volumes, turn.category, callsign=turn.callsign, remarks=turn.remarks)
        await self._answered(id)
        if turn.does == AMEND:
            return await self.desk.amend(id, turn.volumes, turn.category)
        return await self.desk.withdraw(id)

    async def _answered(self, id: str) -> None:
        """Wait until both sides have acknowledged a conflict of the notice ``id``: the story is to be followed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_S):
                while not self._is_answered(id):
                    self._heard.clear()
                    await self._heard.wait()

    def _is_answered(self, id: str) -> bool:
        """Whether both have; an event is told after the picture has it."""
        answers = [view.answers for view in self.desk.picture().conflicts if view.own == id]
        return any(sum(answer["stage"] == "acknowledged" for answer in each) == 2 for each in answers)

    async def _watch(self) -> None:
        async for event in self.desk.watch():
            self.say(event_line(event, now_instant()))
            self.failed += not holds(event)
            if isinstance(event, AlertEvent):
                self.alerts += 1
                if event.alert is not None:
                    change = self._open.add if event.alert.state == "open" else self._open.discard
                    change(event.alert.conflict)
            self._heard.set()

    async def _answer(self) -> None:
        """Acknowledge as an officer would. An alert that changed meanwhile comes again and is answered then."""
        while True:
            await asyncio.sleep(BETWEEN_S)
            for conflict in sorted(self._open):
                with contextlib.suppress(OutOfStep, Unavailable):
                    await self.desk.acknowledge(conflict, officer=OFFICER)
                    self.acknowledged += 1
                    self._open.discard(conflict)
                    self._heard.set()

    def say(self, text: str) -> None:
        """Write one line."""
        sys.stdout.write(f"{self.party}: {text}\n")
        sys.stdout.flush()


def main() -> int:
    """Run the desk of the party that the command names."""
    desk = SampleDesk(sys.argv[1])
    try:
        asyncio.run(desk.run())
    except KeepclearError as error:
        desk.say(f"{error.detail} ({error.code})")
        return 1
    desk.say(f"{desk.filed} filed, {desk.alerts} alerts, {desk.acknowledged} acknowledged, {desk.failed} unverified")
    return 1 if desk.failed else 0


if __name__ == "__main__":
    sys.exit(main())
