"""The program ``keepclear``: started as a process of its own, or run in this one, which is forty times as quick."""

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from keepclear.cli.main import run

PROGRAM = [sys.executable, "-c", "from keepclear.cli.main import main; main()"]


@dataclass(frozen=True)
class Done:
    """What a run of the program left."""

    returncode: int
    stdout: str
    stderr: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.stderr and "a fault of keepclear's own" not in self.stderr, self.stderr


def started(*words: str, folder: Path) -> Done:
    """Start ``keepclear`` with ``words`` in ``folder`` as a process of its own."""
    done = subprocess.run([*PROGRAM, *words], capture_output=True, input=b"", timeout=60, cwd=folder, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def keepclear(*words: str, folder: Path, given: bytes = b"") -> Done:
    """Run ``keepclear`` with ``words`` in ``folder``, in this process; standard input is ``given`` and no terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(given))
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(words)
    finally:
        sys.stdin = before
    return Done(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))
