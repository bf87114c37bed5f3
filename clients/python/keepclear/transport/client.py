"""The hotline over HTTP: ``AsyncClient``, a thin shell over an ``Exchange``, and ``Client``, which blocks on it.

Guaranteed: what could not be sent or answered raises ``Unavailable``, and everything is tried again, with the same
bytes, only where that is safe; it always is, since the service deduplicates statements and reads are signed anew. An
``Admission`` is returned only with its receipt verified. Not guaranteed: that what an answer carries is true; alerts
and presentations are verified by a desk.

``connect_to`` names another address than the agreement's origin, such as a tunnel's end. The proof in each read is
still for the origin, and so are the ``Host`` header and the name in the TLS certificate.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import KeepclearError, OverBudget, Unavailable
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.request import SCHEME

from ..wire.answers import MAX_ANSWER_BYTES, Admission, ConflictIndex, Conflicts, NoticeAnswer, Notices
from ..wire.exchange import EVENT_STREAM, Call, Exchange
from ..wire.problems import MAX_PROBLEM_BYTES, NOTHING_KEPT, media_type, read_problem, stranger
from .faults import SILENT, NeverSent, clock_hint, faults
from .options import ClientOptions
from .reply import Glance, Reply, glanced
from .stream import Stream
from .tls import Tls, make_context
from .way import find_proxy, read_address

__all__ = ["SILENT", "AsyncClient", "ClientOptions", "Glance", "NeverSent", "Reply", "Stream", "now_instant"]

T = TypeVar("T")

CONNECT_S = 5.0
"""A duty officer must know within seconds that the hotline is out of reach."""

READ_S = 15.0
"""For an answer: a store that fsyncs under load takes seconds. For the stream: three keep-alives of 5 s were missed."""

PROGRESS_BYTES = 4096
"""What must come, or be taken, of something large within ``READ_S`` for the wait to go on: the slowest satellite
telephones carry 300 bytes a second. Less is a line that is kept busy, not one that works."""

RETRY_AFTER_S = (0.2, 0.6, 1.8)
"""Seconds before each further attempt: a restart of the service takes about two."""


def now_instant() -> int:
    """Return the machine's time as an instant."""
    return time.time_ns() // 1000


