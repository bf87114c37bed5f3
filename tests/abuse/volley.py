"""A volley: an attacker's requests over some connections, whatever is answered, for a bounded time."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.client import Connection, connect, exchange

from .honest import code_of

ANSWER_WITHIN_S = 30.0


@dataclass
class Spent:
    """What an attack cost: statements sent and taken, bytes in all, seconds; what was answered; facts of its own."""

    sent: int = 0
    taken: int = 0
    size: int = 0
    seconds: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    facts: dict[str, object] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """What it must not have come to, in words."""

    def answered(self, status: int, body: bytes, size: int) -> None:
        """Count an answer to a request of so many bytes."""
        self.sent += 1
        self.size += size
        if status in (200, 201):
            self.taken += 1
        else:
            self.codes[code_of(status, body)] += 1

    def require(self, holds: bool, fault: str) -> None:
        """Note a fault unless something holds."""
        if not holds:
            self.faults.append(fault)


async def volley(
    port: int, requests: Iterable[bytes], spent: Spent, *, connections: int = 1, seconds: float = 10.0
) -> list[tuple[int, bytes]]:
    """Send each request once, or as many as fit into the time; count them; return the answers in their order."""
    waiting, deadline = iter(requests), time.monotonic() + seconds
    answers: list[tuple[int, bytes]] = []

    async def one() -> None:
        connection: Connection | None = None
        try:
            for request in waiting:
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                try:
                    if connection is None:
                        connection = await asyncio.wait_for(connect(port), left)
                    status, body = await exchange(connection, request, min(ANSWER_WITHIN_S, max(1.0, left)))
                except (OSError, TimeoutError):
                    status, body = 0, b""
                if not status and connection is not None:
                    connection.transport.abort()
                    connection = None
                spent.answered(status, body, len(request))
                answers.append((status, body))
        finally:
            if connection is not None:
                connection.transport.abort()

    await asyncio.gather(*(one() for _ in range(connections)))
    await asyncio.sleep(0)  # in which the connections are closed
    return answers


def taken(requests: Sequence[str], answers: Sequence[tuple[int, bytes]]) -> list[str]:
    """Return those of the statements, sent over one connection, that were taken."""
    return [raw for raw, (status, _) in zip(requests, answers, strict=False) if status in (200, 201)]
