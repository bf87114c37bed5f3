"""Type-check the console's page: ``python -m vendoring.check_page``, as ``make check`` does.

The page's modules stand as a browser takes them, so ``tsc --checkJs`` reads their JSDoc. What is vendored is minified
and says no types: the compiler gets a copy of the page whose ``vendor`` holds declarations, which name the same
packages. It and the tests' other tools come from npm by the lock file, into a folder that git ignores.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from vendoring.hook import FETCH_AT_MOST_S, HERE, VENDOR, VendoringFailed, npm_command

PAGE = VENDOR.parent
TOOLS = HERE / "node_modules"
_COPY = HERE / ".page"
_DONE = TOOLS / ".keepclear-lock"


def install_tools() -> Path:
    """Install what package-lock.json pins, where that is not done; return the folder."""
    lock = (HERE / "package-lock.json").read_bytes()
    if not _DONE.is_file() or _DONE.read_bytes() != lock:
        done = subprocess.run(  # noqa: S603 - npm as it was found
            [*npm_command(), "ci", "--ignore-scripts", "--loglevel=error"],
            cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_AT_MOST_S,
        )  # fmt: skip
        if done.returncode != 0:
            raise VendoringFailed(f"npm ci failed: {done.stderr.strip()[:400]}")
        _DONE.write_bytes(lock)
    return TOOLS


def check(page: Path = PAGE) -> list[str]:
    """Return the compiler's complaints, each led by the path of a module within ``page``."""
    program = "tsc.exe" if os.name == "nt" else "tsc"
    compiler = next(install_tools().glob(f"@typescript/typescript-*/lib/{program}"))
    shutil.rmtree(_COPY, ignore_errors=True)
    try:
        shutil.copytree(page, _COPY, ignore=shutil.ignore_patterns("vendor", "words", "*.css", ".vendor-*"))
        shutil.copytree(HERE / "types", _COPY / "vendor")
        shutil.copy(HERE / "tsconfig.json", _COPY)
        done = subprocess.run(  # noqa: S603 - the compiler that the lock file pins
            [str(compiler), "--pretty", "false"], cwd=_COPY, capture_output=True, text=True, timeout=FETCH_AT_MOST_S
        )
    finally:
        shutil.rmtree(_COPY, ignore_errors=True)
    said = (done.stdout + done.stderr).splitlines()
    return said or ([f"the compiler ended with {done.returncode}"] if done.returncode else [])


def main() -> None:
    """Tell the complaints, and end with 1 where there are some."""
    try:
        said = check()
    except VendoringFailed as failed:
        sys.exit(f"keepclear: error: the page is not checked: {failed}")
    where = PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE
    for line in said:
        print(line if line.startswith(" ") else f"{where}/{line}")
    print("the page's types hold" if not said else f"{sum(not line.startswith(' ') for line in said)} complaints")
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
