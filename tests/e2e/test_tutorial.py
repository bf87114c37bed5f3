"""The tutorial, typed in as it stands: every command works, and does what the text says."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
PORT = "8700"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def commands() -> str:
    blocks = re.findall(r"^```bash\n(.*?)^```", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 10
    return "\n".join(["set -euo pipefail", "trap 'jobs -p | xargs -r kill' EXIT", *blocks]).replace(PORT, free_port())


@pytest.mark.long
def test_the_tutorial_can_be_typed_in(tmp_path: Path) -> None:
    if shutil.which("bash") is None or shutil.which("keepclear", path=_path()) is None:
        pytest.skip("no bash, or keepclear is not installed as a command")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KEEPCLEAR_")}
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        done = subprocess.run(
            ["bash", "-c", commands()], cwd=folder, capture_output=True, text=True, timeout=180, check=False,
            env={**kept, "PATH": _path(), "KEEPCLEAR_WAIT": "30"},  # it must hold on a busy machine
        )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, done.stderr
    assert "nothing was signed or sent" in done.stderr
    assert "signed by everyone" in done.stderr
    filed = said.index("IN CONFLICT")
    refused = said.index("exit code 3", filed)
    alerted = said.index("with israel's", said.index("our BIRCH5 ", refused))
    assert "OPEN OVERLAP" in said[refused:alerted]
    answered = said.index("acknowledged by turkiye-duty-1", alerted)
    assert "QUARTZ2" not in said[alerted:answered], "a callsign is not shown to the other side"
    heard = said.index("acknowledged by turkiye-duty-1", answered + 1)
    assert "our QUARTZ2 " in said[answered:heard] and "with turkiye's" in said[answered:heard]
    assert "CLOSED" in said[heard:]


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
