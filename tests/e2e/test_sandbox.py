"""The sandbox as a stranger meets it: one command, settings to paste, a counterpart that answers, and a clean end."""

import contextlib
import itertools
import json
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx2
import pytest
from keepclear_demo import sandbox
from keepclear_demo.children import last_words

COMMAND = [sys.executable, "-c", "import sys; from keepclear_service.__main__ import main; sys.exit(main())", "sandbox"]
KEEPCLEAR = [sys.executable, "-c", "import sys; from keepclear.cli.main import main; sys.exit(main())"]


WITHIN_S = 100.0
"""It takes a few seconds on a free core."""


class Sandbox:
    """A running sandbox, what it has said, and the guest's shell."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reading = threading.Thread(target=self._read, args=(process.stdout,))
        self._reading.start()
        self.settings = "".join(iter(lambda: self.line(), "Ctrl-C ends it.\n"))
        self.origin = re.findall(r"listens on (http://127\.0\.0\.1:\d+)\. ", self.settings)[0]
        pasted = dict(re.findall(r"export (KEEPCLEAR_[A-Z]+)=(.*)", self.settings.partition("Settings of counter")[0]))
        self.guest = {name: shlex.split(value)[0] for name, value in pasted.items()}

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in itertools.chain(output, [""]):
                self._lines.put(line)

    def line(self) -> str:
        line = self._lines.get(timeout=WITHIN_S)
        assert line, "the sandbox has ended"
        return line

    def until(self, pattern: str) -> str:
        """Return what ``pattern`` finds first in the lines that come."""
        while (found := re.search(pattern, self.line())) is None:
            pass
        return found[1]

    def keepclear(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run ``keepclear`` in the guest's shell."""
        env = {**os.environ, **self.guest}
        return subprocess.run(
            [*KEEPCLEAR, *words], capture_output=True, text=True, env=env, check=False, timeout=WITHIN_S
        )

    def end(self, number: int) -> str:
        self.process.send_signal(number)
        assert self.process.wait(WITHIN_S) == 0
        self._reading.join(WITHIN_S)
        return "".join(iter(lambda: self._lines.get(timeout=WITHIN_S), ""))


@contextlib.contextmanager
def running(*words: str) -> Iterator[Sandbox]:
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, text=True)
    try:
        yield Sandbox(process)
    finally:
        process.terminate()
        process.wait(WITHIN_S)


def test_a_guest_files_is_alerted_and_answered_and_finds_it_all_again(tmp_path: Path) -> None:
    folder = tmp_path / "it's kept"
    with running("--embedded", str(folder)) as box:
        assert box.settings.startswith("SANDBOX. Its keys are samples") and "never for duty" in box.settings
        assert httpx2.get(f"{box.origin}/readyz").json()["status"] == "ready"
        (submit,) = re.findall(r"^  keepclear (submit .*)$", box.settings, re.MULTILINE)
        filed = box.keepclear(*shlex.split(submit), "--json")
        assert filed.returncode == 0, filed.stderr
        conflict = box.until(r"counterpart acknowledged conflict (\S+)")
        watched = box.keepclear("watch", "--once")
        assert f"OPEN OVERLAP {conflict}" in watched.stdout, watched.stderr
        assert "counterpart: acknowledged by sandbox-duty" in watched.stdout
        assert box.until(rf"counterpart heard from guest of conflict {conflict}: (\w+)") == "delivered"
        assert "the sandbox has ended" in box.end(signal.SIGTERM)
    assert refuses(box.origin)
    with running("--embedded", str(folder)) as again:
        assert (again.origin, again.guest) == (box.origin, box.guest)
        withdrawn = again.keepclear("withdraw", json.loads(filed.stdout)["id"])
        assert withdrawn.returncode == 0, withdrawn.stderr
        again.until(rf"counterpart was told of conflict {conflict}: (closed), verified")
        assert "the sandbox has ended" in again.end(signal.SIGINT)
    assert refuses(box.origin)


def refuses(origin: str) -> bool:
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{origin}/readyz")
    return True


def test_a_folder_that_is_not_a_sandboxs_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters").write_text("private")
    assert sandbox.main(["--folder", str(tmp_path)]) == 2
    assert "is not empty and no sandbox's" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]
    assert sandbox.main(["--folder", str(tmp_path / "letters")]) == 2
    (tmp_path / "agreement.json").write_text("{}")
    assert sandbox.main(["--folder", str(tmp_path)]) == 2
    assert "cannot be used" in capsys.readouterr().err


def test_a_kept_sandbox_stays_at_its_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = sandbox._scene(tmp_path, 8710)
    assert scene.agreement.service.origin == "http://127.0.0.1:8710"
    assert sandbox._scene(tmp_path, None).agreement.raw == sandbox._scene(tmp_path, 8710).agreement.raw
    assert sandbox.main(["--folder", str(tmp_path), "--port", "8711"]) == 2
    assert "names http://127.0.0.1:8710" in capsys.readouterr().err


def test_why_a_process_failed_is_its_error_and_not_the_hint_below_it(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("keepclear-service: error: another one runs (unreachable)\nkeepclear-service: hint: stop it first\n")
    assert last_words(log) == "another one runs (unreachable)"
    log.write_text("earlier\nlast\n")
    assert last_words(log) == "last"
