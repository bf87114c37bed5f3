"""Gists: what the fold needs of a notice, as one worker hands it to the next.

Guaranteed: a fold over gists says what a fold over the notices says, byte for byte: every number is the notice's own,
to the bit, and nothing else of a notice counts. Not held: what was signed, or that it was signed; a gist is worth what
the seal is worth that it comes under (``line.seal``). S2's geographies are made only where somebody needs a distance.
"""

from typing import TypeAlias

from keepclear_protocol.geometry import Shape, Vector
from keepclear_protocol.notice import DisclosedVolume, Notice
from keepclear_protocol.volume import Circle, Corridor, Outline, Polygon, Position, Reference, Volume
from msgspec import DecodeError, Struct
from msgspec.msgpack import Decoder, Encoder

LAYOUT = 2
"""How a gist is written. A worker of another version takes none of another number, and opens the notice."""


class Gist(Struct, frozen=True, gc=False):
    """What counts of a notice. Its volumes stand without their disclosures: what an alert shows is put together from
    the stored notice."""

    party: str
    id: str
    category: str
    last_end: int
    volumes: tuple[DisclosedVolume, ...]


Filing: TypeAlias = Notice | Gist
"""A notice, or what counts of it."""

FILED = (Notice, Gist)
"""The types of a ``Filing``: to ask for a union costs ten times as much."""


class _Row(Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    digest: str
    polygon: bool
    positions: tuple[Position, ...]
    lower_m: float
    upper_m: float
    reference: str
    start: int
    end: int
    radius_m: float
    longest_edge_m: float
    margin_m: float
    center: Vector
    bound_m: float
    perimeter_m: float


class _Written(Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    layout: int
    category: str
    rows: list[_Row]


_DECODER, _ENCODER = Decoder(_Written), Encoder()
_REFERENCES = {str(reference): reference for reference in Reference}


def gist_of(notice: Filing, *, volumes: bool = True) -> Gist:
    """Return what counts of a notice; without ``volumes`` what is left of one that was withdrawn."""
    if isinstance(notice, Gist) and volumes:
        return notice
    kept = [DisclosedVolume(item.digest, "", item.volume) for item in notice.volumes if volumes]
    return Gist(notice.party, notice.id, notice.category, notice.last_end, tuple(kept))


def write_gist(notice: Notice) -> bytes:
    """Return a notice's gist as bytes."""
    return _ENCODER.encode(_Written(LAYOUT, notice.category, [_row(item) for item in notice.volumes]))


def read_gist(party: str, id: str, data: bytes) -> Gist | None:
    """Return the gist of a party's notice from bytes that a worker of this service has written; None of another layout.

    Who wrote them is for the caller to know.
    """
    try:
        written = _DECODER.decode(data)
        if written.layout != LAYOUT or not written.rows:
            return None
        volumes = tuple([_volume(row) for row in written.rows])
    except (DecodeError, UnicodeDecodeError, LookupError):
        return None
    return Gist(party, id, written.category, max([row.end for row in written.rows]), volumes)


def _row(item: DisclosedVolume) -> _Row:
    volume, shape = item.volume, item.volume.shape
    match volume.outline:
        case Polygon(vertices):
            positions = vertices
        case Corridor(path, _):
            positions = path
        case Circle(center, _):
            positions = (center,)
    return _Row(
        item.digest,
        type(volume.outline) is Polygon,
        positions,
        volume.lower_m,
        volume.upper_m,
        str(volume.reference),
        volume.start,
        volume.end,
        shape.radius_m,
        shape.longest_edge_m,
        shape.margin_m,
        shape.center,
        shape.bound_m,
        shape.perimeter_m,
    )


def _volume(row: _Row) -> DisclosedVolume:
    positions = row.positions
    outline: Outline
    if row.polygon:
        outline = Polygon(positions)
    elif len(positions) > 1:
        outline = Corridor(positions, row.radius_m)
    else:
        outline = Circle(positions[0], row.radius_m)
    shape = Shape(
        outline,
        row.radius_m,
        row.longest_edge_m,
        row.margin_m,
        row.center,
        row.bound_m,
        row.perimeter_m,
        len(positions),
    )
    reference = _REFERENCES[row.reference]
    return DisclosedVolume(
        row.digest, "", Volume(outline, row.lower_m, row.upper_m, reference, row.start, row.end, shape)
    )
