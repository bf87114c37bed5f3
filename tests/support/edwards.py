"""The curve of Ed25519 in plain Python (RFC 8032 section 5.1): an oracle that shares no code with libsodium or OpenSSL.

Slow, not constant-time, for tests only.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Return the sum of two points."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P
    return x, y


def multiply(factor: int, point: Point) -> Point:
    """Return ``factor`` times a point."""
    total = NEUTRAL
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def x_of(y: int, sign: int) -> int | None:
    """Return the x that goes with ``y`` and has ``sign`` as its lowest bit, if the curve has such a point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    return P - x if x % 2 != sign and x else x


BASE: Point = (x_of(4 * pow(5, -1, P) % P, 0) or 0, 4 * pow(5, -1, P) % P)


def encode(point: Point) -> bytes:
    """Return the canonical 32 bytes of a point."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(raw: bytes) -> Point | None:
    """Return the point of 32 bytes, taken modulo p as lenient decoders do, or None if there is none."""
    number = int.from_bytes(raw, "little")
    y = (number & (1 << 255) - 1) % P
    x = x_of(y, number >> 255)
    return None if x is None else (x, y)


def is_enrolable(raw: bytes) -> bool:
    """Whether ``raw`` is the canonical encoding of a point of the main subgroup other than the neutral one."""
    point = decode(raw)
    return point is not None and encode(point) == raw and point != NEUTRAL and multiply(L, point) == NEUTRAL


def sign(seed: bytes, message: bytes, *, nonce: int, shift: Point = NEUTRAL) -> bytes:
    """Return a signature whose R is ``nonce`` times the base point, and ``shift``: what no honest signer would make.

    Without the cofactor it verifies only where ``shift`` is neutral; with it, for every point of small order.
    """
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    r = encode(add(multiply(nonce, BASE), shift))
    hashed = hashlib.sha512(r + encode(multiply(secret, BASE)) + message).digest()
    s = (nonce + int.from_bytes(hashed, "little") * secret) % L
    return r + s.to_bytes(32, "little")


def torsion_points() -> list[Point]:
    """Return the eight points of an order that divides eight."""
    y = 2
    while True:
        x = x_of(y, 0)
        generator = None if x is None else multiply(L, (x, y))
        # L times a point has an order that divides eight; four times one of full order is (0, -1).
        if generator is not None and multiply(4, generator) == (0, P - 1):
            return [multiply(factor, generator) for factor in range(8)]
        y += 1


def small_order_encodings() -> list[bytes]:
    """Return all encodings, canonical or not, that lenient decoders read as a point of small order."""
    points = set(torsion_points())
    candidates = {encode(point) for point in points}
    candidates |= {raw[:31] + bytes([raw[31] ^ 0x80]) for raw in candidates}
    candidates |= set(beyond_p_encodings())
    return sorted(raw for raw in candidates if decode(raw) in points)


def beyond_p_encodings() -> list[bytes]:
    """Return the 38 encodings whose y is not below p: 19 values, each with either sign."""
    return [(y | sign << 255).to_bytes(32, "little") for y in range(P, 2**255) for sign in (0, 1)]
