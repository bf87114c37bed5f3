"""Keys, from the bytes that a terminal sends for them. Pasted text is none: it comes marked as such, and is dropped."""

_NAMED = {
    b"\r": "enter", b"\n": "enter", b"\x1b": "escape",
    b" ": "space", b"\x1b[6~": "space", b"\x1b[5~": "b",
    b"\x1b[A": "k", b"\x1b[B": "j", b"\x1bOA": "k", b"\x1bOB": "j",
}  # fmt: skip
"""Arrows are j and k, the page keys space and b. A terminal sends a key's bytes together, so escape alone is a key."""

_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"


class Keys:
    """Reads keys; remembers over reads whether text is being pasted."""

    def __init__(self) -> None:
        self._pasting = False

    def read(self, data: bytes) -> list[str]:
        """Return the keys in ``data``; what is no key of ours is passed over whole, so none of it acts as another."""
        keys: list[str] = []
        while data:
            if self._pasting:
                _, end, data = data.partition(_PASTED)
                self._pasting = not end
                continue
            taken = _first(data)
            data = data[len(taken) :]
            if taken == _PASTE:
                self._pasting = True
            elif taken in _NAMED or not taken.startswith(b"\x1b"):
                keys.append(_NAMED.get(taken, taken.decode("ascii", "replace")))
        return keys


def _first(data: bytes) -> bytes:
    """Return the first byte, or the escape sequence: CSI to its final byte, SS3 with one byte, or two bytes."""
    if not data.startswith(b"\x1b"):
        return data[:1]
    if data[1:2] == b"[":
        end = next((at for at in range(2, len(data)) if 0x40 <= data[at] <= 0x7E), len(data) - 1)
        return data[: end + 1]
    return data[: 3 if data[1:2] == b"O" else 2]
