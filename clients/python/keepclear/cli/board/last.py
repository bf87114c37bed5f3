"""The last picture that could be read: one that cannot be leaves it standing, and it goes on to age in sight."""

from dataclasses import replace
from typing import Protocol

from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND

from keepclear.desk.picture import Picture


class _Pictured(Protocol):
    @property
    def party(self) -> str: ...

    def picture(self) -> Picture: ...


class LastPicture:
    """The picture of one desk as it was last read."""

    def __init__(self, desk: _Pictured, now: int) -> None:
        self._desk = desk
        self._read_at = now
        self.picture = Picture(desk.party, None, (), ())

    def look(self, now: int) -> str:
        """Read the picture; return why it cannot be read, if so."""
        said = ""
        try:
            self.picture = self._desk.picture()
        except Exception as error:  # whatever it is, the last picture stands
            detail = error.detail if isinstance(error, KeepclearError) else f"{type(error).__name__}: {error}"
            said = f"the picture cannot be read: {detail}"
            if self.picture.age_s is not None:
                aged = self.picture.age_s + (now - self._read_at) / SECOND
                self.picture = replace(self.picture, age_s=aged)
        self._read_at = now
        return said
