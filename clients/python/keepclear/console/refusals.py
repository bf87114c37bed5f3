"""What the console refuses by itself, each with a stable code; what a desk refuses keeps the desk's own code.

These codes never travel to the hotline: they are between a page and its console alone.
"""

from typing import Any, NamedTuple

from keepclear_protocol.errors import KeepclearError


class Meaning(NamedTuple):
    """The HTTP status that a code travels with, one plain sentence, and what helps."""

    status: int
    detail: str
    hint: str = ""


NEW_LINK = "press Enter where keepclear console runs, or type keepclear console --link, and open the link"

REFUSALS = {
    "host": Meaning(421, "this console answers on its own loopback address alone"),
    "origin": Meaning(403, "a page of another origin asks"),
    "start_link": Meaning(403, "this start link was used before, is too old, or is of another console", NEW_LINK),
    "session": Meaning(401, "this page has no session with the console", NEW_LINK),
    "wall": Meaning(403, "a wall screen only shows", "open the officer's link at the desk"),
    "no_watch": Meaning(409, "nobody has begun a watch on this page", "begin the watch first: it says who signs"),
    "too_fresh": Meaning(409, "what has stood on the screen for less than a second cannot have been read"),
    "browser_pages": Meaning(503, "this browser has as many pages open as one can feed", "close one of the others"),
    "busy_pages": Meaning(503, "this console feeds as many pages as it can", "close one"),
}


class Refusal(KeepclearError):
    """A refusal of the console's own."""

    def __init__(self, code: str, detail: str = "", *, hint: str = "") -> None:
        meaning = REFUSALS[code]
        super().__init__(code, detail or meaning.detail, hint=hint or meaning.hint)

    @property
    def status(self) -> int:
        """The HTTP status that it travels with."""
        return REFUSALS[self.code].status


def problem_json(error: KeepclearError) -> dict[str, Any]:
    """Return an error as the page is told it."""
    return {"code": error.code, "detail": error.detail, "hint": error.hint}
