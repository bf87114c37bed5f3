"""Delimited text as rows of named cells: the header found, the delimiter seen, numbers read as their writer meant them.

Delimiters are comma, semicolon and tab, whichever the header has; a decimal comma is taken where the comma delimits
nothing. Quoted cells are those of RFC 4180. Every row knows its line. Nothing is guessed of a column's meaning: that
is who asks for it by name.
"""

import _csv
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .flight import unreadable

DELIMITERS = ("\t", ";", ",")

MAX_COLUMNS = 512

_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One line's cells by the header's names (as ``column_name`` spells them)."""

    line: int
    cells: Mapping[str, str]
    decimal: str

    def text(self, name: str) -> str:
        """Return a cell's text, empty where there is none."""
        return self.cells.get(name, "").strip()

    def number(self, name: str) -> float:
        """Return a cell's number; raise ``LocalError`` that names line and column."""
        return cell_number(self.text(name), self.decimal, f"line {self.line}, {name}")


def cell_number(text: str, decimal: str, place: str) -> float:
    """Return the finite number of a cell; raise ``LocalError`` that names ``place``."""
    spoken = text.replace(",", ".") if decimal == "," and text.count(",") == 1 and "." not in text else text
    if not _NUMBER.match(spoken):
        raise unreadable(place, f"{text!r:.40} is not a number" if text else "empty, but needed")
    value = float(spoken)
    if not math.isfinite(value):
        raise unreadable(place, f"{text!r:.40} is not a number")
    return value


def delimiter_of(header: str) -> str | None:
    """Return what delimits a header line, None where nothing does."""
    found = max(DELIMITERS, key=header.count)
    return found if found in header else None


def column_name(cell: str) -> str:
    """Return a header's cell as its name: small letters, no spaces at its ends."""
    return " ".join(cell.strip().strip('"').lower().replace("_", " ").split())


def find_column(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """Return the first of the wanted names that a header has."""
    return next((name for name in wanted if name in names), None)


def header_of(text: str) -> list[str]:
    """Return the names in a text's header, none where its first line is no header; quotes are not judged."""
    line, _, _ = _header_line(text)
    delimiter = delimiter_of(line)
    return [] if delimiter is None else [column_name(cell) for cell in line.split(delimiter)]


def rows(text: str) -> tuple[list[str], Iterator[Row]]:
    """Return the header's names and the rows below; raise ``LocalError`` (also while rows are taken)."""
    header, start, skipped = _header_line(text)
    delimiter = delimiter_of(header)
    if delimiter is None:
        raise unreadable(f"line {skipped + 1}", "no header with columns")
    reader = csv.reader(io.StringIO(text[start:]), delimiter=delimiter, strict=True)
    try:
        names = [column_name(cell) for cell in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise unreadable(f"line {skipped + 1}", f"the header cannot be read: {error}") from None
    if len(names) > MAX_COLUMNS:
        raise unreadable(f"line {skipped + 1}", f"{len(names)} columns; at most {MAX_COLUMNS}")
    if repeated := sorted({name for name in names if name and names.count(name) > 1}):
        raise unreadable(f"line {skipped + 1}", f"the column {repeated[0]!r:.40} is there twice")
    return names, _rows(reader, names, "." if delimiter == "," else ",", skipped)


def _header_line(text: str) -> tuple[str, int, int]:
    """Return the first line that is no comment and no hint for Excel, where it begins, and the lines before it."""
    start = skipped = 0
    while True:
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else None]
        spoken = line.strip()
        if end < 0 or (spoken and not spoken.startswith("#") and not spoken.lower().startswith("sep=")):
            return line, start, skipped
        start, skipped = end + 1, skipped + 1


def _rows(reader: "_csv.Reader", names: list[str], decimal: str, skipped: int) -> Iterator[Row]:
    while True:
        number = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise unreadable(f"line {number}", str(error)) from None
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            raise unreadable(f"line {number}", f"{len(cells)} cells, but the header has {len(names)} columns")
        yield Row(number, dict(zip(names, cells, strict=False)), decimal)
