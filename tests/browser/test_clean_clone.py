"""From a clean clone on a machine without npm: the wheel builds, installs, and its console shows an alert."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.browsing import ARTEFACTS, Room
from support.world import box

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).resolve().parents[2]
NOT_THERE = ("node", "nodejs", "npm", "npx", "corepack", "yarn", "pnpm")
FIRST_PAGE_BYTES = 6_000_000
"""What the first page may take. Two thirds of it are the coastline, and all of it comes from this machine."""

WHEEL_BYTES = 5_000_000


def _path_without_npm(folder: Path) -> str:
    """Return a PATH of all programs of this machine but those."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in NOT_THERE and not link.is_symlink() and os.access(program, os.X_OK):
                link.symlink_to(program)
    return str(folder)


def test_a_wheel_from_a_clean_clone_without_npm_shows_an_alert(room: Room, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPCLEAR_", "COVERAGE_"))}
    env = kept | {"PATH": _path_without_npm(tmp_path / "bin"), "PIP_NO_COMPILE": "1"}  # quicker
    assert shutil.which("npm", path=env["PATH"]) is None and shutil.which("make", path=env["PATH"])

    def run(*words: str, at: Path = tmp_path) -> None:
        done = subprocess.run(words, cwd=at, env=env, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--no-hardlinks", str(REPOSITORY), str(clone))
    run("make", "setup", f"PYTHON={sys.executable}", at=clone)
    page = clone / "clients" / "python" / "keepclear" / "console" / "page"
    editable = json.loads((page / "vendor" / "VENDOR.json").read_bytes())
    shutil.rmtree(page / "vendor")

    python = str(clone / ".venv" / "bin" / "python")
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path / "dist"), str(clone))
    (wheel,) = (tmp_path / "dist").glob("keepclear-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert json.loads(packed.read("keepclear/console/page/vendor/VENDOR.json")) == editable
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "keepclear")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    run(str(clone / ".venv" / "bin" / "keepclear-service"), "version")

    console = room.north.console(program=[str(clone / ".venv" / "bin" / "keepclear")], PATH=env["PATH"])
    room.south.submit(box())
    room.north.submit(box(48.05), words=("--callsign", "NORTH7"))
    sheet = room.open(console)
    sheet.until("document.body.innerText.includes('NORTH7')")
    sheet.until("document.querySelector('.leaflet-container') !== null")
    sheet.page.wait_for_load_state("load")
    sheet.shoot("clean-clone")
    sheet.clean()

    served = {
        request.url.removeprefix(console.origin): request.sizes()["responseBodySize"] for request in sheet.files()
    }
    first_page, packed_bytes = sum(served.values()), wheel.stat().st_size
    told = {"wheel_bytes": packed_bytes, "first_page_bytes": first_page, "files": served}
    (ARTEFACTS / "served.json").write_text(json.dumps(told, indent=1))
    assert 500_000 < first_page < FIRST_PAGE_BYTES, told
    assert packed_bytes < WHEEL_BYTES
