"""Text from elsewhere, made harmless: what could change how a line reads is escaped, and no text is without end.

Escaped as ``\\x1b`` or ``\\u202e``: controls, surrogates, private and unassigned characters, letters without a shape,
whatever turns the direction, and letters written from right to left where a number comes next or nothing came before:
some terminals would change round that number, or the whole line (UAX #9). Marks that combine are kept as far as
languages use them, upon the letter that they came with. Every kind of space is a space, so that a line stays a line.
``foreign`` marks what others wrote as theirs, wherever it stands in a line of ours, and lets nothing in it run from
right to left. Not guaranteed: that texts which look alike are the same.
"""

import re
import unicodedata

MOST = 4_000
"""Characters of a line: what a screen of 80 columns shows at once, twice over. A counterpart's texts have 64 each."""

MOST_MARKS = 4
"""Marks on one letter: Hebrew and Vietnamese use up to three; a flood of them covers the lines above."""

_HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U00016fe4\U0001d159")
_LEFTWARD = frozenset(("R", "AL"))
_NUMBER = frozenset(("EN", "AN"))
_TURNING = _LEFTWARD | {"AN"}
"""Bidirectional classes of letters written from right to left, and of numbers (UAX #9, table 4)."""

_COMBINING = frozenset(("Mn", "Me"))
_HANDLE = re.compile(r"[A-Za-z0-9._@-]+\Z")


def foreign(text: str | None, absent: str = "") -> str:
    """Return a name that others wrote, for a line of ours, or ``absent``: a plain handle such as duty-1 as it is.

    All else stands between double quotes, and a double quote or a backslash in it behind a backslash: so no text ends
    its quotes, and what stands in them is never ours.
    """
    if not text or _HANDLE.match(text):
        return text or absent
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain(quoted, MOST // 8, one_way=True)}"'


def plain(text: str, most: int = MOST, *, one_way: bool = False, isolated: bool = False) -> str:
    """Return ``text`` as one harmless line of at most ``most`` characters, and a mark where it was cut.

    With ``one_way`` nothing in it is written from right to left: of names that others wrote, beside times of ours. With
    ``isolated`` any letter may be: whoever shows it keeps it, and each number in it, apart from what stands around.
    """
    if text.isascii() and text.isprintable():
        return text if len(text) <= most else _cut(text, most)
    told: list[str] = []
    marks = length = 0
    bare = True  # a mark here would fall upon what is not its own
    turning = set() if isolated else _leftward(text) if one_way else _turning(text)
    for at, character in enumerate(text):
        kind = unicodedata.category(character)
        marks = marks + 1 if kind in _COMBINING else 0
        is_mark = kind in _COMBINING or kind == "Mc"
        turns = at in turning
        if kind in _HARMFUL or turns or character in _SHAPELESS or (is_mark and bare):
            shown = _escaped(character)
            bare = True
        elif kind == "Zs":
            shown = " "
        elif marks > MOST_MARKS:
            shown = "" if marks > MOST_MARKS + 1 else _escaped(character)
            bare = False
        else:
            shown = character
            bare = False
        told.append(shown)
        length += len(shown)
        if length > most:
            break
    whole = "".join(told)
    return whole if length <= most else _cut(whole, most)


def _leftward(text: str) -> set[int]:
    return {at for at, character in enumerate(text) if unicodedata.bidirectional(character) in _TURNING}


def _turning(text: str) -> set[int]:
    """Return where stands what could change the order of a line.

    Numbers written from right to left do, and letters so written, but for those that stand behind a letter written from
    left to right with no number before the next such letter.
    """
    found: set[int] = set()
    run: list[int] = []
    led = False
    for at, character in enumerate(text):
        direction = unicodedata.bidirectional(character)
        if direction in _LEFTWARD:
            run.append(at)
        elif direction == "L":
            run, led = [], True
        elif direction in _NUMBER:
            found.update(run, [at] if direction == "AN" else ())
            run = []
        if not led:
            found.update(run)
    return found


def _cut(text: str, most: int) -> str:
    return text[: most - 4] + " ..."


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
