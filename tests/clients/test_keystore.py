"""Key files: made once, readable by their owner alone, and never mistaken for something else."""

import os
import stat
from pathlib import Path

import pytest
from keepclear.keystore import load_private_key, save_private_key
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keyfile import MAX_KEY_FILE_BYTES, key_file_text
from keepclear_protocol.keys import PrivateKey

KEY = PrivateKey(bytes(range(32)))
CREATED = 1_763_820_000_000_000


def refused(path: Path | str) -> LocalError:
    with pytest.raises(LocalError) as caught:
        load_private_key(path)
    assert caught.value.code == "key_file" and str(path) in caught.value.detail
    assert KEY.text not in f"{caught.value.detail} {caught.value.hint}"
    return caught.value


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "some.key"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_a_key_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "desk.key"
    save_private_key(path, KEY, CREATED)
    assert load_private_key(path).public == load_private_key(str(path)).public == KEY.public
    assert path.read_text().splitlines() == [
        "# created: 2025-11-22T14:00:00Z",
        f"# public key: {KEY.public.text}",
        KEY.text,
    ]


@pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o377])
def test_only_the_owner_can_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "desk.key"
    before = os.umask(umask)
    try:
        save_private_key(path, KEY, CREATED)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load_private_key(path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path, "precious")
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "elsewhere")
    for target in (path, dangling, tmp_path):
        with pytest.raises(LocalError) as caught:
            save_private_key(target, KEY, CREATED)
        assert caught.value.code == "key_file" and "exists already" in caught.value.detail
    assert path.read_text() == "precious"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["missing/desk.key", "a\x00b", "x" * 300])
def test_where_it_cannot_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalError):
        save_private_key(f"{tmp_path}/{name}", KEY, CREATED)
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_file_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalError, match="its disk is full"):
        save_private_key(tmp_path / "desk.key", KEY, CREATED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o777])
def test_a_file_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path, key_file_text(KEY, CREATED), mode)
    assert refused(path).hint == f"chmod 600 {path}"


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_for_the_owner_alone_is_taken(tmp_path: Path, mode: int) -> None:
    load_private_key(written(tmp_path, key_file_text(KEY, CREATED), mode))


def test_a_link_is_followed_and_its_target_judged(tmp_path: Path) -> None:
    path = written(tmp_path, key_file_text(KEY, CREATED))
    link = tmp_path / "link"
    link.symlink_to(path)
    assert load_private_key(link).public == KEY.public
    path.chmod(0o644)
    refused(link)


def test_a_public_key_is_not_taken_for_the_secret_one(tmp_path: Path) -> None:
    for text in (KEY.public.text, KEY.public.text.upper(), f"# mine\n{KEY.public.text}\n"):
        error = refused(written(tmp_path, text))
        assert "public" in error.detail and error.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# only a comment\n",
        f"{KEY.text}\n{KEY.text}\n",
        f"{KEY.text} {KEY.text}",
        KEY.text[:-1],
        KEY.text.lower(),
        KEY.text.replace("SECRET", "PUBLIC"),
        f"#{KEY.text}",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"\xff\xfe\x00",
        bytes(100),
        key_file_text(KEY, CREATED).encode("utf-16"),
        key_file_text(KEY, CREATED) + "#" * MAX_KEY_FILE_BYTES,
    ],
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str | bytes) -> None:
    refused(written(tmp_path, text))


def test_comments_blank_lines_and_line_ends_are_passed_over(tmp_path: Path) -> None:
    for text in (KEY.text, f"\n  # note\n\n  {KEY.text}  \n\n", f"# a\r\n{KEY.text}\r\n"):
        assert load_private_key(written(tmp_path, text)).public == KEY.public


def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path, tmp_path / "missing", "/dev/zero", f"{tmp_path}/a\x00b", "x" * 5000):
        refused(path)
    assert "not an ordinary file" in refused(pipe).detail
    assert "it is a folder" in refused(tmp_path).detail


def test_the_mode_judged_is_that_of_the_file_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between a look at the name and its opening, another file could take the name."""
    path = written(tmp_path, key_file_text(KEY, CREATED), 0o644)

    def never(*_: object, **__: object) -> os.stat_result:
        raise AssertionError("the name was looked at")

    monkeypatch.setattr(os, "stat", never)
    monkeypatch.setattr(Path, "stat", never)
    assert "read or written by others" in refused(path).detail
