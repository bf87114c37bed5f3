"""A judged form in words, before it is signed: the read-back of the commands, and what each flight would meet.

The lines are those of ``keepclear submit --dry-run``, word for word, so that a page and a terminal read the same out.
What a flight would meet is held against what this desk knows alone, and never says clear. Of a file with many flights
one is shown in full at a time: ``show`` is its number.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import format_instant
from keepclear_protocol.lead import lead_class
from keepclear_protocol.volume import parse_volume

from keepclear.cli.whatif import what_if_lines
from keepclear.cli.words import loud_lead
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.whatif import WhatIf
from keepclear.offline.filing import Draft
from keepclear.offline.readback import ReadBack, readback

from .extents import Extent, extents
from .judged import Judged, Stands

FEW = 12
"""Flights of a file that are all held against what is known at once; of more only the one that is shown."""

_NAME = 9
"""Letters of a read-back's names."""


async def tell(judged: Judged, desk: AsyncDesk, now: int, *, show: object = None) -> dict[str, Any]:
    """Return what a form would file, with all that is wrong, lost or doubtful about it."""
    many = len(judged.said.flights)
    shown = show if type(show) is int and 0 < show <= many else 1
    agreement = desk.exchange.agreement
    met: dict[int, WhatIf] = {}
    for number in range(1, len(judged.stood) + 1):
        if not judged.faults and (number == shown or many <= FEW):
            met[number] = await _meets(judged, desk, number - 1)
    flights = await asyncio.to_thread(_flights, judged, agreement, now, met, shown)
    unfit = judged.said.flights[shown - 1].volumes if many and not judged.stood else []
    return {
        "flights": flights,
        "flight_count": many,
        "shown": shown,
        "notes": list(judged.said.notes),
        "faults": [fault.to_json() for fault in judged.faults],
        "extents": drawn(unfit),
        "digest": None if judged.faults or not judged.stood else judged.digest,
        "read_at": format_instant(now),
    }


def drawn(volumes: Sequence[Mapping[str, Any]]) -> list[Extent]:
    """Return volumes in F3548's JSON as the page draws them; what cannot be read is left out."""
    found = []
    for volume in volumes:
        try:
            found.append(parse_volume(volume))
        except KeepclearError:
            continue
    return extents(found)


async def _meets(judged: Judged, desk: AsyncDesk, at: int) -> WhatIf:
    intent = judged.intents[at]
    amends = None if judged.amends is None else judged.amends.id
    return await desk.what_if(intent.flight, intent.category, reference=intent.reference, amends=amends)


def _flights(
    judged: Judged, agreement: Agreement, now: int, met: Mapping[int, WhatIf], shown: int
) -> list[dict[str, Any]]:
    told = []
    for number, (draft, stands) in enumerate(judged.stood, 1):
        one = _flight(draft, stands, agreement, now)
        if (meets := met.get(number)) is not None:
            one["what_if"] = {**meets.to_json(), "lines": [line[_NAME:] for line in what_if_lines(meets, now)]}
        if number == shown:
            said = readback(list(draft.volumes), now, agreement, draft.margins)
            one |= {"lines": _lines(said), "extents": extents(draft.volumes)}
        told.append({"number": number, **one})
    return told


def _flight(draft: Draft, stands: Stands | None, agreement: Agreement, now: int) -> dict[str, Any]:
    content, volumes = draft.content, draft.volumes
    start, end = min(volume.start for volume in volumes), max(volume.end for volume in volumes)
    lead = lead_class(start, end, now, agreement.lead.routine_s, agreement.lead.short_s)
    return {
        "place": draft.place or None,
        "callsign": content.callsign,
        "category": content.category,
        "remarks": content.remarks,
        "time_start": format_instant(start),
        "time_end": format_instant(end),
        "lead": lead,
        "loud": loud_lead(lead),
        "lines": [],
        "extents": [],
        "stands": stands,
        "what_if": None,
    }


def _lines(said: ReadBack) -> list[list[str]]:
    return [[line[:_NAME].strip(), line[_NAME:]] for line in said.text().splitlines()]
