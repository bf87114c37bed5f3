"""The page's third parties: the bytes that the lock file pins, complete, named, and nothing beside them."""

import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from vendoring import hook

IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*["']([^"'\s]+)["']""")
PACKAGE: dict[str, Any] = json.loads((hook.HERE / "package.json").read_bytes())
LOCK: dict[str, Any] = json.loads((hook.HERE / "package-lock.json").read_bytes())


@pytest.fixture
def said() -> dict[str, dict[str, str]]:
    """Return what VENDOR.json says of each file; the editable install has made it."""
    files: dict[str, dict[str, str]] = json.loads((hook.VENDOR / "VENDOR.json").read_bytes())["files"]
    return files


@pytest.fixture
def altered(tmp_path: Path) -> Path:
    """Return a copy of the vendored files, to alter."""
    for path in hook.VENDOR.rglob("*"):
        if path.is_file():
            target = tmp_path / "vendor" / path.relative_to(hook.VENDOR)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path / "vendor"


def test_each_file_has_the_hash_and_the_source_that_is_written_down(said: dict[str, dict[str, str]]) -> None:
    there = {path.relative_to(hook.VENDOR).as_posix() for path in hook.VENDOR.rglob("*") if path.is_file()}
    assert there == {*said, "VENDOR.json"}
    for name, file in said.items():
        assert hashlib.sha256((hook.VENDOR / name).read_bytes()).hexdigest() == file["sha256"], name
        locked = LOCK["packages"][f"node_modules/{file['package']}"]
        assert (file["version"], file["integrity"]) == (locked["version"], locked["integrity"]), name
        assert file["version"] == PACKAGE["dependencies"][file["package"]], name
        assert file["licence"], name
    assert {file["package"] for file in said.values()} == set(PACKAGE["vendored"]) == set(PACKAGE["dependencies"])


def test_each_version_is_exact_and_no_address_is_locked() -> None:
    for version in (*PACKAGE["dependencies"].values(), *PACKAGE["devDependencies"].values()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    pinned = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") and "resolved" not in entry for entry in pinned.values())


def test_each_module_imports_what_is_there(said: dict[str, dict[str, str]]) -> None:
    modules = [name for name in said if name.endswith(".js")]
    imported = [(name, wanted) for name in modules for wanted in IMPORTED.findall((hook.VENDOR / name).read_text())]
    assert imported
    for name, wanted in imported:
        assert wanted.startswith("./") and ((hook.VENDOR / name).parent / wanted).is_file(), (name, wanted)


def test_no_module_evaluates_text(said: dict[str, dict[str, str]]) -> None:
    for name in said:
        if name.endswith(".js"):
            assert not re.search(r"\bnew Function\b|\beval\(", (hook.VENDOR / name).read_text()), name


def test_what_agrees_is_not_fetched_again(altered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hook.is_fresh(altered)
    monkeypatch.setattr(hook, "recipe", lambda: "another")
    assert not hook.is_fresh(altered)


@pytest.mark.parametrize("harm", ["a byte", "a file more", "a file less", "no list", "half a list"])
def test_what_does_not_agree_is_fetched_again(altered: Path, harm: str) -> None:
    match harm:
        case "a byte":
            (altered / "htm.js").write_bytes((altered / "htm.js").read_bytes() + b" ")
        case "a file more":
            (altered / "more.js").write_text("")
        case "a file less":
            (altered / "htm.js").unlink()
        case "no list":
            (altered / "VENDOR.json").unlink()
        case "half a list":
            (altered / "VENDOR.json").write_bytes((altered / "VENDOR.json").read_bytes()[:400])
    assert not hook.is_fresh(altered)


def _fake_npm(folder: Path, body: str) -> list[str]:
    (folder / "npm.py").write_text(body)
    return [sys.executable, str(folder / "npm.py")]


def _tarball() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/LICENSE"))
    return packed.getvalue()


@pytest.mark.parametrize(
    ("body", "said_of_it"),
    [
        (f"open('htm-3.1.1.tgz', 'wb').write({_tarball()!r})", "is not what package-lock.json says"),
        ("", "is not what package-lock.json says"),
        ("raise SystemExit('npm error code ENOTFOUND')", "ENOTFOUND"),
    ],
    ids=["another tarball", "no tarball", "no registry"],
)
def test_other_bytes_than_the_locked_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said_of_it: str
) -> None:
    monkeypatch.setattr(hook, "npm_command", lambda: _fake_npm(tmp_path, body))
    with pytest.raises(hook.VendoringFailed, match=said_of_it):
        hook.vendor(tmp_path / "page" / "vendor")
    assert not list((tmp_path / "page").iterdir())


@pytest.mark.parametrize(
    ("integrity", "said_of_it"),
    [(None, "says no integrity of htm"), ("", "says no integrity of htm"), ("sha1-abc=", "which is no sha512")],
)
def test_a_lock_entry_that_names_no_hash_is_refused_in_words_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, integrity: str | None, said_of_it: str
) -> None:
    here = tmp_path / "vendoring"
    here.mkdir()
    for name in ("package.json", "package-lock.json"):
        said = json.loads((hook.HERE / name).read_bytes())
        if name == "package-lock.json":
            entry = said["packages"]["node_modules/htm"]
            del entry["integrity"]
            entry |= {} if integrity is None else {"integrity": integrity}
        (here / name).write_text(json.dumps(said))
    monkeypatch.setattr(hook, "HERE", here)
    monkeypatch.setattr(hook, "npm_command", lambda: pytest.fail("fetched"))
    with pytest.raises(hook.VendoringFailed, match=said_of_it):
        hook.vendor(tmp_path / "page" / "vendor")


def _hook(build_data: dict[str, Any]) -> Callable[[], None]:
    made = hook.ConsoleHook("", {}, None, None, "", "wheel")  # type: ignore[arg-type]
    return lambda: made.initialize("standard", build_data)


def test_a_build_without_the_console_fetches_and_packs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "vendor", lambda folder: pytest.fail("fetched"))
    monkeypatch.setattr(hook, "is_fresh", lambda folder: False)
    monkeypatch.setenv("KEEPCLEAR_CONSOLE", "none")
    build_data: dict[str, Any] = {"artifacts": []}
    _hook(build_data)()
    assert build_data == {"artifacts": []}


def test_a_build_that_cannot_fetch_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(folder: Path) -> None:
        raise hook.VendoringFailed("npm does not run")

    monkeypatch.setattr(hook, "vendor", fails)
    monkeypatch.setattr(hook, "is_fresh", lambda folder: False)
    monkeypatch.delenv("KEEPCLEAR_CONSOLE", raising=False)
    with pytest.raises(SystemExit, match=r"npm does not run\nkeepclear: hint: KEEPCLEAR_CONSOLE=none"):
        _hook({"artifacts": []})()
