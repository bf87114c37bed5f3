"""The hotline: what happens to a statement, from its bytes to the receipt. One ``Hotline`` for each agreement.

Guaranteed: a receipt is signed only after the statement is in the store's log, matched against every entry before it
and its alerts are committed. A worker that dies in between loses nothing: the entry stays unmatched in the store, and
every other worker folds it too and commits its alerts. Whatever the store does not answer is an ``Unavailable``; the
same bytes sent again are safe. Not guaranteed: that a receipt leaves at once; see ``tick``.
"""

import asyncio
import sys
from typing import Any

from keepclear_protocol.agreement import Agreement, Party, PartyKey
from keepclear_protocol.alert import sign_alert
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Forbidden, OutOfStep, Refused, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import Kind
from keepclear_protocol.opening import sign_opening
from keepclear_protocol.request import RequestProof, check_request
from msgspec import Struct

from ..decide.admission import check_signer
from ..decide.entry import Entry, Outgoing
from ..decide.shown import alert_object
from ..observer import LineObserver, silent
from ..steady import SteadyClock
from .arrivals import Arrivals
from .bodies import AT_ONCE, Bodies
from .clocks import CLOCK, Clocks
from .full import UNHELD, store_full
from .heads import Heads
from .lane import Lane
from .opening import Opened, Opening, is_small
from .ports import Arrival, CompareAndSet, Line, Outcome, SignedAlert
from .receipts import receipt, spent
from .seal import Seal
from .spending import Refusing, over_budget
from .start import Replay
from .tick import Tick, tick_s
from .told_clocks import ToldClocks
from .turn import Turn
from .waiting import Aside, Told, Waiting

ANSWER_BYTES = 256 * 1024
"""Of alert objects beside a receipt, worst first: thirty ordinary ones. The others come on the stream."""

AlertObject = dict[str, str | None]


class Accepted(Struct, frozen=True, gc=False):
    """A receipt (a JWS), whether it is for bytes accepted before, and the alert objects caused for the sender.

    ``more``: some were left out, which come on the stream as all do. ``party``: whose statement it is.
    """

    receipt: str
    again: bool
    alerts: tuple[AlertObject, ...] = ()
    more: bool = False
    party: str = ""


