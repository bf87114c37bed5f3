"""Disturbances: what is ended in the middle of the demo, to show that nothing is lost and nothing is said twice.

Each falls while a notice is on its way. A worker and the store are started again by the service itself; the service is
started again by the demo, on the same port and the same store, as an operator or systemd would.
"""

import contextlib
import os
import signal
from collections.abc import Awaitable, Callable

from .children import ServiceProcess

Disturb = Callable[[ServiceProcess], Awaitable[None]]


async def _kill_store(service: ServiceProcess) -> None:
    _kill(service.listening["store_pid"])


async def _kill_worker(service: ServiceProcess) -> None:
    _kill(service.listening["workers"][0])


async def _kill_service(service: ServiceProcess) -> None:
    service.kill()
    await service.ended()
    await service.start()


async def _restart_service(service: ServiceProcess) -> None:
    await service.stop()
    await service.start()


_ALL: tuple[tuple[str, Disturb], ...] = (
    ("the store is killed", _kill_store),
    ("the service is killed, and with it its worker and the store; it is started again", _kill_service),
    ("a worker of the service is killed", _kill_worker),
    ("the service is told to end, and started again", _restart_service),
)


def schedule(flights: int) -> dict[int, tuple[str, Disturb]]:
    """Return what happens while which flight is being filed: the four, evenly spread over ``flights``."""
    return {(place + 1) * flights // (len(_ALL) + 1): disturbance for place, disturbance in enumerate(_ALL)}


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
