"""Officers' handles, by one rule wherever a desk signs in an officer's name."""

from keepclear_protocol.acknowledgement import MAX_OFFICER_CHARACTERS
from keepclear_protocol.characters import UNSEEN, is_name
from keepclear_protocol.errors import LocalError


def check_handle(text: object) -> str:
    """Return an officer's handle, such as ``duty-2``; raise ``LocalError`` with ``usage`` where it is none.

    The wire takes any name of 64 characters (R-079), and what others sign is shown as it is. What this desk signs goes
    to the other side, so a space, with which a rank and a name would begin, is taken for a slip.
    """
    if isinstance(text, str) and UNSEEN.search(text):
        raise LocalError("usage", "an officer's handle has no characters that cannot be seen; type it anew")
    if not isinstance(text, str) or " " in text or not is_name(text, MAX_OFFICER_CHARACTERS):
        raise LocalError(
            "usage",
            f"an officer's handle is at most {MAX_OFFICER_CHARACTERS} characters without a space, such as duty-2: "
            "the other side is shown it, so it is no name and no rank",
        )
    return text
