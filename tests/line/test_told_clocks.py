"""What the parties' clocks say of ours: believed where all say it, and no one party's word."""

import pytest
from keepclear_service.line import told_clocks
from keepclear_service.line.told_clocks import ToldClocks


def told(**ahead_s: float) -> float:
    clocks = ToldClocks()
    for party, seconds in ahead_s.items():
        clocks.note(party, seconds)
    return clocks.apart_s


def test_all_must_say_so_and_one_alone_is_not_heard() -> None:
    assert told(north=-7200.0, south=-7190.0) == -7190.0
    assert told(north=7200.0, south=7190.0) == 7190.0
    assert told() == told(north=7200.0) == told(north=7200.0, south=0.5) == told(north=7200.0, south=-7200.0) == 0
    assert told(north=-29.0, south=-7200.0) == 0, "one whose reads are taken agrees with us"


def test_the_last_word_counts_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = ToldClocks()
    for seconds in (7200.0, 3600.0):
        clocks.note("north", seconds)
        clocks.note("south", seconds)
    assert clocks.apart_s == 3600
    monkeypatch.setattr(told_clocks, "HEARD_S", -1.0)
    assert clocks.apart_s == 0
