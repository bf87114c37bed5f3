"""``Client``: the hotline's doors for who blocks, a thin face on ``AsyncClient`` with the same names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, Unpack

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.keys import PrivateKey

from ..wire.answers import Admission, ConflictIndex, Conflicts, NoticeAnswer, Notices
from ..wire.exchange import Call, Exchange
from .client import AsyncClient, ClientOptions
from .loop import LoopThread

T = TypeVar("T")


class Client:
    """A client that blocks. Use it in a ``with`` block. ``options`` are ``ClientOptions``."""

    def __init__(self, agreement: Agreement, key: PrivateKey, **options: Unpack[ClientOptions]) -> None:
        self._client = AsyncClient(agreement, key, **options)
        self._loop = LoopThread("keepclear-client")

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        if not self._loop.closed:
            self._loop.run(self._client.close())
            self._loop.close()

    @property
    def exchange(self) -> Exchange:
        """The requests that this client can send."""
        return self._client.exchange

    @property
    def party(self) -> str:
        """The party whose key this client holds."""
        return self._client.party

    def call(self, call: Call[T], *, again: bool = True) -> T:
        """Return the answer to ``call``, after further attempts unless not ``again``."""
        return self._loop.run(self._client.call(call, again=again))

    def submit(self, submission: str) -> Admission:
        """File a notice with all its disclosures."""
        return self.call(self.exchange.submit(submission))

    def amend(self, submission: str) -> Admission:
        """File a notice's next revision with all its disclosures."""
        return self.call(self.exchange.amend(submission))

    def withdraw(self, withdrawal: str) -> Admission:
        """File a withdrawal."""
        return self.call(self.exchange.withdraw(withdrawal))

    def acknowledge(self, acknowledgement: str) -> Admission:
        """File an acknowledgement."""
        return self.call(self.exchange.acknowledge(acknowledgement))

    def notices(self, after: str | None = None) -> Notices:
        """Return a page of the party's own live notices as the service has them."""
        return self.call(self.exchange.notices(after))

    def notice(self, id: str) -> NoticeAnswer:
        """Return one own notice as the service has it."""
        return self.call(self.exchange.notice(id))

    def conflicts(self, after: str | None = None) -> ConflictIndex:
        """Return a page of the index of all conflicts, worst and soonest first."""
        return self.call(self.exchange.conflicts(after))

    def conflict(self, *ids: str) -> Conflicts:
        """Return the newest alerts of some conflicts, as they came: nothing here verifies them."""
        return self.call(self.exchange.conflict(*ids))

    def agreement(self) -> bytes:
        """Return the agreement in force, to look at; it is never installed from here."""
        return self.call(self.exchange.fetch_agreement())

    @contextmanager
    def stream(self, cursor: Cursor | None = None) -> Iterator[Iterator[bytes]]:
        """Open the stream behind ``cursor`` once, without further attempts; gives its bytes as they come."""
        opened = self._client.stream(cursor)
        chunks = self._loop.run(opened.__aenter__())
        try:
            yield self._chunks(aiter(chunks))
        finally:
            self._loop.run(opened.__aexit__(None, None, None))

    def _chunks(self, chunks: Any) -> Iterator[bytes]:
        while (chunk := self._loop.run(anext(chunks, None))) is not None:
            yield chunk
