"""Commands while the hotline is silent or gone: the kept picture at once, and what became of an officer's answer."""

import asyncio
import contextlib
import io
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from keepclear.cli import pictured
from keepclear.cli.main import DONE, STALE, UNREACHABLE, USAGE, run
from keepclear.desk.acknowledging import Unanswered
from keepclear.transport.client import READ_S
from keepclear.transport.faults import CutShort
from keepclear.transport.silence import unless_silent
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Unavailable
from support.desks import Lied
from support.line import write_key
from support.mediator import EPOCH
from support.speakers import Said, Speaker, Speaks

Types = Callable[..., tuple[int, str, str]]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


@pytest.fixture
def types(line: Lied, tmp_path: Path) -> Types:
    """Type commands at south's desk, whose hotline is at ``url``."""
    write_key(tmp_path / "south.key", line.world.parties["south"].key)
    (tmp_path / "agreement.json").write_bytes(line.world.agreement.raw)
    env = {
        "KEEPCLEAR_AGREEMENT": str(tmp_path / "agreement.json"),
        "KEEPCLEAR_ROOT": line.world.parties["south"].root.public.text,
        "KEEPCLEAR_KEY": str(tmp_path / "south.key"),
        "KEEPCLEAR_DESK": str(line.south.journal.folder),
    }

    def typed(url: str, *words: str, **more: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.dict(os.environ, {**env, "KEEPCLEAR_CONNECT_TO": url, **more}):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run(words)
        return code, out.getvalue(), err.getvalue()

    return typed


@pytest.fixture
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what became of it after one attempt: that there are more is held elsewhere."""
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())


def nobody() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def test_what_is_known_is_shown_within_a_second_of_silence(types: Types) -> None:
    with Speaker(lambda said: said.hold()) as speaker:
        types(speaker.url, "conflicts", "--offline")  # so that starting up is not measured
        began = time.monotonic()
        code, shown, talk = types(speaker.url, "conflicts", KEEPCLEAR_WAIT="")
        took_s = time.monotonic() - began
    assert code == STALE and "OPEN" in shown and "picture" in talk
    assert "silent: the hotline does not answer (unreachable)" in talk and "KEEPCLEAR_WAIT=15" in talk
    assert pictured.WAIT_S <= 0.5 and took_s < 3, took_s  # a busy machine's part of it is its own


PAGE = json.dumps({"at": str(Cursor(EPOCH, 1)), "conflicts": [], "next": "more"}).encode()
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/%s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
AWAY = json.dumps({"type": "urn:keepclear:problem:unavailable", "code": "unavailable", "status": 503}).encode()


def answers(status: bytes, media: bytes, body: bytes, after_s: float = 0.0) -> Speaks:
    def speaks(said: Said) -> None:
        said.rest(after_s)
        if status:
            said.say(HEAD % (status, media, len(body)) + body)

    return speaks


OUTAGES: dict[str, Speaks | None] = {
    "pages without end": answers(b"200 OK", b"json", PAGE, 0.3),
    "pages without end at once": answers(b"200 OK", b"json", PAGE),
    "503 at once": answers(b"503 Away", b"problem+json", AWAY),
    "503 after a while": answers(b"503 Away", b"problem+json", AWAY, 0.4),
    "closed at once": answers(b"", b"", b""),
    "closed after a while": answers(b"", b"", b"", 0.4),
    "refused": None,
}


@pytest.mark.parametrize("how", OUTAGES)
def test_the_kept_picture_comes_within_a_second_whatever_the_hotline_does(line: Lied, how: str) -> None:
    speaks = OUTAGES[how]
    with Speaker(speaks or answers(b"", b"", b"")) as speaker:
        desk = line.desk("north", "away", transport=None, connect_to=speaker.url if speaks else nobody())
        began = time.monotonic()
        with pytest.raises(CutShort) as cut:
            desk.refresh(settle=True, within_s=pictured.WAIT_S, whole_s=pictured.WHOLE_S)
        took_s = time.monotonic() - began
    said = {"pages": "not come to an end", "refused": "nobody listens there"}.get(how.split()[0], "")
    assert said in cut.value.detail and took_s < 2, (took_s, cut.value)  # a busy machine's part of it is its own


def test_an_officer_is_shown_what_is_kept_and_then_what_the_hotline_says_in_a_bounded_time(types: Types) -> None:
    with Speaker(answers(b"200 OK", b"json", PAGE, 0.3)) as speaker, mock.patch.object(pictured, "LONGEST_S", 0.5):
        with mock.patch.object(pictured, "is_terminal", lambda stream: True):
            code, shown, talk = types(speaker.url, "conflicts", KEEPCLEAR_WAIT="")
        assert code == STALE and shown.count("OPEN") == 2 and "asking once more" in talk
        assert talk.count("have not come to an end") == 2
        code, shown, _ = types(speaker.url, "conflicts", "--json", KEEPCLEAR_WAIT="")
        assert code == STALE and json.loads(shown)["conflicts"][0]["state"] == "OPEN"


def test_what_this_machine_took_for_itself_is_no_silence_of_the_hotlines() -> None:
    async def story() -> None:
        client = mock.Mock(waiting_since=asyncio.get_running_loop().time(), fault=None)

        async def busy() -> str:
            time.sleep(0.6)  # noqa: ASYNC251 - all of this process is kept from working, as by a busy machine
            await asyncio.sleep(0.01)
            return "answer"

        assert await unless_silent(client, busy(), 0.3) == "answer"
        with pytest.raises(Unavailable, match="silent"):
            await unless_silent(client, asyncio.sleep(60), 0.3)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("read_at", "answer_s", "waits_s"),
    [
        (None, 0.0, READ_S), (1, 0.0, pictured.WAIT_S), (1, 0.02, pictured.WAIT_S), (1, 0.3, 1.5),
        (1, 9.0, pictured.MOST_LEARNT_S),
    ],
)
def test_a_slow_line_is_waited_for_longer_but_not_at_its_own_pleasure(
    read_at: int | None, answer_s: float, waits_s: float
) -> None:
    desk = mock.Mock()
    desk.journal.read_at.return_value, desk.journal.answer_s.return_value = read_at, answer_s
    with mock.patch.dict(os.environ, {"KEEPCLEAR_WAIT": ""}):
        assert pictured._wait_s(desk) == pytest.approx(waits_s)
    with mock.patch.dict(os.environ, {"KEEPCLEAR_WAIT": "7"}):
        assert pictured._wait_s(desk) == 7


def test_how_slow_the_line_is_is_kept_from_reading_to_reading(line: Lied) -> None:
    line.mediator.refuse = lambda request: time.sleep(0.05)
    line.south.refresh()
    assert 0.05 <= line.south.journal.answer_s() < 10


@pytest.mark.usefixtures("one_attempt")
def test_an_answer_that_never_left_is_said_to_be_not_sent(line: Lied, types: Types) -> None:
    (view,) = line.south.picture().conflicts
    code, shown, talk = types(nobody(), "ack", view.code, "--officer", "duty-1", "--version", str(view.version))
    assert (code, shown) == (UNREACHABLE, "")
    assert "NOT ACKNOWLEDGED: the answer was NOT SENT" in talk and "nobody listens there" in talk
    assert "acknowledge again" in talk


@pytest.mark.usefixtures("one_attempt")
def test_an_answer_without_a_receipt_may_count_and_saying_it_again_is_safe(line: Lied, types: Types) -> None:
    (view,) = line.south.picture().conflicts
    words = ("ack", view.code, "--officer", "duty-1", "--version", str(view.version))
    with Speaker(lambda said: said.say(b"HTTP/1.1 201 Created\r\n")) as speaker:
        code, shown, talk = types(speaker.url, *words)
    assert (code, shown) == (UNREACHABLE, "")
    assert "NOT KNOWN whether the acknowledgement counts" in talk and "to acknowledge again is safe" in talk

    line.mediator.refuse = lambda request: _lost(line, request)
    with pytest.raises(Unanswered) as failed:
        line.south.acknowledge(view.conflict, officer="duty-1")
    assert not failed.value.certain
    line.mediator.refuse = None
    line.south.acknowledge(view.conflict, officer="duty-1")
    assert line.south.picture().conflicts[0].ours.acknowledged_by == "duty-1"


def _lost(line: Lied, request: object) -> None:
    raise Unavailable("unreachable", "the connection broke off")


@pytest.mark.usefixtures("one_attempt")
def test_what_was_acknowledged_is_said_to_be_and_not_signed_anew(line: Lied, types: Types) -> None:
    (view,) = line.south.picture().conflicts
    line.south.acknowledge(view.conflict, officer="duty-1")
    words = ("ack", view.code, "--officer", "duty-2", "--version", str(view.version))
    code, _, talk = types(nobody(), *words)
    assert code == DONE and "acknowledged already by duty-1 at" in talk and "nothing was signed" in talk
    code, shown, _ = types(nobody(), *words, "--json")
    assert code == DONE and json.loads(shown)["already"].startswith("acknowledged already by duty-1")
    assert types(nobody(), *words, "--again")[0] == UNREACHABLE
    assert types(nobody(), *words[:-1], str(view.version + 1))[0] != DONE


def test_a_second_watch_of_a_folder_is_told_which_and_what_to_do(line: Lied, types: Types) -> None:
    # Its own watch has it already.
    code, _, talk = types(nobody(), "watch", "--for", "2")
    assert code == USAGE and str(line.south.journal.folder) in talk
    assert "another watch" in talk and "--desk" in talk


def test_watch_once_says_that_it_waits_and_why_it_ends(line: Lied, types: Types) -> None:
    line.south.close()
    code, _, talk = types(nobody(), "watch", "--once", "--for", "1")
    assert code == UNREACHABLE
    assert "NOT CONNECTED" in talk and "waits for the first alert" in talk and "never connected" in talk


def test_a_watch_that_ends_before_the_first_answer_says_so(line: Lied, types: Types) -> None:
    line.south.close()
    with Speaker(lambda said: said.hold()) as speaker:
        code, _, talk = types(speaker.url, "watch", "--for", "0.5")
    assert code == UNREACHABLE and "never connected" in talk
