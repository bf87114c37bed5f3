"""Characters: which may stand in names, in officers' handles and in remarks.

Guaranteed: what is plain here shows itself, reads in one direction and cannot hide. The ranges are spelled out, and no
table of the interpreter's is asked, because classes of characters differ between versions of Unicode, and with them two
receivers' verdicts on one signed text. A character that some later version of Unicode will name is plain. Not
guaranteed: that two texts which look alike are the same; nobody composes or folds what others signed.
"""

import re

_UNSEEN = (
    # Controls, and what is invisible or turns the direction of what follows.
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    # Half characters, private use, what is no character, and planes that have none but those.
    r"\ud800-\uf8ff\ufdd0-\ufdef\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U0010ffff"
)
_SELECTORS = r"\ufe00-\ufe0f"
"""Variation selectors: they choose between two looks of the character before them, as keyboards do for emoji."""

UNSEEN = re.compile(f"[{_UNSEEN}{_SELECTORS}]")
"""A character that may not stand in a name."""

UNSEEN_IN_TEXT = re.compile(f"[{_UNSEEN}]")
"""A character that may not stand in remarks."""

BLANKS = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What is blank, of that which may stand in a name."""


def is_name(value: object, most: int) -> bool:
    """Whether ``value`` is a text of 1 to ``most`` characters, none of them unseen, with no blank at either end."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= most
        and UNSEEN.search(value) is None
        and value[0] not in BLANKS
        and value[-1] not in BLANKS
    )
