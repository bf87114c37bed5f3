"""One engine and one running stack for all tests of the containers."""

import gc
import warnings
from collections.abc import Callable, Iterator

import pytest

from compose.engine import HERE, compose_words, engine_environment
from compose.stack import Stack, running_stack

ORDER = [
    f"test_{name}" for name in "prepare access start hardening proxy crashes rolling backup terms".split()
]
"""A first start comes first; a desk that joins later has more to read; new terms come last."""


@pytest.hookimpl(tryfirst=True)  # before what is long is chosen
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder into ``ORDER``, all others where they are; what needs the stack is long."""
    here = [index for index, item in enumerate(items) if item.path.parent == HERE]
    for index in here:
        if "stack" in getattr(items[index], "fixturenames", ()):
            items[index].add_marker(pytest.mark.long)
    ordered = sorted((items[index] for index in here), key=lambda item: ORDER.index(item.path.stem))
    for index, item in zip(here, ordered, strict=True):
        items[index] = item


@pytest.fixture(autouse=True)
def left_in_a_handshake() -> Iterator[None]:
    """Let go here of what httpcore2 leaves open: a connection whose TLS handshake was cancelled, as by a desk that is
    closed while a replica begins. Else another test's collector finds it, which fails for it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="package")  # its containers are asked for their health all the time: they end with their tests
def stack(
    require: Callable[[str, str], None], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Stack]:
    """Yield the line in containers, healthy at its start; a test that harms it leaves it healthy."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with engine_environment(require) as engine:
        compose = compose_words()
        assert compose is not None
        with running_stack(compose, engine.variables, tmp_path_factory.mktemp("stack")) as running:
            running.note("engine and base image", f"{engine.took_s:.0f} s")
            yield running
    if capture is not None:
        with capture.global_and_fixture_disabled():
            running.tell()
