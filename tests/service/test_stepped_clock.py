"""A machine whose clock is stepped by two hours, with the store and all workers on it: real processes, libfaketime."""

import glob
import os
import signal
from pathlib import Path

import pytest
from conftest import Require
from service.test_store_illness import founded
from support.line import RunningLine
from support.operating import figures, once, status
from support.service import running_service
from support.world import World, box

STEP_S = 7200


class Hands:
    """The clock of the processes that run with ``env``: the right one, moved by what a file says."""

    def __init__(self, folder: Path, require: Require) -> None:
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        if not found:
            require("tools", "libfaketime is not installed (Debian: faketime)")
        self._file = folder / "clock"
        self.step(0)
        self.env = {
            "LD_PRELOAD": found[0],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: int) -> None:
        """Step the clock to so many seconds from the right one."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        os.replace(fresh, self._file)


@pytest.mark.long
@pytest.mark.req("R-095")
def test_a_machine_that_is_stepped_stamps_nothing_says_so_everywhere_and_goes_on_once_it_is_right(
    tmp_path: Path, require: Require
) -> None:
    hands, world = Hands(tmp_path, require), World()
    words = founded(world, tmp_path)
    with running_service(tmp_path / "log", "run", *words, "--port", "0", env=hands.env) as service:
        line = RunningLine(world, service)
        for party, place in (("north", 48.0), ("south", 48.05)):
            line.file(party, box(place, start_s=-600, last_s=1800))
        (opened,) = line.conflicts("north")
        hands.step(STEP_S)

        def refused() -> bool:
            answer = line.post("notices", world.submission("north", box(20)))
            return answer.status_code == 503 and answer.json()["code"] == "store_clock"

        assert once(refused, bool)
        told = once(lambda: line.http.get("/readyz"), lambda answer: answer.json()["checks"]["clock"] != "ok")
        assert told.status_code == 503 and told.json()["checks"]["clock"].startswith("clock: the store's is +7")
        seen = once(lambda: status(line), lambda seen: "clock: the store's is +7" in seen.stdout)
        assert seen.returncode == 1 and "this machine's clock was stepped by +7" in seen.stdout
        stepped = [float(text.split()[-1]) for text in figures(line).splitlines()
                   if text.startswith("keepclear_worker_clock_stepped_seconds{")]  # fmt: skip
        assert stepped == [pytest.approx(STEP_S, abs=30)]
        assert (answer := line.get("south", "/v1/stream")).status_code == 503 and answer.json()["code"] == "store_clock"
        # Reads go on by the worker's own clock, and so does the next worker in its place.
        assert line.conflicts("north") == [opened]
        os.kill(service.listening["workers"][0], signal.SIGKILL)
        service.wait_for("line_ready", 2)
        assert once(refused, bool) and line.conflicts("north") == [opened]
        hands.step(0)
        assert once(lambda: line.post("notices", world.submission("north", box(20))).status_code == 201, bool)
        assert once(lambda: line.http.get("/readyz").status_code == 200, bool)
        assert [len(service.wait_for(event)) for event in ("clock_off", "clock_right")] == [2, 1]
        assert line.conflicts("north") == [opened], "no timer ended it"
        line.close()
