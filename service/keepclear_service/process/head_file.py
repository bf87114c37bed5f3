"""A head's file: two places of a page each, written by turns and fsynced, so that a torn write leaves the one before.

All workers of a service write the same file, one after the other under its lock; the newest head wins. Mode 0600. The
folder must not be put back with the store: it is what tells that the store was.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import msgspec
from keepclear_protocol.errors import LocalError

from ..line.heads import Head
from .files import reason

PLACE_BYTES = 4096
"""A head with all the epochs that are remembered takes 2.5 KB."""

_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

_decode, _encode = msgspec.json.Decoder(Head).decode, msgspec.json.Encoder().encode


class FileOfHead:
    """The file of one agreement's head in ``folder``."""

    def __init__(self, folder: Path, agreement_id: str) -> None:
        self._path = folder / f"{agreement_id}.head"

    def read(self) -> Head | None:
        """Return the head that is kept; None where there is none. Raises ``LocalError`` with ``usage``."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._opened() as file:
                return self._newest(self._places(file.fileno()))[0]
        except OSError as error:
            raise self._fault(error) from None

    def write(self, head: Head) -> None:
        """Keep ``head`` unless a newer one is kept; on the disk when this returns. Raises ``LocalError``."""
        try:
            with self._opened() as file:
                kept, place = self._newest(self._places(file.fileno()))
                if not head.follows(kept):
                    return
                said = _encode(head.after(kept))
                text = hashlib.sha256(said).hexdigest().encode() + b" " + said + b"\n"
                os.pwrite(file.fileno(), text.ljust(PLACE_BYTES, b"\0"), (1 - place) * PLACE_BYTES)
                os.fdatasync(file.fileno())
        except OSError as error:
            raise self._fault(error) from None

    def _opened(self) -> BinaryIO:
        """Open the file under its lock, which goes with it."""
        file = open(self._path, "rb+", buffering=0, opener=lambda name, _: os.open(name, _OPEN, 0o600))
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def _places(self, fd: int) -> list[bytes]:
        return [os.pread(fd, PLACE_BYTES, place * PLACE_BYTES) for place in (0, 1)]

    def _newest(self, places: list[bytes]) -> tuple[Head | None, int]:
        """Return the newest head that is whole, and the place where it stands."""
        found: tuple[Head | None, int] = (None, 1)
        for place, text in enumerate(places):
            head = _whole(text)
            if head is not None and head.follows(found[0]):
                found = head, place
        if found[0] is None and any(text.strip(b"\0") for text in places):
            raise LocalError(
                "usage",
                f"the head's file {self._path} is damaged",
                hint="it tells whether the store was put back; where that is sure otherwise, remove it",
            )
        return found

    def _fault(self, error: OSError) -> LocalError:
        hint = "the folder of --heads holds how far each line has come; it must be the service's to write"
        return LocalError("usage", f"the head's file {self._path} cannot be used: {reason(error)}", hint=hint)


def _whole(text: bytes) -> Head | None:
    seal, _, said = text.rstrip(b"\0").rstrip(b"\n").partition(b" ")
    if not said or hashlib.sha256(said).hexdigest().encode() != seal:
        return None
    try:
        return _decode(said)
    except msgspec.DecodeError:
        return None
