"""The examples of ``docs/sdk.md`` as programs, and the evening at which each of them is run as it stands."""

import http.server
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keepclear import Desk, format_instant

from support.line import RunningLine
from support.officer import environment
from support.world import World, box, now_us

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sdk.md"

FLIGHT = {"horizontal_m": 9260, "vertical_m": 609.6, "lead_s": 0, "tail_s": 0}
NAMES = ("watch", "batch", "webhook", "officers", "ask")
WITHIN_S = 60.0


def world() -> World:
    """Return a world whose flights are of the category that the page files."""
    return World(categories={"flight": FLIGHT, "transport": FLIGHT})


def examples() -> dict[str, str]:
    """Return the five programs of the page by name."""
    found = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(found) == len(NAMES)
    return dict(zip(NAMES, found, strict=True))


def opening() -> str:
    """Return the page's first snippet as a program: ``root`` is whoever reads it's."""
    (found,) = re.findall(r"^```\n(from keepclear.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return f'root = ""\n{found}'


def plan(*flights: tuple[str, float]) -> str:
    """Return GeoJSON of flights, each with its callsign and latitude, an hour from now."""
    start, end = now_us() + 3_600_000_000, now_us() + 4_200_000_000
    said = {
        "altitude_lower": 200, "altitude_upper": 220, "altitude_reference": "FL", "altitude_units": "FL",
        "width_m": 4000, "time_start": format_instant(start), "time_end": format_instant(end),
    }  # fmt: skip
    return json.dumps({
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": [[10.0, lat], [10.5, lat]]},
                "properties": {**said, "callsign": callsign},
            }
            for callsign, lat in flights
        ],
    })  # fmt: skip


class Hook:
    """A local address that takes what is posted to it, once it is ``open``."""

    def __init__(self) -> None:
        self.open = False
        self.taken: list[dict[str, Any]] = []
        self.turned_away = 0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if hook.open:
                    hook.taken.append(json.loads(body))
                else:
                    hook.turned_away += 1
                self.send_response(204 if hook.open else 503)
                self.end_headers()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"

    def alerts(self) -> list[tuple[str, int]]:
        """Return conflict and version of each alert that was taken."""
        return [(one["conflict"], one["version"]) for one in self.taken if one["event"] == "alert"]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Evening:
    """The page's reader, of the party north, beside a desk of south; ``python`` is who runs the examples."""

    def __init__(self, python: Path, folder: Path, line: RunningLine) -> None:
        self.python = python
        self.folder = folder
        self.line = line
        self.env = environment(line.world, folder, "north", line.service.url)
        for name, program in examples().items():
            (folder / f"{name}.py").write_text(program, "utf-8")
        key = line.world.parties["south"].key
        self.south = Desk(line.world.agreement, key, folder / "south", connect_to=line.service.url)

    def start(self, name: str, **env: str) -> "subprocess.Popen[str]":
        """Start an example."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KEEPCLEAR_", "PYTHON"))}
        return subprocess.Popen(
            [str(self.python), f"{name}.py"], cwd=self.folder, env={**kept, **self.env, **env, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, name: str, **env: str) -> str:
        """Run an example that ends by itself; return what it says."""
        process = self.start(name, **env)
        said, _ = process.communicate(timeout=WITHIN_S)
        assert process.returncode == 0, said
        return said

    def tell(self) -> None:
        """Run all five, and hold each to what the page says of it."""
        (self.folder / "plan.geojson").write_text(plan(("VIPER01", 50.0), ("VIPER02", 52.0)))
        first = self.run("batch").splitlines()
        assert [row.split()[:2] for row in first] == [["NIGHT-7/VIPER01", "filed"], ["NIGHT-7/VIPER02", "filed"]]
        assert self.run("batch").splitlines() == first  # the same notices, and no twins
        assert len(self.line.read("north", "/v1/notices")["notices"]) == 2

        self.south.file([box(50.0, 10.1, low=210, high=230)], "transport", callsign="HIDDEN1")
        said = self.run("watch")
        assert "OPEN overlap" in said and "our VIPER01 with south" in said and "HIDDEN1" not in said
        assert "6401 to 7010 m FL from" in said

        # The one who watched ended at its first conflict without coming back for more: it is known, and comes again.
        said = self.run("watch")
        assert said.startswith("known OPEN ") and "UNANSWERED" in said and "OPEN overlap" in said

        said = self.run("ask", KEEPCLEAR_CONNECT_TO="http://127.0.0.1:9")
        assert "VIPER01 CONFLICT with south" in said and "VIPER02 CONFLICT" not in said
        assert said.count("NOT a clearance") == 2

        said = self.run("officers")
        assert "acknowledged version" in said and "answered by duty-2" in said
        self.south.refresh()
        (view,) = self.south.picture().conflicts
        assert view.theirs.acknowledged_by == "duty-2"
        self._hand_on()

    def _hand_on(self) -> None:
        hook = Hook()
        try:
            # The one who watched ended at its first conflict without coming back for more: that alert comes again.
            process = self.start("webhook", HOOK=hook.url)
            until(lambda: hook.turned_away > 1)
            process.kill()  # a crash while the hook was down
            process.communicate()
            hook.open = True
            process = self.start("webhook", HOOK=hook.url)
            until(lambda: len(hook.alerts()) == 1)
            self.south.file([box(52.0, 10.1, low=210, high=230)], "transport")
            until(lambda: len(hook.alerts()) == 2)
            process.kill()
            process.communicate()
            self.south.file([box(52.0, 10.3, low=210, high=230)], "transport")
            process = self.start("webhook", HOOK=hook.url)
            until(lambda: len(set(hook.alerts())) == 3)
            process.kill()
            process.communicate()
            told = [one for one in hook.taken if one["event"] == "alert"]
            assert all(one["verdict"] == "verified" and one["their_volumes"] for one in told)
            lower = told[0]["their_volumes"][0]["volume"]["altitude_lower"]
            assert lower == {"value": 210, "reference": "FL", "units": "FL"}
        finally:
            hook.close()

    def close(self) -> None:
        """End south's desk."""
        self.south.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
