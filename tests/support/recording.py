"""Records a whole watch as text: ``python tests/support/recording.py`` writes ``docs/watch-recording.md`` anew.

A real service and real desks, told nothing but what a person would type; each board runs in a terminal of tmux's, one
of 80 columns by 24 rows, one of 120 by 36. The link is cut for 90 s by the proxy in between. Takes four minutes;
``--quick`` cuts for 20 s, to look at, and writes to standard output.
"""

import contextlib
import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.cable import Cable

SIZES = ((80, 24), (120, 36))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "watch-recording.md"
REFERENCE = "34.5228,37.6306=T4"
BIN = Path(sys.executable).parent

Shot = tuple[str, str]


class Stage:
    """The folder of the keys, the service, and what each party types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.cable = Cable(self.port)
        for name in ("north-root", "north-desk", "south-root", "south-desk", "mediator"):
            self.run("keygen", "--out", f"{name}.key")
        self.run(
            "agreement", "init", "--out", "hotline.json", "--name", "North and South",
            "--service-origin", f"http://127.0.0.1:{self.port}", "--service-key", self.public("mediator"),
            *("--party", f"north={self.public('north-root')}", "--key", f"north={self.public('north-desk')}"),
            *("--party", f"south={self.public('south-root')}", "--key", f"south={self.public('south-desk')}"),
            "--category", "transport=4NM,700ft",
        )  # fmt: skip
        roots = ("north", "south")
        for signer, others in (("north-root", roots[1:]), ("south-root", roots[:1]), ("mediator", roots)):
            heard = [word for one in others for word in ("--heard", f"{one}={self.heard(one + '-root')}")]
            self.run("agreement", "sign", "hotline.json", "--key", f"{signer}.key", *heard)

    def environment(self, party: str, desk: str, port: int) -> dict[str, str]:
        """Return the variables of one of a party's desks."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        return kept | {
            "KEEPCLEAR_AGREEMENT": "hotline.json",
            "KEEPCLEAR_ROOT": self.public(f"{party}-root"),
            "KEEPCLEAR_KEY": f"{party}-desk.key",
            "KEEPCLEAR_DESK": desk,
            "KEEPCLEAR_CONNECT_TO": f"http://127.0.0.1:{port}",
        }

    def run(self, *words: str, party: str = "", desk: str = "", ok: tuple[int, ...] = (0,)) -> str:
        """Type a command at a desk whose line is never cut; return what it said."""
        env = self.environment(party, desk or party, self.port) if party else None
        done = subprocess.run(
            [BIN / "keepclear", *words], cwd=self.folder, env=env, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode not in ok:
            raise SystemExit(f"keepclear {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def public(self, name: str) -> str:
        return self.run("keygen", "--public", f"{name}.key").split()[0]

    def heard(self, name: str) -> str:
        said = re.search(r"(?m)^fingerprint: *(.*)$", self.run("keygen", "--public", f"{name}.key"))
        assert said is not None
        return said[1]

    @contextlib.contextmanager
    def service(self) -> Iterator[None]:
        """Run the service on a store of its own."""
        program = [str(BIN / "keepclear-service")]
        store = ["--agreement", "hotline.json", "--embedded", "store"]
        with (self.folder / "service.log").open("w") as log:
            subprocess.run([*program, "found", *store], cwd=self.folder, stdout=log, stderr=log, check=True)
            words = [*program, "run", "--key", "mediator.key", *store, "--port", str(self.port)]
            running = subprocess.Popen(words, cwd=self.folder, stdout=subprocess.PIPE, stderr=log)
            try:
                assert running.stdout is not None and running.stdout.readline()
                yield
            finally:
                running.terminate()
                running.wait(30)

    def flight(self, name: str, callsign: str, path: list[list[float]], level: int, begin_min: float, last_min: float
               ) -> str:
        """Write a flight of one leg; return its file's name."""
        now = datetime.datetime.now(datetime.UTC)
        begin, end = (now + datetime.timedelta(minutes=at) for at in (begin_min, begin_min + last_min))
        properties = {
            "width_m": 4000, "altitude_lower": level, "altitude_upper": level + 10, "altitude_reference": "FL",
            "altitude_units": "FL", "time_start": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "callsign": callsign,
            "time_end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        }  # fmt: skip
        feature = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": path}, "properties": properties}
        (self.folder / name).write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        return name


class Terminals:
    """Boards of north's, each in a terminal of its own size."""

    def __init__(self, stage: Stage, *options: str) -> None:
        self._tmux = ["tmux", "-L", f"keepclear-{os.getpid()}", "-f", os.devnull]
        self._names = [f"{columns}x{rows}" for columns, rows in SIZES]
        for name, (columns, rows) in zip(self._names, SIZES, strict=True):
            env = stage.environment("north", f"north-{name}", stage.cable.port)
            ours = [f"{key}={value}" for key, value in env.items() if key.startswith("KEEPCLEAR_")]
            named = [word for one in ours for word in ("-e", one)]
            self._do(
                "new-session", "-d", "-s", name, "-x", str(columns), "-y", str(rows), "-c", str(stage.folder), *named,
                str(BIN / "keepclear"), "watch", "--officer", "duty-1", "--bullseye", REFERENCE, *options,
            )  # fmt: skip
            self._do("set-option", "-g", "status", "off")
            self._do("resize-window", "-t", name, "-x", str(columns), "-y", str(rows))

    def _do(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True).stdout

    def screens(self) -> list[str]:
        return [self._do("capture-pane", "-p", "-t", name).rstrip("\n") for name in self._names]

    def type(self, *keys: str) -> None:
        for name in self._names:
            self._do("send-keys", "-t", name, *keys)

    def until(self, *words: str, without: str = "\0", within_s: float = 60.0) -> None:
        """Wait until every board shows all ``words``, and not ``without``."""
        deadline = time.monotonic() + within_s
        while not all(all(word in text for word in words) and without not in text for text in self.screens()):
            if time.monotonic() > deadline:
                raise SystemExit(f"no {words} on\n" + "\n".join(self.screens()))
            time.sleep(0.1)

    def blind_for(self, seconds: float) -> None:
        """Wait until every board says that it has been blind for so long at least."""
        deadline = time.monotonic() + seconds + 60
        told = re.compile(r"BLIND FOR (\d+) s")
        while min(max(map(int, told.findall(text)), default=0) for text in self.screens()) < seconds:
            if time.monotonic() > deadline:
                raise SystemExit("not blind\n" + "\n".join(self.screens()))
            time.sleep(0.1)

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._do("kill-server")


def play(stage: Stage, boards: Terminals, shoot: Callable[[str], None], cut_s: float) -> None:
    """Play the watch, and have a picture taken of each of its states."""
    boards.until("connected since", "Silence is not safety")
    shoot("Quiet: nothing has been told. That is all that it means.")
    north = stage.flight("north.geojson", "NORTH12", [[37.2, 34.4], [38.4, 34.9]], 180, 12, 10)
    stage.run("submit", north, "--category", "transport", party="north")
    late = stage.flight("south.geojson", "SOUTH7", [[37.7, 34.2], [37.9, 35.1]], 185, 12, 10)
    stage.run("submit", late, "--category", "transport", party="south", ok=(3,))
    boards.until("OVERLAP", "NOT ANSWERED")
    shoot("Danger: South has announced a flight late, and it crosses ours. The bell rings.")
    boards.until("UNANSWERED 1", "not answered 40 s", within_s=90)
    shoot("Unanswered: the bell rings again every 15 s; the times go on.")
    stage.cable.cut()
    boards.blind_for(cut_s)
    shoot(f"The link was cut {int(cut_s)} s ago. The head is inverted on the screen; the bell has another rhythm.")
    stage.cable.mend()
    boards.until("was blind from")
    shoot("Back: the board says from when to when it was blind, and what is unanswered stands there before all else.")
    code = re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", boards.screens()[0])
    assert code is not None
    stage.run("conflict", "show", code[0], party="north", desk="north-other")
    stage.run("ack", code[0], "--officer", "duty-2", party="north", desk="north-other")
    boards.until("UNANSWERED 0", "by duty-2")
    shoot("Answered from another desk of ours, by duty-2. It stays until it is over.")
    listed = json.loads(stage.run("notices", "--json", party="south").splitlines()[0])
    stage.run("withdraw", listed["notices"][0]["id"], "--yes", party="south")
    boards.until("CLOSED", without="OVERLAP ")
    shoot("South has withdrawn: closed, by its own signed withdrawal. It leaves a minute later.")


def record(cut_s: float) -> dict[tuple[int, int], list[Shot]]:
    """Return what stood on the boards of each size."""
    shots: dict[tuple[int, int], list[Shot]] = {size: [] for size in SIZES}
    folder = Path(tempfile.mkdtemp(prefix="kc-rec-"))
    try:
        stage = Stage(folder)
        with stage.service():
            boards = Terminals(stage)

            def shoot(said: str) -> None:
                for size, text in zip(SIZES, boards.screens(), strict=True):
                    shots[size].append((said, text))

            try:
                play(stage, boards, shoot, cut_s)
            finally:
                boards.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return shots


def page(shots: dict[tuple[int, int], list[Shot]]) -> str:
    """Return the recording as a page."""
    lines = [
        "# A watch, as it stood on the screen",
        "North's board, written down from two terminals by `python tests/support/recording.py`; colour, inverse and the"
        " bell cannot be seen here. What the words mean: [watch.md](watch.md).",
    ]
    for (columns, rows), taken in shots.items():
        lines += ["", f"## {columns} columns, {rows} rows"]
        for said, text in taken:
            lines += ["", said, "```text", *(line.rstrip() for line in text.splitlines()), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    written = page(record(20 if quick else 90))
    if quick:
        print(written)
    else:
        PAGE.write_text(written, "utf-8")
