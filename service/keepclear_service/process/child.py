"""A process of the supervisor's own: it is started again whenever it dies, and ended in order.

Guarantees: pauses between starts grow where starting does not help; ``stop`` returns when the process has ended, by
SIGKILL where it does not end by itself. What is started, and when it counts as started, is said by each kind of child.
"""

import abc
import asyncio
import contextlib
import logging
import os
import time

from keepclear_protocol.errors import KeepclearError

from ..logs import log_event

logger = logging.getLogger(__name__)

RESTART_FIRST_S = 0.1
RESTART_MAX_S = 5.0
LASTING_S = 30.0
"""A process that lived this long was well; when it dies the pauses begin anew."""


def bare_environment() -> dict[str, str]:
    """Return the environment without our own variables: a child is told all by its pipe, and some hold a password."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}


class Child(abc.ABC):
    """One process and its successors; ``kind`` begins the events of its log, and names its id there."""

    kind: str
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id, while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @abc.abstractmethod
    async def start(self) -> None:
        """Start the process and wait until it answers; raise a ``KeepclearError`` or ``OSError`` where it does not."""

    def died(self, pid: int, status: int) -> dict[str, object]:
        """Return what else is to be said of a process that died."""
        return {}

    async def keep_running(self) -> None:
        """Start the process again whenever it dies, ever more slowly where that does not help; until cancelled."""
        pause = RESTART_FIRST_S
        while True:
            since = time.monotonic()
            if self._process is not None:
                pid, status = self._process.pid, await self._process.wait()
                self._log(logging.ERROR, "died", pid, status=status, **self.died(pid, status))
            if time.monotonic() - since > LASTING_S:
                pause = RESTART_FIRST_S
            await asyncio.sleep(pause)
            pause = min(pause * 2, RESTART_MAX_S)
            try:
                await self.start()
            except (KeepclearError, OSError) as error:
                self._log(logging.ERROR, "restart_failed", None, detail=str(error))

    async def stop(self, within_s: float) -> None:
        """Have the process end; kill it where it does not within the time."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(within_s):
                await self._process.wait()
        except TimeoutError:
            self._log(logging.ERROR, "killed", self._process.pid)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _log(self, level: int, what: str, pid: int | None, **fields: object) -> None:
        log_event(logger, level, f"{self.kind}_{what}", **{f"{self.kind}_pid": pid}, **fields)
