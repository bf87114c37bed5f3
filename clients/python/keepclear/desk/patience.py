"""For how long a stream is still waited for. Without I/O: who reads says how long it waited and what has come by then.

Guaranteed: a connection is given up that brings no sign of life in its time, none of what the hotline has signed that
there is, or that lasts longer than the hotline lets any last. Only the waiting counts, not what is done between.
Not guaranteed: that a line which is long in coming ends; while it gets on it is waited for, and is no sign of life.
"""

from keepclear_protocol.errors import Unavailable

from ..transport.client import PROGRESS_BYTES
from ..transport.faults import silent
from .position import Position

STREAM_LASTS_S = 660.0
"""The hotline ends every stream after ten minutes; whatever goes on for a minute more is not its own."""

OUTLIVED = "the connection outlived the ten minutes that the hotline gives one"
OUTLIVED_HINT = "does a proxy keep it open whose own way to the hotline is gone?"


class Patience:
    """What is left of the patience with one connection, whose state is ``position``.

    ``within_s`` is what each sign of life gives, ``open_s`` what the first word has.
    """

    def __init__(self, position: Position, within_s: float, open_s: float) -> None:
        self._position = position
        self._within_s = within_s
        self._life_s = open_s
        self._whole_s = self._owed_s = within_s
        self._all_s = STREAM_LASTS_S
        self._lines = self._begun = self._owed = 0

    @property
    def left_s(self) -> float:
        """Seconds for which the next bytes are waited for."""
        return max(0.0, min(self._life_s, self._all_s, self._owed_s if self._position.owed else self._life_s))

    @property
    def is_deaf(self) -> bool:
        """Whether nothing whole has come for so long that what is known may be no longer so."""
        return self._whole_s <= 0

    def waited(self, seconds: float) -> None:
        """Note a wait."""
        self._life_s -= seconds
        self._whole_s -= seconds
        self._all_s -= seconds
        self._owed_s -= seconds if self._position.owed else 0

    def came(self) -> None:
        """Note what the last bytes have made of the position."""
        position = self._position
        gets_on = position.opened and position.begun_bytes - self._begun >= PROGRESS_BYTES
        if position.lines > self._lines:
            self._whole_s = self._within_s
        if position.lines > self._lines or gets_on:
            self._life_s = self._within_s
            self._begun = position.begun_bytes
        if position.owed < self._owed or gets_on:
            self._owed_s = self._within_s
        self._lines, self._owed = position.lines, position.owed
        self._begun = min(self._begun, position.begun_bytes)

    def loss(self) -> Unavailable:
        """Return why the connection is given up."""
        if self._all_s <= 0:
            return Unavailable("unreachable", OUTLIVED, hint=OUTLIVED_HINT)
        if self._position.owed and self._owed_s <= 0:
            return self._position.withholding(self._within_s)
        return silent(self._within_s)
