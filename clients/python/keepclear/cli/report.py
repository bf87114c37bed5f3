"""What became of each statement that a command files, sends or could not: one line each, and the worst as exit code."""

from collections.abc import Iterable
from typing import Any

from keepclear_protocol.budgets import PERIOD_S
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, OverBudget, Refused, Unavailable
from keepclear_protocol.filing import Unfit
from keepclear_protocol.kinds import ACKNOWLEDGE
from keepclear_protocol.limits import Fault
from keepclear_protocol.speakable import speakable

from keepclear.desk.batch import FilingResult
from keepclear.desk.blocking import Desk
from keepclear.desk.budgets import budget_words, time_of, when_words
from keepclear.desk.events import AlertEvent
from keepclear.desk.filed import Filed
from keepclear.desk.settling import NotSent
from keepclear.journal.kept import LOST, OwnStatement

from .context import write_json
from .doubles import ALREADY, TWICE, Standing
from .lines import filed_json, filed_line, holds
from .main import DONE, IN_CONFLICT, INVALID, REFUSED, UNREACHABLE, tell_error
from .out import note, say
from .tell import Teller

WORST_FIRST = (INVALID, REFUSED, UNREACHABLE, IN_CONFLICT, DONE)

MOST_TOLD = 20
"""Faults told of one file: more would scroll the first away, and they often have one cause."""

FILED, CONFLICTING, NOT_SENT, UNKNOWN, REFUSED_WORD, FALSE = (
    "filed", "in_conflict", "not_sent", "unknown", "refused", "evidence",
)  # fmt: skip
_CODES = {
    FILED: DONE, CONFLICTING: IN_CONFLICT, NOT_SENT: UNREACHABLE, UNKNOWN: UNREACHABLE, REFUSED_WORD: REFUSED,
    FALSE: INVALID, ALREADY: DONE, TWICE: DONE, LOST: UNREACHABLE,
}  # fmt: skip
_WORDS = {
    NOT_SENT: "NOT SENT, NOT DECONFLICTED", UNKNOWN: "UNKNOWN whether it was filed, NOT DECONFLICTED",
    REFUSED_WORD: "REFUSED, not filed", FALSE: "the hotline's answer does not hold",
}  # fmt: skip


