"""What an attack leaves: how full the store is, whether reads are answered, whether a killed worker comes back."""

import os
import signal
import time

import httpx2
from benchmarks import stage

from .flights import VICTIM
from .scene import Scene
from .volley import Spent


def note_alerts(scene: Scene, spent: Spent) -> None:
    """Note how many alerts the store holds for the victim's stream."""
    with scene.store() as client:
        stream = f"kc:{{{scene.world.agreement.id}}}:stream:{VICTIM}"
        held = (client.memory_usage(stream) or 0) / 1e6
        spent.facts["on the victim's stream"] = f"{client.xlen(stream)} events, {held:.1f} MB"


def used(scene: Scene) -> str:
    """Return how much of its memory the store uses."""
    with scene.store() as client:
        memory = client.info("memory")
        return f"{memory['used_memory'] / 1e6:.0f} of {memory['maxmemory'] / 1e6:.0f} MB"


def read(scene: Scene, target: str, party: str = VICTIM) -> tuple[float, int]:
    """Read a door once in a party's name; return the seconds and the status."""
    began = time.monotonic()
    try:
        headers = scene.world.proof(party, target)
        status = httpx2.get(scene.url + target, headers=headers, timeout=10).status_code
    except httpx2.HTTPError:
        status = 0
    return time.monotonic() - began, status


def kill_a_worker(scene: Scene, spent: Spent, within_s: float) -> None:
    """Kill the worker; note the seconds until the next one answers, and until it is ready."""
    (pid, *_) = scene.pids()
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    answered: float | None = None
    while time.monotonic() - began < within_s:
        if stage.urgent:
            for successor in scene.pids():
                stage.go_first(successor)  # it is of a session of its own
        try:
            ready = httpx2.get(f"{scene.url}/readyz", timeout=2).status_code == 200
            answered = answered or time.monotonic() - began
            if ready:
                took = time.monotonic() - began
                spent.facts["worker killed"] = f"answers after {answered:.1f} s, ready after {took:.1f} s"
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.05)
    spent.facts["worker killed"] = f"answered after {answered and f'{answered:.1f} s'}, not ready within {within_s} s"
    spent.require(False, "a killed worker does not come back")
