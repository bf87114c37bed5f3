"""Asking an officer on a terminal before something is done that cannot be undone; scripts are never waited for."""

import sys
from typing import Any

import click
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.speakable import speakable

from keepclear.journal.kept import OwnStatement

from .plain import foreign, plain


def is_asked() -> bool:
    """Whether somebody sits there who can be asked."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal, and not closed."""
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:
        return False


def confirm(question: str) -> bool:
    """Return what the officer answers; no is what it means to press return."""
    return click.confirm(plain(f"keepclear: {question}"), default=False, err=True)


def describe(statement: OwnStatement) -> str:
    """Return what a notice is to an officer: its code, its callsign and its window."""
    summary, parts = statement.summary, [speakable(statement.id)]
    if summary.callsign:
        parts.append(foreign(summary.callsign))
    if summary.first_start is not None and summary.last_end is not None:
        first, last = (format_instant(at // SECOND * SECOND) for at in (summary.first_start, summary.last_end))
        parts.append(f"{first} to {last}")
    return " ".join(parts)
