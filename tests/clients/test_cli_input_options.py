"""The options that say what a file does not: read alike by every command, refused by name where they say nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from keepclear.cli.main import run
from support.samples import FOLDER
from support.world import World

ROUTE = str(FOLDER / "gpx" / "skydemon-route.gpx")
PLAN = str(FOLDER / "fpl" / "airline-with-points.fpl")
POINTS = str(FOLDER / "fpl" / "points.csv")
WINDOW = ("--from", "2026-11-22T09:00Z", "--to", "2026-11-22 10:00:30Z")
BAND = ("--lower", "fl100", "--upper", "12000 ft STD")
WIDTH = ("--half-width", "2 nm")


def check(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = run(["check", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_each_option_is_asked_for_until_all_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    given: tuple[str, ...] = ()
    for asked, more in (("--from and --to", WINDOW), ("--lower", BAND), ("--half-width", WIDTH)):
        code, out, err = check(ROUTE, ROUTE, *given, capsys=capsys)
        assert (code, out) == (2, "")
        assert f"line 3, rte: {'a' if 'from' in asked else ''}" in err
        assert f"so it needs {asked}" in err
        assert "keepclear: hint: such as --" in err
        given += more
    code, out, err = check(ROUTE, ROUTE, *given, capsys=capsys)
    assert code == 3
    assert out.startswith("CONFLICT")


def test_a_plan_with_its_table_of_points(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(PLAN, ROUTE, *WINDOW, *BAND, *WIDTH, "--time-margin", "15", capsys=capsys)
    assert code == 2
    assert "DEGES, ABESI, LAMUR" in err
    words = ("--time-margin", "15", "--points", POINTS)
    code, _, err = check(PLAN, PLAN, *WIDTH, *words, capsys=capsys)
    assert code == 3
    assert "windows cover both, and 15 min before and after" in err


def test_a_table_without_a_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "track.csv"
    table.write_text("time,lat,lon,altitude_ft\n1763812800,47,8,3000\n")
    code, _, err = check(str(table), str(table), capsys=capsys)
    assert code == 2
    assert "so it needs --altitude-reference" in err
    assert check(str(table), str(table), "--altitude-reference", "amsl", capsys=capsys)[0] == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "tomorrow"), "--from: 'tomorrow' is not a time in UTC"),
        (("--from", "2026-11-22T14:00"), "--from: '2026-11-22T14:00' is not a time in UTC"),
        (("--from", "2026-02-30T14:00Z"), "--from: there is no such date"),
        (("--from", "2026-11-22T14:00Z", "--to", "2026-11-22T14:00Z"), "the window must end after its start"),
        (("--lower", "10000"), "'10000' does not say ft or m"),
        (("--lower", "10000ft"), "'10000ft' does not say AMSL, AGL, W84 or FL"),
        (("--upper", "UNL"), "--upper: unlimited is no altitude"),
        (("--upper", "FLX"), "--upper: 'FLX' is not an altitude"),
        (("--half-width", "2"), "--half-width: '2' is not a length above zero"),
        (("--half-width", "0nm"), "--half-width: '0nm' is not a length above zero"),
        (("--half-width", "3.700m"), "'3.700m' may be thousands or a decimal"),
        (("--upper", "4.500ft AMSL"), "may be thousands or a decimal"),
        (("--half-width", "9999km"), "is not a length above zero"),
        (("--time-margin", "0"), "--time-margin"),
        (("--altitude-reference", "QNH"), "--altitude-reference"),
        (("--points", "/no/such/file"), "/no/such/file: cannot be read"),
        (("--points", ROUTE), "no header with columns"),
    ],
)
def test_an_option_that_says_nothing_is_refused(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = check(ROUTE, ROUTE, *words, capsys=capsys)
    assert (code, out) == (2, "")
    assert told in err


def test_a_dry_run_widens_bands_by_the_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agreement.json"
    file.write_bytes(World().agreement.raw)
    for name in ("KEY", "DESK", "ROOT"):
        monkeypatch.delenv(f"KEEPCLEAR_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    window = [f"{ahead + timedelta(hours=hours):%Y-%m-%dT%H:%MZ}" for hours in (0, 2)]
    words = ["--agreement", str(file), "--category", "transport", "--dry-run", "--from", window[0], "--to", window[1]]
    airspace = str(FOLDER / "openair" / "german-restricted.txt")
    assert run(["submit", airspace, *words]) == 0
    said = capsys.readouterr()
    # 1 500 ft above ground under an FL: 450 m below the sea at the lowest, and 600 m of pressure, as was agreed.
    assert "from 1500 ft AGL, which in FL may lie as low as -593 m" in said.err
    assert "nothing was signed" in said.err
    assert said.out.count("window") == 2
