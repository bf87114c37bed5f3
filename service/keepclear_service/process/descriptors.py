"""Descriptors 0 to 2 are what they are called, in every process of ours.

Where one is closed when a process starts (``2>&-``, some supervisors), the next file that it opens gets that number: a
log would then be written into a socket of ours, or into the pipe on which a worker reports.
"""

import os
import sys


def hold_standard() -> None:
    """Open what is closed of 0, 1 and 2 on the null device, for this process and its children.

    For reading alone: what is written there fails, so that lost lines of the log are counted as such.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDONLY)  # the least number that is free: this one
            os.set_inheritable(opened, True)
    # Python has none where the descriptor was closed; what is said there goes nowhere, and fails nowhere.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")
