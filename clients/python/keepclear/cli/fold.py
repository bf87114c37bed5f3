"""A line folded to the width of whatever shows it, so that a terminal cuts no word and none is lost.

Guaranteed: all words, in their order, and no row wider than asked, but where a single letter is. Where nobody says how
wide it is, as in a pipe, a line stays one line.
"""

import os
import sys

from .board.cells import width

INDENT = "    "
LEAST = 30
"""Columns below which rows of a few words each are no easier to read than what the terminal makes of one line."""


def columns() -> int | None:
    """Return how wide standard output is: as ``COLUMNS`` says, else as its terminal does."""
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and len(said) < 6:
        return int(said) or None
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None


def folded(text: str, cells: int | None) -> list[str]:
    """Return ``text`` in rows of at most ``cells`` cells, those after the first indented."""
    if cells is None or cells < LEAST or width(text) <= cells:
        return [text]
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        if row.strip() and width(f"{row} {word}") > cells:
            rows.append(row)
            row = INDENT
        row += f" {word}" if row.strip() else word
        while width(row) > cells:  # a word that alone is wider
            at = len(row)
            while at > len(INDENT) + 1 and width(row[:at]) > cells:
                at -= 1
            rows.append(row[:at])
            row = INDENT + row[at:]
    return [*rows, row]
