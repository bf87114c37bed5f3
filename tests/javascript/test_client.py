"""The second client answers every question of the vectors, stands on Node alone, and passes its own tests."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.node import node_program

REPOSITORY = Path(__file__).resolve().parents[2]
CLIENT = REPOSITORY / "clients" / "javascript"
Require = Callable[[str, str], None]


def test_it_answers_every_question_of_the_vectors_as_they_do(require: Require) -> None:
    driver = REPOSITORY / "protocol" / "conformance" / "conform.py"
    program = [node_program(require), str(CLIENT / "bin" / "conformance.js")]
    done = subprocess.run([sys.executable, driver, "--", *program], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_its_own_tests_pass(require: Require) -> None:
    tests = sorted(str(path) for path in (CLIENT / "test").glob("*.test.js"))
    done = subprocess.run([node_program(require), "--test", *tests], capture_output=True, text=True, timeout=250)
    assert tests and done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_it_needs_nothing_but_node() -> None:
    assert not [name for name in json.loads((CLIENT / "package.json").read_text()) if "ependencies" in name]
    sources = [*CLIENT.glob("src/*.js"), *CLIENT.glob("bin/*.js")]
    assert len(sources) > 20
    imported = {name for path in sources for name in re.findall(r'\bfrom "([^"]+)"', path.read_text())}
    assert all(name.startswith(("node:", "./", "../")) for name in imported), imported


def test_who_asks_for_help_gets_it_as_text(require: Require) -> None:
    command = [node_program(require), str(CLIENT / "bin" / "keepclear.js")]
    for words in (["--help"], ["watch", "-h"], ["help"]):
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("keepclear-js COMMAND")
    assert subprocess.run(command, capture_output=True, text=True, timeout=60).returncode == 1
