"""The way to the hotline: what an address is, what the environment may say, and hints where a clock is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear.transport.faults import clock_hint
from keepclear.transport.tls import find_trust
from keepclear.transport.way import find_proxy, read_address
from keepclear_protocol.errors import Forbidden, LocalError, OutOfStep, Unavailable

HTTP, HTTPS = (read_address(f"{scheme}://hotline.example", "https") for scheme in ("http", "https"))
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, *map(str.upper, VARIABLES), "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("text", ["http://h:1", "h:1", "HTTP://h:1/", "127.0.0.1:1", "[::1]:1", "https://[::1]"])
def test_an_address_is_scheme_host_and_port(text: str) -> None:
    assert read_address(text, "http").url.startswith("http")


@pytest.mark.parametrize(
    "text",
    [
        "http://duty:pw@h:1", "http://duty@h", "http://@h", "duty:pw@h:1", "http://a:p/w@h", "http://h?x", "http://h/#a",
        "http://h/?", "http://h/path", "http://h//", " http://h", "http://h ", "http://h\t", "http://h\n", "http://h\\x",
        "http://h:0", "http://h:65536", "http://h:", "http://", "ftp://h", "http://h%41", "http://[::1", "",
    ],
)  # fmt: skip
def test_anything_besides_is_usage_and_no_password_is_repeated(text: str) -> None:
    with pytest.raises(LocalError) as refused:
        read_address(text, "http")
    assert refused.value.code == "usage" and "pw" not in refused.value.detail and "p/w" not in refused.value.detail


@given(st.text(max_size=30))
def test_no_address_is_a_fault(text: str) -> None:
    try:
        address = read_address(text, "http")
    except LocalError:
        return
    assert "@" not in address.url and "?" not in address.url


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize(
    "value",
    ["socks://127.0.0.1:1080", "socks4://h", "ftp://x", "http://", "http://h:99999", "http://h x", "h/path", "é@["],
)  # fmt: skip
def test_a_proxy_that_cannot_be_used_is_named_where_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LocalError) as refused:
        find_proxy(HTTPS)
    assert refused.value.code == "usage" and name in refused.value.detail
    if "https" in name.lower():
        assert find_proxy(HTTP) is None


def test_a_proxy_keeps_its_user_and_the_environment_what_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://duty:pw@proxy.example:3128")
    proxy = find_proxy(HTTPS)
    assert proxy is not None and proxy.raw_auth == (b"duty", b"pw") and str(proxy.url) == "http://proxy.example:3128"
    for listed in ("hotline.example", ".example", "*", "x, hotline.example"):
        monkeypatch.setenv("NO_PROXY", listed)
        assert find_proxy(HTTPS) is None
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8, [bad")
    assert find_proxy(read_address("https://10.1.2.3", "https")) is None and find_proxy(HTTPS) is not None


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_of_the_environment_are_looked_at_only_for_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "missing", tmp_path / "ca.pem"):
        monkeypatch.setenv(name, str(path))
        with pytest.raises(LocalError, match=name):
            find_trust(None, "https")
        find_trust(None, "http")


def test_a_refusal_by_a_wrong_clock_says_by_how_much() -> None:
    date, at = "Sun, 22 Nov 2026 15:00:00 GMT", 1_795_359_600_000_000
    for off_s, words in ((90, "90 s ahead of"), (-7200, "7200 s behind")):
        error = OutOfStep("admitted_too_late")
        clock_hint(error, date, at + off_s * 1_000_000)
        assert words in error.hint
    for told in (None, "no date", "Sun, 99 Nov 2026 15:00:00 GMT"):
        expired = Forbidden("proof_expired")
        clock_hint(expired, told, at)
        assert expired.hint == "is this machine's clock right?"
    theirs = Unavailable("store_clock", hint="the hotline's clock is off")
    clock_hint(theirs, date, at - 14_400_000_000)
    assert theirs.hint == "the hotline's clock is off"
    error = OutOfStep("admitted_too_late")
    clock_hint(error, date, at)
    assert error.hint == ""  # the clock is right: it was only sent too late
