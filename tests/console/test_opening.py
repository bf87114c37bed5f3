"""How an officer comes to a console: its links at the terminal and in the browser, and one console at a desk."""

import stat
import webbrowser
from pathlib import Path

import pytest
from keepclear.console import serve
from keepclear.console.post import FILE, Post, held
from keepclear_protocol.errors import LocalError
from support.consoles import entered, running_console
from support.officer import Officer
from support.world import World

NOWHERE = "http://127.0.0.1:9"


def test_a_link_is_asked_for_at_any_terminal_of_the_account_and_a_second_console_is_refused(tmp_path: Path) -> None:
    world = World()
    with running_console(world, tmp_path, "north", NOWHERE) as console:
        officer = Officer(world, tmp_path, "north", NOWHERE)
        for role, options in (("officer", ()), ("wall", ("--wall",))):
            code, shown, _ = officer.read("console", "--link", *options)
            assert code == 0 and shown.startswith(f"{console.url}/#start=")
            caller = entered(shown.strip())
            assert caller.role == role
            caller.http.close()
        code, _, talk = officer.read("console", "--no-browser")
        assert code == 2 and f"runs already, at {console.url}/" in talk and "--link" in talk
        elsewhere = ("--desk", str(tmp_path / "other"))
        code, _, talk = officer.read("console", "--no-browser", "--port", str(console.port), *elsewhere)
        assert code == 2 and f"port {console.port} of 127.0.0.1 cannot be used" in talk
        assert console.stop() == 0
    code, _, talk = officer.read("console", "--link")
    assert code == 2 and "no console of this desk runs" in talk
    code, _, talk = officer.read("console", "--basemap", __file__)
    assert code == 2 and "--basemap takes" in talk


def test_a_damaged_file_of_a_console_is_said(tmp_path: Path) -> None:
    with held(tmp_path, 7) as post:
        assert post.address == "http://127.0.0.1:7/"
        (tmp_path / FILE).write_text("{")
        with pytest.raises(LocalError, match="runs already"), held(tmp_path, 8):
            pass
    with held(tmp_path, 9) as post:
        assert post.port == 9


def test_no_secret_stands_in_the_arguments_of_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    opener, post = tmp_path / serve.OPENER, Post(12345, bytes(32))
    opener.write_text("left by one that died")
    serve._open_browser(post, opener)
    assert opened == [opener.as_uri()]
    assert stat.S_IMODE(opener.stat().st_mode) == 0o600
    assert "http://127.0.0.1:12345/#start=" in opener.read_text()

    def none(_: str) -> None:
        raise webbrowser.Error("no browser here")

    monkeypatch.setattr(webbrowser, "open", none)
    serve._open_browser(post, opener)
