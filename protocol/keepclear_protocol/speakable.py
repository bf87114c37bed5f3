"""Short codes of ids, to be said over a telephone: ``K7D-2MX``. Not on the wire, and no substitute for an id.

Six symbols of Crockford's base32, which leaves out I, L, O and U, from the first 30 bits of the id's bytes. Both sides
of a conflict have its id, so both say the same code. Not guaranteed: that no two ids share one; among 1 000 that is one
chance in 2 000, and whoever looks up a code must say so where it happens.
"""

from binascii import Error, a2b_base64
from hashlib import sha256

_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISHEARD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
_LENGTH = 6


def speakable(id: str) -> str:
    """Return the code of an id; of a text that is no base64url, which none of ours is, that of its SHA-256."""
    try:
        data = a2b_base64(id.translate(_STANDARD) + "=" * (-len(id) % 4), strict_mode=True)
    except (Error, ValueError):
        data = b""
    if len(data) < 4:
        data = sha256(id.encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(data[:4], "big") >> 2
    symbols = "".join(_SYMBOLS[number >> shift & 31] for shift in range(25, -1, -5))
    return f"{symbols[:3]}-{symbols[3:]}"


def read_speakable(text: str) -> str | None:
    """Return the code that somebody wrote down, as ``speakable`` spells it, or ``None`` where it is none.

    In either case, with the hyphen or without; I and L are taken for 1, O for 0.
    """
    symbols = text.upper().translate(_MISHEARD)
    if len(symbols) != _LENGTH or not set(symbols) <= set(_SYMBOLS):
        return None
    return f"{symbols[:3]}-{symbols[3:]}"


_STANDARD = str.maketrans("-_", "+/")
