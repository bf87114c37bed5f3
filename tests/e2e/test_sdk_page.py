"""``docs/sdk.md``: each of its examples runs as it stands against a real service, typed, and from the wheel alone."""

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear import Corridor, corridor_json, parse_volume, volume4d_json
from support.embedded import embedded_line
from support.line import RunningLine
from support.sdk_page import PAGE, Evening, examples, opening, plan, until, world

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def line() -> Iterator[RunningLine]:
    with embedded_line(world()) as running:
        yield running


def tell(python: Path, folder: Path, line: RunningLine) -> None:
    evening = Evening(python, folder, line)
    try:
        evening.tell()
    finally:
        evening.close()


def test_the_five_examples_run_as_they_stand(line: RunningLine, tmp_path: Path) -> None:
    tell(Path(sys.executable), tmp_path, line)


@pytest.mark.long
def test_a_batch_that_is_killed_again_and_again_files_each_flight_once(line: RunningLine, tmp_path: Path) -> None:
    evening = Evening(Path(sys.executable), tmp_path, line)
    callsigns = [f"VIPER{number:02}" for number in range(20)]
    (tmp_path / "plan.geojson").write_text(plan(*((name, 40.0 + n) for n, name in enumerate(callsigns))))

    def filed() -> list[str]:
        return [row["id"] for row in line.read("north", "/v1/notices")["notices"]]

    try:
        for count in (1, 2, 5, 6, 9, 13, 18):
            process = evening.start("batch")
            until(lambda count=count: len(filed()) >= count)  # type: ignore[misc]
            process.kill()  # wherever it is: between two flights, or between a notice and its answer
            process.communicate()
        rows = evening.run("batch").splitlines()
        assert [row.split()[:2] for row in rows] == [[f"NIGHT-7/{name}", "filed"] for name in callsigns]
        assert sorted(row.split()[2] for row in rows) == sorted(filed())
    finally:
        evening.close()


def typed(folder: Path, *words: str) -> None:
    for name, program in {**examples(), "opening": opening()}.items():
        (folder / f"{name}_typed.py").write_text(program, "utf-8")
        assert "._" not in program and "import keepclear." not in program and "from keepclear." not in program
    files = [str(path) for path in sorted(folder.glob("*_typed.py"))]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "/dev/null", *words, *files],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_are_typed_and_need_nothing_private(tmp_path: Path) -> None:
    typed(tmp_path, "--cache-dir", str(REPOSITORY / ".mypy_cache" / "examples"))


def test_the_volume_that_the_page_makes_is_one() -> None:
    (made,) = re.findall(r"^`(volume4d_json\(.*\))`", PAGE.read_text("utf-8"), re.MULTILINE)
    names = {"half_width_m": 2000, "start": 1_800_000_000_000_000, "end": 1_800_000_600_000_000}
    volume = parse_volume(eval(made, {"corridor_json": corridor_json, "volume4d_json": volume4d_json}, names))  # noqa: S307
    assert isinstance(volume.outline, Corridor) and volume.outline.path[0] == (34.8, 38.0)
    assert (round(volume.lower_m, 3), volume.reference) == (5486.4, "FL")


@pytest.mark.long
@pytest.mark.timeout(900)  # the pinned requirements are installed anew
def test_the_wheel_in_a_fresh_environment_runs_the_five_examples(line: RunningLine, tmp_path: Path) -> None:
    # Our pip installs into the other environment, and leaves compiling to what is then imported: it saves ten seconds.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path / "wheel"), str(REPOSITORY)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "wheel").glob("keepclear-*.whl")
    venv.create(tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    for words in (
        ["--require-hashes", "-r", str(REPOSITORY / "requirements" / "run.txt")],
        ["--no-deps", str(wheel)],
    ):
        done = subprocess.run(
            [*pip, "--python", str(python), "install", "--no-compile", *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode and ("Could not find a version" in done.stderr or "connection" in done.stderr.lower()):
            pytest.skip("no package index to install the pinned requirements from")
        assert done.returncode == 0, done.stderr
    where = subprocess.run(
        [str(python), "-c", "import keepclear, keepclear_protocol; print(keepclear.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(tmp_path / "fresh")
    (tmp_path / "reader").mkdir()
    tell(python, tmp_path / "reader", line)
    typed(tmp_path, "--python-executable", str(python))
