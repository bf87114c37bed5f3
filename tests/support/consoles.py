"""A real console as a process of its own, and its doors: by plain HTTP, as a page has them and as an attacker may."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from keepclear.console.access import Role
from keepclear.console.post import running
from keepclear_protocol.encoding import dump_json

from support.officer import environment
from support.patience import PATIENCE_S
from support.program import PROGRAM
from support.world import World

JSON = {"Content-Type": "application/json"}
STARTS_S = 30.0


@dataclass
class Caller:
    """Somebody who has opened a start link: the console's address and the two secrets."""

    url: str
    role: str
    page_key: str
    cookie: str
    http: httpx2.Client = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What a page sends with every question."""
        return {"Keepclear-Page": self.page_key, "Cookie": self.cookie, "Sec-Fetch-Site": "same-origin"}

    def post(self, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Do a deed."""
        content = dump_json({} if body is None else body)
        return self.http.post(path, content=content, headers={**JSON, **self.headers, **headers})

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Read a door."""
        return self.http.get(path, headers={**self.headers, **headers})


class Listening:
    """What a page hears on its stream, read by a thread, and the picture that it makes of it."""

    def __init__(self, caller: Caller) -> None:
        self.events: list[tuple[float, str, Any]] = []
        self.picture: dict[str, Any] = {}
        self.ended = False
        self._heard = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._read, args=(caller,), daemon=True)
        self._thread.start()

    def until(self, holds: Any, within_s: float = PATIENCE_S) -> Any:
        """Wait until ``holds`` of this is true; return what it gave."""
        deadline = time.monotonic() + within_s
        with self._heard:
            while not (found := holds(self)):
                left = deadline - time.monotonic()
                assert left > 0, f"not within {within_s} s: {self.events[-5:]}"
                self._heard.wait(left)
            return found

    def told(self, name: str) -> list[Any]:
        """Return what was said under a name so far."""
        return [data for _, event, data in self.events if event == name]

    def close(self) -> None:
        """Hear no more: at the next beat, or the end."""
        self._closing = True
        self._thread.join()

    def _read(self, caller: Caller) -> None:
        name = ""
        with contextlib.suppress(httpx2.HTTPError), httpx2.Client(base_url=caller.url, timeout=30.0) as http:
            with http.stream("GET", "/api/stream", headers=caller.headers) as answer:
                assert answer.status_code == 200, answer.read()
                for line in answer.iter_lines():
                    if self._closing:
                        break
                    word, _, value = line.partition(": ")
                    if word == "event":
                        name = value
                    elif word == "data":
                        self._take(name, json.loads(value))
        with self._heard:
            self.ended = True
            self._heard.notify_all()

    def _take(self, name: str, data: Any) -> None:
        with self._heard:
            self.events.append((time.monotonic(), name, data))
            if name == "picture":
                self.picture = data
            elif name == "change":
                self.picture = laid_over(self.picture, data)
            self._heard.notify_all()


def laid_over(picture: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a picture with a change over it, as a page does it."""
    whole = {**picture, **change}
    for name, key in (("conflicts", "conflict"), ("notices", "sha256")):
        if name in change:
            by = {one[key]: one for one in picture[name]} | {one[key]: one for one in change[name]["put"]}
            order = change[name].get("order", [one[key] for one in picture[name]])
            whole[name] = [by[id] for id in order if id not in change[name]["gone"]]
    return whole


@dataclass
class RunningConsole:
    """A console's process. ``links`` are the start links that it has printed."""

    process: "subprocess.Popen[str]"
    env: dict[str, str]
    links: list[str]
    log: Path
    callers: list[Caller] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.links[0].partition("/#")[0]

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    def another(self, role: Role = "officer") -> str:
        """Return a new start link, made as ``keepclear console --link`` makes it."""
        return running(Path(self.env["KEEPCLEAR_DESK"])).link(role, time.time())

    def enter(self, link: str | None = None) -> Caller:
        """Open a start link as the page does."""
        link = self.another() if link is None else link
        self.callers.append(entered(link))
        return self.callers[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM, within_s: float = PATIENCE_S) -> int:
        """End it by a signal; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(within_s)


def entered(link: str) -> Caller:
    """Open a start link as the page does."""
    url = link.partition("/#")[0]
    http = httpx2.Client(base_url=url, timeout=30.0)
    answer = http.post("/api/session", content=dump_json({"token": token_of(link)}), headers=JSON)
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"].partition(";")[0]
    http.cookies.clear()
    said = answer.json()
    return Caller(url, said["role"], said["page_key"], cookie, http)


def token_of(link: str) -> str:
    """Return the token of a start link."""
    return link.partition("#start=")[2]


@contextlib.contextmanager
def running_console(
    world: World, folder: Path, party: str, url: str, *options: str, desk: str = ""
) -> Iterator[RunningConsole]:
    """Run the console of a party's desk until the block ends."""
    env = {**os.environ, **environment(world, folder, party, url, desk)}
    log = folder / f"{desk or party}-console.log"
    with log.open("a") as errors:
        command = [*PROGRAM, "console", "--no-browser", *options]
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    try:
        link = process.stdout.readline().strip()
        assert link.startswith("http://127.0.0.1:"), log.read_text()
        console = RunningConsole(process, env, [link], log)
        yield console
        for caller in console.callers:
            caller.http.close()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
