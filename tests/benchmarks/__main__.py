"""Every figure that the design sets a bound for: ``make bench``, or ``make bench ARGS="submit heavy --quick"``.

Each benchmark is a module with ``measure(scale)``; it talks HTTP to real processes over a real store, so that the same
module measures any state of the code. Figures that compare are taken interleaved in one run.
"""

import argparse
import importlib
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import stage
from .figures import Figure, Scale, record, table

BENCHMARKS = ("submit", "profile", "heavy", "legs", "memory", "streams", "probe", "desk", "restart", "killed", "ends")


def main() -> int:
    """Run the benchmarks that were named, or all; print a table for each; ``--json`` writes the figures too.

    ``abuse`` as the first name hands all further words to the attacks.
    """
    if sys.argv[1:2] == ["abuse"]:
        attacks = importlib.import_module("abuse.__main__")  # of this state of the code alone
        return int(attacks.main(sys.argv[2:]))
    words = argparse.ArgumentParser(prog="make bench", description=__doc__)
    words.add_argument("names", nargs="*", metavar="NAME", help=f"which of: {', '.join(BENCHMARKS)}; all by default")
    words.add_argument("--size", choices=("quick", "middle", "full"), default="full", help="full is for the record")
    words.add_argument("--quick", dest="size", action="store_const", const="quick", help="to see that it works")
    words.add_argument("--urgent", action="store_true", help="go before other work on this machine; takes root")
    words.add_argument("--json", type=Path, help="where to write the figures")
    given = words.parse_args()
    for name in given.names:
        if name not in BENCHMARKS:
            words.error(f"there is no benchmark {name}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))  # thousands of streams, at both ends
    stage.urgent = given.urgent
    found: dict[str, Sequence[Figure]] = {}
    for name in given.names or BENCHMARKS:
        began = time.monotonic()
        module = importlib.import_module(f"{__package__}.{name}")
        found[name] = module.measure(Scale(given.size))
        title = f"{name}: {str(module.__doc__).partition(chr(10))[0]} ({time.monotonic() - began:.0f} s)"
        sys.stdout.write(table(title, found[name]) + "\n\n")
        sys.stdout.flush()
        if given.json:
            given.json.write_text(json.dumps(record(found, size=given.size), indent=2) + "\n", "utf-8")
    missed = [f"{name}: {item.name}" for name, items in found.items() for item in items if item.met is False]
    sys.stdout.write(f"{len(missed)} targets missed{': ' if missed else ''}{'; '.join(missed)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
