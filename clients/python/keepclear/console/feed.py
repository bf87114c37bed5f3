"""What every page is fed: the whole picture when it comes, then what changes; as server-sent events.

Guaranteed: no page waits for another, and none makes the console grow. What waits for a page that reads slowly is
bounded; beyond that it is thrown away, and the page gets the whole picture as it then is. One that takes nothing for
``CUT_S`` is cut. Every page that is there hears a beat each second, so that one which hears nothing knows it.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.types import Message, Receive, Scope, Send

from .access import Session
from .refusals import Refusal

MAX_PAGES = 32
"""A wall, some desks, and some forgotten tabs."""

MAX_SESSION_PAGES = 4
"""Of one session, which is one browser's: it opens six connections to one address, and deeds need some of them."""

MAX_WAITING = 256
MAX_WAITING_BYTES = 2 * 1024 * 1024
"""What may wait for one page: a minute of a busy night. The whole picture of 2 000 notices is about as large."""

CUT_S = 20.0
"""A page on the same machine that takes no byte for so long is stopped, not slow."""

_encode = msgspec.json.Encoder().encode


def encode(value: Any) -> bytes:
    """Return a value as JSON in one line; what is no letter at all, half a surrogate pair, is escaped."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=list).encode()


def message(event: str, data: bytes) -> bytes:
    """Return one server-sent event; ``data`` is JSON in one line."""
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


class Page:
    """One page that listens. ``whole`` makes its first event, and one in the place of what was thrown away."""

    def __init__(self, session: Session, whole: Callable[[Session], bytes]) -> None:
        self.session = session
        self._whole = whole
        self._behind = True
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._ended = False
        self._wake = asyncio.Event()

    def put(self, said: bytes) -> None:
        """Have a message wait for the page."""
        if self._behind:
            return  # the whole picture, which it gets next, has it
        if len(self._waiting) >= MAX_WAITING or self._bytes + len(said) > MAX_WAITING_BYTES:
            self.again()
            return
        self._waiting.append(said)
        self._bytes += len(said)
        self._wake.set()

    def again(self) -> None:
        """Throw away what waits, and have the whole picture be next."""
        self._waiting.clear()
        self._bytes, self._behind = 0, True
        self._wake.set()

    def end(self) -> None:
        """Have the stream end once what waits is sent."""
        self._ended = True
        self._wake.set()

    async def next(self) -> bytes | None:
        """Return what waits, waiting until there is something; None at the end."""
        while not (self._behind or self._waiting or self._ended):
            await self._wake.wait()
            self._wake.clear()
        if self._behind and not self._ended:
            self._behind = False
            return message("picture", self._whole(self.session))
        said = b"".join(self._waiting)
        self._waiting.clear()
        self._bytes = 0
        return said or None


class Pages:
    """All pages of one console."""

    def __init__(self, whole: Callable[[Session], bytes]) -> None:
        self._whole = whole
        self._pages: set[Page] = set()
        self._ended = False

    def __len__(self) -> int:
        return len(self._pages)

    def has(self, session: Session) -> bool:
        """Whether a page of a session listens."""
        return any(page.session is session for page in self._pages)

    def tell(self, event: str, data: Any) -> None:
        """Tell every page of an event."""
        if self._pages:
            self.tell_encoded(event, encode(data))

    def tell_encoded(self, event: str, data: bytes) -> None:
        """Tell every page of an event whose JSON is made already."""
        said = message(event, data)
        for page in self._pages:
            page.put(said)

    def tell_each(self, event: str, data: Callable[[Session], Any]) -> None:
        """Tell every page of an event that is another for each session."""
        for page in self._pages:
            page.put(message(event, encode(data(page.session))))

    def end(self) -> None:
        """End every stream, and let no more begin."""
        self._ended = True
        for page in self._pages:
            page.end()

    def open(self, session: Session) -> "Stream":
        """Return the answer that feeds one more page.

        Raise ``Refusal``: ``browser_pages`` where its browser has too many, ``busy_pages`` where the console has.
        """
        if sum(page.session is session for page in self._pages) >= MAX_SESSION_PAGES:
            raise Refusal("browser_pages")
        if self._ended or len(self._pages) >= MAX_PAGES:
            raise Refusal("busy_pages")
        return Stream(Page(session, self._whole), self._pages)


class Stream:
    """The endless answer that feeds one page: an ASGI application of its own, to hear when the page goes."""

    def __init__(self, page: Page, pages: set[Page]) -> None:
        self._page = page
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Feed the page until it goes, is cut, or the console ends."""
        self._pages.add(self._page)
        leaving = asyncio.ensure_future(self._leave(receive))
        try:
            headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while (said := await self._page.next()) is not None:
                async with asyncio.timeout(CUT_S):
                    await send(_body(said, more=True))
            await send(_body(b"", more=False))
        except TimeoutError:
            pass  # the server closes what was not finished
        finally:
            self._pages.discard(self._page)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)

    async def _leave(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._page.end()


def _body(said: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": said, "more_body": more}
