"""What the doctor finds of one thing, and how it is told: what is wrong ends with the command that mends it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import format_instant

OK, NOTE, WRONG = "OK", "NOTE", "WRONG"

REFUSED = 1
"""The exit code of what is wrong and is nobody's error: a clock, a proxy."""

SOON_US = 14 * 86_400 * 1_000_000
"""How long before its end something is told of: a key is enrolled by a revision that all parties sign, in days."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``verdict`` on ``thing``. ``code`` is the exit code that it ends in where it is ``WRONG``.

    ``figures`` are for scripts.
    """

    thing: str
    verdict: str
    said: str
    mend: str = ""
    code: int = REFUSED
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The finding as one line."""
        mend = f"; mend: {self.mend}" if self.mend else ""
        return f"{self.verdict:<6}{self.thing:<12}{self.said}{mend}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding for scripts."""
        return {
            "thing": self.thing, "verdict": self.verdict.lower(), "said": self.said, "mend": self.mend or None,
            **self.figures,
        }  # fmt: skip


def wrong(thing: str, error: KeepclearError, mend: str, code: Callable[[KeepclearError], int]) -> Finding:
    """Return what an error is as a finding, with its hint where that says more than the command."""
    hint = f" ({error.hint.rstrip('.')})" if error.hint and error.hint != mend else ""
    said = error.detail.rstrip(".") + hint
    return Finding(thing, WRONG, said, mend, code(error), {"code": error.code})


def until(thing: str, end: int, now: int, said: str, mend: str, **figures: Any) -> Finding:
    """Return what is to be told of something that lasts until ``end``: nothing bad, or that it ends soon."""
    told = f"{said}, until {format_instant(end)}"
    soon = end - now < SOON_US
    return Finding(
        thing, NOTE if soon else OK, told, mend if soon else "", figures=figures | {"until": format_instant(end)}
    )
