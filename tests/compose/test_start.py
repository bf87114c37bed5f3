"""A first start on a new machine, with no edit: all healthy, samples named as such, and nothing remade by the next."""

import hashlib
import time
from pathlib import Path

import pytest

from compose.stack import LASTING, Stack

pytestmark = pytest.mark.timeout(1200)  # the first test brings up the engine and builds the image

FILED = {"israel": 8, "turkiye": 6}
ALERTS, CONFLICTS = 6, 4
"""Of the synthetic night: an amendment and a withdrawal of israel's each close a conflict."""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def test_init_says_that_it_made_samples(stack: Stack) -> None:
    said = stack.compose("logs", "--no-color", "init")
    assert "SAMPLE keys and a SAMPLE agreement of israel and turkiye" in said
    assert "samples are for trials only" in said


def test_a_second_start_makes_and_changes_nothing(stack: Stack) -> None:
    before = {name: stack.inspect(name)["State"]["StartedAt"] for name in LASTING}
    agreement = digests(stack.party("israel"))
    stack.compose("up", "-d", "--no-build")
    assert {name: stack.inspect(name)["State"]["StartedAt"] for name in LASTING} == before
    stack.docker("cp", f"{stack.container('init')}:/volumes/desk-israel", str(stack.folder / "again"))
    again = {name: value for name, value in digests(stack.folder / "again").items() if name in agreement}
    assert again == agreement
    assert stack.compose("logs", "--no-color", "init").rstrip().endswith("init: all there")


def test_the_line_was_founded_once(stack: Stack) -> None:
    assert "found: the line is founded" in stack.compose("logs", "--no-color", "found")
    assert stack.compose("run", "--rm", "-T", "found").rstrip().endswith("found: the line was founded before")


def test_two_desks_in_containers_play_the_synthetic_night(stack: Stack) -> None:
    began = time.monotonic()
    stack.compose("--profile", "demo", "up", "-d", "--no-build", "desk-israel", "desk-turkiye")
    for party in ("israel", "turkiye"):
        code = stack.docker("wait", stack.container(f"desk-{party}"), within_s=120).strip()
        said = stack.compose("--profile", "demo", "logs", "--no-color", f"desk-{party}")
        assert code == "0", said
        expected = f"{FILED[party]} filed, {ALERTS} alerts, {CONFLICTS} acknowledged, 0 unverified"
        assert expected in said.splitlines()[-1]
    stack.note("demo, 12 notices, 12 alerts verified, 8 acknowledged", f"{time.monotonic() - began:.0f} s")
