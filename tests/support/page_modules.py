"""The console's page modules that need no browser, run by a Node: JSON lines go in, answers come out.

They are copied beside a ``package.json`` that says they are modules, for the oldest Node that the tests allow.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keepclear

from support.node import node_program

PAGE = Path(keepclear.__file__).parent / "console" / "page"


class PageModules:
    """A folder with the page's modules, and a Node to run them."""

    def __init__(self, folder: Path, require: Callable[[str, str], None]) -> None:
        self._node = node_program(require)
        self._folder = folder / "page"
        shutil.copytree(PAGE, self._folder, ignore=shutil.ignore_patterns("*.json", "fonts", "style"))
        (self._folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")

    def ask(self, imports: str, answer: str, questions: Sequence[Any]) -> list[Any]:
        """Return ``answer``, an expression of ``question``, of each question; ``imports`` stand before it."""
        script = self._folder / "asked.js"
        script.write_text(
            f"{imports}\nimport {{ readFileSync }} from 'node:fs';\n"
            "const lines = readFileSync(0, 'utf8').split('\\n').filter(Boolean);\n"
            "for (const line of lines) {\n"
            f"  const question = JSON.parse(line);\n  console.log(JSON.stringify({answer}));\n}}\n",
            encoding="utf-8",
        )
        told = subprocess.run(
            [self._node, script],
            input="".join(json.dumps(question) + "\n" for question in questions),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert told.returncode == 0, told.stderr
        return [json.loads(line) for line in told.stdout.splitlines()]
