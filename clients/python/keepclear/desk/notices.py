"""All that a desk has of one own notice: the picture's view, what it says, how high it reaches, and its volumes."""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import Notice
from keepclear_protocol.outline import Position
from keepclear_protocol.volume import Corridor, Volume

from ..journal.kept import OwnStatement
from ..journal.nearest import middle
from ..journal.pictured import Heights
from ..journal.reads import Reads
from ..verify.opening import Opener
from .disclosed import volume_json
from .picture import notice_view
from .shown import own_statement
from .views import NoticeView


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """One own notice in full, volumes in the order of time; of a withdrawal, and of one that cannot be read, none.

    ``heights`` are the widest of each reference. ``places`` are where it begins and, if that is elsewhere, ends.
    """

    view: NoticeView
    filed_at: int
    remarks: str | None
    heights: tuple[Heights, ...]
    places: tuple[Position, ...]
    volumes: tuple[Volume, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the record for scripts; ``volumes`` is how many they are, ``extents`` are they."""
        return {
            **self.view.to_json(),
            "filed_at": format_instant(self.filed_at),
            "remarks": self.remarks,
            "heights": [
                {"altitude_lower_m": each.lower_m, "altitude_upper_m": each.upper_m, "reference": each.reference}
                for each in self.heights
            ],
            "places": [{"lat": lat, "lng": lng} for lat, lng in self.places],
            "extents": [volume_json(volume) for volume in self.volumes],
        }


def notice_record(journal: Reads, opener: Opener, row: OwnStatement, now: int) -> NoticeRecord:
    """Return the record of an own statement of the journal."""
    statement = own_statement(journal, opener, row.sha256)
    volumes: tuple[Volume, ...] = ()
    if isinstance(statement, Notice):
        volumes = tuple(sorted((item.volume for item in statement.volumes), key=lambda each: (each.start, each.end)))
    remarks = statement.remarks if isinstance(statement, Notice) else None
    view = notice_view(row, now, journal.references([row.id]).get(row.id))
    return NoticeRecord(view, row.filed_at, remarks, _heights(volumes), _places(volumes), volumes)


def _heights(volumes: tuple[Volume, ...]) -> tuple[Heights, ...]:
    widest: dict[str, Heights] = {}
    for one in map(Heights.of, volumes):
        if one is not None:
            other = widest.get(one.reference, one)
            lower_m, upper_m = min(one.lower_m, other.lower_m), max(one.upper_m, other.upper_m)
            widest[one.reference] = Heights(lower_m, upper_m, one.reference)
    return tuple(widest.values())


def _places(volumes: tuple[Volume, ...]) -> tuple[Position, ...]:
    if not volumes:
        return ()
    first, last = volumes[0].outline, volumes[-1].outline
    begin = first.path[0] if isinstance(first, Corridor) else middle(volumes[0])
    end = last.path[-1] if isinstance(last, Corridor) else middle(volumes[-1])
    return (begin,) if begin == end else (begin, end)
