"""Filing a file: what its flights would become under an agreement, each a draft, or all that is wrong with them.

Pure, and the one decision of dry runs, whole batches and amendments; its core, ``keepclear_protocol.filing``, is that
of the SDK as well. A fault names the flight's place in its file, the volume and the field. Nothing of a file is a
draft unless all of it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.filing import Content, composed, content_digest, find_faults
from keepclear_protocol.limits import Fault
from keepclear_protocol.volume import Volume, parse_volume

from .inputs import Flight
from .inputs.flight import Margins

COMPOSED = "remarks are signed in Unicode NFC, which says the same: an accent stood apart from its letter"


@dataclass(frozen=True, slots=True)
class Draft:
    """A flight that may be filed: where it stands in its file, what it would say, and the digest of that.

    ``margins`` are those that a reader added.
    """

    place: str
    content: Content
    volumes: tuple[Volume, ...]
    digest: str
    margins: Margins | None = None

    @property
    def name(self) -> str:
        """What to call it before it has an id."""
        return " ".join(part for part in (self.place, self.content.callsign) if part) or "the flight"


@dataclass(frozen=True, slots=True)
class Batch:
    """The flights of a file, judged: drafts of all, or faults; and notes about what is signed otherwise than given."""

    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def judge_all(
    flights: Sequence[Flight],
    category: str,
    agreement: Agreement,
    *,
    party: str,
    callsign: str | None = None,
    remarks: str | None = None,
    now: int,
) -> Batch:
    """Return the batch that ``flights`` are; ``callsign`` wins over a flight's own."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for number, flight in enumerate(flights, 1):
        place = flight.place or (f"flight {number}" if len(flights) > 1 else "")
        content = Content(flight.volumes, category, callsign or flight.callsign, composed(remarks))
        found = list(find_faults(content, agreement, party=party, now=now))
        for fault in found:
            # What an option says is of no place in the file, and is told once.
            of_option = fault.field in ("category", "remarks") or (fault.field == "callsign" and callsign is not None)
            where = "" if of_option else ", ".join(part for part in (place, fault.place) if part)
            if (told := replace(fault, place=where)) not in faults:
                faults.append(told)
        if not found:
            volumes = tuple(parse_volume(volume) for volume in content.volumes)
            said = content_digest(volumes, category, content.callsign, content.remarks)
            drafts.append(Draft(place, content, volumes, said, flight.margins))
    notes = (COMPOSED,) if composed(remarks) != remarks else ()
    return Batch(tuple(drafts) if not faults else (), tuple(faults), notes)
