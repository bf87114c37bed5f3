"""``keepclear-service`` run in this process, and a line whose story an operator follows by log, figures and status."""

import contextlib
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import httpx2
from keepclear_service import __main__
from keepclear_service.process import commands

from .line import RunningLine
from .patience import PATIENCE_S
from .program import Done


def service_program(*words: str) -> Done:
    """Run ``keepclear-service`` with ``words`` in this process, whose own log is left alone."""
    out, err = io.StringIO(), io.StringIO()
    silent = mock.patch.object(commands, "configure_logging", lambda level: None)
    with silent, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = __main__.main(words)
    return Done(code, out.getvalue(), err.getvalue())


def operator_port(line: RunningLine) -> str:
    """Return where the service shows itself to its operator."""
    return str(line.service.listening["metrics_port"])


def figures(line: RunningLine, **headers: str) -> str:
    """Return what a scraper gets."""
    answer = httpx2.get(f"http://127.0.0.1:{operator_port(line)}/metrics", headers=headers, timeout=30)
    assert answer.status_code == 200
    return answer.text


def status(line: RunningLine) -> Done:
    """Return what ``keepclear-service status`` says of a running line."""
    return service_program("status", "--metrics-port", operator_port(line))


def once(look: Callable[[], Any], true: Callable[[Any], bool], within_s: float = PATIENCE_S) -> Any:
    """Return what is seen once it is as it must be."""
    deadline = time.monotonic() + within_s
    while not true(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    return seen


_CHANGES = (
    # Before the names: sixteen of its characters may look like hexadecimal digits. Within an id it is none.
    (re.compile(r"(?<![\w-])\d+(\.\d+)?e[+-]\d+(?![\w-])"), "N"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?"), "TIME"),
    (re.compile(r"/\S+/s\.sock"), "SOCKET"),
    # A hyphen may stand at its end, where there is no word's.
    (re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])"), "HASH"),
    (re.compile(r"(?<![\w-])[A-Za-z0-9_-]{22}(?![\w-])"), "ID"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}\b"), "CODE"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "NAME"),
    (re.compile(r"epoch [0-9a-f]{8}"), "epoch E"),
    (re.compile(r"\([A-Za-z0-9_-]{12}\)"), "(SHORT)"),
    (re.compile(r"(Valkey|Redis) [\d.]+"), "STORE"),
    (re.compile(r"\d+(\.\d+)?"), "N"),
)


def shape(line: str) -> str:
    """Return a line of a page or of a run without what differs from run to run."""
    for pattern, word in _CHANGES:
        line = pattern.sub(word, line)
    return " ".join(line.split())


def members(line: str) -> tuple[str, frozenset[str]]:
    """Return the event of a line of the log, and the names of its members."""
    read = json.loads(line)
    return read["event"], frozenset(read)
