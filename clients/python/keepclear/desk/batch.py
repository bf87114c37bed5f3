"""Filing many flights: all are judged before the first is signed, and each has its own outcome.

Guaranteed: nothing is signed unless every flight may be filed. After one that was NOT SENT or of unknown outcome the
rest is kept without trying. The same batch again, each flight under its reference, files what is not filed yet.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, LocalError, Refused, Unavailable
from keepclear_protocol.filing import Content, Unfit
from keepclear_protocol.limits import Fault

from ..journal.kept import RECEIPTED, UNSENT, OwnStatement
from ..offline.inputs.flight import Flight
from .filed import Filed
from .outbox import Outbox
from .referenced import References
from .settling import NotSent

VolumesJson = Sequence[Mapping[str, Any]]
"""Volume4D objects in F3548's JSON."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A flight to be filed. ``category`` is one of the agreement's; ``callsign`` wins over the flight's own.

    ``reference`` is the party's own: the same again is the same notice. Callsign and remarks are shown to the hotline,
    never to the other side; the reference leaves this machine never.
    """

    flight: Flight | VolumesJson
    category: str
    reference: str | None = None
    callsign: str | None = None
    remarks: str | None = None

    @property
    def content(self) -> Content:
        """What a notice of it says."""
        return content_of_flight(self.flight, self.category, self.callsign, self.remarks)

    @property
    def name(self) -> str:
        """What to call it before it has an id."""
        place = "" if isinstance(self.flight, Sequence) else self.flight.place
        return self.reference or " ".join(part for part in (place, self.content.callsign) if part)


class FilingOutcome(StrEnum):
    """What became of a flight; the words of ``keepclear submit --json``."""

    FILED = "filed"
    """Receipted: it counts."""
    IN_CONFLICT = "in_conflict"
    """Receipted, and in conflict."""
    NOT_SENT = "not_sent"
    """No byte of it has left. It is signed and kept, and NOT DECONFLICTED."""
    UNKNOWN = "unknown"
    """It was sent, and no answer came: it may count or not."""
    REFUSED = "refused"
    """The hotline, or its reference, refused it."""
    EVIDENCE = "evidence"
    """The hotline's answer does not hold."""


@dataclass(frozen=True, slots=True)
class FilingResult:
    """What became of one flight of a batch: ``filed`` where it was receipted, else the ``error`` that says why not."""

    intent: Intent
    outcome: FilingOutcome
    filed: Filed | None = None
    error: KeepclearError | None = None

    @property
    def counts(self) -> bool:
        """Whether the hotline has receipted it."""
        return self.filed is not None

    def to_json(self) -> dict[str, Any]:
        """Return the result for scripts."""
        filed, error = self.filed, self.error
        return {
            "reference": self.intent.reference,
            "callsign": self.intent.content.callsign,
            "outcome": str(self.outcome),
            "id": filed.id if filed else getattr(error, "id", None),
            "revision": filed.revision if filed else None,
            "code": error.code if error else None,
            "detail": error.detail if error else None,
        }


def content_of_flight(
    flight: Flight | VolumesJson, category: str, callsign: str | None, remarks: str | None
) -> Content:
    """Return what a notice of a flight says; raise ``LocalError`` with ``usage`` for what is no flight."""
    if isinstance(flight, Sequence) and not isinstance(flight, str | bytes):
        return Content(flight, category, callsign, remarks)
    if not isinstance(flight, Flight):
        hint = "load(path) gives the flights of a file, and volume4d_json makes a volume"
        raise LocalError("usage", f"a flight or a list of volumes is filed, not a {type(flight).__name__}", hint=hint)
    return Content(flight.volumes, category, callsign or flight.callsign, remarks)


def judge(intents: Iterable[Intent], outbox: Outbox, references: References, *, amend: bool) -> None:
    """Raise ``Unfit`` with all that is wrong with what is not filed yet, each fault with the flight's name.

    One whose reference is refused is its own result, and keeps no other back.
    """
    faults: list[Fault] = []
    for number, intent in enumerate(intents, 1):
        try:
            if intent.reference is None:
                outbox.check(intent.content, 1)
            else:
                references.judge(intent.content, intent.reference, amend=amend)
        except Unfit as unfit:
            name = intent.name or f"flight {number}"
            faults += [replace(one, place=", ".join(p for p in (name, one.place) if p)) for one in unfit.faults]
        except Refused:
            continue
    if faults:
        raise Unfit(faults)


async def file_all(
    intents: Iterable[Intent],
    file: Callable[[Intent], Awaitable[Filed]],
    keep: Callable[[Intent], Awaitable[OwnStatement | None]],
) -> list[FilingResult]:
    """Return what became of each flight, in their order: by ``file`` until one is not sent, from then on by ``keep``,
    or by ``file`` still where that gives nothing.

    Raises ``LocalError`` where this desk itself cannot go on; what was filed until then stays filed.
    """
    results: list[FilingResult] = []
    stopped: NotSent | None = None
    for intent in intents:
        try:
            kept = await keep(intent) if stopped else None
            if stopped is not None and kept is not None and kept.status != RECEIPTED:
                raise NotSent(kept, stopped.cause, certain=kept.status == UNSENT)
            filed = await file(intent)  # nothing is sent for what is receipted already
            outcome = FilingOutcome.IN_CONFLICT if filed.in_conflict else FilingOutcome.FILED
            results.append(FilingResult(intent, outcome, filed))
        except (NotSent, Unavailable, EvidenceInvalid, Refused) as error:
            stopped = stopped or (error if isinstance(error, NotSent) else None)
            results.append(FilingResult(intent, outcome_of(error), error=error))
    return results


def outcome_of(error: KeepclearError) -> FilingOutcome:
    """Return what became of a flight that was not receipted, by the error that says so."""
    if isinstance(error, NotSent) and error.certain:
        return FilingOutcome.NOT_SENT
    if isinstance(error, Unavailable):
        return FilingOutcome.UNKNOWN
    return FilingOutcome.EVIDENCE if isinstance(error, EvidenceInvalid) else FilingOutcome.REFUSED
