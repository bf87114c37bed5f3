"""A random history of one line: parties that file, amend, withdraw and acknowledge while workers come and go.

Every actor keeps sending the same bytes until it has a receipt, as a desk does; only where the terms have changed
meanwhile does it sign anew. What is random is drawn from a seed; what the clock and the kernel add is not.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from keepclear_protocol.notice import Notice

from support.line import Doors, payload
from support.nursery import Life, Nursery
from support.world import World, box

PATIENCE_S = 30.0


class Workers:
    """Two workers over one store, of which one at a time may be down."""

    def __init__(self, nursery: Nursery, world: World, store_url: str) -> None:
        self._nursery, self._world, self._store_url = nursery, world, store_url
        self._lives: list[Life] = [nursery.start(world, store_url) for _ in range(2)]
        self._clients: list[Doors] = []
        self.restarts: Counter[str] = Counter()

    def line(self, number: int) -> Doors:
        """Return the doors of one of the two, as it is now; for the calling thread alone."""
        line = Doors(self._world, self._lives[number].url)
        self._clients.append(line)
        return line

    def url(self, number: int) -> str:
        """Return where one of the two answers now."""
        return self._lives[number].url

    def replace(self, number: int, how: str) -> None:
        """End one of the two by ``how`` (``kill``, ``stop``), or let the next one ``die`` in the middle of its work."""
        life = self._lives[number]
        life.stop() if how == "stop" else life.kill()
        told = {"die": "matched"} if how == "die" else {}
        self._lives[number] = self._nursery.start(self._world, self._store_url, **told)
        self.restarts[how] += 1

    def close(self) -> None:
        """End both, and every client of theirs."""
        for life in self._lives:
            life.kill()
        for line in self._clients:
            line.http.close()


LEAST_DONE = 50
"""Statements of each actor that a history has at least, however slow the machine is."""

WAITS = ("asked again", "signed anew")


@dataclass
class Actor:
    """One thread's share of the history: its own notices, in the names of all parties."""

    world: World
    workers: Workers
    seed: int
    until: float
    done: Counter[str] = field(default_factory=Counter)
    receipts: dict[int, str] = field(default_factory=dict)
    live: list[Notice] = field(default_factory=list)
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._lines: dict[str, Doors] = {}
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            while time.monotonic() < self.until or self._deeds() < LEAST_DONE:
                self._act()
        except BaseException as error:
            self.failure = error

    def _deeds(self) -> int:
        return self.done.total() - sum(self.done[wait] for wait in WAITS)

    def _act(self) -> None:
        draw = self.rng.random()
        if draw < 0.45 or not self.live:
            party = self.rng.choice(sorted(self.world.parties))
            volumes = self._volumes()
            raw = self._send("notices", lambda: self.world.submission(party, *volumes, category=self._category()))
            self.live.append(self.world.opened(raw))
            self.done["submitted"] += 1
        elif draw < 0.7:
            at = self.rng.randrange(len(self.live))
            old, volumes = self.live[at], self._volumes()
            raw = self._send("notices", lambda: self.world.amend(old.party, old, *volumes, category=self._category()))
            self.live[at] = self.world.opened(raw)
            self.done["amended"] += 1
        elif draw < 0.82:
            old = self.live.pop(self.rng.randrange(len(self.live)))
            self._send("withdrawals", lambda: self.world.withdrawal(old.party, old))
            self.done["withdrawn"] += 1
        else:
            self._acknowledge(self.rng.choice(sorted(self.world.parties)))

    def _category(self) -> str:
        return self.rng.choice(["transport", "transport", "strike"])

    def _volumes(self) -> list[dict[str, Any]]:
        """Small boxes in one small region; some are over within seconds, some were over before, most are to come."""
        made = []
        for _ in range(self.rng.choice([1, 1, 2, 4])):
            start_s, last_s = self.rng.choice([(0.5, 1.5), (-2, 4), (3600, 900), (3600, 900), (-7200, 60)])
            lat, lng = 48 + self.rng.randrange(40) / 10, 2 + self.rng.randrange(40) / 10
            made.append(box(lat, lng, size=0.05, start_s=start_s, last_s=last_s))
        return made

    def _acknowledge(self, party: str) -> None:
        answer = self._anyhow(lambda line: line.get(party, "/v1/conflicts"))
        rows = answer.json()["conflicts"] if answer.status_code == 200 else []
        if not rows:
            return
        chosen = self.rng.choice(rows)["conflict"]
        answer = self._anyhow(lambda line: line.get(party, f"/v1/conflicts/{chosen}"))
        whole = answer.json()["conflicts"] if answer.status_code == 200 else []
        if not whole:
            return
        stage = self.rng.choice(["delivered", "displayed", "acknowledged"])
        raw = self.world.answer(party, whole[0]["alert"], stage)
        told = self._anyhow(lambda line: line.post("acknowledgements", raw))
        # Meanwhile a newer alert may have come, or newer terms.
        assert told.status_code in (200, 201) or told.json()["code"] in ("version_stale", "wrong_terms"), told.text
        self.done["acknowledged"] += told.status_code < 300

    def _send(self, door: str, make: Callable[[], str]) -> str:
        """Send until there is a receipt; return what it is for."""
        raw = make()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._anyhow(lambda line, raw=raw: line.post(door, raw))
            if answer.status_code in (200, 201):
                receipt = payload(answer.json()["receipt"])
                self.receipts[receipt["seq"]] = receipt["sha256"]
                return raw
            code = answer.json()["code"]
            assert code == "wrong_terms" and time.monotonic() < deadline, answer.text
            self.done["signed anew"] += 1
            raw = make()

    def _anyhow(self, ask: Callable[[Doors], httpx2.Response]) -> httpx2.Response:
        """Ask one worker, and the other where the one does not answer or cannot, until there is an answer."""
        number = self.rng.randrange(2)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            url = self.workers.url(number)
            if url not in self._lines:
                self._lines[url] = self.workers.line(number)
            try:
                answer = ask(self._lines[url])
                if answer.status_code != 503:
                    return answer
            except httpx2.TransportError:
                pass
            self.done["asked again"] += 1
            assert time.monotonic() < deadline
            number = 1 - number
            time.sleep(0.01)
