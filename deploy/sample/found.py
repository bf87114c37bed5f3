"""The one-shot ``found`` of docker-compose.yml: founds the agreement's line in the store, once in the volumes' life.

A note beside the agreement keeps that it was done. So a store that lost its line stays without one, and the replicas
refuse it until the backup is back; without the note every start would found an empty line in its place. It takes the
options of ``keepclear-service found``.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from keepclear_protocol.agreement import open_agreement
from keepclear_service.__main__ import main as service


def found(folder: Path, words: Sequence[str]) -> int:
    """Found the line of the agreement in ``folder`` where no note there says that it was; return the exit code."""
    agreement = open_agreement((folder / "agreement.json").read_bytes())
    note = folder / "founded"
    if note.exists() and agreement.id in note.read_text("ascii").split():
        sys.stdout.write("found: the line was founded before\n")
        return 0
    code = service(["found", "--agreement", str(folder / "agreement.json"), *words])
    if code == 0:
        with note.open("a", encoding="ascii") as file:
            file.write(f"{agreement.id}\n")
            file.flush()
            os.fsync(file.fileno())
        sys.stdout.write("found: the line is founded\n")
    return code


if __name__ == "__main__":
    sys.exit(found(Path("/service"), sys.argv[1:]))
