"""A breath: what long work calls between its pieces, so that whoever does it beside others can let them in there.

It changes nothing of what is found, and may be called at any time and never.
"""

from collections.abc import Callable
from typing import TypeAlias

Breathe: TypeAlias = Callable[[], None]


def hurried() -> None:
    """Let nobody in: for whoever works alone."""
