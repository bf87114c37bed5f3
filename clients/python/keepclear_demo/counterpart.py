"""The sandbox's counterpart, a process of its own: it files across whatever the guest files, and answers its alerts.

It holds the counterpart's own key and, because the sandbox's keys are samples that one machine made, one key of the
guest's that may watch and nothing else: in life no party sees what another has filed. By it, it learns of each new
notice of the guest's and files one of the same volumes. What the guest amends or withdraws it leaves as it is: that
closes the conflict, or tells it again, as it would in life. Every open alert is acknowledged in an officer's name.

The first line of standard input is the setup; reports go to standard output as JSON lines; the end of standard input
ends it.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, LinkEvent, NoticeEvent
from keepclear.keystore import load_private_key
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.encoding import parse_json, unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import MAX_SUBMISSION_BYTES, open_submission
from keepclear_protocol.speakable import speakable

OFFICER = "sandbox-duty"
REMARKS = "sandbox: filed across yours"


class Counterpart:
    """The counterpart's desk, and a look at what the guest files."""

    def __init__(self, setup: Mapping[str, str]) -> None:
        agreement = open_agreement(Path(setup["agreement"]).read_bytes())
        folder = Path(setup["folder"])
        self._desk = AsyncDesk(agreement, load_private_key(setup["key"]), folder / "own")
        self._guest = AsyncDesk(agreement, load_private_key(setup["watch_key"]), folder / "guest-seen")
        self._up: set[str] = set()

    async def run(self) -> None:
        """File and answer until standard input ends; raise what ended it otherwise."""
        async with self._desk, self._guest:
            tasks = [asyncio.create_task(part()) for part in (self._answer, self._meet, _orders_end)]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self) -> None:
        async for event in self._desk.watch():
            match event:
                case LinkEvent(up=True):
                    self._hears("own")
                case AlertEvent(alert=alert, verdict=verdict) if alert is not None:
                    report("alert", code=speakable(alert.conflict), state=alert.state, verdict=verdict)
                    if verdict == VERIFIED and alert.state == "open":
                        await self._acknowledge(alert.conflict, alert.version)
                case AcknowledgementEvent(acknowledgement=ack, verdict=verdict) if ack is not None:
                    if ack.claims.iss != self._desk.party and verdict == VERIFIED:
                        report("heard", code=speakable(ack.conflict), stage=ack.stage)

    async def _acknowledge(self, conflict: str, version: int) -> None:
        try:
            await self._desk.acknowledge(conflict, officer=OFFICER, version=version)
        except KeepclearError as error:  # a newer version is on its way, or the line is down: both are told again
            report("trouble", detail=f"acknowledging {speakable(conflict)}: {error.detail}")
        else:
            report("acknowledged", code=speakable(conflict))

    async def _meet(self) -> None:
        async for event in self._guest.watch():
            match event:
                case LinkEvent(up=True):
                    self._hears("guest")
                case NoticeEvent(kind=NOTICE.name, revision=1, verdict=verdict) if verdict == VERIFIED:
                    await self._file_across(event)

    async def _file_across(self, filed: NoticeEvent) -> None:
        row = self._guest.journal.own(filed.sha256)
        assert row is not None  # noqa: S101 - for the type checker; its event came with it
        notice = open_submission(row.raw, None)
        volumes = [_volume(item.disclosure) for item in notice.volumes]
        try:
            ours = await self._desk.file(volumes, notice.category, callsign="SANDBOX", remarks=REMARKS)
        except KeepclearError as error:
            report("trouble", detail=f"filing across {speakable(filed.id)}: {error.detail}")
        else:
            report("filed", code=speakable(str(ours.receipt.id)), across=speakable(filed.id))

    def _hears(self, what: str) -> None:
        if len(self._up) < 2:
            self._up.add(what)
            if len(self._up) == 2:
                report("ready")


def _volume(disclosure: str) -> dict[str, Any]:
    _, volume = parse_json(unb64(disclosure), max_bytes=MAX_SUBMISSION_BYTES)  # the salt, and what it hides
    return dict(volume)


async def _orders_end() -> None:
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while await orders.read(4096):
        pass


def report(what: str, **facts: Any) -> None:
    """Say something to the sandbox."""
    sys.stdout.write(json.dumps({"report": what, **facts}) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the counterpart."""
    with open(0, "rb", buffering=0, closefd=False) as orders:  # unbuffered: what follows is for the event loop
        setup = json.loads(orders.readline())
    try:
        asyncio.run(Counterpart(setup).run())
    except KeepclearError as error:
        sys.stderr.write(f"{error.detail} ({error.code})\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
