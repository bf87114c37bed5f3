"""Many of our flights met by notices that were soon ended again: told in one line, for what it looks like."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear.cli.notable import notable_lines
from keepclear.cli.tell import Teller
from keepclear.desk.probing import MANY
from support.desks import MINUTE_US, Line
from support.world import box


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())
    made = Line(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


PLACES = [10.0 + 3 * number for number in range(MANY)]


def swept(line: Line, lasts_us: int, places: list[float], *, at_once: bool = False) -> list[str]:
    """North crosses places where south flies, and withdraws ``lasts_us`` later; return what south's desk says of it."""
    south, north = line.desk("south"), line.desk("north")
    line.watched(south)
    for lat in PLACES:
        south.file([box(lat)], "transport")
    sham = north.file([box(lat + 0.05) for lat in places], "transport")
    if not at_once:
        line.watched(south)
        assert south.picture().probing == ()
    line.now += lasts_us
    north.withdraw(sham.id)
    line.watched(south)
    return [words for words, _ in notable_lines(south.picture(), line.now)]


def test_a_sweep_that_is_withdrawn_at_once_is_told_in_one_line(line: Line, capfd: pytest.CaptureFixture[str]) -> None:
    (said,) = swept(line, MINUTE_US // 2, PLACES)
    assert "LOOKS LIKE PROBING: 1 notice of north met 8 of ours and soon went away, all within 30 s" in said
    teller = Teller(line.open[0])
    teller.remind()
    teller.remind()
    assert capfd.readouterr().out.count("LOOKS LIKE PROBING") == 1
    later = Teller(line.open[0])
    later.restate(line.open[0].picture())
    later.remind()
    assert capfd.readouterr().out.count("LOOKS LIKE PROBING") == 1
    line.now += 61 * MINUTE_US
    assert line.open[0].picture().probing == ()
    teller.remind()
    line.now -= 61 * MINUTE_US  # stands for the next one
    teller.remind()
    assert capfd.readouterr().out.count("LOOKS LIKE PROBING") == 1


@pytest.mark.parametrize(("lasts_us", "told"), [(MINUTE_US // 2, 1), (11 * MINUTE_US, 0)])
def test_a_desk_that_reads_a_night_at_once_goes_by_the_hotlines_times(line: Line, lasts_us: int, told: int) -> None:
    assert len(swept(line, lasts_us, PLACES, at_once=True)) == told


@pytest.mark.parametrize(("lasts_us", "places"), [(11 * MINUTE_US, PLACES), (MINUTE_US, PLACES[:-1])])
def test_what_stood_for_long_or_met_few_is_no_probing(line: Line, lasts_us: int, places: list[float]) -> None:
    assert swept(line, lasts_us, places) == []