class AsyncClient:
    """A client for asyncio. Use it in an ``async with`` block; keyword arguments are those of ``ClientOptions``."""

    def __init__(
        self,
        agreement: Agreement,
        key: PrivateKey,
        *,
        connect_to: str | None = None,
        tls: Tls | None = None,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        clock: Callable[[], int] = now_instant,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self.exchange = Exchange(agreement, key)
        self.read_s = read_s
        self.waiting_since: float | None = None
        """On the loop's clock: since when the hotline owes an answer; else ``None``. Each good one that comes sets it
        anew; a failed attempt does not, nor the pause after it."""
        self.fault: Unavailable | None = None
        """Why the last attempt failed, while the hotline is asked again."""
        self.on_wait: Callable[[OverBudget], None] | None = None
        """Told before a statement waits for room in a budget."""
        self.slowest_s = 0.0
        """The longest wait for an answer that came, its connection included; 0 before the first."""
        self._connect_s = connect_s
        self._clock = clock
        self._connect_to = connect_to
        self._tls = tls or Tls()
        self._transport = transport
        self._owed = 0
        self._left: list[httpx2.AsyncClient] = []
        self._reach(agreement)

    def _reach(self, agreement: Agreement) -> None:
        origin = urlsplit(agreement.service.origin)
        named = None if self._connect_to is None else read_address(self._connect_to, origin.scheme)
        self._address = named or read_address(agreement.service.origin, origin.scheme)
        self._uses_proxies = named is None and not self._address.is_loopback
        self._headers = {"host": origin.netloc}
        # A name, not an address, can be asked for in the TLS handshake.
        self._extensions = {"sni_hostname": origin.hostname} if origin.scheme == "https" else {}
        self._made: httpx2.AsyncClient | None = None

    def go_over(self, agreement: Agreement) -> None:
        """Speak under this revision of the agreement from now on, at its address; what is under way ends as it began.

        Raises ``LocalError`` with ``key_file`` where the revision does not enrol the key; then nothing has changed.
        """
        before = self.exchange.agreement.service.origin
        self.exchange.go_over(agreement)
        if agreement.service.origin != before:
            if self._made is not None:
                self._left.append(self._made)
            self._reach(agreement)

    @property
    def party(self) -> str:
        """The party whose key this client holds."""
        return self.exchange.party

    @property
    def _http(self) -> httpx2.AsyncClient:
        """Made when it is first needed: a desk whose environment bars the way still shows what it knows."""
        if self._made is None:
            proxy = find_proxy(self._address) if self._uses_proxies and self._transport is None else None
            self._made = httpx2.AsyncClient(
                base_url=self._address.url,
                verify=make_context(self._tls, self._address.scheme),
                timeout=httpx2.Timeout(self.read_s, connect=self._connect_s),
                transport=self._transport,
                proxy=proxy,
                trust_env=False,
            )
        return self._made

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
        for http in (*self._left, *([] if self._made is None else [self._made])):
            await http.aclose()

    async def ask(self, call: Call[T], *, again: bool = True) -> Reply[T]:
        """Send ``call`` until it is answered or the attempts are used up (one if not ``again``).

        No attempt is begun once the hotline has been out of reach for as long as one answer may take.
        """
        loop = asyncio.get_running_loop()
        lost, until = False, loop.time() + self.read_s
        with self._owing():
            for wait_s in (*(RETRY_AFTER_S if again else ()), None):
                try:
                    answer = await self._once(call)
                    return Reply(answer, lost=lost)
                except Unavailable as error:
                    self.fault = error
                    lost = lost or not (isinstance(error, NeverSent) or error.code in NOTHING_KEPT)
                    if wait_s is None or loop.time() + wait_s >= until:
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
        request = self._request(call)
        sent = len(request["content"] or b"")
        asked = asyncio.get_running_loop().time()
        with faults(self.read_s):
            async with asyncio.timeout(self.read_s + self.read_s * (sent // PROGRESS_BYTES)) as limit:
                async with self._http.stream(**request) as response:
                    body = await self._body(response, limit)
        status, media = response.status_code, media_type(response.headers.get("content-type"))
        try:
            answer = self.exchange.read(call, status, media, body)
            came = asyncio.get_running_loop().time()
            self.slowest_s = max(self.slowest_s, came - asked)
            self.waiting_since, self.fault = came, None
            return answer
        except KeepclearError as error:
            clock_hint(error, response.headers.get("date"), self._clock())
            raise

    async def glance(self, target: str) -> Glance:
        """Read a door that is open to all, once and without a proof; raise ``Unavailable`` where nobody answers."""
        asked = self._http.stream("GET", target, headers=self._headers, extensions=self._extensions)
        with faults(self.read_s):
            async with asyncio.timeout(self.read_s) as limit, asked as response:
                return glanced(response, await self._body(response, limit, MAX_PROBLEM_BYTES))

    async def _body(self, response: httpx2.Response, limit: asyncio.Timeout, most: int = MAX_ANSWER_BYTES) -> bytes:
        """Read an answer, which must get on all the time."""
        loop, body, counted = asyncio.get_running_loop(), bytearray(), 0
        limit.reschedule(loop.time() + self.read_s)
        async for chunk in response.aiter_bytes():
            if len(body) + len(chunk) > most:
                raise Unavailable("unreachable", f"the answer is larger than {most} bytes")
            body.extend(chunk)
            if len(body) - counted >= PROGRESS_BYTES:
                counted = len(body)
                limit.reschedule(loop.time() + self.read_s)
        return bytes(body)

    @contextmanager
    def _owing(self) -> Iterator[None]:
        """Count an answer that the hotline owes."""
        if not self._owed:
            self.waiting_since = asyncio.get_running_loop().time()
        self._owed += 1
        try:
            yield
        finally:
            self._owed -= 1
            if not self._owed:
                self.waiting_since = self.fault = None

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

    def stream(self, cursor: Cursor | None = None) -> "AbstractAsyncContextManager[Stream]":
        """Open the stream behind ``cursor`` once, without further attempts; gives its bytes as they come."""
        return self._stream(self.exchange.stream(cursor))

    @asynccontextmanager
    async def _stream(self, call: Call[None]) -> "AsyncIterator[Stream]":
        request = self._request(call)
        proof = request["headers"]["authorization"].removeprefix(SCHEME)
        with faults(self.read_s):
            async with asyncio.timeout(self.read_s) as limit, self._http.stream(**request) as response:
                media = media_type(response.headers.get("content-type"))
                if response.status_code != 200:
                    body = await self._body(response, limit, MAX_PROBLEM_BYTES)
                    refused = read_problem(response.status_code, media, body)
                    clock_hint(refused, response.headers.get("date"), self._clock())
                    raise refused
                if media != EVENT_STREAM:
                    raise stranger(200, media)
                until = limit.when()
                limit.reschedule(None)
                yield Stream(self.exchange, self._clock, response.aiter_bytes(), digest(proof), until)
