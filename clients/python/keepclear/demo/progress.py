"""Progress of long work on standard error: one line redrawn on a terminal, a plain line each quarter elsewhere."""

import sys
from types import TracebackType

BAR = 30


class Progress:
    """How much of ``total`` is done, under ``label``. Use it in a ``with`` block."""

    def __init__(self, label: str, total: int) -> None:
        self._label, self._total = label, total
        self._terminal = sys.stderr.isatty()
        self._told = -1

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._terminal and self._told >= 0:
            sys.stderr.write("\n")

    def show(self, done: int) -> None:
        """Say that ``done`` of the total are done."""
        steps = BAR if self._terminal else 4
        step = steps if self._total == 0 else done * steps // self._total
        if self._terminal:
            sys.stderr.write(f"\r{self._label} [{'#' * step}{'.' * (BAR - step)}] {done}/{self._total}")
            sys.stderr.flush()
        elif step > max(self._told, 0):
            sys.stderr.write(f"{self._label}: {done} of {self._total}\n")
        self._told = step
