"""Pictures of a page small enough for the repository: PNGs of eight bits a pixel, of the colours it has most of."""

import zlib
from collections import Counter
from struct import pack, unpack

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 64
"""As many as tell every colour of the page, and the blends between letters and ground well enough to be read."""


def small_png(png: bytes) -> bytes:
    """Return a browser's PNG (eight bits a channel, not interlaced) with a palette."""
    width, height, depth, rows = _read(png)
    pixels = [row[at : at + 3] for row in rows for at in range(0, width * depth, depth)]
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(_COLOURS)]
    index = {colour: _nearest(colour, palette) for colour in counted}
    indexed = bytes(index[colour] for colour in pixels)
    lines = b"".join(b"\0" + indexed[at : at + width] for at in range(0, width * height, width))
    head = pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    red, green, blue = colour
    away = [(red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2 for r, g, b in palette]
    return away.index(min(away))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def _read(png: bytes) -> tuple[int, int, int, list[bytes]]:
    """Return width, height, bytes a pixel, and the rows without their filters."""
    assert png.startswith(_SIGNATURE)
    at, packed, head = len(_SIGNATURE), b"", b""
    while at < len(png):
        size, kind = unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + size]
        head = data if kind == b"IHDR" else head
        packed += data if kind == b"IDAT" else b""
        at += size + 12
    width, height, bits, colour, *_, interlaced = unpack(">IIBBBBB", head)
    assert (bits, interlaced) == (8, 0)
    depth = {2: 3, 6: 4}[colour]
    raw, line = zlib.decompress(packed), width * depth
    rows, before = [], bytes(line)
    for start in range(0, len(raw), line + 1):
        before = _unfilter(raw[start], raw[start + 1 : start + 1 + line], before, depth)
        rows.append(before)
    return width, height, depth, rows


def _unfilter(kind: int, row: bytes, before: bytes, depth: int) -> bytes:
    if kind == 0:
        return row
    if kind == 2:
        return bytes((value + up) & 0xFF for value, up in zip(row, before, strict=True))
    # Zeros stand before the row, so that its first pixel has one to its left.
    made, above = bytearray(depth) + bytearray(row), bytes(depth) + before
    for at in range(depth, len(made)):
        left, up, corner = made[at - depth], above[at], above[at - depth]
        guess = left if kind == 1 else (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
        made[at] = (made[at] + guess) & 0xFF
    return bytes(made[depth:])


def _paeth(left: int, up: int, corner: int) -> int:
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner
