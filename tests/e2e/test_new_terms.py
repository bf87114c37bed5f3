"""Two parties watch through a change of terms: one has staged it, the other stages it late; nobody's watch ends."""

import copy
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear.journal.journal import Journal
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PrivateKey
from support.line import payload, write_files, write_key
from support.program import PROGRAM
from support.service import RunningService, running_service
from support.world import ALL_ROLES, World, box, now_us, signed

WITHIN_S = 40.0


class Lent(World):
    """South has one more key, which the next revision revokes; under that one, separations are others."""

    def __init__(self) -> None:
        super().__init__()
        self.lent = PrivateKey.generate()
        row = {"key": self.lent.public.jwk, "roles": list(ALL_ROLES), "not_before": "2020-01-01T00:00:00Z"}
        self.payload["parties"][1]["keys"].append({**row, "not_after": "2090-01-01T00:00:00Z"})
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, self.service))

    def amended(self) -> None:
        parties, categories = copy.deepcopy(self.payload["parties"]), copy.deepcopy(self.payload["categories"])
        parties[1]["keys"][1]["revoked_at"] = format_instant(now_us())
        categories["transport"]["horizontal_m"] = 2000
        categories["strike"]["horizontal_m"] = 60_000
        self.successor(parties=parties, categories=categories)


class Desk:
    """A desk of a party: what its officers type, and its watch as a process of its own."""

    def __init__(self, folder: Path, name: str, party: str, world: World, key: PrivateKey, url: str) -> None:
        write_key(folder / f"{name}.key", key)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        self.env = kept | {
            "KEEPCLEAR_AGREEMENT": str(folder / "r1.json"),
            "KEEPCLEAR_ROOT": world.parties[party].root.public.text,
            "KEEPCLEAR_KEY": str(folder / f"{name}.key"),
            "KEEPCLEAR_DESK": str(folder / name),
            "KEEPCLEAR_CONNECT_TO": url,
        }
        self.party, self.folder, self.talk = party, folder / name, folder / f"{name}.talk"
        self.events: list[dict[str, Any]] = []
        self.watching: subprocess.Popen[str] | None = None

    def type(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*PROGRAM, *words], env=self.env, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        assert "Traceback" not in done.stderr and "keepclear's own" not in done.stderr, done.stderr
        return done

    def file(self, volume: dict[str, Any], category: str) -> int:
        return self.type("submit", "-", "--category", category, stdin=json.dumps([volume])).returncode

    def watch(self) -> None:
        with self.talk.open("a") as talk:
            self.watching = subprocess.Popen(
                [*PROGRAM, "watch", "--json"], env=self.env, stdout=subprocess.PIPE, stderr=talk, text=True
            )
        self.reading = threading.Thread(target=self._read, args=(self.watching,), daemon=True)
        self.reading.start()
        self.wait(lambda: any(event["event"] == "link" and event["up"] for event in self.events))

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.events.append(json.loads(line))

    def wait(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < deadline, (self.party, self.events)
            time.sleep(0.02)

    def alerts(self) -> list[tuple[str, str | None, str | None]]:
        return [(one["verdict"], one.get("state"), one.get("reason")) for one in self.events if one["event"] == "alert"]

    def terms(self) -> list[int]:
        return [one["revision"] for one in self.events if one["event"] == "terms"]

    def stop(self) -> None:
        if self.watching is not None:
            self.watching.kill()
            self.watching.wait(20)
            self.reading.join(20)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[Lent, RunningService]]:
    world = Lent()
    files = write_files(world, tmp_path / "mediator")
    mediator("found", *files[2:], "--embedded", str(tmp_path / "store"))
    words = ["run", *files, "--embedded", str(tmp_path / "store"), "--port", "0", "--workers", "2"]
    (tmp_path / "r1.json").write_bytes(world.agreement.raw)
    with running_service(tmp_path / "log", *words) as running:
        yield world, running


def mediator(*words: str) -> None:
    command = [sys.executable, "-m", "keepclear_service", *words]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def adopt(tmp_path: Path) -> None:
    mediator("adopt", "--agreement", str(tmp_path / "r2.json"), "--embedded", str(tmp_path / "store"))


OPEN = ("verified", "open", None)
CLOSED = ("verified", "closed", "terms")