class Report:
    """Tells what becomes of statements, one after the other, and remembers the worst."""

    def __init__(self, desk: Desk, *, as_json: bool) -> None:
        self._as_json = as_json
        self._teller = Teller(desk)
        self._alerts: list[AlertEvent] = []
        self._outcomes: list[str] = []
        self._cause: KeepclearError | None = None
        self._waited: set[str] = set()
        desk.on_wait(self._waits)

    def filed(self, filed: Filed, place: str = "", callsign: str | None = None, instead: str = "") -> None:
        """Tell that a statement was receipted, and the alerts that it caused; ``instead`` of the id of a lost one."""
        self._alerts += filed.alerts
        outcome = CONFLICTING if filed.in_conflict else ALREADY if filed.before else FILED
        self._outcomes.append(outcome)
        if self._as_json:
            beside = {"place": place or None, "callsign": callsign, "outcome": outcome, "anew": filed.anew or None}
            named = {"instead_of": instead or None, "reference": filed.reference}
            write_json({**beside, **named, **filed_json(filed)})
            return
        was = f"(LOST as {speakable(instead)})" if instead else ""
        name = " ".join(part for part in (filed.reference, place, callsign, speakable(filed.id), was) if part)
        anew = f"; signed anew: {filed.anew}" if filed.anew else ""
        say(f"{name}: {filed_line(filed)}{anew}{'; nothing was sent anew' if filed.before else ''}")
        for event in filed.alerts:
            self._teller.show(event)

    def failed(self, error: KeepclearError, place: str = "", callsign: str | None = None, id: str = "") -> None:
        """Tell that a statement was not filed, or that this is not known. Raises ``error`` where it is this desk's."""
        match error:
            case NotSent(certain=True):
                outcome, id = NOT_SENT, error.id
                self._cause = error.cause
            case NotSent():
                outcome, id = UNKNOWN, error.id
            case Unavailable():
                outcome = UNKNOWN
            case EvidenceInvalid():
                outcome = FALSE
            case Refused():
                outcome = REFUSED_WORD
            case _:
                raise error
        self._told(outcome, error.code, error.detail, place, callsign, id)
        if isinstance(error, Unfit):
            tell_faults(error.faults, place)
        else:
            tell_error(error)

    def kept(self, statement: OwnStatement, place: str, callsign: str | None, stopped: Unavailable) -> None:
        """Tell that a statement was signed and kept, and nothing of it sent, for what ``stopped`` the one before."""
        self._told(NOT_SENT, stopped.code, "kept to be sent", place, callsign, statement.id)

    def result(self, result: FilingResult, place: str) -> None:
        """Tell what became of a flight that was filed under a reference."""
        callsign = result.intent.callsign
        if result.filed is not None:
            self.filed(result.filed, place, callsign)
        elif result.error is not None:
            self.failed(result.error, " ".join(part for part in (result.intent.reference, place) if part), callsign)

    def stood(self, standing: Standing) -> None:
        """Tell that a flight was said before, and is not filed again."""
        self._outcomes.append(standing.outcome)
        standing.tell(as_json=self._as_json)

    def settled(self, id: str, detail: str) -> None:
        """Tell that there was nothing left to be filed."""
        self._outcomes.append(FILED)
        if self._as_json:
            write_json({"id": id, "outcome": "settled", "detail": detail})
        else:
            say(f"{speakable(id)}: {detail}")

    def _told(self, outcome: str, code: str, detail: str, place: str, callsign: str | None, id: str) -> None:
        self._outcomes.append(outcome)
        if self._as_json:
            line: dict[str, Any] = {"place": place or None, "callsign": callsign, "outcome": outcome}
            write_json({**line, "id": id or None, "code": code, "detail": detail})
            return
        named = " ".join(part for part in (place, callsign, speakable(id) if id else "") if part)
        say(f"{named or 'the flight'}: {_WORDS[outcome]} ({code})")

    def finish(self, desk: Desk, officer: str | None) -> int:
        """Say to the other side that the alerts were delivered, and to whom shown; sum up; return the exit code."""
        open_alerts = [event for event in self._alerts if event.alert is not None and not event.superseded]
        try:
            if self._alerts and ACKNOWLEDGE in desk.exchange.roles:
                desk.deliver()
                for event in open_alerts if officer is not None else ():
                    if event.alert is not None:
                        desk.acknowledge(event.alert.conflict, officer=officer or "", stage="displayed")
        except Unavailable as error:
            note(f"that the alerts were delivered is not said yet: {error.detail}")
        self._sum_up()
        codes = [_CODES[outcome] for outcome in self._outcomes]
        if not all(holds(event) for event in self._alerts):
            codes.append(INVALID)
        return next((code for code in WORST_FIRST if code in codes), DONE)

    def _waits(self, over: OverBudget) -> None:
        """Say, once of each budget, that it is waited for."""
        if over.budget not in self._waited:
            self._waited.add(over.budget)
            name = budget_words(over.budget)
            note(f"waiting: our budget of {name} has more at {time_of(over.again_at)}, and fills evenly from then on")

    def _sum_up(self) -> None:
        waiting = self._outcomes.count(NOT_SENT), self._outcomes.count(UNKNOWN)
        if len(self._outcomes) < 2:
            return
        counts = {word: self._outcomes.count(word) for word in dict.fromkeys(self._outcomes)}
        note(", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items()))
        if waiting[0]:
            when = "" if self._cause is None else f" {when_words(self._cause)}"
            note(f"hint: what was NOT SENT is kept: keepclear send --all{when}, or keepclear discard")
            if isinstance(self._cause, OverBudget) and waiting[0] > 1 and self._cause.budget in PERIOD_S:
                note("hint: that budget fills evenly, so it may take more than one time until all of it is sent")
        if waiting[1]:
            note("hint: keepclear notices asks what became of the unknown; keepclear send sends the same bytes again")


def tell_faults(faults: Iterable[Fault], place: str = "") -> None:
    """Write all that is wrong with what is to be filed to standard error, each with its place."""
    found = list(faults)
    for fault in found[:MOST_TOLD]:
        said = f"{place}: {fault}" if place else str(fault)
        tell_error(Refused(fault.code, said, hint=fault.hint))
    if len(found) > MOST_TOLD:
        note(f"error: and {len(found) - MOST_TOLD} more")
