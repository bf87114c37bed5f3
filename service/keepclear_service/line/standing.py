"""How a line stands on one worker: what of it cannot be folded, what its store has lost, and what is said of both."""

import logging

from keepclear_protocol.errors import Unavailable

from ..decide.entry import Entry
from ..logs import Outage, log_event

log = logging.getLogger(__name__)


class Standing:
    """Why an agreement is not ready, if it is not."""

    def __init__(self, agreement_id: str) -> None:
        self.poison: dict[int, str] = {}
        """Entries that cannot be folded, and why."""
        self.failed: set[int] = set()
        """Entries that could not be folded when it was last tried."""
        self.lost: Unavailable | None = None
        """What came in between the store and the last turn."""
        self.refused: Unavailable | None = None
        """Why this store is not gone on with, not even to be read: it was put back. Until a turn has ended well."""
        self._outage = Outage(log, "line_lost", "line_back", level=logging.ERROR, agreement=agreement_id)

    def fell(self, error: Unavailable, *, beginning: bool) -> None:
        """Note that a turn did not end for the store's sake; ``beginning``: it did not even begin."""
        self._outage.began(error)
        self.lost = error
        if beginning and error.code == "store_unsafe":
            self.refused = error

    def turned(self) -> None:
        """Note that a turn has ended."""
        self._outage.over()
        self.lost = self.refused = None

    def blame(self, entry: Entry, error: Exception) -> None:
        """Note that an entry could not be folded: the state is made anew for it, and met again it is set aside."""
        if entry.seq in self.failed:
            log.error("fold_fault", exc_info=error)
            self.set_aside(entry, type(error).__name__)
        self.failed.add(entry.seq)

    def set_aside(self, entry: Entry, why: str) -> None:
        """Name an entry that cannot be folded, once."""
        if entry.seq not in self.poison:
            self.poison[entry.seq] = why
            log_event(log, logging.ERROR, "poison_entry", seq=entry.seq, kind=entry.kind, party=entry.party, why=why)

    def said(self) -> str:
        """Return in a few words what is wrong, "" for nothing."""
        if self.poison:
            return "poison entry " + ", ".join(f"{seq} ({why})" for seq, why in sorted(self.poison.items()))
        if self.lost is None:
            return ""
        return f"{self.lost.code}: {self.lost.detail}; {self.lost.hint}" if self.refused else self.lost.code

    def check_lost(self) -> None:
        """Raise what came in between the store and the last turn, if anything did."""
        self.check_read()
        if self.lost is not None:
            raise Unavailable(self.lost.code) from self.lost

    def check_read(self) -> None:
        """Raise why the store is not to be read either, if it is not."""
        if self.refused is not None:
            raise anew(self.refused)

    def check(self) -> None:
        """Raise ``Unavailable`` where no statement is answered now."""
        self.check_lost()
        if self.poison:
            raise self.unsafe()

    def unsafe(self) -> Unavailable:
        """Return what is answered while something cannot be folded."""
        return Unavailable("store_unsafe", f"the line is not ready: {self.said()}")


def anew(error: Unavailable) -> Unavailable:
    """Return an error that is kept, to be raised: itself it would keep all that it was ever raised in, bodies too."""
    again = type(error).__new__(type(error), *error.args)
    again.__dict__.update(error.__dict__)
    return again
