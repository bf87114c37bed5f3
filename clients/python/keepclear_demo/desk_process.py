"""One party's desk as a process of its own: what a party runs in life, taking its orders from the demo.

It holds its party's key and its agreement, and knows of the other side only what the hotline sends. What to say comes
as orders, JSON lines on standard input, reports go as JSON lines to standard output; the end of standard input
ends the desk. Every alert is verified by the SDK, said to be delivered by it, and acknowledged here in an officer's
name. A notice whose outcome is unknown is sent again with the same bytes until it is receipted.

Times in reports named ``*_ns`` are of the machine's monotonic clock, which all its processes share.
"""

import asyncio
import contextlib
import functools
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, Event, GapEvent, LinkEvent, ProblemEvent
from keepclear.desk.filed import Filed
from keepclear.keystore import load_private_key
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.alert import Alert
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, Unavailable
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.receipt import Receipt, open_receipt

from .audit import Audit, read_stream, testimony
from .children import MAX_LINE_BYTES

T = TypeVar("T")

AGAIN_S = 0.3
"""Between attempts while the service or its store is away; the client itself has tried for 2.6 s by then."""

LOOK_S = 0.05
"""How often a desk that is behind looks at its position: what it knew already moves it without an event."""


class DeskProcess:
    """A desk and its orders."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self._agreement = open_agreement(Path(setup["agreement"]).read_bytes())
        key = load_private_key(setup["key"])
        self._desk = AsyncDesk(self._agreement, key, Path(setup["folder"]) / "journal", connect_to=setup["connect_to"])
        self._officer = setup["officer"]
        self._ids: dict[int, str] = {}
        self._unanswered: asyncio.Queue[Alert] = asyncio.Queue()
        self._moved = asyncio.Event()
        self._watched: set[tuple[str, int]] = set()

    async def run(self) -> None:
        """Do as ordered until standard input ends; raise what ended the desk otherwise."""
        async with self._desk:
            tasks = [asyncio.create_task(part()) for part in (self._orders, self._watch, self._answer)]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _orders(self) -> None:
        orders = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        while line := await orders.readline():
            order = json.loads(line)
            match order["order"]:
                case "file" | "amend" | "withdraw":
                    await self._speak(order)
                case "finish":
                    await self._finish()
                case "tell":
                    report("testimony", **testimony(self._desk, order["conflict"]))

    async def _watch(self) -> None:
        async for event in self._desk.watch():
            self._take(event, time.monotonic_ns())
            self._moved.set()

    def _take(self, event: Event, verified_ns: int) -> None:
        match event:
            case AlertEvent(alert=Alert() as alert):
                self._watched.add((alert.conflict, alert.version))
                report("alert", verified_ns=verified_ns, verdict=event.verdict, detail=event.detail, **_facts(alert))
                if event.verdict == VERIFIED and alert.state == "open":
                    self._unanswered.put_nowait(alert)
            case AcknowledgementEvent(acknowledgement=ack) if ack is not None and event.verdict == VERIFIED:
                if ack.claims.iss != self._desk.party:
                    report("heard", conflict=ack.conflict, version=ack.version, stage=ack.stage)
            case AlertEvent() | AcknowledgementEvent() | ProblemEvent():
                report("unverified", detail=event.detail)
            case GapEvent():
                report("gap", reason=event.reason)
            case LinkEvent():
                report("link", up=event.up, detail=event.detail)

    async def _speak(self, order: dict[str, Any]) -> None:
        filed_before = {row.sha256 for row in self._desk.journal.own_heads()}
        submitted_ns = time.monotonic_ns()
        try:
            receipt = (await self._say(order)).receipt
        except Unavailable:
            report("resending", number=order["number"])
            await insist(self._resend)
            receipt = self._kept_receipt(filed_before)
        self._ids[order["number"]] = str(receipt.id)
        report(
            "filed",
            number=order["number"],
            id=receipt.id,
            seq=receipt.seq,
            lead=receipt.lead,
            received_at=receipt.received_at,
            submitted_ns=submitted_ns,
            receipted_ns=time.monotonic_ns(),
        )

    async def _say(self, order: dict[str, Any]) -> Filed:
        if order["order"] == "withdraw":
            return await self._desk.withdraw(self._ids[order["of"]])
        said = order["volumes"], order["category"]
        details = {"callsign": order["callsign"], "remarks": order["remarks"]}
        if order["order"] == "amend":
            return await self._desk.amend(self._ids[order["of"]], *said, **details)
        return await self._desk.file(*said, **details)

    async def _resend(self) -> None:
        for statement in self._desk.waiting():
            await self._desk.send(statement)

    def _kept_receipt(self, filed_before: set[str]) -> Receipt:
        new = [row for row in self._desk.journal.own_heads() if row.sha256 not in filed_before]
        if len(new) != 1 or new[0].receipt is None:
            raise EvidenceInvalid("evidence", "a notice that was sent again got no receipt")
        return open_receipt(new[0].receipt, self._agreement.service_key)

    async def _answer(self) -> None:
        """Acknowledge each verified alert as the officer on duty."""
        while True:
            alert = await self._unanswered.get()
            done = False
            while not done:
                try:
                    await self._desk.acknowledge(alert.conflict, officer=self._officer)
                    done = True
                except Unavailable:
                    # It may have arrived, and a second one would be a second statement: ask before signing anew.
                    done = await self._acknowledged(alert)
            report("acknowledged", conflict=alert.conflict, version=alert.version)
            self._unanswered.task_done()

    async def _acknowledged(self, alert: Alert) -> bool:
        found = await insist(lambda: self._desk.client.conflict(alert.conflict))
        audit = Audit(self._agreement, self._desk.party)
        for row in found.conflicts:
            for raw in row.acknowledgements:
                audit.acknowledgement(raw)
        return (alert.conflict, alert.version, "acknowledged") in audit.answered

    async def _finish(self) -> None:
        """Wait until everything that the hotline has for us was watched and answered; then hold it against the whole.

        The whole is the party's stream, read once more from its beginning.
        """
        snapshot = await insist(self._desk.client.conflicts)
        newest = {(row.conflict, row.version) for row in snapshot.conflicts}
        while snapshot.next is not None:
            snapshot = await insist(functools.partial(self._desk.client.conflicts, snapshot.next))
            newest |= {(row.conflict, row.version) for row in snapshot.conflicts}
        while (cursor := self._desk.journal.cursor()) is None or cursor.number < snapshot.at.number:
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._moved.wait()
        await self._unanswered.join()
        end = (await insist(self._desk.client.conflicts)).at
        audit = await insist(lambda: read_stream(self._desk.client, end))
        missed = newest | audit.alerts
        report(
            "finished",
            events=end.number,
            alerts=len(audit.alerts),
            repeated=audit.repeated,
            missed=len(missed - self._watched),
            strange=len(self._watched - audit.alerts),
        )


async def insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what ``ask`` answers, asking again for as long as the hotline is out of reach."""
    while True:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(AGAIN_S)


def report(what: str, **facts: Any) -> None:
    """Tell the demo something, as one line."""
    sys.stdout.write(json.dumps({"report": what, **facts}) + "\n")
    sys.stdout.flush()


def _facts(alert: Alert) -> dict[str, Any]:
    """What the demo needs of an alert; notices by their ids, since a party is told no callsign."""
    return {
        "conflict": alert.conflict,
        "version": alert.version,
        "state": alert.state,
        "reason": alert.reason,
        "severity": alert.severity,
        "own": alert.own.id,
        "other": alert.other.id,
        "shown_volumes": len(alert.disclosed),
        "start": min((parse_instant(pair["time_start"]) for pair in alert.pairs), default=None),
        "end": max((parse_instant(pair["time_end"]) for pair in alert.pairs), default=None),
    }


def main() -> int:
    """Run one desk; the first line of standard input is its setup."""
    with open(0, "rb", buffering=0, closefd=False) as orders:  # unbuffered: the next line is for the event loop
        setup = json.loads(orders.readline())
    try:
        asyncio.run(DeskProcess(setup).run())
    except KeepclearError as error:
        report("failed", code=error.code, detail=error.detail)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
