"""After a restore of the store: a desk finds what the hotline has lost of its own, says so, and files it again."""

import contextlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from e2e.test_restore import back_up, new_epoch, put_back
from support.nursery import Nursery
from support.officer import Officer
from support.program import PROGRAM
from support.snapshot import settle
from support.stores import RunningStore
from support.world import World, box


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def folder(world: World, workers: Nursery) -> Path:
    return workers.folder(world)


def submit(officer: Officer, *volumes: dict[str, Any], callsign: str) -> dict[str, Any]:
    words = ("submit", "-", "--category", "transport", "--callsign", callsign)
    code, (told,), talk = officer.type(*words, stdin=json.dumps(list(volumes)))
    assert code in (0, 3), talk
    return dict(told)


def states(officer: Officer) -> dict[str, str]:
    return {view["callsign"]: view["state"] for view in officer.type("notices")[1][0]["notices"]}


def alarms(officer: Officer) -> list[str | None]:
    return [view["alarm"] for view in officer.type("conflicts")[1][0]["conflicts"]]


def events(officer: Officer, kind: str, least: int = 0) -> list[dict[str, Any]]:
    """Return what a watch tells of a kind; it is begun again until it has told as many."""
    told: list[dict[str, Any]] = []
    for _ in range(30):
        told += [event for event in officer.type("watch", "--for", "2")[1] if event["event"] == kind]
        if len(told) >= least:
            return told
    raise AssertionError(f"{len(told)} of {least}")


