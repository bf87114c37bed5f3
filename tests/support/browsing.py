"""Officers at a browser: Debian's Chromium on the pages of real consoles, and all that a page does beside being seen.

A ``Room`` is a running line with both parties: what each types, and the console of each as a process of its own,
reached over a cable that can be cut. A ``Sheet`` is a page of a console in a browser context of its own, as on a
machine of its own; it keeps every request, every error on the browser's console, and every breach of the page's policy.
``Chromium`` logs what the whole browser asked of the network, and resolves no name but this machine's: ``outside`` is
what tried to leave it.
"""

import concurrent.futures
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, sync_playwright
from vendoring.check_page import install_tools

from support.cable import Cable
from support.nursery import Lifeline
from support.officer import Officer, environment
from support.patience import PATIENCE_S
from support.program import PROGRAM

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ARTEFACTS = Path(os.environ.get("KEEPCLEAR_ARTEFACTS") or Path(__file__).resolve().parents[2] / "artefacts")
START_LINK = re.compile(r"http://127\.0\.0\.1:\d+/#start=[\w-]+")

_OWN_ERRANDS = (
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--disable-background-networking",
    "--component-updater=url-source=http://127.0.0.1:9/",
    "--gaia-url=http://127.0.0.1:9",
)
"""What the browser itself would ask of its maker goes nowhere either: what is left in its log is the page's doing."""

_INTERFACES_CHANGED = "ERR_NETWORK_CHANGED"
"""Containers that come and go change the machine's interfaces: the browser drops what is under way."""

_BEGUN_ANEW = "Execution context was destroyed"
"""Of a page that was being asked just as it began anew, as it does where one of its files was dropped so."""

