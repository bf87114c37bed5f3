"""A script: what is played. Its setting, its turns, and what is told of them in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .setting import Setting
from .tally import Conflict, Tally
from .turn import Turn


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it: ``lines`` for a person, ``facts`` for the result file beside what every script has there."""

    lines: list[str]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """``turns`` are those of a play that begins at the instant given to it.

    ``asks`` chooses of the conflicts in the end those of which both desks give testimony. ``tell`` tells from the tally
    what happened; it raises ``EvidenceInvalid`` where a desk was shown what it must not be.
    """

    setting: Setting
    turns: Callable[[int], list[Turn]]
    asks: Callable[[list[Conflict]], list[Conflict]]
    tell: Callable[[list[Turn], list[Conflict], Tally], Told]
