"""A fair queue: one queue for each sender, taken from by turns, so that one's flood lengthens its own queue alone."""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items by sender. ``most`` bounds one sender's queue; who waits longest among the senders is served next."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[object, deque[T]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def put(self, sender: object, item: T) -> bool:
        """Add an item behind the sender's others; False where its queue is full."""
        own = self._waiting.setdefault(sender, deque())
        if len(own) >= self._most:
            return False
        own.append(item)
        return True

    def take(self, count: int) -> list[T]:
        """Return up to ``count`` items, one of each sender by turns."""
        taken: list[T] = []
        while self._waiting and len(taken) < count:
            sender = next(iter(self._waiting))
            own = self._waiting.pop(sender)
            taken.append(own.popleft())
            if own:
                self._waiting[sender] = own  # behind all others
        return taken