def test_what_a_restored_store_has_lost_is_told_and_filed_again(
    world: World, workers: Nursery, folder: Path, tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:  # fmt: skip
    backup = folder / "backup"
    with contextlib.ExitStack() as lives:
        line = lives.enter_context(workers.line(world, store_url))
        north, south = (Officer(world, tmp_path, party, line.life.url) for party in ("north", "south"))
        for officer in (north, south):
            while officer.type("watch", "--for", "1")[0] != 0:
                pass
        kept = submit(north, box(10.0), callsign="KEPT")
        settle(store_url)
        back_up(store_process, backup)
        south_lost = submit(south, box(10.0), callsign="MET")
        lost = submit(south, box(40.0), callsign="ALONE")
        assert south_lost["outcome"] == "in_conflict" and lost["outcome"] == "filed"
        assert alarms(north) == alarms(south) == [None]
        put_back(store_process, backup)
        assert new_epoch(folder, store_url).returncode == 0

        code, (picture,), talk = south.type("notices")
        assert code == 5 and (picture["lost"], picture["not_sent"]) == (2, 0)
        assert talk.count("ROLLBACK: the hotline no longer has our notice") == 2 and "NOT DECONFLICTED" in talk
        assert states(south) == {"MET": "lost", "ALONE": "lost"} and alarms(south) == ["rollback"]
        # The watch hears of it once, whoever found it.
        told = [event["detail"] for event in events(south, "problem", 2) if "LOST" in event["detail"]]
        assert len(told) == 2 and [event for event in events(south, "problem") if "LOST" in event["detail"]] == []
        for words in (("amend", lost["id"], "-"), ("withdraw", lost["id"])):
            code, _, talk = south.type(*words, stdin=json.dumps([box(60.0)]))
            assert code == 1 and "LOST and NOT DECONFLICTED" in talk and "keepclear send" in talk

        # Nobody was told of this one: it is filed again as the same bytes.
        code, (again,), _ = south.type("send", lost["id"])
        assert (code, again["id"], again["sha256"], again["anew"]) == (0, lost["id"], lost["sha256"], None)
        # North was told of that one, in a version that the store counts anew: it is a notice of its own.
        code, (again,), _ = south.type("send", "--lost")
        assert code == 3 and again["id"] != south_lost["id"] and again["anew"]
        assert states(south) == {"MET": "live", "ALONE": "live"}
        conflicts = south.type("conflicts")[1][0]["conflicts"]
        # The hotline has closed nothing: the old conflict stands, and its alarm says under which code it goes on.
        assert {(view["state"], view["alarm"]) for view in conflicts} == {("OPEN", None), ("OPEN", "rollback")}
        assert any("it was filed again as" in (view["alarm_detail"] or "") for view in conflicts)
        (seen,) = [event for event in events(north, "alert", 1) if event["other"]["id"] == again["id"]]
        assert (seen["verdict"], seen["own"]["id"]) == ("verified", kept["id"])
        assert south.type("send", "--lost")[1] == [] and south.type("notices")[0] == 5  # while the alarm stands


@pytest.mark.long
def test_lost_revisions_are_filed_again_and_what_is_left_of_them_ends(
    world: World, workers: Nursery, folder: Path, tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:
    backup = folder / "backup"
    with workers.line(world, store_url) as line:
        south = Officer(world, tmp_path, "south", line.life.url)
        flight, gone = submit(south, box(10.0), callsign="MOVED"), submit(south, box(20.0), callsign="ENDED")
        settle(store_url)
        back_up(store_process, backup)
        for lat in (30.0, 31.0):
            assert south.type("amend", flight["id"], "-", stdin=json.dumps([box(lat)]))[0] == 0
        assert south.type("withdraw", gone["id"])[0] == 0
        put_back(store_process, backup)
        assert new_epoch(folder, store_url).returncode == 0
        south.type("notices")
        listed = [(v["callsign"], v["revision"], v["state"]) for v in south.type("notices")[1][0]["notices"]]
        assert sorted(listed, key=str) == sorted(
            [("MOVED", 1, "live"), ("MOVED", 3, "lost"), ("ENDED", 1, "live"), (None, 2, "lost")], key=str
        )
        code, told, talk = south.type("send", "--lost")
        assert code == 0 and len(told) == 2, talk
        left = {row["id"]: row["revision"] for row in line.get("south", "/v1/notices").json()["notices"]}
        (anew,) = left
        assert anew not in (flight["id"], gone["id"]) and left[anew] == 1
        states_now = [(v["callsign"], v["revision"], v["state"]) for v in south.type("notices")[1][0]["notices"]]
        assert ("MOVED", 1, "live") in states_now and not any(state == "lost" for _, _, state in states_now)


def test_what_is_lost_and_not_wanted_is_discarded_and_its_conflict_stands_until_it_is_closed(
    world: World, workers: Nursery, folder: Path, tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:
    backup = folder / "backup"
    with workers.line(world, store_url) as line:
        north, south = (Officer(world, tmp_path, party, line.life.url) for party in ("north", "south"))
        submit(north, box(10.0), callsign="KEPT")
        settle(store_url)
        back_up(store_process, backup)
        lost = submit(south, box(10.0), callsign="MET")
        put_back(store_process, backup)
        assert new_epoch(folder, store_url).returncode == 0
        assert south.type("notices")[0] == 5 and alarms(south) == ["rollback"]
        assert south.type("discard", lost["id"], "--yes")[0] == 0
        assert states(south) == {} and alarms(south) == ["rollback"]
        # It is told by the picture, and no more as news.
        assert not [event for event in events(south, "problem") if "no longer tells" in event["detail"]]


@pytest.mark.long
def test_two_terminals_that_file_the_same_lost_notice_again_file_one(
    world: World, workers: Nursery, folder: Path, tmp_path: Path, store_process: RunningStore, store_url: str
) -> None:
    backup = folder / "backup"
    with workers.line(world, store_url) as line:
        north, south = (Officer(world, tmp_path, party, line.life.url) for party in ("north", "south"))
        submit(north, box(10.0), callsign="KEPT")
        settle(store_url)
        back_up(store_process, backup)
        submit(south, box(10.0), callsign="MET")
        put_back(store_process, backup)
        assert new_epoch(folder, store_url).returncode == 0
        south.type("notices")
        with ThreadPoolExecutor(2) as terminals:
            found = [terminals.submit(started_send, south) for _ in range(2)]
            codes = sorted(done.result() for done in found)
        assert codes[-1] == 3 and codes[0] in (0, 2, 3)
        assert len(line.get("south", "/v1/notices").json()["notices"]) == 1 and states(south) == {"MET": "live"}


def started_send(officer: Officer) -> int:
    """Run ``send --lost`` as a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")} | officer.env
    words = [*PROGRAM, "send", "--lost"]
    return subprocess.run(words, env=env, capture_output=True, timeout=60, check=False).returncode
