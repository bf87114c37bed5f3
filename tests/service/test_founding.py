"""The words that begin a line and change it: founded once and on purpose, and by no other word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.line import found_line, write_files
from support.operating import service_program
from support.program import Done
from support.snapshot import snapshot
from support.stores import RunningStore
from support.world import World

Said = Callable[..., Done]


@pytest.fixture
def say(tmp_path: Path, store_url: str) -> Said:
    """Return ``say(word, world)``: run a word of ``keepclear-service`` on the store until it ends."""

    def run(word: str, world: World, *words: str) -> Done:
        files = write_files(world, tmp_path / world.agreement.terms)
        given = [*(files if word == "run" else files[2:]), "--store", store_url, *words]
        return service_program(word, *given)

    return run


def test_a_line_is_founded_by_its_own_word_once(say: Said, store_url: str) -> None:
    world, other = World(), World()
    for _ in range(2):
        done = say("found", world)
        assert done.returncode == 0, done.stderr
    before = snapshot(store_url)
    assert len(before) > 0
    assert say("found", other).returncode == 0
    ours = {name: value for name, value in snapshot(store_url).items() if world.agreement.id.encode() in name}
    assert ours == before


@pytest.mark.req("R-095")
@pytest.mark.parametrize(("word", "code"), [("run", 1), ("adopt", 1), ("new-epoch", 2)])
def test_no_other_word_founds_one(say: Said, store_url: str, word: str, code: int) -> None:
    words = ["--port", "0"] if word == "run" else []
    done = say(word, World(), *words)
    assert done.returncode == code, done.stderr
    assert "holds nothing of" in done.stderr and "Traceback" not in done.stderr
    assert "backup" in done.stderr  # the hint
    assert snapshot(store_url) == {}


def test_a_store_that_lost_its_line_is_refused(say: Said, store_url: str, store_process: RunningStore) -> None:
    world = World()
    found_line(world.agreement, store_url)
    store_process.kill()
    for path in store_process.folder.glob("appendonlydir/*"):
        path.unlink()
    store_process.ensure_running()
    done = say("run", world, "--port", "0")
    assert done.returncode == 1 and "store_unsafe" in done.stderr and "keepclear-service found" in done.stderr
