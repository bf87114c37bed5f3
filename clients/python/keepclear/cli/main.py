"""The command ``keepclear``: its commands by name, how an error is told, and what an exit code means.

Data goes to standard output, talk to standard error. An error is one line ``keepclear: error: ...``, where it helps
followed by ``keepclear: hint: ...``; no input ends in a traceback. Commands are loaded when they are used.

Exit codes: 0 done, 1 refused, 2 usage, 3 accepted but in conflict, 4 hotline unreachable, 5 a signature or evidence
does not hold, 6 the picture is stale; 70 a fault of keepclear's own; 130 after an interrupt, 141 where whoever read the
output has gone. Once a deed is done its exit code stands, whether its output could be written or not.
"""

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click
from keepclear_protocol.errors import (
    EvidenceInvalid,
    KeepclearError,
    LocalError,
    NotAuthentic,
    StalePicture,
    Unavailable,
)

from keepclear.desk.position import NEW_TERMS_HINT

from . import out
from .ids import Commands

DONE, REFUSED, USAGE, IN_CONFLICT, UNREACHABLE, INVALID, STALE = range(7)
FAULT = 70
"""A fault of our own, as sysexits.h has it: never to be taken for what the hotline refused."""
INTERRUPTED = 130
BROKEN_PIPE = 141
"""What a shell reports for a program that wrote to a reader that has gone: 128 and SIGPIPE."""

COMMANDS = (
    "keygen", "agreement", "submit", "amend", "withdraw", "send", "discard", "notices", "notice", "conflicts",
    "conflict", "report", "watch", "console", "cot", "ack", "check", "formats", "demo",
    "doctor", "whoami",
)  # fmt: skip
"""In the order in which they are listed."""

HINTS = {
    "not_authenticated": "is this key enrolled in the agreement that the hotline has, and is it this agreement?",
    "proof_expired": "is this machine's clock right?",
    "not_yet": "is this machine's clock right?",
    "admitted_too_late": "is this machine's clock right? signed anew on a slow clock it is too late again",
    "key_not_valid": "has the key run out, or is this machine's clock wrong? keepclear agreement show tells its time",
    "clock": "set this machine's clock; the alert is judged again then",
    "limit_retention": "is this machine's clock right?",
    "wrong_terms": NEW_TERMS_HINT,
    "unreachable": "is the address right, and is the hotline running? --connect-to names another address",
    "version_stale": "the conflict has changed: look again with keepclear conflicts, then acknowledge that version",
    "conflict_unknown": "keepclear conflicts lists them",
    "revision_conflict": "another desk of yours was quicker; look with keepclear notices",
    "busy": "try again in a moment: the same bytes are safe to send again",
}


class _Commands(Commands):
    """Commands by name, each loaded from its own module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command: click.Command
        match cmd_name:
            case "keygen":
                from .keygen import keygen as command
            case "agreement":
                from .agreement import agreement as command
            case "submit":
                from .submit import submit as command
            case "amend":
                from .amend import amend as command
            case "withdraw":
                from .withdraw import withdraw as command
            case "send":
                from .send import send as command
            case "discard":
                from .send import discard as command
            case "notices":
                from .notices import notices as command
            case "notice":
                from .notice import notice as command
            case "conflicts":
                from .conflicts import conflicts as command
            case "conflict":
                from .conflict import conflict as command
            case "report":
                from .after_action import report as command
            case "watch":
                from .watch import watch as command
            case "console":
                from .console import console as command
            case "cot":
                from .cot.command import cot as command
            case "ack":
                from .ack import ack as command
            case "check":
                from .check import check as command
            case "formats":
                from .formats import formats as command
            case "demo":
                from .demo import demo as command
            case "doctor":
                from .doctor.command import doctor as command
            case "whoami":
                from .whoami import whoami as command
            case _:
                return None
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keepclear", message="%(prog)s %(version)s")
def keepclear() -> None:
    """Keep clear of the other side's aircraft: file signed flight intents, get verified conflict alerts.

    Every option of a desk can come from the environment: KEEPCLEAR_AGREEMENT, KEEPCLEAR_ROOT, KEEPCLEAR_KEY,
    KEEPCLEAR_DESK, KEEPCLEAR_CONNECT_TO, KEEPCLEAR_CA, KEEPCLEAR_TLS_CERT, KEEPCLEAR_TLS_KEY.

    \b
    Exit codes: 0 done, 1 refused, 2 usage, 3 accepted but in conflict,
    4 hotline unreachable, 5 a signature or evidence does not hold,
    6 the picture is stale, 70 a fault of keepclear's own.

    \b
    Completion, in bash (zsh and fish likewise):
    eval "$(_KEEPCLEAR_COMPLETE=bash_source keepclear)"
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    _hold_standard_streams()
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error has been told."""
    try:
        code = _run(arguments)
        out.settle()
    except out.OutputFailed as failed:
        if failed.error.errno == errno.EPIPE:
            return BROKEN_PIPE
        out.heading("error", f"the output cannot be written: {failed.error.strerror or failed.error}")
        return USAGE
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result: Any = keepclear.main(args=arguments, prog_name="keepclear", standalone_mode=False)
        return result if isinstance(result, int) else DONE
    except KeepclearError as error:
        tell_error(error)
        return exit_code(error)
    except click.exceptions.NoArgsIsHelpError as error:
        out.talk(*error.format_message().splitlines())
        return USAGE
    except click.UsageError as error:
        hint = error.ctx.command_path + " --help" if error.ctx is not None else "keepclear --help"
        out.heading("error", error.format_message())
        out.heading("hint", f"{hint} says more")
        return USAGE
    except click.ClickException as error:
        out.heading("error", error.format_message())
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except out.OutputFailed:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OF_OUTPUT:
            raise out.OutputFailed(error) from None  # of a text that click has written itself
        at = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(at.filename)} line {at.lineno}"
        out.heading("error", f"a fault of keepclear's own in {where}: {type(error).__name__}: {error}")
        return FAULT


_OF_OUTPUT = (errno.EPIPE, errno.ENOSPC, errno.EBADF, errno.EIO)


def _hold_standard_streams() -> None:
    """Have a stream that was closed (``>&-``) go nowhere: the next file opened would else take its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull)


def exit_code(error: KeepclearError) -> int:
    """Return the exit code that an error ends in."""
    match error:
        case Unavailable():
            return UNREACHABLE
        case EvidenceInvalid() | NotAuthentic():
            return INVALID
        case StalePicture():
            return STALE
        case LocalError():
            return USAGE
    return REFUSED


def tell_error(error: KeepclearError) -> None:
    """Write an error, its code and a hint to standard error."""
    # That it was our own words that were wrong says no more than the words do.
    code = "" if error.code == "usage" else f" ({error.code})"
    out.heading("error", f"{error.detail.rstrip('.')}{code}")
    if hint := error.hint or HINTS.get(error.code, ""):
        out.heading("hint", hint)
