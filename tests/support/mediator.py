"""A mediator in memory, for desks' tests: honest by default, and able to lie in every way that a real one could.

What it decides is the service's own fold; it signs with the real service key, so that only the desk's own checks can
tell. It speaks HTTP through a mock transport,  ``alter`` changes a payload before it is signed,
``swap`` what travels beside it; both see every alert that is made, for whichever party.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import OPEN, Side, alert_payload, conflict_id, sign_alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, KINDS, NOTICE, WITHDRAWAL
from keepclear_protocol.lead import lead_of_note, write_note
from keepclear_protocol.notice import Notice, open_submission, present
from keepclear_protocol.opening import sign_opening
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.recompute import findings, match_all, still_ahead
from keepclear_protocol.request import SCHEME, open_request
from keepclear_protocol.withdrawal import open_withdrawal
from keepclear_service.decide.entry import ENDED, TERMS, Entry, Outgoing
from keepclear_service.decide.fold import Body, State, apply
from keepclear_service.decide.shown import alert_object

from support.world import ORIGIN, World

EPOCH = "0" * 31 + "1"
CONFLICTS_PAGE, NOTICES_PAGE = 256, 500
MOST_IDS = 32

EVENT_STREAM = {"content-type": "text/event-stream"}

Object = dict[str, Any]
Alter = Callable[[dict[str, Any]], None]


@dataclass
class Filed:
    """A notice as the mediator shows it; what it decides by is in the fold."""

    notice: Notice
    raw: str
    side: Side
    receipt: str
    withdrawal: str | None = None


@dataclass
class Mediator:
    """The doors of one agreement. ``streams`` hold (event, data) from position 1; ``clock`` is the instant now.

    Streams begin as signed by ``opening_key``, if that is another. Where ``quiet``, entries are folded and nobody is
    told. ``page`` is the length of the pages of both lists. ``in_force`` is what it shows as the agreement in force,
    if not the world's.
    """

    world: World
    clock: Callable[[], int]
    epoch: str = EPOCH
    seq: int = 0
    filed: dict[tuple[str, str], Filed] = field(default_factory=dict)
    newest: dict[str, dict[str, Object]] = field(default_factory=dict)
    streams: dict[str, list[tuple[str, Object]]] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    ranks: dict[tuple[str, str], str] = field(default_factory=dict)
    acknowledgements: list[Any] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    alter: Alter | None = None
    swap: Alter | None = None
    refuse: Callable[[httpx2.Request], httpx2.Response | None] | None = None
    end_stream: str = "event: drain\nretry: 1\ndata: {}\n\n"
    quiet: bool = False
    page: int | None = None
    in_force: Agreement | None = None
    opening_key: PrivateKey | None = None

    def __post_init__(self) -> None:
        self.state = State(self.world.agreement)
        self._filing = threading.Lock()  # desks of several threads file at once, and a statement is folded once

    @property
    def open(self) -> dict[str, tuple[tuple[str, str], tuple[str, str]]]:
        """The open conflicts by their ids, each with its two notices."""
        return {cid: (c.first, c.second) for cid, c in self.state.conflicts.items() if c.state == OPEN}

    def transport(self) -> httpx2.MockTransport:
        """Return what carries a client's requests to these doors."""
        return httpx2.MockTransport(self.answer)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests.append(request)
        if self.refuse is not None and (refused := self.refuse(request)) is not None:
            return refused
        if request.method == "POST":
            return self._admit(request.url.path, request.content.decode())
        party = self._reader(request)
        if request.url.path == "/v1/agreement":
            headers = {"content-type": "application/json"}
            return httpx2.Response(200, headers=headers, content=(self.in_force or self.world.agreement).raw)
        if request.url.path == "/v1/stream":
            return self._stream(party, request)
        seen = self._view(party, request.url.path, request.url.params.get("after"))
        return httpx2.Response(200, json=seen) if seen is not None else _missing()

    def tell(self, party: str, event: str, data: Object) -> None:
        """Append an event to a party's stream."""
        self.streams.setdefault(party, []).append((event, data))
        if event == "alert":
            self.newest.setdefault(party, {})[_conflict(data["alert"])] = data

    def head(self, party: str) -> str:
        """Return the position of a party's newest event."""
        return f"{self.epoch}-{len(self.streams.get(party, []))}"

    def opened(self, to: tuple[str, str], other: tuple[str, str], /, **changed: Any) -> Object:
        """Return the alert object of an open conflict of two filed notices; ``changed`` members win."""
        own, theirs = self.filed[to], self.filed[other]
        ahead = still_ahead(match_all(own.notice, theirs.notice, self.world.agreement), self.clock())
        told = dict(findings(ahead, self.clock(), self.world.agreement))
        presentation = present(theirs.notice, told["disclosed"])
        return self.object(to, other, {"state": "open", "reason": None, **told, **changed}, presentation)

    def closed(
        self, to: tuple[str, str], other: tuple[str, str], reason: str, cause: str | None, /, **changed: Any
    ) -> Object:
        """Return the alert object of a closing."""
        return self.object(to, other, {"state": "closed", "reason": reason, **changed}, None, cause)

    def object(
        self,
        to: tuple[str, str],
        other: tuple[str, str],
        told: Object,
        presentation: str | None,
        cause: str | None = None,
    ) -> Object:
        """Return an alert object with payload members ``told``, altered and signed."""
        aud = self.world.agreement.id
        bare: Object = {"severity": None, "lead": None, "disclosed": [], "shown": [], "pairs": []}
        payload = alert_payload(
            **{
                "aud": aud,
                "terms": self.world.agreement.terms,
                "to": to[0],
                "conflict": conflict_id(aud, to, other),
                "version": self.seq,
                "rules": "1",
                "at": self.clock(),
                "own": self.filed[to].side,
                "other": self.filed[other].side,
                **bare,
                **told,
            }
        )
        return self._signed(payload, presentation, cause)

    def _reader(self, request: httpx2.Request) -> str:
        proof = open_request(request.headers["authorization"], self.world.agreement.party_key)
        assert proof.htu == ORIGIN + request.url.raw_path.decode() and proof.htm == request.method
        assert request.headers["authorization"].startswith(SCHEME)
        return proof.claims.iss

    def _view(self, party: str, path: str, after: str | None) -> Object | None:
        at, (room, _, name) = self.head(party), path.removeprefix("/v1/").partition("/")
        own = {key[1]: filed for key, filed in self.filed.items() if key[0] == party}
        newest = self.newest.get(party, {})
        if room == "conflicts" and name:
            ids = [id for id in name.split(",") if id in newest]
            assert len(name.split(",")) <= MOST_IDS
            whole = [newest[id] | {"conflict": id, "version": _payload(newest[id]["alert"]).get("version"),
                                   "acknowledgements": self._answers(id)} for id in ids]  # fmt: skip
            return {"at": at, "conflicts": whole, "more": False}
        if room == "conflicts":
            order = sorted(newest, key=lambda id: (self.ranks.get((party, id), "9"), id))
            some, next = self._some(order, after, CONFLICTS_PAGE)
            words = [data["budget"] for event, data in self.streams.get(party, []) if event == "budget"]
            told = [raw for raw in words if parse_instant(_payload(raw)["until"]) > self.clock()]
            first = {} if after else {"budgets": told}
            return {"at": at, "conflicts": [self._row(party, id) for id in some], "next": next, **first}
        if not name:
            live = [id for id, f in own.items() if f.withdrawal is None and f.notice.last_end >= self.clock()]
            some, next = self._some(live, after, NOTICES_PAGE)
            sides = [(id, own[id].side) for id in some]
            rows = [
                {"id": id, "revision": side.revision, "sha256": side.sha256, "state": "live", "submission": None}
                for id, side in sides
            ]
            return {"at": at, "notices": rows, "next": next}
        if name not in own:
            return None
        filed = own[name]
        notice = None if filed.withdrawal else filed.raw
        return {"at": at, "notice": notice, "withdrawal": filed.withdrawal, "receipt": filed.receipt}

    def _some(self, names: list[str], after: str | None, most: int) -> tuple[list[str], str | None]:
        start, most = int(after or 0), self.page or most
        return names[start : start + most], str(start + most) if start + most < len(names) else None

    def _row(self, party: str, conflict: str) -> Object:
        data = self.newest[party][conflict]
        said = _payload(data["alert"])
        names = [digest(raw) for raw in self._answers(conflict)]
        rest = {"version": said.get("version"), "state": said.get("state"), "acknowledgements": names}
        whose = (said.get("other") or {}).get("party")
        return {"conflict": conflict, "party": whose, "alert": digest(data["alert"]), **rest}

    def _answers(self, conflict: str) -> list[str]:
        versions = {
            _payload(told[conflict]["alert"]).get("version") for told in self.newest.values() if conflict in told
        }
        return [ack.raw for ack in self.acknowledgements if ack.conflict == conflict and ack.version in versions]

    def _stream(self, party: str, request: httpx2.Request) -> httpx2.Response:
        epoch, _, number = (request.url.params.get("cursor") or f"{self.epoch}-0").partition("-")
        events = self.streams.get(party, [])
        text, start = self.first_word(party, request), int(number)
        if epoch != self.epoch or start > len(events):
            start = len(events)
            reason = "epoch" if epoch != self.epoch else "ahead"
            told = json.dumps({"reason": reason, "resume_at": f"{self.epoch}-{start}"})
            text += f"event: gap\nid: {self.epoch}-{start}\ndata: {told}\n\n"
        for at, (event, data) in enumerate(events[start:], start + 1):
            text += f"id: {self.epoch}-{at}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        return httpx2.Response(200, headers=EVENT_STREAM, content=(text + self.end_stream).encode())

    def first_word(self, party: str, request: httpx2.Request, **changed: Any) -> str:
        """Return the event that begins the stream that ``request`` asks for; ``changed`` members win."""
        agreement, header = self.world.agreement, request.headers["authorization"]
        told = {
            "key": self.opening_key or self.world.service,
            "aud": agreement.id,
            "terms": agreement.terms,
            "iat": open_request(header, agreement.party_key).claims.iat,  # proofs are taken here whatever the time
            "to": party,
            "request": digest(header.removeprefix(SCHEME)),
            "at": Cursor.parse(self.head(party)),
        }
        opening = sign_opening(**{**told, **changed})
        return f"event: open\ndata: {json.dumps({'open': opening})}\n\n"

    def _admit(self, path: str, raw: str) -> httpx2.Response:
        with self._filing:
            return self._admitted(path, raw)

    def _admitted(self, path: str, raw: str) -> httpx2.Response:
        if raw in self.accepted:
            return httpx2.Response(200, json={"receipt": self.accepted[raw]})
        find = self.world.agreement.party_key
        self.seq += 1
        alerts: list[Object] = []
        kind = next(kind.name for kind in KINDS if kind.door == path)
        if kind == NOTICE.name:
            notice = open_submission(raw, find)
            key = (notice.party, notice.id)
            lead = self.world.agreement.lead
            note = write_note(notice.first_start, notice.last_end, lead.routine_s, lead.short_s)
            entry = self._entry(kind, key, notice.revision, notice.sha256, notice.submission_sha256, note)
            side = Side(*key, notice.revision, notice.sha256, self.clock())
            receipt = self._receipt(entry)
            self.filed[key] = Filed(notice, raw, side, receipt)
            self.bodies[notice.sha256] = raw
            self.tell(key[0], NOTICE.event, {"notice": raw, "receipt": receipt})
            alerts = self._fold(entry, notice)
        elif kind == WITHDRAWAL.name:
            gone = open_withdrawal(raw, find)
            key = (gone.party, gone.notice)
            entry = self._entry(kind, key, gone.revision, gone.sha256, None)
            receipt = self._receipt(entry)
            filed = self.filed[key]
            filed.side = Side(*key, gone.revision, gone.sha256, self.clock())
            filed.withdrawal, filed.receipt = raw, receipt
            self.bodies[gone.sha256] = raw
            self.tell(key[0], WITHDRAWAL.event, {"withdrawal": raw, "receipt": receipt})
            alerts = self._fold(entry, gone)
        else:
            ack = open_acknowledgement(raw, find)
            entry = self._entry(kind, (ack.claims.iss, ack.claims.jti), 0, ack.sha256, None)
            receipt = self._receipt(entry)
            self.acknowledgements.append(ack)
            for party in self.world.parties:
                self.tell(party, ACKNOWLEDGEMENT.event, {"acknowledgement": raw})
        self.accepted[raw] = receipt
        return httpx2.Response(201, json={"receipt": receipt, "alerts": alerts})

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Tell nobody what is folded meanwhile."""
        self.quiet = True
        try:
            yield
        finally:
            self.quiet = False

    def end(self, conflict: str) -> None:
        """Tell both sides that the overlap of an open conflict has run out."""
        self.seq += 1
        self._fold(self._entry(ENDED, ("", conflict), self.state.conflicts[conflict].version, "", None), None)

    def _fold(self, entry: Entry, body: Body) -> list[Object]:
        """Return the alerts to the entry's own party, after all of them were told."""
        terms = self.world.agreement
        if terms.terms != self.state.agreement.terms:
            # A test that installs new terms tells for itself what becomes of what is open.
            apply(self.state, self._entry(TERMS, ("", ""), 0, terms.terms, None), terms)
        mine: list[Object] = []
        for outgoing in apply(self.state, entry, body):
            told = self._told(outgoing)
            if not self.quiet:
                self.ranks[outgoing.to, outgoing.conflict] = outgoing.rank
                self.tell(outgoing.to, "alert", told)
                mine += [told] if outgoing.to == entry.party else []
        return mine

    def _told(self, outgoing: Outgoing) -> Object:
        beside: Object = {"presentation": None, "cause": None}
        if outgoing.shows:
            # Put together from what the fold says, before the payload is altered.
            honest = sign_alert(self.world.service, outgoing.payload)
            beside |= alert_object(honest, outgoing.shows, self.bodies[outgoing.body])
        return self._signed(outgoing.payload, beside["presentation"], beside["cause"])

    def _signed(self, payload: Object, presentation: str | None, cause: str | None) -> Object:
        if self.alter is not None:
            self.alter(payload)
        beside: Object = {"presentation": presentation, "cause": cause}
        if self.swap is not None:
            self.swap(beside)
        return {"alert": sign_alert(self.world.service, payload), **beside}

    def _entry(
        self, kind: str, key: tuple[str, str], revision: int, sha256: str, submission: str | None, note: str = ""
    ) -> Entry:
        terms = self.world.agreement.terms
        rest = (sha256, submission or "", self.clock(), terms, note, self.epoch)
        return Entry(self.seq, kind, key[0], key[1], revision, *rest)

    def _receipt(self, entry: Entry) -> str:
        return sign_receipt(
            self.world.service,
            aud=self.world.agreement.id,
            terms=entry.terms,
            kind=entry.kind,
            party=entry.party,
            id=entry.id,
            revision=entry.revision or None,
            sha256=entry.sha256,
            submission=entry.submission or None,
            seq=entry.seq,
            epoch=entry.epoch,
            received_at=entry.received_at,
            lead=lead_of_note(entry.note, entry.received_at) or None,
        )


def refusal(status: int, code: str, detail: str = "") -> httpx2.Response:
    """Return a problem document as an answer."""
    headers = {"content-type": "application/problem+json"}
    return httpx2.Response(status, headers=headers, content=json.dumps({"code": code, "detail": detail}))


def _missing() -> httpx2.Response:
    return refusal(404, "not_found", "there is nothing of yours under this name")


def _conflict(alert: str) -> str:
    """Return the conflict that an alert names, or the alert's digest where it names none."""
    return str(_payload(alert).get("conflict") or digest(alert))


def _payload(alert: str) -> Object:
    parts = alert.split(".")
    read: Object = json.loads(unb64(parts[1])) if len(parts) == 3 else {}
    return read