_TELL_BREACHES = """document.addEventListener("securitypolicyviolation", (event) => console.error(
    `policy breach: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""


def chromium_program(require: Callable[[str, str], None]) -> str:
    """Return Debian's chromium, else let conftest's ``require`` skip the test or fail it."""
    found = shutil.which("chromium") or shutil.which("chromium", path="/usr/bin")
    if found is None:
        require("chromium", "no chromium on this machine; apt-get install chromium brings it")
        raise AssertionError("unreachable")
    return found


@functools.cache
def axe_source() -> str:
    """Return axe-core, as the lock file pins it."""
    return (install_tools() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


class Chromium:
    """A running browser; contexts of it share nothing but the process."""

    def __init__(self, browser: Browser, log: Path) -> None:
        self.browser = browser
        self._log = log

    def context(self, **options: Any) -> BrowserContext:
        """Return a context of its own, as a machine of its own: cookies, storage, size.

        Of a reader who wants less motion: what blinks takes three times the processor.
        """
        usual = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
        return self.browser.new_context(**{**usual, **options})

    def outside(self) -> list[str]:
        """Close the browser; return each address that it, or any page in it, asked for beyond this machine."""
        self.browser.close()
        logged = json.loads(self._log.read_bytes())
        started = logged["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
        params = [event.get("params") or {} for event in logged["events"] if event["type"] == started]
        asked = [given["url"] for given in params if "url" in given]
        assert asked, "the browser's log holds no request at all"
        return [url for url in asked if is_outside(url)]


def is_outside(url: str) -> bool:
    """Return whether an address is of another machine."""
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOOPBACK


@contextlib.contextmanager
def chromium(program: str, folder: Path) -> Iterator[Chromium]:
    """Run the browser until the block ends, without a window.

    While it runs ``asyncio.run`` fails in this thread, as playwright has a loop there: see ``Party.type``.
    """
    log = folder / "net.json"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_OWN_ERRANDS, f"--log-net-log={log}"])
        try:
            yield Chromium(browser, log)
        finally:
            browser.close()


class Sheet:
    """One page of a console, with all that it did: ``page`` is Playwright's."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.asked: list[Request] = []
        self.complaints: list[str] = []
        context.add_init_script(_TELL_BREACHES)
        context.on("request", lambda request: self.asked.append(request))
        context.set_default_timeout(PATIENCE_S * 1000)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and _INTERFACES_CHANGED not in text:
            self.complaints.append(f"{kind}: {text}")

    def open(self, address: str) -> "Sheet":
        """Go to an address, such as a start link; again where the browser gave up the page itself."""
        try:
            self.page.goto(address)
        except Error as error:
            if _INTERFACES_CHANGED not in error.message:
                raise
            self.page.goto(address)
        return self

    def until(self, condition: str, argument: Any = None, within_s: float = PATIENCE_S) -> Any:
        """Wait for a JavaScript expression to be true, or a function of ``argument`` to say so; return what it is.

        Playwright's own ``wait_for_function`` evaluates text in the page, which its policy forbids.
        """
        deadline = time.monotonic() + within_s
        while not (held := self._is(condition, argument)):
            assert time.monotonic() < deadline, f"not {condition} in {self.page.inner_text('body')}; {self.complaints}"
            self.page.wait_for_timeout(20)
        return held

    def _is(self, condition: str, argument: Any) -> Any:
        try:
            return self.page.evaluate(condition, argument)
        except Error as error:
            if _BEGUN_ANEW in error.message:
                return None
        # What was asked has no meaning, or the page has just begun anew and had nothing in it.
        self.page.wait_for_load_state("domcontentloaded")
        return self.page.evaluate(condition, argument)

    def axe(self, **options: Any) -> list[dict[str, Any]]:
        """Return what axe finds wrong with the page as it stands: each rule with the elements that break it."""
        if self.page.evaluate("window.axe === undefined"):
            self.page.evaluate(axe_source())
        found = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            {"rule": rule["id"], "help": rule["help"], "where": [node["target"] for node in rule["nodes"]],
             "why": [node["failureSummary"] for node in rule["nodes"]]}
            for rule in found["violations"]
        ]  # fmt: skip

    def shoot(self, name: str, **options: Any) -> Path:
        """Put a picture of it among the artefacts, as ``artefacts/NAME.png``."""
        path = ARTEFACTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, **options)
        return path

    @property
    def requests(self) -> list[str]:
        """The addresses that it asked for."""
        return [request.url for request in self.asked]

    def files(self) -> list[Request]:
        """Return what it asked for and has got of what is served to all: the page's own files, not the desk's data."""
        return [request for request in self.asked if "/api/" not in request.url and request.response() is not None]

    @property
    def outside(self) -> list[str]:
        """What it asked for beyond this machine."""
        return [url for url in self.requests if is_outside(url)]

    def clean(self) -> None:
        """Assert that nothing was asked of another machine, no policy broken, no error raised."""
        assert self.outside == []
        assert self.complaints == []

    def close(self) -> None:
        """Close it and its context."""
        self.context.close()


