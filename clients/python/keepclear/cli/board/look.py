"""What the board looks like on one terminal: its signs, the party's reference point, the agreement's deadline."""

from dataclasses import dataclass

from keepclear_protocol.separation import Severity

from keepclear.desk.picture import UNVERIFIED
from keepclear.verify.verdicts import Standing

from ..reference import Reference
from .cells import ALARM, DANGER, DIM, PLAIN, WARNING

SIGNS = {
    Severity.OVERLAP: ("▲", "!!", DANGER),
    Severity.PROXIMITY: ("△", "! ", WARNING),
    Severity.POSSIBLE: ("◇", "? ", WARNING),
    UNVERIFIED: ("✖", "XX", ALARM),
    Standing.UNCONFIRMED: ("◌", "~ ", WARNING),
    Standing.PAST: ("▷", "< ", PLAIN),
    Standing.CLOSED: ("○", "- ", DIM),
}
"""Each severity and state has a sign and a word of its own, so that colour is never alone: the sign where the terminal
can print it, the sign where it prints ASCII alone, and the style."""

_UNICODE = "▲△◇✖◌▷○▶▲▼·…°─"


@dataclass(frozen=True, slots=True)
class Look:
    """How to draw on a terminal of this encoding. ``heard_until``: the last sign of life, while the link is lost."""

    unicode: bool = True
    reference: Reference | None = None
    deadline_s: int | None = None
    heard_until: int | None = None

    @classmethod
    def of(cls, encoding: str | None, reference: Reference | None) -> "Look":
        """Return the look for what a stream of ``encoding`` can print."""
        try:
            _UNICODE.encode(encoding or "ascii")
        except (UnicodeError, LookupError):
            return cls(False, reference)
        return cls(True, reference)

    def sign(self, of: str) -> tuple[str, str]:
        """Return sign and style of a severity or state; what is not known looks like what is worst."""
        unicode, ascii, style = SIGNS.get(of, SIGNS[UNVERIFIED])
        return (unicode if self.unicode else ascii), style

    @property
    def between(self) -> str:
        """What stands between two things said of one conflict."""
        return " · " if self.unicode else ", "

    @property
    def mark(self) -> str:
        """What a cut text ends in."""
        return "…" if self.unicode else "~"

    @property
    def degree(self) -> str:
        """What follows a bearing."""
        return "°" if self.unicode else " deg"

    @property
    def rule(self) -> str:
        """What a rule across the screen is made of."""
        return "─" if self.unicode else "-"

    @property
    def pointer(self) -> str:
        """What stands before the selected conflict."""
        return "▶ " if self.unicode else "> "
