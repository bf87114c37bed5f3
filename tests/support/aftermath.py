"""What a failed test leaves open is let go before the next test runs, which would fail by its warnings.

Python and pytest hold the last failure with its frames, and so its sockets, until another test has begun.
"""

import gc
import sys
from collections.abc import Generator
from typing import Any

import pytest

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note that a test failed."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let go of what a failed test held, and count none of it against any other: its failure is told already."""
    told = yield
    if item.stash.get(_FAILED, False):
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            vars(sys).pop(name, None)
        heard, sys.unraisablehook = sys.unraisablehook, _unheard
        try:
            gc.collect()
        finally:
            sys.unraisablehook = heard
    return told


def _unheard(_: Any) -> None:
    pass
