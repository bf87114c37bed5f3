"""Server-sent events (WHATWG HTML, section 9.2): bytes in, events out, without I/O.

However the bytes are cut into chunks, the same events come out. What is kept between chunks is bounded by
``MAX_EVENT_BYTES``. Unlike a browser, an event here carries only its own ``id``: a position must never be read from an
event that did not name one.
"""

import re
from dataclasses import dataclass, field

from keepclear_protocol.errors import Malformed

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""The largest event is an alert (350 KB) with a presentation (512 KiB) and a cause (90 KB), in JSON: under 1 MB. Four
times that leaves room for an agreement with larger limits."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name (``message`` if it had none), its data, its own id and its ``retry`` in milliseconds.

    ``line`` is the number of the line that ended it, from 1.
    """

    event: str
    data: str
    id: str | None
    retry_ms: int | None
    line: int = field(default=0, compare=False)


FIELDS = ("data", "event", "id", "retry")
"""All that the standard knows beside comments."""


class EventParser:
    """Reads one response body. A new connection needs a new parser: half an event does not outlive its connection."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []
        self.lines = 0
        """Lines that came whole and are an event stream's: a page or a log in its midst is no sign of life."""
        self.begun_bytes = 0
        """Bytes of the line that has begun and not ended."""
        self._held = 0
        self._after_cr = False
        self._at_start = True
        self._begun = False
        self._event = ""
        self._data: list[str] = []
        self._id: str | None = None
        self._retry_ms: int | None = None

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Return the events that ``data`` completes; raise ``Malformed`` with ``too_large``."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not data:
            return []
        self._after_cr = data.endswith(b"\r")
        # The expression looks at each byte by itself, which for a large alert is most of the work of reading it.
        *ended, rest = _LINE_END.split(data) if b"\r" in data else data.split(b"\n")
        events = []
        for piece in ended:
            self._hold(piece)
            self.lines += 1
            event = self._end_line(b"".join(self._line))
            self._line.clear()
            self.begun_bytes = 0
            if event is not None:
                events.append(event)
        self._hold(rest)
        return events

    def _hold(self, piece: bytes) -> None:
        self._held += len(piece)
        if self._held > self._max:
            raise Malformed("too_large", f"an event of the stream is larger than {self._max} bytes")
        if piece:
            self._line.append(piece)
            self.begun_bytes += len(piece)

    def _end_line(self, line: bytes) -> ServerEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            self.lines -= not self._begun  # ends nothing
            self._begun = False
            return self._end_event()
        if line.startswith(b":"):
            self._begun = True
            self._held -= len(line)  # a comment leaves nothing behind
            return None
        # Bytes that are not UTF-8 become U+FFFD, as the standard says: such data will not verify, and is shown so.
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        self._begun |= name in FIELDS
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) < 10:
            self._retry_ms = int(value)
        elif name not in FIELDS:
            self.lines -= 1  # to be passed over, as the standard says, and by somebody else
        return None

    def _end_event(self) -> ServerEvent | None:
        event = None
        if self._data:
            event = ServerEvent(self._event or "message", "\n".join(self._data), self._id, self._retry_ms, self.lines)
        self._begin_event()
        return event

    def _begin_event(self) -> None:
        self._event = ""
        self._data = []
        self._id = None
        self._retry_ms = None
        self._held = 0