class Hotline:
    """One agreement's line: admits statements, matches them and commits the alerts; ``clock`` tells it the time.

    ``most_volumes`` of a party are held in memory.
    """

    def __init__(
        self,
        line: Line,
        key: PrivateKey,
        founding: Agreement,
        lane: Lane,
        *,
        tick_ms: int,
        observer: LineObserver | None = None,
        clock: SteadyClock | None = None,
        heads: Heads | None = None,
        most_volumes: int = sys.maxsize,
    ) -> None:
        self.line = line
        self.clock = clock or SteadyClock()
        self.observer = observer or silent(founding.id)
        seal = Seal(key, founding.id)
        replay = Replay(line, founding, seal, heads or Heads(None, founding.id))
        arrivals, clocks = Arrivals(most_volumes=most_volumes), Clocks(self.clock, founding.id)
        self.turn = Turn(line, replay, arrivals, self._signed, self.receipt, self.observer, clocks)
        self._refusing, self.told_clocks = Refusing(), ToldClocks()
        self._opening = Opening(line, self.turn, lane, seal, self.clock, self._refusing)
        self._bodies = Bodies(line)
        self._key = key
        self._tick_ms = tick_ms

    @property
    def agreement(self) -> Agreement:
        """The agreement in force as far as this worker knows."""
        return self.turn.agreement

    @property
    def epoch(self) -> str:
        """The life of the store that this worker follows."""
        return self.turn.epoch

    def state(self) -> str:
        """Return ``ok``, or in a few words why this agreement is not ready."""
        return self.turn.state()

    def check_store(self) -> None:
        """Raise ``Unavailable`` where the store is not to be read either: it has been put back."""
        self.turn.standing.check_read()

    def check_told(self) -> None:
        """Raise ``Unavailable`` where others are refused, or their dangers not told: no stream may look alive then."""
        self.turn.check()

    @property
    def busy_s(self) -> float:
        """For how long the turn under way has lasted; 0 between turns."""
        return self.turn.pace.busy_s

    def signer(self, kid: str) -> tuple[Party, PartyKey]:
        """Return the party and key of a ``kid`` that verified; raise ``NotAuthentic`` if it is gone meanwhile."""
        return self._opening.signer(kid)

    async def submit(self, kind: Kind, raw: str, arrived: float, request: str = "") -> Accepted:
        """Admit a statement whose last byte came at ``arrived`` (the loop's clock); answer once it is committed.

        ``request`` names the request in the log.
        """
        waiting = Waiting()
        alerts: tuple[AlertObject, ...] = ()
        more = False
        try:
            told = await self._told(kind, raw, arrived, waiting, request)
            if told.outcome.over is not None and waiting.arrival is not None:
                self._refusing.note(waiting.arrival.party, waiting.arrival.terms, told.outcome.over)
                raise over_budget(told.outcome.over)
            if told.alerts:
                alerts, more = await self._objects(told)
        except Exception:
            # Whatever waits for a turn, also to be refused: its time would tell how long that turn has matched.
            if waiting.tick is not None:
                await waiting.tick.come()
            raise
        if told.alerts and waiting.tick is not None:
            await waiting.tick.come()
        entry, again = _accepted(told.outcome), told.outcome.again
        waited_s, about = asyncio.get_running_loop().time() - arrived, _answer_to(waiting.arrival)
        self.observer.answered(entry, request, waited_s, again=again, about=about, alerts=len(told.alerts))
        return Accepted(told.receipt, again, alerts, more, entry.party)

    async def _told(self, kind: Kind, raw: str, arrived: float, waiting: Waiting, request: str) -> Told:
        """Open a statement, have it put to the turn, and return what that answers."""
        begun: object = None
        if is_small(kind, raw):
            # In one piece, so that it waits once and not twice.
            self.turn.opens.put(lambda: self._put(raw, arrived, waiting), waiting.future)
            answer = await waiting.told(self.observer, request)
            if isinstance(answer, Told):
                return answer
            begun = answer.opened
            waiting.wait_anew()
        opened = await self._opening.open(kind, raw, begun)
        if isinstance(opened, Entry):
            waiting.tick = Tick(arrived, tick_s(0, self._tick_ms))
            waiting.outcome = Outcome(opened, again=True)
            self.turn.put_again(waiting)
        else:
            self._take(opened, arrived, waiting)
            await self.turn.put_once_read(waiting)
        answer = await waiting.told(self.observer, request)
        assert isinstance(answer, Told)  # noqa: S101 - it was opened before
        return answer

    def _put(self, raw: str, arrived: float, waiting: Waiting) -> Aside | None:
        """Open a small notice and put it to the turn, or return what was opened of it."""
        begun = self._opening.begin(raw)
        if isinstance(begun, Opened):
            self._take(begun, arrived, waiting)
            if self.turn.put(waiting):
                return None
        return Aside(begun)

    def _take(self, opened: Opened, arrived: float, waiting: Waiting) -> None:
        waiting.arrival, waiting.body = opened.arrival, opened.body
        waiting.tick = Tick(arrived, tick_s(opened.volumes, self._tick_ms))

    async def check_reader(self, proof: RequestProof, *, role: str | None, terms: bool = True) -> str:
        """Return the party that a verified proof is for; raise ``Forbidden`` if it may not read this."""
        self.check_store()
        party, key = self.signer(proof.kid)
        check_signer(proof.claims, party.id, self.agreement)
        key.check(role, int(self.clock.seconds() * SECOND))
        if terms:
            await self._opening.check_terms(proof.claims.terms)
        return party.id

    async def spend(self, proof: RequestProof, *, method: str, target: str) -> None:
        """Hold a proof against its request and use it up; raise ``Forbidden`` if it was used before."""
        now = int(self.clock.seconds() * SECOND)
        self.told_clocks.note(proof.claims.iss, proof.claims.iat - now / SECOND)
        check_request(proof, method=method, origin=self.agreement.service.origin, target=target, now=now)
        if not await self.line.spend(proof.claims.iss, proof.claims.jti):
            raise Forbidden("proof_replayed")

    def receipt(self, entry: Entry) -> str:
        """Return the receipt of a log entry: the same bytes each time."""
        return receipt(self._key, self.agreement.id, entry)

    def spent(self, entry: Entry) -> str:
        """Return the statement of a log entry that says that a budget is spent: the same bytes each time."""
        return spent(self._key, self.agreement.id, entry)

    def opening(self, party: str, request: str, at: Cursor) -> str:
        """Return the signed first word of the stream that the proof of digest ``request`` asked for."""
        agreement = self.agreement
        iat = int(self.clock.seconds())
        return sign_opening(
            self._key, aud=agreement.id, terms=agreement.terms, iat=iat, to=party, request=request, at=at
        )

    def _signed(self, outgoing: Outgoing, seq: int) -> SignedAlert:
        jws = sign_alert(self._key, outgoing.payload)
        return SignedAlert(
            to=outgoing.to,
            conflict=outgoing.conflict,
            version=seq,
            own=outgoing.own,
            other=outgoing.other,
            state=outgoing.payload["state"],
            sha256=digest(jws),
            jws=jws,
            shows=outgoing.shows,
            body=outgoing.body,
            rank=outgoing.rank,
            ends=outgoing.ends,
            keep=outgoing.keep,
        )

    async def _objects(self, answer: Told) -> tuple[tuple[AlertObject, ...], bool]:
        """Return the sender's alert objects, worst first, as far as an answer holds them, and whether some are left."""
        entry, told = answer.outcome.entry, list[AlertObject]()
        alerts = [alert for alert in answer.alerts if entry is not None and alert.to == entry.party]
        alerts.sort(key=lambda alert: (alert.rank, alert.conflict))
        room = ANSWER_BYTES
        for at in range(0, len(alerts), AT_ONCE):
            piece = alerts[at : at + AT_ONCE]
            bodies = await self._bodies.of([alert.body for alert in piece])
            for alert, body in zip(piece, bodies, strict=True):
                shown = alert_object(alert.jws, alert.shows, body)
                room -= sum(len(part or "") for part in shown.values())
                if room < 0 and told:
                    return tuple(told), True
                told.append(shown)
        return tuple(told), False


def _answer_to(arrival: Arrival | None) -> dict[str, Any]:
    """Return what is said of an acknowledgement beyond its entry: which version of which conflict it answers."""
    answer = None if arrival is None else arrival.precondition
    if not isinstance(answer, CompareAndSet):
        return {}
    return {"conflict": answer.conflict, "version": answer.version, "stage": answer.stage}


def _accepted(outcome: Outcome) -> Entry:
    refused = outcome.refused
    if refused == "store_full":
        raise store_full(UNHELD if outcome.unheld else "")
    if refused == CLOCK:
        raise Unavailable(CLOCK)
    if refused is not None:
        kind = Forbidden if refused.startswith("key_") else OutOfStep
        raise (Refused if refused.startswith("limit_") else kind)(refused)
    assert outcome.entry is not None  # noqa: S101 - neither refused nor unknown
    return outcome.entry
