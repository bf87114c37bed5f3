"""The files that a service is given: a secret key for its owner alone, and an agreement."""

import os
from pathlib import Path

import pytest
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keyfile import key_file_text
from keepclear_protocol.keys import PrivateKey
from keepclear_service.process.files import read_agreement, read_key, read_password
from support.world import World

KEY = PrivateKey(bytes(range(32)))


def test_a_key_for_its_owner_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "service.key"
    path.write_text(key_file_text(KEY, 0))
    path.chmod(0o600)
    assert read_key(path).public == KEY.public


def test_what_others_can_touch_or_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    shared, pipe, public = (tmp_path / name for name in ("shared", "pipe", "public"))
    shared.write_text(key_file_text(KEY, 0))
    shared.chmod(0o640)
    os.mkfifo(pipe, 0o600)
    public.write_text(KEY.public.text)
    public.chmod(0o600)
    for path in (shared, pipe, public, tmp_path, tmp_path / "missing"):
        with pytest.raises(LocalError) as caught:
            read_key(path)
        assert caught.value.code == "key_file" and str(path) in caught.value.detail


def test_no_pipe_holds_up_a_start_and_what_others_may_change_is_not_believed(tmp_path: Path) -> None:
    pipe, agreement, password = (tmp_path / name for name in ("pipe", "agreement", "password"))
    os.mkfifo(pipe, 0o600)
    agreement.write_bytes(World().agreement.raw)
    password.write_text("hunter2\n")
    agreement.chmod(0o664)  # a group's, as a umask of 002 leaves it
    password.chmod(0o600)
    assert read_agreement(agreement).name and read_password(password) == "hunter2"
    agreement.chmod(0o646)
    password.chmod(0o640)
    for read, path, says in (
        (read_agreement, pipe, "is not an ordinary file"),
        (read_password, pipe, "is not an ordinary file"),
        (read_agreement, agreement, "can be written by others"),
        (read_password, password, "can be read or written by others"),
    ):
        with pytest.raises(LocalError, match=says) as caught:
            read(path)
        assert caught.value.code == "usage" and (path == pipe or str(path) in caught.value.hint)
    password.chmod(0o600)
    password.write_bytes(b"\xff")
    with pytest.raises(LocalError, match="no password"):
        read_password(password)


def test_an_agreement_may_have_a_byte_order_mark_and_no_other_encoding(tmp_path: Path) -> None:
    raw, path = World().agreement.raw, tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + raw)
    assert read_agreement(path).raw == raw
    path.write_bytes(raw.decode().encode("utf-16"))
    with pytest.raises(LocalError, match=": the file is UTF-16"):
        read_agreement(path)
