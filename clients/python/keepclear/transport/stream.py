"""An open event stream: bytes from whomever, and the way to ask who that is."""

from collections.abc import AsyncIterator, Callable

from keepclear_protocol.opening import Opening

from ..wire.exchange import Exchange


class Stream:
    """The bytes of a stream as they come. ``until`` is when, on the loop's clock, its first word is overdue."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Callable[[], int],
        chunks: AsyncIterator[bytes],
        request: str,
        until: float | None,
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._chunks = chunks
        self._request = request
        self.until = until

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    def opening(self, raw: str) -> Opening:
        """Return the stream's first word if it answers the request that opened it; raise ``Unavailable``."""
        return self._exchange.opening(raw, self._request, self._clock())