class Console:
    """``keepclear console`` of a party, as a process."""

    def __init__(self, folder: Path, env: dict[str, str], *words: str, program: Sequence[str] = PROGRAM) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        self.env = kept | {"PYTHONUNBUFFERED": "1"} | env
        self.folder = folder
        self.program = program
        self.said = ""
        self._more = threading.Condition()
        self.process = subprocess.Popen(
            [*program, "console", "--no-browser", *words], cwd=folder, env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        self.link: str = self.until(START_LINK)[0]
        self.origin = self.link.partition("/#")[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self.said += line
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def until(self, said: "re.Pattern[str]", within_s: float = PATIENCE_S) -> "re.Match[str]":
        """Wait until it has said what the pattern finds; return the match."""
        deadline = time.monotonic() + within_s
        with self._more:
            while (found := said.search(self.said)) is None:
                assert self.process.poll() is None, f"the console ended with {self.process.returncode}:\n{self.said}"
                assert self._more.wait(min(0.2, deadline - time.monotonic())) or time.monotonic() < deadline, self.said
        return found

    def new_link(self, *words: str) -> str:
        """Ask the running console for one more start link, as its officer would; ``--wall`` for a wall's."""
        command = [*self.program, "console", "--link", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=PATIENCE_S
        )
        found = START_LINK.search(done.stdout + done.stderr)
        assert done.returncode == 0 and found is not None, done
        return found[0]

    def stop(self) -> int:
        """Have it end in order; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        code = self.process.wait(PATIENCE_S)
        self._reading.join(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


class Party:
    """A party of the line: its officer at the commands, its consoles, and the cable that these are reached over."""

    def __init__(self, name: str, line: Lifeline, folder: Path) -> None:
        self.name = name
        self.cable = Cable(int(line.url.rpartition(":")[2]))
        self.consoles: list[Console] = []
        self._line = line
        self._folder = folder
        self._officer = Officer(line.world, folder, name, line.url)
        self._thread = concurrent.futures.ThreadPoolExecutor(1, f"{name}-types")

    def type(self, *words: str, **options: Any) -> tuple[int, list[Any], str]:
        """Type a command with ``--json``; return exit code, JSON lines and talk. In a thread, free of playwright."""
        return self._thread.submit(self._officer.type, *words, **options).result()

    def submit(self, *volumes: dict[str, Any], words: tuple[str, ...] = (), category: str = "transport") -> str:
        """File a notice of these volumes by the command line; return its id."""
        given = json.dumps(list(volumes))
        code, told, talk = self.type("submit", "-", "--category", category, *words, stdin=given)
        assert code in (0, 3), talk
        id: str = told[0]["id"]
        return id

    def submit_files(self, *files: Path, category: str = "transport") -> None:
        """File the flights of several files at once, each at a desk of its own; none of them may be in conflict."""
        running = []
        for number, file in enumerate(files):
            env = environment(self._line.world, self._folder, self.name, self.cable.url, f"{self.name}-{number}")
            command = [*PROGRAM, "submit", str(file), "--category", category]
            talk = file.with_suffix(".talk").open("w+")
            running.append((subprocess.Popen(command, env=os.environ | env, stdout=talk, stderr=talk), talk))
        for process, talk in running:
            with talk:
                code = process.wait()
                talk.seek(0)
                assert code == 0, talk.read()

    def console(
        self, *words: str, desk: str = "console", program: Sequence[str] = PROGRAM, **variables: str
    ) -> Console:
        """Start a console of a desk of its own of this party, over the cable."""
        env = environment(self._line.world, self._folder, self.name, self.cable.url, f"{self.name}-{desk}")
        started = Console(self._folder, env | variables, *words, program=program)
        self.consoles.append(started)
        return started

    def close(self) -> None:
        """End its consoles."""
        for started in self.consoles:
            started.stop()
        self.cable.close()
        self._thread.shutdown()


class Room:
    """A running line with its parties, and the sheets that were opened on their consoles."""

    def __init__(self, line: Lifeline, browser: Chromium, folder: Path) -> None:
        self.line = line
        self.browser = browser
        self.parties = {name: Party(name, line, folder) for name in line.world.parties}
        self.sheets: list[Sheet] = []

    def __getattr__(self, name: str) -> Party:
        try:
            return self.parties[name]
        except KeyError:
            raise AttributeError(name) from None

    def open(self, console: Console, *, link: str = "", state: str = "", **options: Any) -> Sheet:
        """Open a page on a console in a context of its own; ``state`` is of the address, such as ``lang=he``."""
        sheet = Sheet(self.browser.context(**options))
        self.sheets.append(sheet)
        address = link or console.new_link()
        return sheet.open(address.replace("/#", f"/?{state}#") if state else address)

    def close(self) -> None:
        """Close every sheet, and end every console."""
        for sheet in self.sheets:
            sheet.close()
        for party in self.parties.values():
            party.close()
