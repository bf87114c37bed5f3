"""What happened to a conflict, what was signed, and what one side was shown of the other: values alone."""

from dataclasses import dataclass, field

from keepclear_protocol.volume import Volume

from ..verify.anew import Checked

OURS, THEIRS, HOTLINE = "ours", "theirs", "hotline"
"""Whose act something is, and by whose clock its time is told."""

ORDER = (
    "filed", "amended", "withdrawn", "receipted", "alert", "closed", "delivered", "displayed", "acknowledged",
)  # fmt: skip
"""What of one instant comes first: the cause before what it causes."""

Details = dict[str, str | int | None]
"""What else is to be said of something, by name."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline: ``kind`` says what, ``by`` whose act it is, ``clock`` whose clock told ``at``.

    ``came_at`` is when it came to this desk, by its own clock. ``sha256`` names the statement that says so, if one
    does; ``details`` are by the kind.
    """

    at: int
    kind: str
    by: str
    clock: str
    came_at: int | None = None
    sha256: str | None = None
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signed statement of the incident: what it is, when it says that it was made, and what it is worth now.

    ``noted`` is what this desk had found when it came, where that was something else.
    """

    kind: str
    by: str
    number: int | None
    at: int | None
    checked: Checked
    noted: str | None = None


@dataclass(frozen=True, slots=True)
class Revealed:
    """A volume that one side was shown of the other's: in which revision of its notice it stands, and since when."""

    digest: str
    revision: int
    since: int
    volume: Volume | None
