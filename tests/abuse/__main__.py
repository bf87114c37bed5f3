"""Run attacks and print what they did: ``PYTHONPATH=tests python -m abuse [NAME...] [--scale small]``."""

import argparse
import resource
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks import stage

from .attack import Outcome, Scale, attacked
from .every import EVERY
from .report import block, fill, markdown


def main(given: Sequence[str] | None = None) -> int:
    """Run those that were named, or all; exit with the number of those that are open."""
    names = {attack.name: attack for attack in EVERY}
    words = argparse.ArgumentParser(prog="python -m abuse", description=__doc__)
    words.add_argument("names", nargs="*", metavar="NAME", help=f"which of: {', '.join(names)}; all by default")
    words.add_argument("--scale", choices=("small", "whole"), default="whole", help="small is for tests")
    words.add_argument("--markdown", type=Path, help="where to write the table")
    words.add_argument("--docs", type=Path, help="the page whose rows are to be filled in, docs/abuse.md")
    words.add_argument("--urgent", action="store_true", help="go before other work on this machine; takes root")
    told = words.parse_args(given)
    stage.urgent = told.urgent
    if unknown := [name for name in told.names if name not in names]:
        words.error(f"there is no attack {unknown[0]}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))  # thousands of connections, at both ends
    outcomes: list[Outcome] = []
    failed: list[str] = []
    began = time.monotonic()
    for name in told.names or names:
        started = time.monotonic()
        try:
            outcomes.append(attacked(names[name](), Scale(told.scale == "small")))
        except Exception:  # one that cannot be run must not keep the others from being
            failed.append(name)
            sys.stdout.write(f"{name}  could not be run\n{traceback.format_exc()}\n")
            continue
        sys.stdout.write(block(outcomes[-1], time.monotonic() - started) + "\n\n")
        sys.stdout.flush()
        if told.markdown:
            told.markdown.write_text(markdown(outcomes) + "\n", "utf-8")
        if told.docs:
            told.docs.write_text(fill(told.docs.read_text("utf-8"), outcomes[-1:]), "utf-8")
    still = [outcome.name for outcome in outcomes if not outcome.held]
    said = [f"{len(outcomes) - len(still)} held", f"{len(still)} open: {' '.join(still) or 'none'}"]
    said += [f"{len(failed)} could not be run: {' '.join(failed) or 'none'}", f"{time.monotonic() - began:.0f} s"]
    sys.stdout.write("; ".join(said) + "\n")
    return min(99, len(still) + len(failed))


if __name__ == "__main__":
    sys.exit(main())
