"""Progress of long work on standard error: one line redrawn on a terminal, a plain line each quarter elsewhere."""

import sys
from types import TracebackType

BAR = 30


class Progress:
    """How much of something is done, under ``label``. Use it in a ``with`` block."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty()
        self._told = -1

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._terminal and self._told >= 0:
            sys.stderr.write("\n")

    def show(self, done: int, total: int | None) -> None:
        """Say that ``done`` of ``total`` are done; the total is None while it may still grow."""
        if total is None:
            if self._terminal:
                sys.stderr.write(f"\r{self._label}: {done}")
                sys.stderr.flush()
                self._told = 0
            return
        steps = BAR if self._terminal else 4
        step = steps if total == 0 else done * steps // total
        if self._terminal:
            sys.stderr.write(f"\r{self._label} [{'#' * step}{'.' * (BAR - step)}] {done}/{total}")
            sys.stderr.flush()
        elif step > max(self._told, 0):
            sys.stderr.write(f"{self._label}: {done} of {total}\n")
        self._told = max(step, self._told)
