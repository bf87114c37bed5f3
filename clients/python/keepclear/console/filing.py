"""The doors behind which a page files: it is read back first, and what was read back is what is signed.

Guaranteed: the same sent twice, by a double click, a second page or a reload, is one notice. Filings go one at a time;
what the journal has of the same content, or under the same reference, is told and not filed again; and an amendment
that says what the newest revision says is that. Nothing is sent but what ``read`` has shown: where the form would say
something else by now, ``send`` answers with what it would say, and signs nothing. An amendment of a revision that is
not the newest any more is refused. Every deed takes and gives JSON; what raises is a ``KeepclearError``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from keepclear_protocol.errors import Forbidden, KeepclearError, LocalError, Refused
from keepclear_protocol.filing import Content, content_of
from keepclear_protocol.instant import format_instant
from keepclear_protocol.kinds import NOTICE, SUBMIT, WITHDRAWAL
from keepclear_protocol.speakable import speakable

from keepclear.desk.batch import FilingResult, Intent, file_all, outcome_of
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.settling import NotSent
from keepclear.journal.kept import LOST, RECEIPTED, OwnStatement
from keepclear.transport.client import now_instant

from .became import DECLINED, SETTLED, of_error, of_filed, of_statement
from .drawn import read_place
from .files import Files, describe_file
from .form import drawn_form
from .intended import Beside, member, text
from .judged import Judged, judge, stale
from .reader import Reader
from .told import drawn, tell

Deed = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]

WITHDRAWN = "withdrawn"


class Filing:
    """What one desk's pages file with; ``clock`` is the desk's."""

    def __init__(self, desk: AsyncDesk, clock: Callable[[], int] = now_instant) -> None:
        self._desk = desk
        self._clock = clock
        self._files = Files()
        self._reader = Reader()
        self._one_at_a_time = asyncio.Lock()
        self.deeds: dict[str, Deed] = {
            "/api/filing/place": self.place,
            "/api/filing/read": self.read,
            "/api/filing/send": self.send,
            "/api/filing/form": self.form,
            "/api/filing/withdraw": self.withdraw,
            "/api/filing/waiting": self.waiting,
            "/api/filing/resend": self.resend,
            "/api/filing/discard": self.discard,
        }

    async def take_file(self, data: bytes) -> dict[str, Any]:
        """Keep a file that was dropped or pasted; return its name here, and the format that it is seen to be in."""
        name = self._files.keep(data)
        return await asyncio.to_thread(describe_file, data, name)

    async def place(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return where a typed point is, or why it is none: most are asked about while they are still being typed.

        ``before`` is the point that a bearing and distance start from.
        """
        try:
            point = read_place(text(body.get("text")), _position(body.get("before")))
        except LocalError as error:
            problem = {"code": error.code, "detail": error.detail, "hint": error.hint}
            return {"at": None, "off_m": 0, "note": "", "problem": problem}
        return {"at": [point.lat, point.lng], "off_m": point.off_m, "note": point.note, "problem": None}

    async def read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a form would file, in words; what it would meet; what of it stands; and all that is wrong."""
        judged = await self._judge(body)
        return await tell(judged, self._desk, self._clock(), show=body.get("show"))

    async def send(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Sign and send what was read back, whose ``digest`` the body names; return what became of each flight."""
        async with self._one_at_a_time:
            judged = await self._judge(body)
            if judged.faults or judged.digest != body.get("digest"):
                return {"read": await tell(judged, self._desk, self._clock(), show=body.get("show")), "results": None}
            anew = [one for one, (_, stands) in zip(judged.intents, judged.stood, strict=True) if stands is None]
            results = await (self._amend(judged.amends, anew) if judged.amends else self._desk.file_all(anew))
        became = iter(results)
        told = []
        for number, (draft, stands) in enumerate(judged.stood, 1):
            named = {"number": number, "place": draft.place or None, "callsign": draft.content.callsign}
            told.append({**named, **(self._became(next(became)) if stands is None else stands)})
        return {"read": None, "results": told}

    async def form(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a notice of ours as the form that amends it."""
        newest, content = self._said(body.get("notice"))
        agreement = self._desk.exchange.agreement
        return {
            "notice": newest.id,
            "code": speakable(newest.id),
            "revision": newest.revision,
            "callsign": content.callsign,
            "category": content.category,
            "remarks": content.remarks,
            "drawn": drawn_form(content, agreement.uncertainty),
            "extents": drawn(content.volumes),
        }

    async def withdraw(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """End a notice of ours for ever; again is the same."""
        async with self._one_at_a_time:
            newest = self._newest(body.get("notice"))
            if newest.kind == WITHDRAWAL.name and newest.status == RECEIPTED:
                return of_statement(newest, WITHDRAWN)
            self._check_revision(newest, body.get("revision"))
            try:
                return of_filed(self._desk, await self._desk.withdraw(newest.id), WITHDRAWN)
            except KeepclearError as error:
                return of_error(error, _outcome(error), newest.id)

    async def waiting(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was signed and is not sent, of unknown outcome, or lost, in the order of filing."""
        return {"waiting": [_waiting(row) for row in self._desk.waiting()]}

    async def resend(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send what waits, of the ``notices`` that the body names, in its order, as ``keepclear send`` does."""
        named = body["notices"] if isinstance(body.get("notices"), list) else []
        results, down = [], False
        async with self._one_at_a_time:
            for row in self._desk.waiting():
                if row.id not in named:
                    continue
                of = {"callsign": row.summary.callsign}
                if down:
                    results.append({**of, **of_statement(row, DECLINED)})
                    continue
                try:
                    filed = await self._desk.send(row)
                    became = of_statement(row, SETTLED) if filed is None else of_filed(self._desk, filed, _word(filed))
                    results.append({**of, **became})
                except KeepclearError as error:
                    results.append({**of, **of_error(error, _outcome(error), row.id)})
                    down = isinstance(error, NotSent)
        return {"results": results}

    async def discard(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Take a notice's statements off the list of what waits: only what certainly is not filed, or is lost."""
        async with self._one_at_a_time:
            rows = [row for row in self._desk.waiting() if row.id == body.get("notice")]
            if not rows:
                raise Refused("notice_unknown", "it does not wait to be sent any more")
            await self._desk.discard(rows[0])
        return of_statement(rows[0], "discarded")

    async def _judge(self, body: Mapping[str, Any]) -> Judged:
        self._may_file()
        source = member(body, "source")
        beside = Beside()
        if source.get("kind") == "file":
            beside = Beside(data=self._files.find(source.get("file")))
        elif source.get("kind") == "notice":
            beside = Beside(stands=self._said(source.get("notice"))[1])
        amends = self._newest(body.get("amends")) if body.get("amends") else None
        if amends is not None:
            self._check_live(amends)
        said = await self._reader.read(body, beside, self._desk.exchange.agreement, self._desk.party, self._clock())
        return await judge(said, body, self._desk, self._clock(), amends)

    def _may_file(self) -> None:
        if SUBMIT not in self._desk.exchange.roles:
            raise Forbidden("wrong_role", "this key may not file", hint="start the console with a key that may submit")

    async def _amend(self, amends: OwnStatement, intents: Sequence[Intent]) -> list[FilingResult]:
        async def keep(_: Intent) -> None:
            return None  # one alone is never behind another that was not sent

        return await file_all(intents, lambda one: self._desk.revise(amends.id, one.content), keep)

    def _became(self, result: FilingResult) -> dict[str, Any]:
        if result.filed is not None:
            return of_filed(self._desk, result.filed, str(result.outcome))
        assert result.error is not None  # noqa: S101 - one of the two there is
        return of_error(result.error, str(result.outcome))

    def _newest(self, id: object) -> OwnStatement:
        rows = self._desk.journal.own_history(id) if isinstance(id, str) else []
        if not rows:
            raise Refused("notice_unknown", "this desk knows no such notice of yours")
        return rows[0]

    def _said(self, id: object) -> tuple[OwnStatement, Content]:
        """Return the newest statement of a notice, and what it says; raise ``Refused`` where it is withdrawn."""
        newest = self._newest(id)
        self._check_live(newest)
        return newest, content_of(newest.raw)

    def _check_live(self, newest: OwnStatement) -> None:
        if newest.kind != NOTICE.name:
            raise Refused("notice_withdrawn")

    def _check_revision(self, newest: OwnStatement, revision: object) -> None:
        if type(revision) is not int or revision != newest.revision:
            raise stale(newest)


def _waiting(row: OwnStatement) -> dict[str, Any]:
    summary = row.summary
    return {
        "notice": row.id,
        "code": speakable(row.id),
        "revision": row.revision,
        "kind": row.kind,
        "status": "lost" if row.status == LOST else row.status,
        "callsign": summary.callsign,
        "category": summary.category,
        "time_start": None if summary.first_start is None else format_instant(summary.first_start),
        "time_end": None if summary.last_end is None else format_instant(summary.last_end),
        "filed_at": format_instant(row.filed_at),
    }


def _word(filed: Any) -> str:
    return "in_conflict" if filed.in_conflict else "filed"


def _outcome(error: KeepclearError) -> str:
    if isinstance(error, LocalError):
        raise error  # this desk itself cannot go on
    return str(outcome_of(error))


MOST_LAT, MOST_LNG = 90, 180


def _position(value: object) -> tuple[float, float] | None:
    match value:
        case [bool(), _] | [_, bool()]:
            return None
        case [int() | float() as lat, int() | float() as lng] if abs(lat) <= MOST_LAT and abs(lng) <= MOST_LNG:
            return float(lat), float(lng)
    return None
