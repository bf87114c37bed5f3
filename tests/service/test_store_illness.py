"""The embedded store when it is ill: what the operator is told, and that it is the truth."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.errors import Unavailable
from keepclear_service.process import check as checking
from keepclear_service.process.embedded import embedded_store
from keepclear_service.process.heartbeat import SILENT_S
from keepclear_service.process.last_words import last_words
from keepclear_service.store.connect import connect
from support.exposition import series, total
from support.line import RunningLine, found_line, write_files
from support.operating import figures, once, operator_port, service_program, status
from support.patience import PATIENCE_S
from support.service import running_service
from support.world import World, signed

REPOSITORY = Path(__file__).resolve().parents[2]
NO_PORTS = ["--port", "0", "--metrics-port", "-1"]


def founded(world: World, folder: Path) -> list[str]:
    """Found the world's line in a store of the folder's own; return the words of ``run``."""

    async def found() -> None:
        async with embedded_store(folder / "store") as store:
            await asyncio.to_thread(found_line, world.agreement, store.url)

    asyncio.run(found())
    return [*write_files(world, folder), "--embedded", str(folder / "store")]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLine]:
    folder, world = tmp_path_factory.mktemp("ill"), World()
    words = founded(world, folder)
    with running_service(folder / "service.log", "run", *words, "--port", "0") as service:
        running = RunningLine(world, service)
        yield running
        running.close()


def test_a_store_that_died_is_told_for_ten_minutes_though_it_is_up_again(line: RunningLine) -> None:
    assert once(lambda: status(line), lambda seen: ": healthy at" in seen.stdout).returncode == 0
    pid = line.service.listening["store_pid"]
    for times in (2, 3):
        os.kill(pid, signal.SIGKILL)
        pid = line.service.wait_for("store_started", times)[-1]["store_pid"]
    seen = once(lambda: status(line), lambda seen: "keeps what it is given" in seen.stdout)
    told = r"!! the store died 2 times in the last 10 minutes, last \d+ s ago: signal 9$"
    assert seen.returncode == 1 and re.search(told, seen.stdout, re.MULTILINE), seen.stdout
    assert f"keeps what it is given (pid {pid}, started 3 times)" in seen.stdout
    assert total(series(figures(line)), "keepclear_store_starts_total") == 3
    assert [died["cause"] for died in line.service.wait_for("store_died", 2)] == ["signal 9", "signal 9"]


def test_a_frozen_store_is_an_error_with_its_process_and_what_to_do(line: RunningLine) -> None:
    pid = line.service.wait_for("store_started")[-1]["store_pid"]
    assert once(lambda: line.http.get("/readyz"), lambda answer: answer.status_code == 200)
    lost = len([said for said in line.service.log() if said["event"] == "line_lost"])
    line.service.wait_for("line_back", lost)  # /readyz says what it last found, which may be of before
    os.kill(pid, signal.SIGSTOP)
    try:
        answer = once(lambda: httpx2.get(f"{line.url}/readyz", timeout=2), lambda answer: answer.status_code == 503)
        assert (answer.json()["state"], answer.json()["checks"]["store"]) == ("slow", "slow")
        seen = once(lambda: status(line), lambda seen: "does not answer" in seen.stdout)
        assert seen.returncode == 1 and f"ended and started again; kill -9 {pid} is sooner" in seen.stdout
        assert line.service.wait_for("line_lost", lost + 1)[-1]["level"] == "error"
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_worker_that_hangs_is_named_and_then_replaced(line: RunningLine) -> None:
    once(lambda: line.http.get("/readyz"), lambda answer: answer.status_code == 200)
    (pid,) = line.service.listening["workers"]
    ready = len(line.service.wait_for("worker_ready"))
    os.kill(pid, signal.SIGSTOP)  # nobody wakes it
    (said,) = line.service.wait_for("worker_silent")
    assert (said["level"], said["worker_pid"]) == ("error", pid) and said["silent_s"] >= 5
    assert "is replaced after 10 s" in said["says"]
    (replaced,) = line.service.wait_for("worker_replaced")
    assert (replaced["level"], replaced["worker_pid"], replaced["silent_s"]) == ("error", pid, SILENT_S)
    (died,) = line.service.wait_for("worker_died")
    assert (died["worker_pid"], died["status"]) == (pid, -signal.SIGKILL)
    assert line.service.wait_for("worker_ready", ready + 1)[-1]["worker_pid"] != pid
    line.close()
    line.http = httpx2.Client(base_url=line.url, timeout=PATIENCE_S)
    once(lambda: line.http.get("/readyz"), lambda answer: answer.status_code == 200)
    assert total(series(figures(line)), "keepclear_worker_replacements_total") == 1
    seen = once(lambda: status(line), lambda seen: "of them for its silence" in seen.stdout)
    assert "started 2 times, 1 of them for its silence" in seen.stdout


def test_check_asks_a_port_who_is_there(line: RunningLine, tmp_path: Path) -> None:
    words = [*write_files(line.world, tmp_path), "--embedded", str(line.service.log_file.parent / "store")]
    port, operator = str(line.service.listening["port"]), operator_port(line)
    right = service_program("check", *words, "--port", port, "--metrics-port", operator)
    assert right.stdout.count("a service runs there") == 2, right.stdout
    crossed = service_program("check", *words, "--port", operator, "--metrics-port", port)
    assert crossed.stdout.count("by what is no such service") == 2 and crossed.returncode == 1


def fill(folder: Path) -> None:
    async def story() -> None:
        async with embedded_store(folder) as store:
            client = connect(store.url).submits
            for number in range(400):
                await client.rpush("kept", f"{number}" * 100)
            await client.aclose()

    asyncio.run(story())


def test_clocks_that_all_parties_have_otherwise_than_ours_are_named(line: RunningLine) -> None:
    """A service that began with a wrong clock has nothing of its own to hold it against."""
    says = r"the parties' clocks all say that ours is \+7[12]\d\d s off \(worker 0\): look at a clock that you trust"
    for party in ("north", "south"):
        assert not re.search(says, status(line).stdout), "one party alone is not believed"
        late = line.world.proof(party, "/v1/agreement", iat=int(time.time()) - 7200)
        assert line.http.get("/v1/agreement", headers=late).json()["code"] == "proof_expired"
    seen = once(lambda: status(line), lambda seen: "the parties' clocks" in seen.stdout)
    assert seen.returncode == 1 and re.search(says, seen.stdout), seen.stdout


def test_a_log_damaged_in_the_middle_is_never_to_be_fixed(tmp_path: Path) -> None:
    words = founded(World(), tmp_path)
    folder = tmp_path / "store"
    fill(folder)
    (log,) = (folder / "appendonlydir").glob("*.incr.aof")
    with log.open("r+b") as file:
        file.seek(log.stat().st_size // 2)
        file.write(b"\0" * 4096)
    checked = service_program("check", *words, *NO_PORTS)
    assert checked.returncode == 1
    (wrong,) = [said for said in checked.stdout.splitlines() if said.startswith("WRONG")]
    run = subprocess.run(
        [sys.executable, "-m", "keepclear_service", "run", *words, *NO_PORTS],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode != 0
    for said in (wrong, run.stderr):
        assert "is damaged" in said and "restore the backup, then keepclear-service new-epoch" in said, said
        assert "never valkey-check-aof --fix" in said and "start the store" not in said, said


FULL = """
import asyncio, sys
from pathlib import Path
from keepclear_service.process.embedded import embedded_store
from keepclear_service.store.connect import connect
async def story():
    async with embedded_store(Path(sys.argv[1])) as store:
        client = connect(store.url).submits
        while not store.deaths:
            try:
                await client.rpush("kept", "x" * 50000)
            except Exception:
                await asyncio.sleep(0.05)
        print(store.deaths[-1][1])
