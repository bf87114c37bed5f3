"""Who speaks is asked: what counts as life on a stream, and what is a loss, on real sockets and byte by byte."""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear import Desk
from keepclear.desk.position import Position
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.opening import read_opening
from support.mediator import EPOCH
from support.second_day import links, second_day
from support.speakers import HTML, STREAM, Said, Speaker, Speaks, first_word
from support.world import World, now_us

WORLD = World()
PROOF = "a.proof.ours"
OPEN = first_word(WORLD, PROOF)
SAID_AT = now_us()
COMMENT = b": keep-alive\n\n"


def opens(raw: str) -> Cursor:
    agreement = WORLD.agreement
    return read_opening(
        raw, agreement.service_key, aud=agreement.id, to="north", request=digest(PROOF), now=SAID_AT
    ).at  # fmt: skip


def position() -> Position:
    made = Position(Cursor(EPOCH, 0))
    made.expect(opens)
    return made


@pytest.mark.req("R-105", "R-106")
def test_a_stream_that_is_cut_at_any_byte_lives_by_its_whole_lines_alone() -> None:
    for at in range(len(OPEN + COMMENT) + 1):
        cut = position()
        assert cut.received((OPEN + COMMENT)[:at]) == []
        assert cut.opened == (at >= len(OPEN)), at
        assert cut.lines == (OPEN + COMMENT)[len(OPEN) : at].count(b"\n") + (at >= len(OPEN)), at
        loss = cut.ended()
        assert (loss is None) == (cut.lines > 1), at
        assert loss is None or loss.code == "unreachable"


@given(st.lists(st.integers(0, len(OPEN + COMMENT)), max_size=8))
def test_however_it_is_cut_the_same_counts(cuts: list[int]) -> None:
    whole, cut = OPEN + COMMENT, position()
    edges = [0, *sorted(cuts), len(whole)]
    for start, end in itertools.pairwise(edges):
        cut.received(whole[start:end])
    assert (cut.opened, cut.lines, cut.ended()) == (True, 3, None)


@pytest.mark.req("R-105")
@given(st.integers(0, len(OPEN) - 3), st.binary(min_size=1, max_size=2))
def test_an_open_that_was_changed_anywhere_opens_nothing(at: int, other: bytes) -> None:
    changed, taken = Position(Cursor(EPOCH, 0)), []

    def take(raw: str) -> Cursor:
        taken.append((raw, at := opens(raw)))
        return at

    changed.expect(take)

    try:
        changed.received(OPEN[:at] + other + OPEN[at + len(other) :] + COMMENT)
    except Unavailable as error:
        assert error.code == "unreachable"
    # A blank more in the event's JSON changes nothing of what was signed.
    assert changed.opened == bool(taken) and all(f'"{raw}"'.encode() in OPEN for raw, _ in taken)


