"""Structured logs: one JSON object a line on standard error.

Every value is escaped by ``json``, in ASCII, so no input can begin a line of its own or move a terminal's cursor. Only
what a caller names is logged; nobody logs a statement's content. What comes with every statement is said by
``observer``, more cheaply; both leave by the same ``lines``.
"""

import atexit
import contextlib
import json
import logging
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from .lines import Lines

_FIELDS = "keepclear_fields"


class JsonLines(logging.Formatter):
    """Formats a record as ``{"at", "level", "event", "pid", ...}``; a traceback becomes one escaped member."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "pid": record.process,
        }
        line.update(getattr(record, _FIELDS, {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_event(logger: logging.Logger, level: int, event: str, **fields: object) -> None:
    """Log ``event``, a stable name in snake case, with its fields."""
    logger.log(level, event, extra={_FIELDS: fields})


QUIET_S = 2.0
"""Seconds without a failure after which an outage is over: what fails now and then is one outage, not many lines."""


class Outage:
    """Something that fails and comes back: one line with the cause when it begins, one when it is over.

    ``fields`` stand in both lines; ``level`` is that of the first.
    """

    def __init__(
        self, logger: logging.Logger, begun: str, ended: str, *, level: int = logging.WARNING, **fields: object
    ) -> None:
        self._logger = logger
        self._begun, self._ended = begun, ended
        self._fields = fields
        self._level = level
        self._since: float | None = None
        self._failures = 0
        self._failed_at = 0.0
        self._back_at: float | None = None

    def began(self, error: BaseException, **fields: object) -> None:
        """Note a failure; the first of an outage is logged with the cause of ``error``."""
        self._failed_at = time.monotonic()
        self._back_at = None
        self._failures += 1
        if self._since is None:
            self._since = self._failed_at
            log_event(self._logger, self._level, self._begun, **self._fields, **fields, cause=cause(error))

    def over(self) -> None:
        """Note that it works; what has worked for ``QUIET_S`` is over, and logged so."""
        if self._since is None:
            return
        now = time.monotonic()
        self._back_at = now if self._back_at is None else self._back_at
        if now - self._failed_at >= QUIET_S:
            lasted = round(self._back_at - self._since, 3)
            log_event(self._logger, logging.INFO, self._ended, **self._fields, lasted_s=lasted, failures=self._failures)
            self._since, self._failures = None, 0


def cause(error: BaseException) -> str:
    """Return what is behind an error: the first that was raised, with its type."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}"


SAID_A_SECOND = 5

_SAID_SELDOM = ("uvicorn", "keepclear_service.process.operator_http")
"""Whose lines anybody who can connect may bring about."""


class _Few(logging.Filter):
    """Lets a few a second pass of what a server says of each broken or surplus request, and counts the others."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = 0.0
        self._said: Counter[str] = Counter()
        self._unsaid: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record becomes a line; the next one that does says how many did not."""
        if not record.name.startswith(_SAID_SELDOM):
            return True
        now = time.monotonic()
        if now - self._begun >= 1:
            self._begun = now
            self._said.clear()
        self._said[record.msg] += 1
        if self._said[record.msg] > SAID_A_SECOND:
            self._unsaid[record.msg] += 1
            return False
        if more := self._unsaid.pop(record.msg, 0):
            setattr(record, _FIELDS, {"more_before": more})
        return True


class _Handler(logging.Handler):
    """Sends records to ``lines``."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self.addFilter(_Few())

    def emit(self, record: logging.LogRecord) -> None:
        """Send one."""
        with contextlib.suppress(Exception):  # the library's own way out would write to standard error, and wait
            self._lines.add(self.format(record).encode() + b"\n")


def configure_logging(level: str) -> Lines:
    """Send every logger's lines, from ``level`` up, to standard error as JSON; uvicorn's from warnings up."""
    lines = Lines()
    formatter = JsonLines()
    handler = _Handler(lines)
    handler.setFormatter(formatter)

    def lost(count: int) -> bytes:
        record = logging.LogRecord(__name__, logging.WARNING, "", 0, "log_lines_lost", (), None)
        setattr(record, _FIELDS, {"count": count})
        return formatter.format(record).encode() + b"\n"

    lines.told_loss = lost
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    atexit.register(lines.end)
    return lines
