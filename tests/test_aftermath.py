"""A test that fails fails alone."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
TWO = """
import gc, socket

def test_that_leaves_a_socket():
    left = [socket.socket()]
    left.append(left)
    {fails}

def test_that_has_nothing_to_do_with_it():
    gc.collect()
"""


def outcome(folder: Path, fails: str) -> str:
    (folder / "test_two.py").write_text(TWO.format(fails=fails))
    words = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "support.aftermath", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*words, "test_two.py"], cwd=folder, env={"PYTHONPATH": str(TESTS)}, capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()[-1]


def test_what_a_failed_test_leaves_open_fails_no_other(tmp_path: Path) -> None:
    assert "1 failed, 1 passed" in outcome(tmp_path, "assert False")


def test_what_a_test_leaves_open_that_passes_is_still_told(tmp_path: Path) -> None:
    assert "1 failed, 1 passed" in outcome(tmp_path, "assert True")
