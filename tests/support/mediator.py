"""A mediator in memory, for desks' tests: honest by default, and able to lie in every way that a real one could.

It signs with the real service key, so that only the desk's own checks can tell. It speaks HTTP through a mock
transport. ``alter`` changes a payload before it is signed, ``swap`` what travels beside it; both see every alert that
is made, for whichever party.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
from keepclear_protocol.acknowledgement import open_acknowledgement
from keepclear_protocol.alert import Side, alert_payload, conflict_id, sign_alert
from keepclear_protocol.encoding import unb64
from keepclear_protocol.notice import Notice, open_submission, present
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.recompute import findings, match_all, still_ahead
from keepclear_protocol.request import SCHEME, open_request
from keepclear_protocol.withdrawal import open_withdrawal

from support.world import ORIGIN, World

EPOCH = "0" * 31 + "1"

Object = dict[str, Any]
Alter = Callable[[dict[str, Any]], None]


@dataclass
class Filed:
    """A notice as the mediator holds it."""

    notice: Notice
    raw: str
    side: Side
    receipt: str
    withdrawal: str | None = None


@dataclass
class Mediator:
    """The doors of one agreement. ``streams`` hold (event, data) from position 1; ``clock`` is the instant now."""

    world: World
    clock: Callable[[], int]
    epoch: str = EPOCH
    seq: int = 0
    filed: dict[tuple[str, str], Filed] = field(default_factory=dict)
    open: dict[str, tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=dict)
    newest: dict[str, dict[str, Object]] = field(default_factory=dict)
    streams: dict[str, list[tuple[str, Object]]] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)
    acknowledgements: list[Any] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    alter: Alter | None = None
    swap: Alter | None = None
    refuse: Callable[[httpx2.Request], httpx2.Response | None] | None = None
    end_stream: str = "event: drain\nretry: 1\ndata: {}\n\n"

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
        if request.url.path == "/v1/stream":
            return self._stream(party, request.url.params.get("cursor"))
        return httpx2.Response(200, json=self._view(party, request.url.path))

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
        if self.alter is not None:
            self.alter(payload)
        beside = {"presentation": presentation, "cause": cause}
        if self.swap is not None:
            self.swap(beside)
        return {"alert": sign_alert(self.world.service, payload), **beside}

    def _reader(self, request: httpx2.Request) -> str:
        proof = open_request(request.headers["authorization"], self.world.agreement.party_key)
        assert proof.htu == ORIGIN + request.url.raw_path.decode() and proof.htm == request.method
        assert request.headers["authorization"].startswith(SCHEME)
        return proof.claims.iss

    def _view(self, party: str, path: str) -> Object:
        at = self.head(party)
        own = {key[1]: filed for key, filed in self.filed.items() if key[0] == party}
        if path == "/v1/notices":
            rows = [
                {"id": id, "revision": f.side.revision, "sha256": f.side.sha256, "state": "live", "submission": None}
                for id, f in own.items()
            ]
            return {"at": at, "notices": rows}
        if path == "/v1/conflicts":
            newest = self.newest.get(party, {})
            conflicts = [data | {"acknowledgements": self._answers(cid)} for cid, data in newest.items()]
            return {"at": at, "conflicts": conflicts}
        filed = own[path.removeprefix("/v1/notices/")]
        notice = None if filed.withdrawal else filed.raw
        return {"at": at, "notice": notice, "withdrawal": filed.withdrawal, "receipt": filed.receipt}

    def _answers(self, conflict: str) -> list[str]:
        return [ack.raw for ack in self.acknowledgements if ack.conflict == conflict]

    def _stream(self, party: str, cursor: str | None) -> httpx2.Response:
        epoch, _, number = (cursor or f"{self.epoch}-0").partition("-")
        events = self.streams.get(party, [])
        text, start = ": open\n\n", int(number)
        if epoch != self.epoch or start > len(events):
            start = len(events)
            reason = "epoch" if epoch != self.epoch else "ahead"
            told = json.dumps({"reason": reason, "resume_at": f"{self.epoch}-{start}"})
            text += f"event: gap\nid: {self.epoch}-{start}\ndata: {told}\n\n"
        for at, (event, data) in enumerate(events[start:], start + 1):
            text += f"id: {self.epoch}-{at}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        return httpx2.Response(200, content=(text + self.end_stream).encode())

    def _admit(self, path: str, raw: str) -> httpx2.Response:
        if raw in self.accepted:
            return httpx2.Response(200, json={"receipt": self.accepted[raw]})
        find = self.world.agreement.party_key
        self.seq += 1
        alerts: list[Object] = []
        if path == "/v1/notices":
            notice = open_submission(raw, find)
            key = (notice.party, notice.id)
            receipt = self._receipt("notice", key, notice.revision, notice.sha256, notice.submission_sha256)
            side = Side(*key, notice.revision, notice.sha256, self.clock())
            self.filed[key] = Filed(notice, raw, side, receipt)
            self.tell(key[0], "notice", {"notice": raw, "receipt": receipt})
            alerts = self._match(key)
        elif path == "/v1/withdrawals":
            gone = open_withdrawal(raw, find)
            key = (gone.party, gone.notice)
            receipt = self._receipt("withdrawal", key, gone.revision, gone.sha256, None)
            filed = self.filed[key]
            filed.side = replace(filed.side, revision=gone.revision, sha256=gone.sha256, received_at=self.clock())
            filed.withdrawal, filed.receipt = raw, receipt
            self.tell(key[0], "notice", {"withdrawal": raw, "receipt": receipt})
            for conflict in [cid for cid, pair in self.open.items() if key in pair]:
                alerts += self._close(conflict, key, "withdrawn", raw)
        else:
            ack = open_acknowledgement(raw, find)
            receipt = self._receipt("acknowledgement", (ack.claims.iss, ack.claims.jti), None, ack.sha256, None)
            self.acknowledgements.append(ack)
            for party in self.world.parties:
                if party != ack.claims.iss:
                    self.tell(party, "acknowledgement", {"acknowledgement": raw})
        self.accepted[raw] = receipt
        return httpx2.Response(201, json={"receipt": receipt, "alerts": alerts})

    def _match(self, key: tuple[str, str]) -> list[Object]:
        mine: list[Object] = []
        for other in [other for other in self.filed if other[0] != key[0] and not self.filed[other].withdrawal]:
            cid = conflict_id(self.world.agreement.id, key, other)
            found = match_all(self.filed[key].notice, self.filed[other].notice, self.world.agreement)
            if still_ahead(found, self.clock()):
                self.open[cid] = (key, other)
                for to, counterpart in ((key, other), (other, key)):
                    told = self.opened(to, counterpart)
                    self.tell(to[0], "alert", told)
                    mine += [told] if to == key else []
            elif cid in self.open:
                mine += self._close(cid, key, "amended", f"{self.filed[key].notice.jwt}~")
        return mine

    def _close(self, conflict: str, by: tuple[str, str], reason: str, cause: str) -> list[Object]:
        pair = self.open.pop(conflict)
        mine: list[Object] = []
        for to, other in (pair, pair[::-1]):
            told = self.closed(to, other, reason, cause if other == by else None)
            self.tell(to[0], "alert", told)
            mine += [told] if to == by else []
        return mine

    def _receipt(
        self, kind: str, key: tuple[str, str], revision: int | None, sha256: str, submission: str | None
    ) -> str:
        return sign_receipt(
            self.world.service,
            aud=self.world.agreement.id,
            terms=self.world.agreement.terms,
            kind=kind,
            party=key[0],
            id=key[1],
            revision=revision,
            sha256=sha256,
            submission=submission,
            seq=self.seq,
            epoch=self.epoch,
            received_at=self.clock(),
            lead="ROUTINE" if kind == "notice" else None,
        )


def _conflict(alert: str) -> str:
    """Return the conflict that an alert names, or the alert itself where it names none."""
    parts = alert.split(".")
    return str(json.loads(unb64(parts[1]))["conflict"]) if len(parts) == 3 else alert
