"""The text of a key file: one secret key, and nothing that could be taken for another."""

import pytest
from keepclear_protocol.errors import Malformed
from keepclear_protocol.keyfile import MAX_KEY_FILE_BYTES, key_file_text, read_key_file
from keepclear_protocol.keys import PrivateKey

KEY = PrivateKey(bytes(range(32)))
TEXT = key_file_text(KEY, 1_763_820_000_000_000).encode()
MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "data",
    [TEXT, TEXT.replace(b"\n", b"\r\n"), TEXT.rstrip(), KEY.text.encode(), MARK + TEXT, MARK + KEY.text.encode()],
    ids=["as written", "CRLF", "no last line end", "the key alone", "marked", "marked, the key alone"],
)
def test_a_key_file_is_read_back(data: bytes) -> None:
    assert read_key_file(data).public == KEY.public


@pytest.mark.parametrize(
    "data",
    [
        b"",
        MARK,
        MARK + MARK + TEXT,
        b"\n" + MARK + TEXT,
        TEXT.replace(b"KEEPCLEAR", MARK + b"KEEPCLEAR"),
        TEXT.decode().encode("utf-16"),
        TEXT.decode().encode("utf-16-le"),
        TEXT + KEY.text.encode(),
        KEY.public.text.encode(),
        TEXT.lower(),
        TEXT + b"#" * MAX_KEY_FILE_BYTES,
    ],
)
def test_anything_else_is_refused_without_saying_what_it_was(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read_key_file(data)
    assert caught.value.code == "key"
    assert KEY.text not in f"{caught.value.detail} {caught.value.hint}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_another_encoding_is_named(encoding: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_key_file(TEXT.decode().encode(encoding))
    assert encoding.upper() in caught.value.detail
    assert caught.value.hint == "save it as UTF-8"
