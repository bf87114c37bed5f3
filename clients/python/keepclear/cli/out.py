"""The one home of all output: what a command writes to standard output and to standard error, total.

Guaranteed: a line is one line, harmless (``plain``), and written whatever the stream's encoding is; what it cannot
print is escaped. JSON is never cut, and is ASCII where it has anything that cannot be printed. Nothing raises for a
letter. Where standard output is closed or full, a command whose output is all that it is for ends; of one that does
something else the deed and its exit code stand, and standard error says once that the output could not be written.
Talk on standard error never raises.
"""

import errno
import json
import os
import sys
from typing import IO, Any

import click
from keepclear_protocol.encoding import dump_json

from .plain import plain

__all__ = ["OutputFailed", "heading", "note", "plain", "ring", "say", "settle", "talk", "write_bytes", "write_json"]

READS = frozenset(
    ("check", "conflicts", "cot", "demo", "diff", "doctor", "formats", "notices", "show", "watch", "whoami")
)
"""Commands whose output is what they are for: without it they have failed. So have those that were named no file."""

LOUD = ("BEGUN", "MEDIATOR", "OPEN", "OVERDUE", "PROBLEM", "ROLLBACK", "UNVERIFIED", "WRONG")
"""Words that are underlined by colour at the beginning of a line. NO_COLOR (no-color.org) takes it away."""

_failed: list[OSError] = []


class OutputFailed(Exception):
    """Standard output takes no more; ``error`` says why."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def say(*lines: str, bell: bool = False) -> None:
    """Write lines to standard output; with ``bell`` ring on a terminal."""
    for line in lines:
        text = _underlined(plain(line), sys.stdout)
        _write(("\a" if bell and _is_terminal(sys.stdout) else "") + text + "\n")


def ring() -> None:
    """Ring once on a terminal."""
    if _is_terminal(sys.stdout):
        _write("\a")


def write_json(value: object) -> None:
    """Write a value as one line of JSON to standard output."""
    try:
        text = dump_json(value).decode()
        text.encode(_encoding(sys.stdout))
    except UnicodeError:
        text = "\x7f"
    _write((text if text.isprintable() else json.dumps(value, separators=(",", ":"))) + "\n")


def write_bytes(document: bytes) -> None:
    """Write a document to standard output byte for byte."""
    _write(document.decode("utf-8", "surrogateescape"), document)


def note(text: str) -> None:
    """Write one line of talk to standard error: ``keepclear: ...``."""
    talk(f"keepclear: {text}")


def heading(what: str, text: str) -> None:
    """Write ``keepclear: what: text`` to standard error, lower case but where a word is in capitals on purpose.

    A callsign such as A3 is such a word.
    """
    text = " ".join(text.split()).rstrip(".")
    if len(text) > 1 and not (text[1].isupper() or text[1].isdigit()):
        text = text[0].lower() + text[1:]
    note(f"{what}: {text}")


def talk(*lines: str) -> None:
    """Write lines to standard error, which may be gone."""
    for line in lines:
        try:
            if sys.stderr is not None:
                _write_to(sys.stderr, _underlined(plain(line), sys.stderr) + "\n")
        except (OSError, ValueError):
            return


def settle() -> None:
    """Write out what is left, and say once if standard output took not all of what a deed had to say."""
    try:
        if sys.stdout is not None and not _failed:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        _fail(error)
    if _failed:
        why = _why(_failed[0])
        _failed.clear()
        note(f"the output could not be written ({why}); what was done stands")


def _write(text: str, data: bytes | None = None) -> None:
    if _failed:
        return
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if data is not None and hasattr(sys.stdout, "buffer"):
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        else:
            _write_to(sys.stdout, text)
    except (OSError, ValueError) as error:
        _fail(error)


def _fail(error: OSError | ValueError) -> None:
    """Write nothing more; end a command that is for its output alone."""
    if isinstance(error, UnicodeError):
        raise error
    fault = error if isinstance(error, OSError) else OSError(errno.EBADF, "it is closed")
    _let_go()
    if _is_for_output(click.get_current_context(silent=True)):
        raise OutputFailed(fault) from None
    _failed.append(fault)


def _write_to(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
    except UnicodeError:
        encoding = _encoding(stream)
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _let_go() -> None:
    """Have what is still buffered go nowhere: Python would complain once more when it closes the stream at exit."""
    try:
        if sys.stdout is not None and sys.stdout.fileno() == 1:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (OSError, ValueError, AttributeError):
        pass


def _is_for_output(context: click.Context | None) -> bool:
    if context is None:
        return True
    given = context.params
    return context.info_name in READS or bool(given.get("dry_run")) or given.get("file", given.get("out", "")) is None


def _underlined(text: str, stream: Any) -> str:
    word = text.split(" ", 1)[0]
    # A line that begins with the time of day has its word after it.
    at = len(word) + 1 if word[:2].isdigit() and word.endswith("Z") else 0
    word = text[at:].split(" ", 1)[0]
    if word.rstrip(":,") not in LOUD or os.environ.get("NO_COLOR") or not _is_terminal(stream):
        return text
    return text[:at] + click.style(word, fg="red", bold=True) + text[at + len(word) :]


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and bool(stream.isatty())
    except (ValueError, AttributeError):
        return False


def _encoding(stream: Any) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _why(error: OSError) -> str:
    return error.strerror or str(error)
