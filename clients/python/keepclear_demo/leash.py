"""Runs one program that ends when whoever started it does, however that ended: run as ``python leash.py PROGRAM...``.

The leash is this program's standard input: its end, also by SIGKILL of the other side, ends the program with SIGTERM,
and after ``KILL_AFTER_S`` with SIGKILL. SIGTERM and SIGINT to the leash do the same. The program gets an empty
standard input and the leash's own output and error. The exit code is the program's. Only the standard library is used,
so that it starts in milliseconds and needs no path.
"""

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

KILL_AFTER_S = 20.0
"""The service drains for 5 s at most and then stops its store."""


def main(command: list[str]) -> int:
    """Run ``command`` and return its exit code (128 + the signal's number where one ended it)."""
    loosed = threading.Event()

    def loose(_number: int, _frame: FrameType | None) -> None:
        loosed.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, loose)
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the caller names it

    def hold() -> None:
        while os.read(0, 4096):
            pass
        loosed.set()

    def end() -> None:
        loosed.wait()
        program.terminate()
        try:
            program.wait(KILL_AFTER_S)
        except subprocess.TimeoutExpired:
            program.kill()

    for task in (hold, end):
        threading.Thread(target=task, daemon=True).start()
    code = program.wait()
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
