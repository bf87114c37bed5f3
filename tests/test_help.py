"""Every block of the documents that shows a command's ``--help`` shows what that command says now."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.program import keepclear

REPOSITORY = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```\w*\n\$ (keepclear(?: [\w-]+)* --help)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = "...\n"
"""A line of a block that stands for any lines of the help."""


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield page, command and what is shown of its help."""
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))):
        for command, shown in BLOCK.findall(page.read_text(encoding="utf-8")):
            yield page.name, command, shown


@pytest.mark.parametrize(("page", "command", "shown"), list(blocks()))
def test_a_block_shows_what_the_command_says(
    page: str, command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = keepclear(*command.split()[1:], folder=tmp_path)
    assert done.returncode == 0
    said = ".*".join(re.escape(part) for part in re.split(rf"^{re.escape(LEFT_OUT)}", shown, flags=re.MULTILINE))
    assert re.fullmatch(said, done.stdout, re.DOTALL), f"{page} shows another help of {command}; it says\n{done.stdout}"


def test_the_readme_lists_every_command() -> None:
    shown = [shown for page, command, shown in blocks() if (page, command) == ("README.md", "keepclear --help")]
    assert len(shown) == 1 and shown[0].startswith(LEFT_OUT) and "Commands:" in shown[0]


def test_the_completion_that_is_told_of_completes_in_bash(tmp_path: Path) -> None:
    (line,) = [row for row in (REPOSITORY / "docs" / "commands.md").read_text().splitlines() if "bash_source" in row]
    (tmp_path / "keepclear").write_text(f"#!{sys.executable}\nfrom keepclear.cli.main import main\nmain()\n")
    (tmp_path / "keepclear").chmod(0o755)
    asked = f"{line}\nCOMP_WORDS=(keepclear do) COMP_CWORD=1; _keepclear_completion keepclear; echo ${{COMPREPLY[@]}}"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", asked], env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.split(), done.stderr) == (["doctor"], "")
