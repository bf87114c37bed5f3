"""A judged form in words, before it is signed: the read-back of the commands, and what each flight would meet.

The lines are those of ``keepclear submit --dry-run``, word for word, so that a page and a terminal read the same out.
What a flight would meet is held against what this desk knows alone, and never says clear. Of a file with many flights
one is shown in full at a time: ``show`` is its number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import format_instant
from keepclear_protocol.volume import Circle, Corridor, Outline, Polygon, Volume, parse_volume

from keepclear.cli.whatif import what_if_lines
from keepclear.cli.words import loud_lead
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.whatif import WhatIf
from keepclear.offline.filing import Draft
from keepclear.offline.readback import ReadBack, readback

from .judged import Judged, Stands

FEW = 12
"""Flights of a file that are all held against what is known at once; of more only the one that is shown."""

_NAME = 9
"""Letters of a read-back's names."""


async def tell(judged: Judged, desk: AsyncDesk, now: int, *, show: object = None) -> dict[str, Any]:
    """Return what a form would file, with all that is wrong, lost or doubtful about it."""
    many = len(judged.said.flights)
    shown = show if type(show) is int and 0 < show <= many else 1
    flights = []
    for number, (draft, stands) in enumerate(judged.stood, 1):
        whole = number == shown or many <= FEW
        met = await _meets(judged, desk, number - 1) if whole and not judged.faults else None
        flights.append(_flight(number, draft, stands, desk, now, met, whole=number == shown))
    unfit = judged.said.flights[shown - 1].volumes if many and not judged.stood else []
    return {
        "flights": flights,
        "flight_count": many,
        "shown": shown,
        "notes": list(judged.said.notes),
        "faults": [fault.to_json() for fault in judged.faults],
        "extents": extents(unfit),
        "digest": None if judged.faults or not judged.stood else judged.digest,
        "read_at": format_instant(now),
    }


def extents(volumes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return volumes in F3548's JSON as the page draws them; what cannot be read is left out."""
    found = []
    for volume in volumes:
        try:
            found.append(extent(parse_volume(volume)))
        except KeepclearError:
            continue
    return found


def extent(volume: Volume) -> dict[str, Any]:
    """Return a volume as the page draws it."""
    return {
        **_outline(volume.outline),
        "lower_m": volume.lower_m,
        "upper_m": volume.upper_m,
        "reference": str(volume.reference),
        "start": format_instant(volume.start),
        "end": format_instant(volume.end),
    }


def _outline(outline: Outline) -> dict[str, Any]:
    match outline:
        case Circle(center, radius_m):
            return {"shape": "circle", "points": [list(center)], "radius_m": radius_m}
        case Corridor(path, half_width_m):
            return {"shape": "corridor", "points": [list(point) for point in path], "radius_m": half_width_m}
        case Polygon(vertices):
            return {"shape": "polygon", "points": [list(vertex) for vertex in vertices], "radius_m": None}


async def _meets(judged: Judged, desk: AsyncDesk, at: int) -> WhatIf:
    intent = judged.intents[at]
    amends = None if judged.amends is None else judged.amends.id
    return await desk.what_if(intent.flight, intent.category, reference=intent.reference, amends=amends)


def _flight(
    number: int, draft: Draft, stands: Stands | None, desk: AsyncDesk, now: int, met: WhatIf | None, *, whole: bool
) -> dict[str, Any]:
    content = draft.content
    said = readback(list(draft.volumes), now, desk.exchange.agreement, draft.margins)
    return {
        "number": number,
        "place": draft.place or None,
        "callsign": content.callsign,
        "category": content.category,
        "remarks": content.remarks,
        "readback": said.as_json(),
        "lines": _lines(said) if whole else [],
        "loud": loud_lead(said.lead),
        "extents": [extent(volume) for volume in draft.volumes] if whole else [],
        "stands": stands,
        "what_if": None if met is None else {**met.to_json(), "lines": _without_name(what_if_lines(met, now))},
    }


def _lines(said: ReadBack) -> list[list[str]]:
    return [[line[:_NAME].strip(), line[_NAME:]] for line in said.text().splitlines()]


def _without_name(lines: Sequence[str]) -> list[str]:
    return [line[_NAME:] for line in lines]
