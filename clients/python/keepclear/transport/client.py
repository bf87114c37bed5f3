"""The hotline over HTTP: ``AsyncClient``, a thin shell over an ``Exchange``, and ``Client``, which blocks on it.

Guaranteed: what could not be sent or answered raises ``Unavailable``, and everything is tried again, with the same
bytes, only where that is safe; it always is, since the service deduplicates statements and reads are signed anew. An
``Admission`` is returned only with its receipt verified. Not guaranteed: that what an answer carries is true; alerts
and presentations are verified by a desk.

``connect_to`` names another address than the agreement's origin, such as a tunnel's end. The proof in each read is
still for the origin, and so are the ``Host`` header and the name in the TLS certificate.
"""

import asyncio
import ipaddress
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import KeepclearError, LocalError, Unavailable
from keepclear_protocol.keys import PrivateKey

from ..wire.answers import MAX_ANSWER_BYTES, Admission, ConflictIndex, Conflicts, NoticeAnswer, Notices
from ..wire.exchange import Call, Exchange
from ..wire.problems import MAX_PROBLEM_BYTES, read_problem

T = TypeVar("T")

CONNECT_S = 5.0
"""A duty officer must know within seconds that the hotline is out of reach."""

READ_S = 15.0
"""For an answer: a store that fsyncs under load takes seconds. For the stream: three keep-alives of 5 s were missed."""

RETRY_AFTER_S = (0.2, 0.6, 1.8)
"""Seconds before each further attempt: a restart of the service takes about two."""

SILENT = "silent"
"""The start of the detail when the stream brought no byte for the time that it should."""


def now_instant() -> int:
    """Return the machine's time as an instant."""
    return time.time_ns() // 1000


