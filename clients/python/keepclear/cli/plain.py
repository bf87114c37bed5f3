"""Text from elsewhere, made harmless: what could change how a line reads is escaped, and no text is without end.

Escaped as ``\\x1b`` or ``\\u202e``: controls, marks that turn the direction of writing, surrogates, private and
unassigned characters, letters without a shape. Marks that combine are kept as far as languages use them. Every kind of
space is a space, so that a line stays a line. Not guaranteed: that two texts that look alike are the same.
"""

import unicodedata

MOST = 4_000
"""Characters of a line: what a screen of 80 columns shows at once, twice over. A counterpart's texts have 64 each."""

MOST_MARKS = 4
"""Marks on one letter: Hebrew and Vietnamese use up to three; a flood of them covers the lines above."""

_HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_SHAPELESS = frozenset("\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
_COMBINING = frozenset(("Mn", "Me"))


def plain(text: str, most: int = MOST) -> str:
    """Return ``text`` as one harmless line of at most ``most`` characters, and a mark where it was cut."""
    if text.isascii() and text.isprintable():
        return text if len(text) <= most else _cut(text, most)
    told: list[str] = []
    marks = length = 0
    for character in text:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in _COMBINING else 0
        if kind in _HARMFUL or character in _SHAPELESS:
            shown = _escaped(character)
        elif kind == "Zs":
            shown = " "
        elif marks > MOST_MARKS or (marks and not told):
            shown = "" if marks > MOST_MARKS + 1 else _escaped(character)
        else:
            shown = character
        told.append(shown)
        length += len(shown)
        if length > most:
            break
    whole = "".join(told)
    return whole if length <= most else _cut(whole, most)


def _cut(text: str, most: int) -> str:
    return text[: most - 4] + " ..."


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
