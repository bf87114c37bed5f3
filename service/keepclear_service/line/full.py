"""Full: what is said of a store that has no room, in memory or on its disk; and of what it does not take for itself."""

from keepclear_protocol.errors import Unavailable

UNHELD = "this party has as many volumes on the line as the service's memory holds for each party"
"""It grows with what the party itself has filed, and tells nothing of others."""

MENDS = "make room, or give the store more: docs/operating.md, The store is full"


class NotTaken(Unavailable):
    """The store answered, and took nothing of what it was asked to. ``of_all``: nor would it take anything else."""

    def __init__(self, code: str, detail: str = "", *, hint: str = "", of_all: bool = False) -> None:
        super().__init__(code, detail, hint=hint)
        self.of_all = of_all


def store_full(detail: str = "") -> NotTaken:
    """Return the error of whatever finds no room."""
    return NotTaken("store_full", detail, hint=MENDS, of_all=True)
