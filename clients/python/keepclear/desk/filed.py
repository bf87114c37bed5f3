"""What becomes of a statement that is filed, and where the next one of its notice goes: values alone."""

from dataclasses import dataclass
from typing import Any

from keepclear_protocol.receipt import Receipt

from ..journal.kept import OwnStatement
from .events import AlertEvent


@dataclass(frozen=True, slots=True)
class Filed:
    """A statement of ours that the service has receipted, and the alerts that it caused to us.

    ``more``: there are more alerts than its answer could hold; they come on the stream. ``anew`` says why it was
    signed again, where it had been kept to be sent. ``reference`` is the party's own, if it was filed under one.
    ``before``: it was receipted before, and nothing was sent now; then the alerts are of what this desk knows as open.
    """

    id: str
    revision: int
    sha256: str
    receipt: Receipt
    alerts: tuple[AlertEvent, ...]
    more: bool = False
    anew: str = ""
    reference: str | None = None
    before: bool = False

    @property
    def in_conflict(self) -> bool:
        """Whether one of ``alerts`` says that it is in conflict."""
        return any(event.standing == "OPEN" for event in self.alerts)


@dataclass(frozen=True, slots=True)
class Named:
    """The reference that a new notice is to go by, and the notice, never admitted, that had it before."""

    reference: str
    instead: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next statement of a notice goes: behind ``head``, in the place of what never was admitted."""

    id: str
    head: OwnStatement | None
    unsent: tuple[OwnStatement, ...]

    @property
    def revision(self) -> int:
        """The next revision."""
        return 1 if self.head is None else self.head.revision + 1

    @property
    def chain(self) -> dict[str, Any]:
        """The arguments that say so to who builds a notice or a withdrawal."""
        before = {} if self.head is None else {"prev": self.head.sha256}
        return {"notice": self.id, "revision": self.revision, **before}