@pytest.mark.long
@pytest.mark.req("R-027", "R-029")
def test_both_watch_through_a_change_of_terms(service: tuple[Lent, RunningService], tmp_path: Path) -> None:
    world, running = service
    north = Desk(tmp_path, "north", "north", world, world.parties["north"].key, running.url)
    south = Desk(tmp_path, "south", "south", world, world.parties["south"].key, running.url)
    lent = Desk(tmp_path, "lent", "south", world, world.lent, running.url)
    desks = (north, south, lent)
    try:
        for desk in desks:
            desk.watch()
        assert north.file(box(10.0), "transport") == 0
        assert south.file(box(10.13), "transport") == 3  # 3 km apart: in conflict at 4 NM
        assert north.file(box(30.0), "strike") == 0
        assert south.file(box(30.4), "strike") == 0  # 33 km apart: clear at 20 km
        for desk in desks:
            desk.wait(lambda desk=desk: desk.alerts() == [OPEN])  # type: ignore[misc]  # bound as it is now
        first = world.agreement.terms
        world.amended()
        (tmp_path / "r2.json").write_bytes(world.agreement.raw)
        shown = north.type("agreement", "stage", str(tmp_path / "r2.json"))
        assert shown.returncode == 0 and "33 km" not in shown.stdout and "revoked  party south" in shown.stdout
        assert north.file(box(50.0), "transport") == 0  # still under the terms of before
        adopt(tmp_path)

        # North goes over by itself and says so; the one conflict closes and the other opens, verified.
        north.wait(lambda: sorted(north.alerts()[1:]) == [CLOSED, OPEN])
        assert north.terms() == [2]
        assert north.file(box(51.0), "transport") == 0
        # South has staged nothing: it watches on, shows what came as not verified, and is told what to do.
        south.wait(lambda: len(south.alerts()) == 3)
        assert {verdict for verdict, _, _ in south.alerts()[1:]} == {"wrong_terms"} and south.terms() == []
        refused = south.type("submit", "-", "--category", "transport", stdin=json.dumps([box(52.0)]))
        assert refused.returncode == 1 and "revision 2 is in force, and this desk has 1" in refused.stderr
        assert "keepclear agreement stage" in refused.stderr
        south.wait(lambda: any(one["event"] == "problem" and "NEW TERMS" in one["detail"] for one in south.events))
        assert south.type("agreement", "stage", str(tmp_path / "r2.json")).returncode == 0
        south.wait(lambda: sorted(south.alerts()[3:]) == [CLOSED, OPEN] and south.terms() == [2])
        assert south.file(box(52.0), "transport") == 0
        # The revoked key's watch has ended; the others' never did, nor did their streams.
        assert lent.watching is not None and lent.watching.wait(WITHIN_S) == 1
        assert "(key_revoked)" in lent.talk.read_text()
        for desk in (north, south):
            assert desk.watching is not None and desk.watching.poll() is None
            assert [one["up"] for one in desk.events if one["event"] == "link"] == [True]
            # What was signed before stands under the old terms, what was signed after under the new ones.
            journal = Journal(desk.folder, world.agreement, desk.party)
            filed = [payload(row.raw)["terms"] for row in journal.own_heads() if row.status == "receipted"]
            journal.close()
            before = {"north": 3, "south": 2}[desk.party]
            assert filed == [first] * before + [world.agreement.terms]
        # Each has said of both that they were delivered, and both see the same.
        for desk in (north, south):
            told = json.loads(desk.type("conflicts", "--json").stdout)["conflicts"]
            assert sorted((view["state"], view["verdict"], view["alarm"]) for view in told) == [
                ("CLOSED", "verified", None), ("OPEN", "verified", None)
            ]  # fmt: skip
    finally:
        for desk in desks:
            desk.stop()


@pytest.mark.long
@pytest.mark.req("R-029")
def test_a_quiet_line_goes_over_too(service: tuple[Lent, RunningService], tmp_path: Path) -> None:
    world, running = service
    north = Desk(tmp_path, "north", "north", world, world.parties["north"].key, running.url)
    try:
        north.watch()
        world.amended()
        (tmp_path / "r2.json").write_bytes(world.agreement.raw)
        assert north.type("agreement", "stage", str(tmp_path / "r2.json")).returncode == 0
        adopt(tmp_path)
        north.wait(lambda: north.terms() == [2])
        assert [one["up"] for one in north.events if one["event"] == "link"] == [True]
    finally:
        north.stop()


@pytest.mark.long
@pytest.mark.req("R-029")
def test_a_watch_killed_between_goes_over_when_it_is_back(
    service: tuple[Lent, RunningService], tmp_path: Path
) -> None:
    world, running = service
    north = Desk(tmp_path, "north", "north", world, world.parties["north"].key, running.url)
    south = Desk(tmp_path, "south", "south", world, world.parties["south"].key, running.url)
    try:
        north.watch()
        assert south.file(box(30.4), "strike") == 0
        assert north.file(box(30.0), "strike") == 0
        world.amended()
        (tmp_path / "r2.json").write_bytes(world.agreement.raw)
        assert north.type("agreement", "stage", str(tmp_path / "r2.json")).returncode == 0
        north.stop()
        adopt(tmp_path)
        assert running.stop() == 0
        words = ["run", "--key", str(tmp_path / "mediator" / "service.key"), "--agreement", str(tmp_path / "r2.json")]
        with running_service(tmp_path / "log2", *words, "--embedded", str(tmp_path / "store"), "--port", "0") as again:
            north.env["KEEPCLEAR_CONNECT_TO"] = south.env["KEEPCLEAR_CONNECT_TO"] = again.url
            north.events.clear()
            north.watch()
            north.wait(lambda: north.alerts() == [OPEN] and north.terms() == [2])
            # A command of a desk that has never watched goes over as well.
            assert south.type("agreement", "stage", str(tmp_path / "r2.json")).returncode == 0
            assert south.file(box(31.0), "transport") == 0
    finally:
        north.stop()
