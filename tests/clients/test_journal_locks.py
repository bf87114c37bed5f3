"""A journal that several open at once: nobody who ends takes the file from under the others.

POSIX takes all of a process's locks on a file away as soon as the process closes any descriptor of it, and SQLite tells
by locks whether it is the last: so a journal is never opened but by SQLite once it is there.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from keepclear.journal.journal import JOURNAL, Journal
from keepclear_protocol.errors import LocalError
from support.desks import Line

COMES_AND_GOES = """
import sys
from pathlib import Path
from keepclear.journal.journal import Journal
from keepclear_protocol.agreement import open_agreement
journal = Journal(sys.argv[1], open_agreement(Path(sys.argv[2]).read_bytes()), "south")
if sys.argv[3:]:
    journal.lock_stream()
journal.close()
"""


@pytest.fixture
def stood(tmp_path: Path) -> tuple[Path, Line]:
    """The folder of a journal that existed before the test's, and its line."""
    line = Line(tmp_path)
    Journal(tmp_path / "south", line.world.agreement, "south").close()
    return tmp_path / "south", line


def comes_and_goes(folder: Path, line: Line, *words: str) -> "subprocess.CompletedProcess[str]":
    """Have another process open the journal and end; with a word it tries to follow the stream."""
    terms = folder.parent / "agreement.json"
    terms.write_bytes(line.world.agreement.raw)
    command = [sys.executable, "-c", COMES_AND_GOES, str(folder), str(terms), *words]
    return subprocess.run(command, check=not words, timeout=120, capture_output=True, text=True)


def held() -> list[str]:
    """Name the files of a journal that this process has open."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        try:
            name = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if JOURNAL in name:
            names.append(name)
    return names


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc to see the files of a process")
def test_a_command_that_ends_leaves_the_files_of_a_running_desk_alone(stood: tuple[Path, Line]) -> None:
    folder, line = stood
    journal = Journal(folder, line.world.agreement, "south")
    comes_and_goes(folder, line)
    assert held() and not [name for name in held() if name.endswith("(deleted)")]
    Journal(folder, line.world.agreement, "south").close()  # and so one of the same process
    comes_and_goes(folder, line)
    assert not [name for name in held() if name.endswith("(deleted)")]
    journal.close()


def test_a_second_watch_of_the_same_process_leaves_the_first_its_lock(stood: tuple[Path, Line]) -> None:
    folder, line = stood
    first, second = (Journal(folder, line.world.agreement, "south") for _ in range(2))
    first.lock_stream()
    with pytest.raises(LocalError, match="another watch stands at this desk already"):
        second.lock_stream()
    other = comes_and_goes(folder, line, "watch")
    assert other.returncode and "another watch stands at this desk already" in other.stderr
    first.close()
    second.lock_stream()
    second.close()


def test_a_journal_that_is_made_is_for_nobody_else(tmp_path: Path) -> None:
    line = Line(tmp_path)
    before = os.umask(0)
    try:
        Journal(tmp_path / "south", line.world.agreement, "south").close()
    finally:
        os.umask(before)
    assert (tmp_path / "south" / JOURNAL).stat().st_mode & 0o777 == 0o600
