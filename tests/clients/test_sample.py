"""The demo's recorded sample: where it is from, and the conflicts that it promises."""

from importlib.resources import files
from itertools import combinations
from pathlib import Path

from keepclear.offline.comparison import Measure, compare
from keepclear.offline.inputs import load
from keepclear_protocol.separation import WORLDWIDE, Minima
from keepclear_protocol.volume import parse_volume

LINES = (41, 229, 90, 93, 8, 169, 2, 57, 26, 224, 152, 213, 107, 208, 47, 209, 28, 121)
MINIMA = Minima(horizontal_m=4 * 1_852, vertical_m=700 * 0.3048, lead_s=0, tail_s=0)


def sample() -> bytes:
    return files("keepclear_demo").joinpath("sample.jsonl").read_bytes()


def test_it_is_cut_unchanged_from_the_shared_flights(shared: Path) -> None:
    whole = (shared / "flights" / "paris-2021-10-07.jsonl").read_bytes().splitlines(keepends=True)
    assert sample() == b"".join(whole[number] for number in LINES)
    assert len(sample()) < 60_000


def test_it_holds_conflicts_between_parties_by_turns() -> None:
    flights = [(flight.callsign, [parse_volume(volume) for volume in flight.volumes]) for flight in load(sample())]
    measure = Measure(MINIMA, MINIMA, WORLDWIDE)
    between, within, met = 0, 0, set()
    for (i, (a, ours)), (j, (b, theirs)) in combinations(enumerate(flights), 2):
        if compare(ours, theirs, measure).worst is not None:
            met |= {a, b}
            between, within = between + (i % 2 != j % 2), within + (i % 2 == j % 2)
    assert (between, within) == (14, 6)
    assert {callsign for callsign, _ in flights} - met == {"AFR64JN", "RYR1515", "RYR43ZU", "RYR8097"}
