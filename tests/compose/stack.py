"""The whole line in containers, under a project name of its own, as its operator and its engine see it."""

import contextlib
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

REPOSITORY = Path(__file__).resolve().parents[2]
REPLICAS = ("service-a", "service-b")
LASTING = (*REPLICAS, "redis", "proxy")
"""The containers that stay; ``init`` ends."""

BUILD_S = 600
WITHIN_S = 120


class Stack:
    """A running project. ``figures`` are what the tests measured, told at the end."""

    def __init__(self, compose: list[str], environment: dict[str, str], folder: Path) -> None:
        self.project = f"kctest{secrets.token_hex(4)}"
        self.port = _free_port()
        self.folder = folder
        self.figures: dict[str, str] = {}
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
        self.environment |= environment
        self.environment["KEEPCLEAR_PUBLISH"] = f"127.0.0.1:{self.port}"
        self._compose = compose

    @property
    def url(self) -> str:
        """Where the proxy is published; the certificate and the agreement are for localhost."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        """The sample authority's certificate."""
        return self.party("israel") / "authority.pem"

    def compose(self, *words: str, within_s: float = WITHIN_S, check: bool = True, **variables: str) -> str:
        """Run Compose on this project; return what it wrote."""
        return self._run(self.command(*words), within_s, check, variables)

    def command(self, *words: str) -> list[str]:
        """Return the words that run Compose on this project, from the repository."""
        return [*self._compose, "--project-name", self.project, *words]

    def docker(self, *words: str, within_s: float = WITHIN_S, check: bool = True) -> str:
        """Run docker; return what it wrote to standard output and standard error."""
        return self._run(["docker", *words], within_s, check, {})

    def _run(self, words: list[str], within_s: float, check: bool, variables: dict[str, str]) -> str:
        done = subprocess.run(
            words, cwd=REPOSITORY, env=self.environment | variables, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=within_s,
        )  # fmt: skip
        assert done.returncode == 0 or not check, f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def container(self, service: str) -> str:
        """Return the container's id."""
        return self.docker(
            "ps", "--all", "--quiet", "--no-trunc",
            "--filter", f"label=com.docker.compose.project={self.project}",
            "--filter", f"label=com.docker.compose.service={service}",
        ).strip()  # fmt: skip

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what the engine knows of the container."""
        found: dict[str, Any] = json.loads(self.docker("inspect", self.container(service)))[0]
        return found

    def inside(self, service: str, *words: str, check: bool = True) -> str:
        """Run a program in the container, as its own user."""
        return self.docker("exec", self.container(service), *words, check=check)

    def beside(self, service: str, program: str) -> str:
        """Run a Python program of our image in the container's network."""
        image = self.inspect("service-a")["Image"]
        network = f"container:{self.container(service)}"
        return self.docker("run", "--rm", "--network", network, "--entrypoint", "python", image, "-c", program).strip()

    def crash(self, service: str) -> None:
        """Kill the container's first process as the kernel would; the engine's restart policy does the rest."""
        os.kill(self.inspect(service)["State"]["Pid"], signal.SIGKILL)

    def health(self, service: str) -> str:
        """Return ``healthy``, ``starting``, ``unhealthy``, or why there is none."""
        state = self.inspect(service)["State"]
        return str(state["Health"]["Status"] if state["Running"] else state["Status"])

    def wait_healthy(self, *services: str, within_s: float = 180.0) -> None:
        """Return when all these containers are healthy."""
        deadline = time.monotonic() + within_s
        while waiting := {name: self.health(name) for name in services if self.health(name) != "healthy"}:
            assert time.monotonic() < deadline, f"{waiting}\n{self.compose('logs', '--tail', '40', check=False)}"
            time.sleep(0.3)

    def copy(self, folder: str) -> Path:
        """Return a copy of one of the volumes as ``init`` sees them."""
        here = self.folder / folder
        if not here.exists():
            self.docker("cp", f"{self.container('init')}:/volumes/{folder}", str(here))
        return here

    def party(self, name: str) -> Path:
        """Return a copy of a sample party's files."""
        return self.copy(f"desk-{name}")

    def http(self) -> httpx2.Client:
        """Return a plain client of the proxy; close it after use."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return httpx2.Client(base_url=self.url, verify=trusted, trust_env=False, timeout=20.0)

    def note(self, what: str, figure: str) -> None:
        """Keep a measured figure for the end of the run."""
        self.figures[what] = figure

    def tell(self) -> None:
        """Write the figures for whoever reads the run."""
        lines = [f"compose: {what}: {figure}" for what, figure in self.figures.items()]
        sys.stderr.write("\n" + "\n".join(lines) + "\n")


@contextlib.contextmanager
def running_stack(compose: list[str], environment: dict[str, str], folder: Path) -> Iterator[Stack]:
    """Build, start, and in the end take down everything, with its volumes."""
    stack = Stack(compose, environment, folder)
    began = time.monotonic()
    stack.compose("build", "init", within_s=BUILD_S)
    built = time.monotonic()
    stack.note("build of the image", f"{built - began:.0f} s")
    try:
        stack.compose("up", "-d", "--no-build")
        stack.wait_healthy(*LASTING)
        stack.note("first up until all are healthy", f"{time.monotonic() - built:.0f} s")
        yield stack
    finally:
        before = time.monotonic()
        stack.compose("--profile", "demo", "down", "--volumes", "--timeout", "5", check=False)
        stack.note("down", f"{time.monotonic() - before:.0f} s")
        stack.note("all of it", f"{time.monotonic() - began:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
