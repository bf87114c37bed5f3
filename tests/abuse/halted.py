"""What stops: a worker that does not turn, a full memory, a full disk, alerts that the store cannot take."""

import asyncio
import os
import signal
import time
from typing import Any, ClassVar

import httpx2
from benchmarks.client import post
from benchmarks.load import filed

from .attack import Attack, Scale
from .flights import VICTIM, crossing, harmless
from .left import read, used
from .scene import Scene
from .volley import Spent, volley


def ready_said(scene: Scene) -> str:
    """Return what ``/readyz`` says now."""
    try:
        answer = httpx2.get(f"{scene.url}/readyz", timeout=3)
    except httpx2.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return f"{answer.status_code} {answer.json()['state']}"


class StoppedWorker(Attack):
    """A worker that is stopped (SIGSTOP) lives, and answers nobody."""

    name = "M5"
    title = "a stopped worker is never replaced"
    halts = True

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Stop the only worker; wait for another."""
        (pid,) = scene.pids()
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        within_s = scale.of(12, 20)
        try:
            while time.monotonic() - began < within_s:
                if await asyncio.to_thread(ready_said, scene) and scene.pids() not in ([], [pid]):
                    if (await asyncio.to_thread(ready_said, scene)).startswith("200"):
                        spent.facts["another worker was ready"] = f"after {time.monotonic() - began:.1f} s"
                        return
                await asyncio.sleep(0.2)
            spent.require(False, f"a stopped worker was not replaced within {within_s} s")
        finally:
            if pid in scene.pids():
                os.kill(pid, signal.SIGCONT)


class FullMemory(Attack):
    """The store has no memory for more: what goes on, and what is said."""

    name = "M2m"
    title = "the store's memory is full"
    excused = ("store_full", "store_unavailable")

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """File a notice of the victim's to be withdrawn, and sign the withdrawal."""
        raw = harmless(scene.world, VICTIM, -1)  # where nobody of the honest files
        scene.file(raw)
        return post("withdrawals", scene.world.withdrawal(VICTIM, filed(raw)))

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Take the memory away; see what is said, and that a withdrawal and a read go on; give it back."""
        with scene.store() as client:
            before = client.config_get("maxmemory")["maxmemory"]
            held = int(client.info("memory")["used_memory"])
            client.config_set("maxmemory", str(held - 1_000_000))
            await asyncio.sleep(scale.of(3, 5))
            said = await asyncio.to_thread(ready_said, scene)
            spent.facts["/readyz"] = said
            spent.require("full" in said, "/readyz does not say that the store is full")
            ((withdrawn, _),) = await volley(scene.port, [prepared], Spent())
            _, status = await asyncio.to_thread(read, scene, "/v1/conflicts")
            spent.facts["meanwhile"] = f"a withdrawal {withdrawn}, a read {status}"
            spent.require((withdrawn, status) == (201, 200), "withdrawals or reads stop with the notices")
            client.config_set("maxmemory", before)


class UnstorableCommit(Attack):
    """Alerts that the store cannot take: tried again for ever, they must block nobody."""

    name = "M1"
    title = "a commit that the store cannot take"
    excused = ("store_full", "store_unavailable")

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Sign notices whose alerts are larger than they."""
        return [post("notices", crossing(scene.world, number)) for number in range(40)]

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Leave room for the notices and for no more than some of their alerts."""
        with scene.store() as client:
            before = client.config_get("maxmemory")["maxmemory"]
            held = int(client.info("memory")["used_memory"])
            client.config_set("maxmemory", str(held + 150_000))
            await volley(scene.port, prepared, spent, seconds=scale.of(3, 6))
            spent.facts["store used of"] = used(scene)
            spent.facts["/readyz"] = await asyncio.to_thread(ready_said, scene)
            client.config_set("maxmemory", before)


class FullDisk(Attack):
    """The store's disk is full: what is said, and what comes back."""

    name = "M2d"
    title = "the store's disk is full"
    scene: ClassVar[dict[str, Any]] = {"small_disk": True}
    excused = ("store_full", "store_unavailable")

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Fill the disk, look, and make room."""
        ballast = scene.folder / "store" / "ballast"
        with ballast.open("wb") as file:
            disk = os.statvfs(ballast)
            os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize)
        await asyncio.sleep(scale.of(4, 6))
        said = await asyncio.to_thread(ready_said, scene)
        spent.facts["/readyz"] = said
        spent.require("full" in said, "/readyz does not say that the disk is full")
        ballast.unlink()
        await asyncio.sleep(3.0)
