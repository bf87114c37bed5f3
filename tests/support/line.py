"""A whole line for a test: a world, a real store, the service as real processes, and plain HTTP to its doors."""

import asyncio
import concurrent.futures
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.keys import PrivateKey
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine

from .patience import PATIENCE_S
from .service import RunningService, running_service
from .world import World

SD_JWT = {"Content-Type": "application/sd-jwt"}
JWT = {"Content-Type": "application/jwt"}
KEY, AGREEMENT = "service.key", "agreement.json"


class Doors:
    """The doors of a service that answers at a URL, in the name of any party of its world."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.http = httpx2.Client(base_url=url, timeout=PATIENCE_S)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def post(self, door: str, raw: str | bytes, **headers: str) -> httpx2.Response:
        """Send a statement to ``notices``, ``withdrawals`` or ``acknowledgements``."""
        kind = SD_JWT if door == "notices" else JWT
        return self.http.post(f"/v1/{door}", content=raw, headers={**kind, **self._proof(door, raw), **headers})

    def _proof(self, door: str, raw: str | bytes) -> dict[str, str]:
        """A proof by the party in whose name a statement is, if it can be read: for the receipt, if it came before."""
        try:
            party = json.loads(unb64(str(raw).split("~", 1)[0].split(".")[1]))["iss"]
            return self.world.proof(party, f"/v1/{door}", method="POST")
        except (KeepclearError, LookupError, ValueError, TypeError, RecursionError):
            return {}

    def file(self, party: str, *volumes: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """File a notice that must be accepted; return the answer with the submission under ``sent``."""
        raw = self.world.submission(party, *volumes, **changed)
        answer = _once_read(lambda: self.post("notices", raw))
        assert answer.status_code == 201, answer.text
        return {**answer.json(), "sent": raw}

    def get(self, party: str, target: str, **changed: Any) -> httpx2.Response:
        """Read a door with a fresh proof of ``party``."""
        return self.http.get(target, headers=self.world.proof(party, target, **changed))

    def index(self, party: str) -> list[dict[str, Any]]:
        """Return all rows of the index of the party's conflicts."""
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = self.read(party, "/v1/conflicts" + (f"?after={after}" if after else ""))
            rows += page["conflicts"]
            after = page["next"]
        return rows

    def conflicts(self, party: str) -> list[dict[str, Any]]:
        """Return the party's conflicts whole, worst first: alert objects with acknowledgements."""
        wanted = [row["conflict"] for row in self.index(party)]
        whole: list[dict[str, Any]] = []
        while wanted:
            answer = self.read(party, "/v1/conflicts/" + ",".join(wanted[:32]))
            whole += answer["conflicts"]
            told = len(answer["conflicts"]) if answer["more"] else 32
            wanted = wanted[told:]
        return whole

    def read(self, party: str, target: str) -> dict[str, Any]:
        """Return what a door answers that must answer."""
        answer = _once_read(lambda: self.get(party, target))
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json()
        return read

    def events(
        self, party: str, count: int, cursor: str | None = None, within_s: float = PATIENCE_S
    ) -> list[dict[str, Any]]:
        """Return the first ``count`` events of a party's stream behind ``cursor`` and the opening: id, event, data."""
        target = "/v1/stream" if cursor is None else f"/v1/stream?cursor={cursor}"
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + within_s
        with self.http.stream("GET", target, headers=self.world.proof(party, target)) as answer:
            assert answer.status_code == 200, answer.read()
            event: dict[str, Any] = {}
            for line in answer.iter_lines():
                assert time.monotonic() < deadline, f"{len(found)} of {count} events of {party}: {found}"
                name, _, value = line.partition(": ")
                if line == "" and event.get("event", "open") != "open":
                    found.append({**event, "data": json.loads(event["data"])})
                    if len(found) == count:
                        return found
                if line == "":
                    event = {}
                elif name in ("id", "event", "data"):
                    event[name] = value
        return found


class RunningLine(Doors):
    """The doors of a running service, and the service."""

    def __init__(self, world: World, service: RunningService) -> None:
        super().__init__(world, service.url)
        self.service = service


def _once_read(ask: Callable[[], httpx2.Response], within_s: float = PATIENCE_S) -> httpx2.Response:
    """Return the first answer of a worker that has read its line: on a busy machine that takes it seconds."""
    deadline = time.monotonic() + within_s
    while (answer := ask()).status_code == 503 and answer.json()["code"] == "busy":
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
    return answer


def payload(jws: str) -> dict[str, Any]:
    """Return a statement's payload, unverified."""
    from keepclear_protocol.encoding import unb64

    read: dict[str, Any] = json.loads(unb64(jws.split("~")[0].split(".")[1]))
    return read


def write_files(world: World, folder: Path) -> list[str]:
    """Write the service's key and agreement; return the words of ``run`` that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    key, agreement = folder / KEY, folder / AGREEMENT
    write_key(key, world.service)
    agreement.write_bytes(world.agreement.raw)
    agreement.chmod(0o644)  # whatever the umask is: one that others may write is refused
    return ["--key", str(key), "--agreement", str(agreement)]


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a secret key file of mode 0600."""
    path.touch(mode=0o600)
    path.write_text(key.text + "\n")


def found_line(agreement: Agreement, store_url: str) -> None:
    """Found the agreement's line in a store, unless it stands there already."""

    async def found() -> None:
        store = connect(store_url)
        try:
            await StoredLine(store, agreement.id).found(agreement.terms, agreement.raw)
        finally:
            await store.close()

    # In a thread: a browser's driver has a loop in the test's own, and there asyncio.run fails.
    with concurrent.futures.ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(found())).result()


@contextlib.contextmanager
def running_line(world: World, folder: Path, store_url: str, *words: str) -> Iterator[RunningLine]:
    """Run the service over a store until the block ends; the line is founded there where it was not."""
    files = write_files(world, folder)
    found_line(world.agreement, store_url)
    with running_service(folder / "service.log", "run", *files, "--store", store_url, "--port", "0", *words) as service:
        line = RunningLine(world, service)
        try:
            yield line
        finally:
            line.http.close()