asyncio.run(story())
"""


def test_a_full_disk_is_named_as_what_the_store_died_of(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=8m,mode=700 none "$1" && shift && exec "$@"'
    mounted = ["unshare", "-Urm", "sh", "-c", mount, "sh"]
    if not shutil.which("unshare") or subprocess.run([*mounted, str(tmp_path), "true"], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    done = subprocess.run(
        [*mounted, str(tmp_path), sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.match(r"its disk is full, \d+ KiB free for \S+: Short write while writing to the AOF file", done.stdout)
    assert "overcommit" not in done.stdout


def test_a_stores_last_words_are_its_own_whole_and_of_its_life(tmp_path: Path) -> None:
    log = tmp_path / "store.log"
    log.write_text(
        "7:M 26 Nov 2026 14:00:00.000 # Short write of a life before\n"
        "8:M 26 Nov 2026 14:00:01.000 # WARNING Memory overcommit must be enabled! Without it\n"
        "8:M 26 Nov 2026 14:00:02.000 * Ready to accept connections\n"
        "8:M 26 Nov 2026 14:00:03.000 # The true cause\n"
        "8:M 26 Nov 2026 14:00:03.000 # Exiting...\n"
        "8:M 26 Nov 2026 14:00:03.000 # cut in the mid"
    )
    assert last_words(log, 8) == ["The true cause", "Exiting..."]
    assert last_words(log, 9) == [] and last_words(tmp_path / "none", 8) == []


def test_check_measures_the_room_on_the_stores_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = founded(World(), tmp_path)
    for free, level in ((1 << 20, "WRONG"), (500 << 20, "watch"), (5 << 30, "ok")):
        monkeypatch.setattr(checking, "room", lambda folder, free=free: free)
        said = service_program("check", *words, *NO_PORTS).stdout
        (line,) = [line for line in said.splitlines() if "MiB free" in line]
        assert line.startswith(level) and f"{free >> 20} MiB free" in line


def test_check_says_whose_what_is_wrong_is(tmp_path: Path) -> None:
    world = World()
    words = founded(world, tmp_path)
    other = write_files(World(), tmp_path / "other")
    strange = service_program("check", *other, *words[4:], *NO_PORTS).stdout
    assert f"it holds {world.agreement.name} ({world.agreement.id[:12]})" in strange, strange
    twice = service_program("check", *words, *words[2:4], *NO_PORTS).stdout
    assert f"{words[3]} is given twice" in twice
    (tmp_path / "service.key").write_text("# torn\n")
    torn = service_program("check", *words, *NO_PORTS).stdout
    (tmp_path / "service.key").unlink()
    gone = service_program("check", *words, *NO_PORTS).stdout
    for said in (torn, gone):
        (line,) = [line for line in said.splitlines() if line.startswith("WRONG")]
        assert "restore it from its backup" in line and "keygen" not in line, line


def test_one_key_in_two_agreements_is_named_with_both(tmp_path: Path) -> None:
    first, second = World(), World()
    second.payload["parties"][0]["keys"] = first.payload["parties"][0]["keys"]
    roots = [party.root for party in second.parties.values()]
    second.agreement = open_agreement(signed(second.payload, *roots, second.service))
    one, two = write_files(first, tmp_path / "one"), write_files(second, tmp_path / "two")
    said = service_program("check", *one, *two[2:], "--embedded", str(tmp_path / "none"), *NO_PORTS).stdout
    (line,) = [line for line in said.splitlines() if "of the agreements" in line]
    for path in (one[3], two[3]):
        assert f"north of {first.agreement.name} ({path})" in line, line


def block(name: str) -> str:
    page = (REPOSITORY / "docs" / "deploying.md").read_text("utf-8")
    found = re.search(rf"^```{name}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found[1].replace("keepclear-service", f"{sys.executable} -m keepclear_service")


def told(words: list[str]) -> tuple[str, int]:
    """Return the epoch and north's live notices, as the store of a service that is down tells."""
    read = json.loads(service_program("status", "--json", *words[2:], "--metrics-port", "1").stdout)
    (agreement,) = read["agreements"]
    return agreement["epoch"], agreement["parties"][0]["live"]


def test_the_pages_backup_of_an_embedded_store_comes_back(tmp_path: Path) -> None:
    world = World()
    words = founded(world, tmp_path)
    shutil.copy(words[3], tmp_path / "hotline.json")
    shell = ["bash", "-ec"]
    with running_service(tmp_path / "log", "run", *words, *NO_PORTS) as service:
        with contextlib.closing(RunningLine(world, service)) as line:
            line.file("north")
            subprocess.run([*shell, block("embedded-backup")], cwd=tmp_path, check=True, timeout=60)
            line.file("north")
    epoch, live = told(words)
    assert live == 2
    (log,) = (tmp_path / "store" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"\0" * 4096 + log.read_bytes())
    subprocess.run([*shell, block("embedded-restore")], cwd=tmp_path, check=True, timeout=60)
    restored, live = told(words)
    assert live == 1 and restored != epoch


def test_a_store_that_cannot_start_says_so_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a folder")

    async def enter() -> None:
        async with embedded_store(tmp_path):
            pass

    with pytest.raises(Unavailable, match=r"did not start: .*appendonlydir") as caught:
        asyncio.run(enter())
    assert "overcommit" not in caught.value.detail
