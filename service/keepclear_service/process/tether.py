"""Ties a child's life to its parent's, so that a killed supervisor leaves no orphan.

On Linux the kernel signals the child when the parent's main thread ends (``PR_SET_PDEATHSIG``, kept across ``exec``).
Elsewhere ``tether`` does nothing: workers also watch their standard input, and an orphaned store keeps the lock of its
folder, so a second one cannot start beside it. Run as a program, this file tethers itself and becomes another one:
that needs no code between fork and exec, which threads would make unsafe.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tether(parent: int, signum: int) -> None:
    """Have this process signalled with ``signum`` when process ``parent`` dies; exit where it is dead already."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        raise SystemExit(1)


def tethered(signum: signal.Signals, command: Sequence[str]) -> list[str]:
    """Return the words that run ``command`` as a tethered child of this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(signum)), *command]


if __name__ == "__main__":
    tether(int(sys.argv[1]), int(sys.argv[2]))
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - our own supervisor names the program
