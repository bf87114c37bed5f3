"""The command ``keepclear-service``: errors become one line and a hint on standard error, never a traceback.

Exit codes: 0 ended in order, 1 refused or failed, 2 wrong usage.
"""

import sys
from collections.abc import Sequence

import click
from keepclear_protocol.errors import KeepclearError

from .process.descriptors import hold_standard

_OURS = ("keepclear", "keepclear_protocol", "keepclear_service")
_EXIT_FAILED = 1
_EXIT_USAGE = 2


def main(words: Sequence[str] | None = None) -> int:
    """Run the command with ``words``, or the process's own, and return the exit code."""
    hold_standard()
    try:
        from .process.commands import service
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        return _fail(f"the service needs the package {error.name}", "in a clone: pip install '.[service]'")
    try:
        code = service.main(
            args=None if words is None else list(words), prog_name="keepclear-service", standalone_mode=False
        )
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return _EXIT_USAGE
    except click.UsageError as error:
        path = "keepclear-service" if error.ctx is None else error.ctx.command_path
        return _fail(error.format_message(), f"{path} --help", code=_EXIT_USAGE)
    except click.Abort:
        return _fail("interrupted")
    except KeepclearError as error:
        return _fail(f"{error.detail} ({error.code})", error.hint, code=_EXIT_USAGE if error.code == "usage" else 1)
    return code if isinstance(code, int) else 0


def _fail(detail: str, hint: str = "", *, code: int = _EXIT_FAILED) -> int:
    sys.stderr.write(f"keepclear-service: error: {detail}\n")
    if hint:
        sys.stderr.write(f"keepclear-service: hint: {hint}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
