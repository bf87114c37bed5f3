"""A store's clock that a test moves: a few lines of C, loaded before its C library, and nothing else of the machine."""

import contextlib
import mmap
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).with_name("moved.c")


class StoreClock:
    """The offset of the store's time of day, shared with its process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        self._file.write_bytes(bytes(8))
        library = folder / "shim.so"
        compiler = shutil.which("cc") or shutil.which("gcc")
        assert compiler is not None, "moving a store's clock takes a C compiler"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl"], check=True)
        self.env = {"LD_PRELOAD": str(library), "KC_ABUSE_CLOCK": str(self._file)}

    def set(self, seconds: float) -> None:
        """Have the store's clock be so far ahead."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            shared[:] = struct.pack("=q", int(seconds * 1_000_000))


@contextlib.contextmanager
def store_clock() -> Iterator[StoreClock]:
    """Yield a clock for stores that are started with its environment."""
    with tempfile.TemporaryDirectory(prefix="kc-clock-") as folder:
        yield StoreClock(Path(folder))