@pytest.mark.req("R-105")
@pytest.mark.parametrize(
    "changed",
    [
        {"key": PrivateKey.generate()}, {"key": WORLD.parties["south"].key}, {"to": "south"}, {"aud": "A" * 43},
        {"request": digest("another proof")}, {"iat": 0}, {"iat": SAID_AT // 1_000_000 + 3600},
    ],
    ids=["stranger", "south", "to south", "agreement", "replayed", "old", "ahead"],
)  # fmt: skip
def test_an_open_of_another_hand_party_or_request_opens_nothing(changed: dict[str, Any]) -> None:
    foreign = position()
    with pytest.raises(Unavailable):
        foreign.received(first_word(WORLD, PROOF, **changed))
    assert not foreign.opened


@pytest.mark.req("R-106")
@pytest.mark.parametrize("foreign", [b"<html>\n\n<p>log in: here</p>\n\n", b"tick\n", b"Tick: 1\r\n\r\n"])
def test_a_page_in_the_midst_of_a_stream_is_no_sign_of_life(foreign: bytes) -> None:
    stream = position()
    stream.received(OPEN + COMMENT)
    lived = stream.lines
    stream.received(foreign * 3)
    assert stream.lines == lived
    stream.received(COMMENT)
    assert stream.lines > lived


@pytest.mark.req("R-106")
def test_a_connection_that_brings_nothing_waits_longer_each_time() -> None:
    barren = position()
    waits = []
    for _ in range(5):
        barren.connecting(Cursor(EPOCH, 0))
        barren.received(OPEN)
        waits.append(barren.lost(barren.ended()))
    assert waits == sorted(waits) and waits[-1] > 6
    barren.connecting(Cursor(EPOCH, 0))
    barren.received(OPEN + COMMENT)
    assert barren.ended() is None and barren.lost(None) < 1


@pytest.fixture
def north(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    with second_day(WORLD, tmp_path / "north") as desk:
        yield desk


def opened(said: Said, then: bytes = COMMENT) -> None:
    said.say(STREAM + first_word(WORLD, said.proof) + then)


STRANGERS: dict[str, tuple[Speaks, str]] = {
    "a login page": (lambda said: said.say(HTML), "text/html"),
    "a page that never ends": (lambda said: said.hold(0.05, b": x\n", HTML), "text/html"),
    "an empty stream": (lambda said: said.say(STREAM), "before the hotline had said anything"),
    "comments without open": (lambda said: said.hold(0.05, COMMENT, STREAM), "silent"),
    "half a line for ever": (lambda said: said.hold(0.05, b"x", STREAM), "silent"),
    "an event first": (lambda said: said.say(STREAM + b"event: alert\ndata: {}\n\n"), "does not begin"),
    "a drain first": (lambda said: said.say(STREAM + b"event: drain\ndata: {}\nretry: 1\n\n"), "does not begin"),
    "a forged open": (lambda said: said.say(STREAM + first_word(World(), said.proof)), "does not begin"),
    "a replayed open": (lambda said: said.say(STREAM + OPEN), "another request"),
    "silence": (lambda said: said.hold(), "silent"),
    "a broken head": (lambda said: said.say(b"HTTP/1.1 200"), "broke off"),
    "an open and nothing more": (lambda said: opened(said, b""), "ended as soon as it had begun"),
}


@pytest.mark.req("R-105", "R-106")
@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_is_a_loss_in_plain_words_with_a_pause_that_grows(north: Callable[..., Desk], who: str) -> None:
    speaks, words = STRANGERS[who]
    with Speaker(speaks) as speaker:
        began = time.monotonic()
        desk = north(speaker.url, 0.5 if words == "silent" else 8.0)  # else a busy machine's pause were silence, too
        told = links(desk, 4 if who.startswith("an open") else 2)
        assert time.monotonic() - began < 20
        down = [event for event in told if not event.up]
        assert all(words in event.detail for event in down), told
        assert len(down) == 2 and down[0].retry_s < down[1].retry_s
        assert len(speaker.asked_at) <= 3
        if not who.startswith("an open"):
            assert (desk.link().up, desk.link().heard_at) == (False, None) and len(down) == len(told)


def test_silence_behind_an_open_is_told_and_the_blind_time_afterwards(north: Callable[..., Desk]) -> None:
    def speaks(said: Said) -> None:
        opened(said)
        said.hold(0.05, b":")  # half a line, which never ends

    with Speaker(speaks) as speaker:
        told = links(north(speaker.url, 2.0), 3)  # of less, a busy machine's way to the next open were silence, too
    assert [event.up for event in told] == [True, False, True]
    assert told[0].detail == "" and "silent" in told[1].detail and told[2].detail.startswith("blind for")


@pytest.mark.req("R-106")
def test_a_stream_that_turns_into_a_strangers_page_is_told_as_lost(north: Callable[..., Desk]) -> None:
    def speaks(said: Said) -> None:
        opened(said)
        said.hold(0.05, b"<html>\r\n\r\n<p>please: log in</p>\r\n\r\n")

    with Speaker(speaks) as speaker:
        desk = north(speaker.url, 2.0)
        began = time.monotonic()
        told = links(desk, 2)
        assert time.monotonic() - began < 15, told
        assert [event.up for event in told] == [True, False] and "silent" in told[1].detail, told
        assert not desk.link().up and desk.picture().age_s is not None


def test_a_long_line_that_gets_on_is_waited_for(north: Callable[..., Desk]) -> None:
    def speaks(said: Said) -> None:
        opened(said, b": ")
        for _ in range(12):
            said.say(b"x" * 5000)
            time.sleep(0.1)
        said.say(b"\n")
        said.hold(0.1, COMMENT)

    with Speaker(speaks) as speaker:
        told = links(north(speaker.url), 3)
    # The connection stands, but while nothing whole comes this desk is deaf, and says so.
    assert [event.up for event in told] == [True, False, True]
    assert "still on its way" in told[1].detail and told[1].retry_s == 0


def test_what_a_stranger_answers_is_no_evidence_and_the_kept_picture_is_stale(
    north: Callable[..., Desk], tmp_path: Path
) -> None:
    with Speaker(lambda said: said.say(HTML)) as speaker:
        desk = north(speaker.url)
        with pytest.raises(Unavailable) as failed:
            desk.refresh()
        assert failed.value.code == "unreachable" and "text/html" in failed.value.detail
    rows = sqlite3.connect(tmp_path / "north" / "journal.sqlite").execute("SELECT count(*) FROM events").fetchone()
    assert rows == (0,)


def test_a_hotline_that_hangs_is_given_up_within_the_time_that_was_given(north: Callable[..., Desk]) -> None:
    with Speaker(lambda said: said.hold()) as speaker:
        desk, began = north(speaker.url, 60), time.monotonic()
        with pytest.raises(Unavailable, match="silent"):
            desk.refresh(within_s=0.2)
        assert time.monotonic() - began < 20
