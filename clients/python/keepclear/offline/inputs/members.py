"""The names of a JSON object's members: those that are read, those that were meant, and those that are left alone.

A name near one that is read is refused with the one that was meant, because leaving it out in silence may be a false
CLEAR: ``altitude_unit`` once meant metres. Near is the same letters in another case or spacing, the same words in
another order or cut short, and a slip of one letter, or of two in a long name. A member that is read and stands twice
is refused too. What is near nothing is returned, for a note, and its value is never judged.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from itertools import permutations
from typing import Any

from .flight import unreadable

MAX_TOLD = 8
"""Names in one note; a file may have hundreds."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")
_LONG, _MIDDLE = 10, 6
"""Letters from which two slips, and from which one, still leave no doubt of what was meant."""


class Repeated:
    """Stands in an object for a member whose name stands there more than once: none of them is the right one."""


def unread(
    obj: Mapping[str, Any],
    names: Collection[str],
    place: str,
    aliases: Mapping[str, str] | None = None,
    idle: Collection[str] = (),
) -> list[str]:
    """Return the names in ``obj`` that are not among ``names``; nothing is taken for a slip of one that is ``idle``.

    Raises ``LocalError`` for one that is near to one of them, or is a key of ``aliases`` (in small letters without
    anything between), and for one of them that stands twice.
    """
    others, live = [], [name for name in names if name not in idle]
    for name, value in obj.items():
        if name in names:
            if isinstance(value, Repeated):
                raise unreadable(place, f"{name} stands twice in one object")
        elif (meant := near(name, live, aliases or {})) is not None:
            raise unreadable(_in(place, told(name)), f"not a name that is read; {meant} is", hint=f"write {meant}")
        else:
            others.append(name)
    return others


def near(name: str, names: Collection[str], aliases: Mapping[str, str]) -> str | None:
    """Return the one of ``names`` that was meant by ``name``, or None."""
    bare, words = _folded(name), words_of(name)
    if bare in aliases:
        return aliases[bare]
    of_another = words[-1:] in (["id"], ["ids"])  # operational_intent_id is no slip of operational_intent
    for known in names:
        meant = _folded(known)
        if (
            bare in (meant, meant + "s")
            or (bare + "s" == meant and len(bare) > 2)
            or _cut_short(words, words_of(known))
        ):
            return known
        slips = 0 if of_another else 2 if len(meant) >= _LONG else 1 if len(meant) >= _MIDDLE else 0
        if slips and abs(len(bare) - len(meant)) <= slips and _slips(bare, meant) <= slips:
            return known
    return None


def told(name: str) -> str:
    """Return a name as it can be shown: short, and without anything that a terminal would obey."""
    return name if re.fullmatch(r"[\w.:/-]{1,60}", name, re.ASCII) else ascii(name[:40])


def not_read(names: Iterable[str]) -> str:
    """Return names in one text, sorted."""
    found = sorted({told(name) for name in names})
    more = f" and {len(found) - MAX_TOLD} more" if len(found) > MAX_TOLD else ""
    return ", ".join(found[:MAX_TOLD]) + more


def _in(place: str, name: str) -> str:
    return f"{place}, {name}" if place else name


def _folded(name: str) -> str:
    """Return small letters and digits alone, with wide and other compatible forms as the plain ones."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name[:80]).casefold() if letter.isalnum())


def words_of(name: str) -> list[str]:
    """Return the words of a name, in small letters, however they are joined."""
    return [word.casefold() for word in _WORD.findall(name[:80])]


def _cut_short(words: list[str], known: list[str]) -> bool:
    """Whether the words are the known ones in another order, or cut short to two letters or more."""
    if not 1 < len(words) == len(known) < 5:
        return False
    return any(
        all(
            whole == word or (len(word) > 1 and whole.startswith(word))
            for word, whole in zip(words, turned, strict=True)
        )
        for turned in permutations(known)
    )


def _slips(a: str, b: str) -> int:
    """Return how many letters were left out, put in, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        before, above, row = row, before, [i]
        for j, other in enumerate(b, start=1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if above and i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]
