"""Which tests' processes are not measured for coverage: they run, again and again, what others' processes have run.

Measuring takes as long again as the test, and a third of a second of each process's start. What these alone would show
is some fifty lines of thirty thousand, each reached by a signal or a failure. Their own process is measured like any.
"""

import os

UNMEASURED = (
    *(f"tests/e2e/test_{name}.py" for name in ("crash", "history", "lost", "new_terms", "race", "restore")),
    "tests/e2e/test_two_clients.py",
    "tests/service/test_shell.py",
    "tests/service/test_without_containers.py",
    "tests/test_architecture.py",
)
ASKED = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""What makes a Python that starts measure itself."""

_kept: dict[str, str] = {}


def pytest_runtest_logstart(nodeid: str) -> None:
    """Ask no process of such a test to measure itself."""
    if nodeid.startswith(UNMEASURED):
        _kept.update({name: os.environ.pop(name) for name in ASKED if name in os.environ})


def pytest_runtest_logfinish() -> None:
    """Ask those of the next again."""
    os.environ.update(_kept)
    _kept.clear()
