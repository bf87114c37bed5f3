"""Structured logs: one JSON object a line on standard error.

Every value is escaped by ``json``, in ASCII, so no input can begin a line of its own or move a terminal's cursor. Only
what a caller names is logged; nobody logs a statement's content.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

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


def configure_logging(level: str) -> None:
    """Send every logger's lines, from ``level`` up, to standard error as JSON; uvicorn's from warnings up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
