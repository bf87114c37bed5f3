"""``keepclear keygen`` as a program."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from keepclear.keystore import load_private_key
from keepclear_protocol.keys import SECRET_PREFIX, PublicKey
from support.program import PROGRAM, Done, keepclear, started


def keygen(*words: str, folder: Path) -> Done:
    return keepclear("keygen", *words, folder=folder)


def test_a_key_to_a_file(tmp_path: Path) -> None:
    done = keygen("--out", "desk.key", folder=tmp_path)
    assert done.returncode == 0 and done.stdout == ""
    path = tmp_path / "desk.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = load_private_key(path).public
    named, *rest = done.stderr.splitlines()
    assert named == "secret key:  desk.key, for its owner alone"
    assert " ".join(rest).split() == ["public", "key:", public.text, "fingerprint:", *public.fingerprint.split()]
    assert SECRET_PREFIX not in done.stderr


def test_a_key_to_standard_output(tmp_path: Path) -> None:
    done = started("keygen", folder=tmp_path)
    assert done.returncode == 0
    path = tmp_path / "desk.key"
    path.touch(0o600)
    path.write_text(done.stdout)
    public = load_private_key(path).public
    assert public.text in done.stderr and public.fingerprint in done.stderr
    assert SECRET_PREFIX not in done.stderr and "warning" not in done.stderr


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o644, True), (0o660, True)])
def test_a_warning_where_others_can_read_the_output(tmp_path: Path, mode: int, warned: bool) -> None:
    path = tmp_path / "desk.key"
    path.touch()
    path.chmod(mode)
    with path.open("w") as file:
        done = subprocess.run([*PROGRAM, "keygen"], stdout=file, stderr=subprocess.PIPE, timeout=60, check=True)
    assert (b"warning" in done.stderr) is warned


def test_two_keys_differ(tmp_path: Path) -> None:
    assert keygen(folder=tmp_path).stdout != keygen(folder=tmp_path).stdout


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert keygen("--out", "desk.key", folder=tmp_path).returncode == 0
    before = (tmp_path / "desk.key").read_bytes()
    done = keygen("--out", "desk.key", folder=tmp_path)
    assert done.returncode != 0 and done.stdout == ""
    assert "exists already" in done.stderr and "(key_file)" in done.stderr and "hint:" in done.stderr
    assert (tmp_path / "desk.key").read_bytes() == before


def test_the_public_half_of_a_key(tmp_path: Path) -> None:
    keygen("--out", "desk.key", folder=tmp_path)
    public = load_private_key(tmp_path / "desk.key").public
    done = keygen("--public", "desk.key", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, public.text + "\n")
    assert public.fingerprint in done.stderr
    done = keygen("--public", "desk.key", "--json", folder=tmp_path)
    shown = json.loads(done.stdout)
    assert shown == {"public_key": public.text, "fingerprint": public.fingerprint, "kid": public.kid}
    (tmp_path / "desk.key").chmod(0o644)
    done = keygen("--public", "desk.key", folder=tmp_path)
    assert done.returncode != 0 and "chmod 600" in done.stderr


def test_json(tmp_path: Path) -> None:
    done = keygen("--out", "desk.key", "--json", folder=tmp_path)
    shown = json.loads(done.stdout)
    public = PublicKey.parse(shown["public_key"])
    assert load_private_key(shown["file"]).public == public
    assert (shown["kid"], shown["fingerprint"]) == (public.kid, public.fingerprint)
    assert SECRET_PREFIX not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [("--json",), ("--out", "a", "--public", "b"), ("desk.key",), ("--force",)])
def test_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = keygen(*words, folder=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and list(tmp_path.iterdir()) == []


def test_no_such_folder(tmp_path: Path) -> None:
    done = keygen("--out", os.path.join("missing", "desk.key"), folder=tmp_path)
    assert done.returncode != 0 and "there is no such file or folder" in done.stderr


def test_help_shows_examples(tmp_path: Path) -> None:
    done = keygen("--help", folder=tmp_path)
    assert done.returncode == 0 and done.stdout.count("keepclear keygen") >= 4
