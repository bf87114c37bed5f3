"""An officer of one party at the commands: typed as they would be, run in this process, their JSON read."""

import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

from keepclear.cli.main import run

from support.line import write_key
from support.world import World


def environment(world: World, folder: Path, party: str, url: str, desk: str = "") -> dict[str, str]:
    """Write a party's key and the agreement; return the variables of one of its desks."""
    if not (folder / f"{party}.key").exists():
        write_key(folder / f"{party}.key", world.parties[party].key)
        (folder / "agreement.json").write_bytes(world.agreement.raw)
    return {
        "KEEPCLEAR_AGREEMENT": str(folder / "agreement.json"),
        "KEEPCLEAR_ROOT": world.parties[party].root.public.text,
        "KEEPCLEAR_KEY": str(folder / f"{party}.key"),
        "KEEPCLEAR_DESK": str(folder / f"{desk or party}-desk"),
        "KEEPCLEAR_CONNECT_TO": url,
        "KEEPCLEAR_WAIT": "30",  # these stories are told on busy machines
    }


class Officer:
    """An officer of a party. ``url`` is where it reaches the hotline, and may change."""

    def __init__(self, world: World, folder: Path, party: str, url: str, desk: str = "") -> None:
        self.env = environment(world, folder, party, url, desk)

    def reach(self, url: str) -> None:
        """Reach the hotline at another address from now on."""
        self.env["KEEPCLEAR_CONNECT_TO"] = url

    def type(self, *words: str, stdin: str = "", asked: bool = False) -> tuple[int, list[Any], str]:
        """Return exit code, JSON lines and talk of a command; ``asked``: somebody sits there and types ``stdin``."""
        code, out, talk = self.read(*words, "--json", stdin=stdin, asked=asked)
        return code, [json.loads(row) for row in out.splitlines()], talk

    def read(self, *words: str, stdin: str = "", asked: bool = False) -> tuple[int, str, str]:
        """Return exit code, output and talk of a command."""
        out, err, given = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(stdin.encode()))
        with (
            mock.patch.dict(os.environ, self.env),
            mock.patch("sys.stdin", given),
            mock.patch("keepclear.cli.asking.is_terminal", lambda stream: asked),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(words)
        return code, out.getvalue(), err.getvalue()
