"""Alarms that mean something: how many alerts recorded flights cause beside those that their margins make needful."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from e2e.brute_force import brute_force
from keepclear.offline.inputs import load
from support.margins import unexcluded

NEEDLESS = 1.15
"""The design's bound on alerts, against the pairs that the margins cannot exclude."""


def alerted_and_needed(data: bytes) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    flights = load(data)
    alerted = set(brute_force(flights, [number % 2 for number in range(len(flights))]))
    return alerted, unexcluded([json.loads(line) for line in data.splitlines()])


def test_the_sample_alerts_what_it_must_and_little_else() -> None:
    alerted, needed = alerted_and_needed(files("keepclear_demo").joinpath("sample.jsonl").read_bytes())
    assert len(needed) == 12
    assert needed <= alerted
    assert len(alerted) <= len(needed) + 2


@pytest.mark.long
def test_an_afternoon_over_paris_alerts_what_it_must_and_little_else(shared: Path) -> None:
    alerted, needed = alerted_and_needed((shared / "flights" / "paris-2021-10-07.jsonl").read_bytes())
    assert len(needed) == 250
    assert needed <= alerted
    assert len(alerted) <= NEEDLESS * len(needed)