class NeverSent(Unavailable):
    """No connection was made: not a byte has left this machine."""


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What became of a call: its answer, or the error. ``lost``: the outcome of an earlier attempt is not known."""

    answer: T | None
    error: KeepclearError | None = None
    lost: bool = False


class AsyncClient:
    """A client for asyncio. Use it in an ``async with`` block."""

    def __init__(
        self,
        agreement: Agreement,
        key: PrivateKey,
        *,
        connect_to: str | None = None,
        verify: str | Path | None = None,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        clock: Callable[[], int] = now_instant,
        transport: Any = None,
    ) -> None:
        self.exchange = Exchange(agreement, key)
        self._clock = clock
        self._connect_to = connect_to
        self._options = {
            "verify": _tls(verify),
            "timeout": httpx2.Timeout(read_s, connect=connect_s),
            "transport": transport,
        }
        self._left: list[httpx2.AsyncClient] = []
        self._reach(agreement)

    def _reach(self, agreement: Agreement) -> None:
        origin = urlsplit(agreement.service.origin)
        base = _base(self._connect_to, origin.scheme) if self._connect_to else agreement.service.origin
        self._headers = {"host": origin.netloc}
        # A name, not an address, can be asked for in the TLS handshake.
        self._extensions = {"sni_hostname": origin.hostname} if origin.scheme == "https" else {}
        # Proxies of the environment are for addresses out there, never for one that was named or is this machine.
        trust_env = self._connect_to is None and not _is_loopback(origin.hostname or "")
        self._http = httpx2.AsyncClient(base_url=base, trust_env=trust_env, **self._options)

    def go_over(self, agreement: Agreement) -> None:
        """Speak under this revision of the agreement from now on, at its address; what is under way ends as it began.

        Raises ``LocalError`` with ``key_file`` where the revision does not enrol the key; then nothing has changed.
        """
        before = self.exchange.agreement.service.origin
        self.exchange.go_over(agreement)
        if agreement.service.origin != before:
            self._left.append(self._http)
            self._reach(agreement)

    @property
    def party(self) -> str:
        """The party whose key this client holds."""
        return self.exchange.party

    def _request(self, call: Call[T]) -> dict[str, Any]:
        return {
            "method": call.method,
            "url": call.target,
            "content": None if call.body is None else call.body.encode(),
            "headers": self._headers | self.exchange.headers(call, self._clock()),
            "extensions": self._extensions,
        }

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for http in (*self._left, self._http):
            await http.aclose()

    async def ask(self, call: Call[T], *, again: bool = True) -> Reply[T]:
        """Send ``call`` until it is answered or the attempts are used up (one if not ``again``)."""
        lost = False
        for wait_s in (*(RETRY_AFTER_S if again else ()), None):
            try:
                answer = await self._once(call)
                return Reply(answer, lost=lost)
            except Unavailable as error:
                lost = lost or not isinstance(error, NeverSent)
                if wait_s is None or not error.retryable:
                    return Reply(None, error, lost)
            except KeepclearError as error:
                return Reply(None, error, lost)
            await asyncio.sleep(wait_s)
        raise AssertionError("unreachable")

    async def call(self, call: Call[T], *, again: bool = True) -> T:
        """Return the answer to ``call``, or raise what ``ask`` found."""
        reply = await self.ask(call, again=again)
        if reply.error is not None:
            raise reply.error
        return reply.answer  # type: ignore[return-value]  # an answer of None is one, too

    async def _once(self, call: Call[T]) -> T:
        with _faults():
            async with self._http.stream(**self._request(call)) as response:
                body = _Body()
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
        return self.exchange.read(call, response.status_code, bytes(body))

    async def submit(self, submission: str) -> Admission:
        """File a notice with all its disclosures."""
        return await self.call(self.exchange.submit(submission))

    async def amend(self, submission: str) -> Admission:
        """File a notice's next revision with all its disclosures."""
        return await self.call(self.exchange.amend(submission))

    async def withdraw(self, withdrawal: str) -> Admission:
        """File a withdrawal."""
        return await self.call(self.exchange.withdraw(withdrawal))

    async def acknowledge(self, acknowledgement: str) -> Admission:
        """File an acknowledgement."""
        return await self.call(self.exchange.acknowledge(acknowledgement))

    async def notices(self, after: str | None = None) -> Notices:
        """Return a page of the party's own live notices as the service has them."""
        return await self.call(self.exchange.notices(after))

    async def notice(self, id: str) -> NoticeAnswer:
        """Return one own notice as the service has it."""
        return await self.call(self.exchange.notice(id))

    async def conflicts(self, after: str | None = None) -> ConflictIndex:
        """Return a page of the index of all conflicts, worst and soonest first."""
        return await self.call(self.exchange.conflicts(after))

    async def conflict(self, *ids: str) -> Conflicts:
        """Return the newest alerts of some conflicts, as they came: nothing here verifies them."""
        return await self.call(self.exchange.conflict(*ids))

    async def agreement(self) -> bytes:
        """Return the agreement in force, to look at; it is never installed from here."""
        return await self.call(self.exchange.fetch_agreement())

    def stream(self, cursor: Cursor | None = None) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the stream behind ``cursor`` once, without further attempts; gives its bytes as they come."""
        return self._stream(self.exchange.stream(cursor))

    @asynccontextmanager
    async def _stream(self, call: Call[None]) -> AsyncIterator[AsyncIterator[bytes]]:
        with _faults():
            async with self._http.stream(**self._request(call)) as response:
                if response.status_code != 200:
                    raise read_problem(response.status_code, (await response.aread())[:MAX_PROBLEM_BYTES])
                yield response.aiter_bytes()


class _Body(bytearray):
    def add(self, chunk: bytes) -> None:
        if len(self) + len(chunk) > MAX_ANSWER_BYTES:
            raise Unavailable("unreachable", f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
        self.extend(chunk)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn a transport's faults into ``Unavailable``."""
    try:
        yield
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
        raise _never_sent(error) from None
    except httpx2.ReadTimeout:
        raise Unavailable("unreachable", f"{SILENT}: the hotline sent nothing for too long") from None
    except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
        text = str(error) or type(error).__name__
        raise Unavailable("unreachable", f"the hotline cannot be reached: {text}") from None


def _never_sent(error: Exception) -> "NeverSent":
    text = str(error) or type(error).__name__
    hint = "name the authority that signed the hotline's certificate with --ca" if "CERTIFICATE" in text else ""
    return NeverSent("unreachable", f"the hotline cannot be reached: {text}", hint=hint)


def _base(connect_to: str, scheme: str) -> str:
    url = connect_to if "://" in connect_to else f"{scheme}://{connect_to}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise LocalError("usage", f"not an address to connect to: {connect_to}", hint="such as http://127.0.0.1:8080")
    return f"{parts.scheme}://{parts.netloc}"


def _tls(authority: str | Path | None) -> ssl.SSLContext | bool:
    if authority is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(authority))
    except (OSError, ssl.SSLError):
        raise LocalError("usage", f"not a file of certificates: {authority}") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
