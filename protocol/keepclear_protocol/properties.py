"""The properties that a notice may disclose beside its volumes: category, callsign and remarks.

Guaranteed of what ``read_properties`` returns: each is known, stands once and is written as the profile has it, so that
none of them can look like another on a console. Not guaranteed: that the agreement knows the category.
"""

import re
from collections.abc import Sequence

from .characters import UNSEEN_IN_TEXT
from .disclosure import Disclosure
from .errors import Malformed

MAX_REMARKS_CHARACTERS = 280

_CATEGORY = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_CALLSIGN = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}\Z")


def is_category(text: str) -> bool:
    """Whether ``text`` is written as a category is."""
    return _CATEGORY.match(text) is not None


def objection(name: str, value: str) -> str:
    """Return in words why ``value`` cannot be the property ``name``, "" where it can."""
    if _fits(name, value):
        return ""
    if name == "category":
        return "has other characters than a to z, 0 to 9, - and _, or more than 32"
    if name == "callsign":
        allowed = "has to be 1 to 16 of A to Z, 0 to 9 and hyphens, and may not begin with a hyphen"
        return f"{value[:32]!r} {allowed}"
    if not value:
        return "are empty"
    if len(value) > MAX_REMARKS_CHARACTERS:
        return f"have {len(value)} characters; {MAX_REMARKS_CHARACTERS} at most"
    found = UNSEEN_IN_TEXT.search(value)
    assert found is not None  # noqa: S101 - nothing else is left
    return f"have a character that nobody sees: U+{ord(found[0]):04X} at {found.start() + 1}"


def read_properties(disclosures: Sequence[Disclosure]) -> dict[str, Disclosure]:
    """Return the disclosed properties by name; raise ``Malformed`` unless each is known, fit and there once."""
    properties: dict[str, Disclosure] = {}
    for item in disclosures:
        if item.name is None:
            continue
        if item.name in properties:
            raise Malformed("disclosure_repeated", f"{item.name} is disclosed twice")
        if not _fits(item.name, item.value):
            raise Malformed("disclosure", "a property must be a category, callsign or remarks as the profile has them")
        properties[item.name] = item
    return properties


def _fits(name: object, value: object) -> bool:
    if not isinstance(value, str):
        return False
    if name == "category":
        return is_category(value)
    if name == "callsign":
        return _CALLSIGN.match(value) is not None
    return name == "remarks" and _is_plain_text(value)


def _is_plain_text(value: str) -> bool:
    return 0 < len(value) <= MAX_REMARKS_CHARACTERS and UNSEEN_IN_TEXT.search(value) is None
