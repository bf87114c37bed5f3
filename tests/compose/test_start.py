"""A first start on a new machine, with no edit: all healthy, samples named as such, and nothing remade by the next."""

import hashlib
import time
from pathlib import Path

import pytest

from compose.stack import LASTING, Stack

pytestmark = pytest.mark.timeout(1200)  # the first test brings up the engine and builds the image

FLIGHTS, CONFLICTS = 9, 20
"""Of each party in the recorded sample, and of both; see clients/python/keepclear_demo/README.md."""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_init_says_that_it_made_samples(stack: Stack) -> None:
    said = stack.compose("logs", "--no-color", "init")
    assert "SAMPLE keys and a SAMPLE agreement of north and south" in said
    assert "samples are for trials only" in said


def test_a_second_start_makes_and_changes_nothing(stack: Stack) -> None:
    before = {name: stack.inspect(name)["State"]["StartedAt"] for name in LASTING}
    agreement = digests(stack.party("north"))
    stack.compose("up", "-d", "--no-build")
    assert {name: stack.inspect(name)["State"]["StartedAt"] for name in LASTING} == before
    stack.docker("cp", f"{stack.container('init')}:/volumes/desk-north", str(stack.folder / "again"))
    again = {name: value for name, value in digests(stack.folder / "again").items() if name in agreement}
    assert again == agreement
    assert stack.compose("logs", "--no-color", "init").rstrip().endswith("init: all there")


def test_the_line_was_founded_once(stack: Stack) -> None:
    assert "found: the line is founded" in stack.compose("logs", "--no-color", "found")
    assert stack.compose("run", "--rm", "-T", "found").rstrip().endswith("found: the line was founded before")


def test_two_desks_in_containers_file_the_recorded_sample(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose("--profile", "demo", "up", "-d", "--no-build", "desk-north", "desk-south")
    for party in ("north", "south"):
        code = stack.docker("wait", stack.container(f"desk-{party}"), within_s=120).strip()
        said = stack.compose("--profile", "demo", "logs", "--no-color", f"desk-{party}")
        assert code == "0", said
        expected = f"{FLIGHTS} filed, {CONFLICTS} alerts, {CONFLICTS} acknowledged, 0 unverified"
        assert expected in said.splitlines()[-1]
    stack.note("demo, 18 flights, 40 alerts verified and acknowledged", f"{time.monotonic() - began:.0f} s")
