"""A Docker engine for the tests: the one that runs here, or one that ``engine.sh`` brings up and the tests end.

An engine is brought up only where the tests are required to run (``KEEPCLEAR_REQUIRE``), as root on Debian: it
installs packages. ``KEEPCLEAR_ENGINE`` names its folder, which is kept, so that the next run need not make the base
image again. With a running engine ``KEEPCLEAR_COMPOSE_IMAGES=public`` takes the images that docker-compose.yml names.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
BASE = "keepclear-base:bookworm-2"
FOLDER = "/var/tmp/keepclear-engine"  # noqa: S108 - made by root, and no other user writes there
NEW_INTERFACES = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
BRINGING_UP_S = 900
ENDING_S = 30



@dataclass(frozen=True)
class Engine:
    """The variables under which ``docker`` and Compose work, and the seconds that it took to have them work."""

    variables: dict[str, str]
    took_s: float = 0.0


Require = Callable[[str, str], None]


@contextlib.contextmanager
def engine_environment(require: Require) -> Iterator[Engine]:
    """Yield a working engine; skip, or fail where it is required, if there can be none."""
    if os.environ.get("KEEPCLEAR_COMPOSE_IMAGES") == "public":
        if not _ready():
            require("compose", "KEEPCLEAR_COMPOSE_IMAGES=public, but no Docker engine with Compose answers here")
        yield Engine({})
        return
    images = dict.fromkeys(("KEEPCLEAR_BASE", "REDIS_IMAGE", "PROXY_IMAGE"), BASE) | {"DOCKER_BUILDKIT": "0"}
    if _ready() and _has_base():
        yield Engine(images)
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        require("compose", "no Docker engine with base images; on Debian, as root, tests/compose/engine.sh makes one")
    if not os.environ.get("KEEPCLEAR_REQUIRE"):
        require("compose", "no Docker engine runs here; KEEPCLEAR_REQUIRE=all installs and starts one for the tests")
    folder = Path(os.environ.get("KEEPCLEAR_ENGINE", FOLDER))
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    began = time.time()
    output = subprocess.run(
        ["bash", str(HERE / "engine.sh"), str(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=BRINGING_UP_S, check=True,
    )  # fmt: skip
    pid_file = folder / "dockerd.pid"
    try:
        host = output.stdout.strip()
        with _interfaces_without_addresses():
            yield Engine(images | ({"DOCKER_HOST": host} if host else {}), time.time() - began)
    finally:
        if pid_file.exists() and pid_file.stat().st_mtime >= began - 1:
            _end(int(pid_file.read_text()))


@contextlib.contextmanager
def _interfaces_without_addresses() -> Iterator[None]:
    """Have no container's interface get an IPv6 address of this machine's while the block runs.

    Every one that comes or goes makes a browser that is tested beside it drop all its requests.
    """
    before = NEW_INTERFACES.read_text() if NEW_INTERFACES.exists() else None
    try:
        if before is not None:
            NEW_INTERFACES.write_text("1")
        yield
    finally:
        if before is not None:
            NEW_INTERFACES.write_text(before)


def _ready() -> bool:
    return _works("docker", "info") and compose_words() is not None


def _has_base() -> bool:
    return _works("docker", "image", "inspect", BASE)


def compose_words() -> list[str] | None:
    """Return how Compose is called here, if at all."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if _works(*words, "version"):
            return words
    return None


def _works(*words: str) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == 0


def _end(pid: int) -> None:
    """End the daemon that was started here; its containers end with it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + ENDING_S
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.2)
