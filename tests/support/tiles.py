"""Vector tiles and PMTiles archives as small as they can be written, for what a party's own chart may be."""

import gzip
import struct
from collections.abc import Iterable, Mapping

Tile = tuple[int, int, int]
Shape = tuple[int, list[list[tuple[int, int]]]]
"""The kind of a tile's geometry (1 points, 2 lines, 3 areas), and its parts in units of the tile."""

GZIP = 2
VECTOR = 1


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def vector_tile(shapes: Iterable[Shape], extent: int = 4096) -> bytes:
    """Return a tile of one layer, whose keys and values are markup that must come to nothing."""
    features = b"".join(
        field(2, field(2, varint(0) + varint(0)) + field(3, kind) + field(4, _geometry(kind, parts)))
        for kind, parts in shapes
    )
    markup = b"<script>alert(1)</script>"
    layer = (
        field(15, 2) + field(1, markup) + features + field(3, markup) + field(4, field(1, markup)) + field(5, extent)
    )
    return field(3, layer)


def _geometry(kind: int, parts: list[list[tuple[int, int]]]) -> bytes:
    out, x, y = b"", 0, 0
    for part in parts:
        for at, (to_x, to_y) in enumerate(part):
            if at < 2:
                out += varint(1 | 1 << 3) if at == 0 else varint(2 | len(part) - 1 << 3)
            out += varint(_zigzag(to_x - x)) + varint(_zigzag(to_y - y))
            x, y = to_x, to_y
        out += varint(7 | 1 << 3) if kind == 3 else b""
    return out


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def directory(entries: Iterable[tuple[int, int, int, int]]) -> bytes:
    """Return a packed directory of (number, run, offset, length)."""
    rows = sorted(entries)
    numbers = [number for number, *_ in rows]
    steps = [number - before for number, before in zip(numbers, [0, *numbers], strict=False)]
    columns = [steps, *([row[column] for row in rows] for column in (1, 3)), [row[2] + 1 for row in rows]]
    return gzip.compress(varint(len(rows)) + b"".join(varint(one) for column in columns for one in column), mtime=0)


def archive(tiles: Mapping[int, bytes], max_zoom: int, leaf_from: int | None = None, kind: int = VECTOR) -> bytes:
    """Return an archive of tiles by number; those from ``leaf_from`` on stand in a directory of their own."""
    packed = {number: gzip.compress(tile, mtime=0) for number, tile in sorted(tiles.items())}
    rows, data = [], b""
    for number, tile in packed.items():
        rows.append((number, 1, len(data), len(tile)))
        data += tile
    leaf = directory(row for row in rows if leaf_from is not None and row[0] >= leaf_from)
    top = [row for row in rows if leaf_from is None or row[0] < leaf_from]
    root = directory(top if leaf_from is None else [*top, (leaf_from, 0, 0, len(leaf))])
    places = (127, len(root), 127 + len(root), 0, 127 + len(root), len(leaf), 127 + len(root) + len(leaf), len(data))
    head = b"PMTiles\x03" + struct.pack("<8Q3Q", *places, len(rows), len(rows), len(rows))
    head += bytes([1, GZIP, GZIP, kind, 0, max_zoom]) + bytes(25)
    return head + root + leaf + data
