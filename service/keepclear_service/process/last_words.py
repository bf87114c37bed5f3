"""Why the embedded store ended: what it said itself, in the life that ended, and what we see of its disk.

Its log holds other lives' words too, warnings of each start, and on a full disk half lines: none of these is taken.
"""

import os
import re
from pathlib import Path

from keepclear_protocol.errors import Unavailable

FULL_BYTES = 4 << 20
"""Room below which a disk is called full: of one write of a store, and of its log's rewriting, no more fits."""

TOLD_BYTES = 64 * 1024
"""From the log's end, where a life's last words are."""

WORDS = 2
"""Last lines that are given: the store names the fault in one, and what it does about it in the next."""

_LINE = re.compile(r"^(\d+):[A-Z] .*? # (.+)$")
_NO_CAUSE = ("WARNING", "oO0OoO0OoO0Oo", "Configuration loaded", "Warning:")
_DAMAGED = re.compile(r"Bad file format reading the append only file|valkey-check-aof|redis-check-aof")

DAMAGED_MENDS = (
    "restore the backup, then keepclear-service new-epoch (docs/deploying.md); never valkey-check-aof --fix, which cuts"
    " off what receipts were given for"
)


def last_words(log: Path, pid: int | None) -> list[str]:
    """Return the last lines that process ``pid`` said of a fault, oldest first."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TOLD_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    whole = text[: text.rfind("\n") + 1].splitlines()
    found = [match[2] for line in whole if (match := _LINE.match(line)) and int(match[1]) == pid]
    return [words for words in found if not words.startswith(_NO_CAUSE)][-WORDS:]


def room(folder: Path) -> int | None:
    """Return the bytes that are free for us on the disk of ``folder``, None where nobody can tell."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def why_it_ended(folder: Path, pid: int | None, status: int | None) -> str:
    """Return in a line why the store on ``folder`` that was process ``pid`` ended."""
    free, words = room(folder), last_words(folder / "store.log", pid)
    if any(_DAMAGED.search(line) for line in words):
        return f"the store's log in {folder} is damaged: {DAMAGED_MENDS}"
    said = "; ".join(words)
    if free is not None and free < FULL_BYTES:
        return f"its disk is full, {free // 1024} KiB free for {folder}" + (f": {said}" if said else "")
    if said:
        return said
    if status is not None and status < 0:
        return f"signal {-status}"
    return f"it left no word in {folder / 'store.log'}"


def no_start(folder: Path, pid: int | None, status: int | None) -> Unavailable:
    """Return the error of a store that did not come to answer."""
    why = why_it_ended(folder, pid, status)
    if why.endswith(DAMAGED_MENDS):
        return Unavailable("store_unavailable", f"the store's log in {folder} is damaged", hint=DAMAGED_MENDS)
    if why.startswith("its disk is full"):
        return Unavailable(
            "store_unavailable",
            f"the embedded store did not start: {why}",
            hint=f"make room on the disk of {folder}; nothing that has a receipt is lost (docs/operating.md)",
        )
    return Unavailable("store_unavailable", f"the embedded store did not start: {why}")
