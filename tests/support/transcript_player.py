"""Plays a transcript through the real desk: its position, intake, journal and readings, and what it signs.

Nothing is played that the desk does not do itself. The hotline is a mock transport that answers reads with what the
step says and refuses everything that is filed, so that what the desk would sign is seen and not admitted; what counts
as admitted is then marked in the journal, as its receipt would have done.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
from keepclear import AsyncDesk
from keepclear.desk.following import Following
from keepclear.desk.transition import Source
from keepclear.journal.changes import MarkDelivered
from keepclear.journal.kept import LOST, RECEIPTED, KeptConflict
from keepclear.verify.verdicts import Standing
from keepclear.wire.answers import AlertObject, NoticeAnswer
from keepclear.wire.arrivals import GapArrived
from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.keys import PrivateKey

from support.mediator import refusal

Step = Mapping[str, Any]
State = dict[str, Any]


def play(given: Mapping[str, Any]) -> list[State]:
    """Return the desk's state after each step of a transcript."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_play(given, Path(folder)))


async def _play(given: Mapping[str, Any], folder: Path) -> list[State]:
    player = Player(given, folder)
    try:
        return [await player.take(step) for step in given["steps"]]
    finally:
        await player.desk.close()


class Player:
    """One desk, and the hotline as the step at hand has it."""

    def __init__(self, given: Mapping[str, Any], folder: Path) -> None:
        agreement = open_agreement(given["agreements"][0].encode())
        key = PrivateKey(unb64(given["seed"]))
        self.now = 0
        self.step: Step = {}
        self.signed: list[State] = []
        self.gap: str | None = "the beginning"
        transport = httpx2.MockTransport(self._answer)
        # Without a second attempt: what is refused here stays so.
        self.desk = AsyncDesk(agreement, key, folder, clock=lambda: self.now, transport=transport, read_s=0.1)
        desk = self.desk
        parts = desk._settling, desk._acknowledging, desk._resync, desk._succession, desk._announcer, desk._threads
        self.following = Following(desk.client, desk.journal, desk._intake, *parts, desk._link, desk._clock)

    async def take(self, step: Step) -> State:
        """Take one step and return the state after it."""
        desk, journal = self.desk, self.desk.journal
        self.step, self.now, self.signed = step, parse_instant(step["now"]), []
        lost, told = False, journal.last_event()
        alarms: list[str] = []
        match step:
            case {"connect": {"request": request, "text": text}}:
                desk._intake.review_clock()
                position = self.following._position
                self.following._connecting()
                position.expect(lambda word: desk.exchange.opening(word, request, self.now).at)
                lost = not await self._stream(text)
            case {"stream": {"text": text}}:
                await self._stream(text)
            case {"read": _}:
                gap, self.gap = self.gap, None
                await self.following._reread(None if gap == "the beginning" else gap)
            case {"sent": {"statement": raw, "receipt": receipt, "alerts": alerts}}:
                alarms += self._sent(raw, receipt, alerts)
            case {"install": {"agreement": text}}:
                journal.stage(open_agreement(text.encode(), journal.agreements[0]))
                await desk._succession.catch_up(desk._succession.terms)
            case {"wait": _}:
                desk._intake.review_clock()
        alarms += _alarms(event for _, event in journal.events(told, 1000))
        try:
            await desk._acknowledging.deliver(again=False)
        except Unavailable:
            pass
        # Under terms that are no longer in force nothing is admitted: it is owed still.
        signs = [said for said in self.signed if said["verdict"] != "wrong_terms"]
        journal.apply([MarkDelivered(said["conflict"], said["version"]) for said in signs])
        return {
            "position": None if self.gap is not None else str(journal.cursor()),
            "gap": self.gap if not {"connect", "stream"}.isdisjoint(step) else None,
            "lost": lost,
            "conflicts": sorted(map(self._conflict, journal.conflicts()), key=lambda row: str(row["conflict"])),
            "notices": sorted(self._notices(), key=lambda row: str(row["notice"])),
            "alarms": sorted(alarms),
            "signs": sorted(signs, key=lambda said: str(said["conflict"])),
        }

    async def _stream(self, text: str) -> bool:
        """Take a piece of the stream; whether it is the hotline's."""
        try:
            arrived = self.following._position.received(text.encode())
        except Unavailable:
            return False
        if arrived and isinstance(gap := arrived[-1].arrival, GapArrived):
            self.gap, arrived = gap.reason, arrived[:-1]
        if arrived:
            self.following._backlog.put(arrived)
            while (batch := self.following._backlog.batch()) is not None:
                await self.following._take(batch)
        return self.following._position.opened

    def _sent(self, raw: str, receipt: str, alerts: Iterable[Mapping[str, Any]]) -> list[str]:
        intake = self.desk._intake
        is_notice = "~" in raw
        where = Cursor("0" * 32, 0)
        answer = NoticeAnswer(where, raw if is_notice else None, None if is_notice else raw, receipt)
        assert intake.take_own([answer])
        epoch = json.loads(unb64(receipt.split(".")[1]))["epoch"]
        source = Source(epoch, asked_at=self.now)
        taken = intake.take([(intake.open_alert(AlertObject.read(item)), source) for item in alerts])
        return list(_alarms(event.to_json() for event in taken.events))

    def _conflict(self, row: KeptConflict) -> State:
        journal = self.desk.journal
        held = [kept for kept in journal.versions(row.conflict) if kept.verdict == VERIFIED]
        newest = journal.alert_of(row.conflict, row.version)
        assert newest is not None
        version = state = severity = None
        if held:
            alert = self.desk._intake.opener.kept_alert(held[-1].object.alert)
            version, severity, state = alert.version, alert.severity, held[-1].standing
            if state == Standing.UNCONFIRMED and row.confirmed == version:
                state = str(Standing.CLOSED)
        said = [
            ack
            for ack in journal.acknowledged([row.conflict])
            if ack.verdict == VERIFIED and ack.version == row.version and ack.party != self.desk.party
        ]
        return {
            "conflict": row.conflict, "version": version, "state": state, "severity": severity,
            "newest": row.version, "verdict": newest.verdict,
            "answers": {ack.stage: ack.said for ack in sorted(said, key=lambda ack: ack.signed_at)},
        }  # fmt: skip

    def _notices(self) -> Iterator[State]:
        for head in self.desk.journal.own_heads():
            state = {LOST: "lost", RECEIPTED: "live" if head.kind == "notice" else "withdrawn"}[head.status]
            yield {"notice": head.id, "revision": head.revision, "state": state}

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if request.method == "POST":
            body = json.loads(unb64(request.content.decode().split(".")[1]))
            names = ("conflict", "version", "alert", "ours", "theirs", "ours_newest", "verdict")
            self.signed.append({name: body[name] for name in names})
            return refusal(503, "store_unavailable")
        if path == "/v1/agreement" and "install" in self.step:
            content = self.step["install"]["agreement"].encode()
            return httpx2.Response(200, headers={"content-type": "application/json"}, content=content)
        read = self.step.get("read")
        if read is None:
            return refusal(404, "not_found") if path.startswith("/v1/notices/") else refusal(503, "store_unavailable")
        room, _, name = path.removeprefix("/v1/").partition("/")
        if room == "conflicts":
            shown = (
                read["conflicts"] if not name else [c for c in read["conflicts"] if c["conflict"] in name.split(",")]
            )
            rows = shown if name else [_row(item) for item in shown]
            return httpx2.Response(200, json={"at": read["at"], "conflicts": rows, "next": None, "more": False})
        notices = {(row := _notice_row(item))["id"]: (row, item) for item in read["notices"]}
        if not name:
            rows = [row for row, _ in notices.values()]
            return httpx2.Response(200, json={"at": read["at"], "notices": rows, "next": None})
        if name not in notices:
            return refusal(404, "not_found")
        return httpx2.Response(200, json={"at": read["at"], "withdrawal": None, **notices[name][1]})


def _alarms(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for event in events:
        if event["event"] == "alert" and event["verdict"] != VERIFIED:
            yield event["verdict"]
        if event["event"] == "problem" and event["code"] == "rollback":
            yield "rollback"


def _row(shown: Mapping[str, Any]) -> State:
    row = {name: shown[name] for name in ("conflict", "version", "state")}
    return {
        **row,
        "alert": digest(shown["alert"]),
        "acknowledgements": [digest(raw) for raw in shown["acknowledgements"]],
    }


def _notice_row(shown: Mapping[str, Any]) -> State:
    jwt = shown["notice"].partition("~")[0]
    said = json.loads(unb64(jwt.split(".")[1]))
    rest = {"submission": digest(shown["notice"]), "state": "live"}
    return {"id": said["notice"], "revision": said["revision"], "sha256": digest(jwt), **rest}
