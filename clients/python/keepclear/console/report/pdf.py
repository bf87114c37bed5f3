"""The report as PDF, printed by a browser of this machine: the one that would print it from the page.

Guaranteed: the browser sees one file without a script and resolves no name, so nothing of it leaves the machine; what
it writes stands in a folder of its own until it is whole. Not guaranteed: that there is such a browser.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from keepclear_protocol.errors import LocalError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")

PRINTS_S = 60.0
"""Far more than a report of a thousand pages takes."""

_OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer",
)  # fmt: skip


def printed(document: str) -> bytes:
    """Return a document as PDF; raise ``LocalError`` with ``usage`` where no browser is found or it fails."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        hint = "write --out FILE.html, open it in any browser and print it from there to a file; or install chromium"
        raise LocalError("usage", "no chromium is on the path of this machine to make a PDF with", hint=hint)
    with tempfile.TemporaryDirectory(prefix="keepclear-report-") as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(document, "utf-8")
        # Its sandbox does not work for root, as in a container; there is nothing in the file that it would keep in.
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        profile = f"--user-data-dir={Path(folder) / 'profile'}"
        asked = [program, *_OPTIONS, *sandbox, profile, f"--print-to-pdf={target}", source.as_uri()]
        try:
            ended = subprocess.run(asked, capture_output=True, timeout=PRINTS_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _failed(program, type(error).__name__) from None
        if ended.returncode or not target.is_file():
            raise _failed(program, f"it ended with {ended.returncode}")
        return target.read_bytes()


def _failed(program: str, why: str) -> LocalError:
    hint = "write --out FILE.html, open it in any browser and print it from there to a file"
    return LocalError("usage", f"{program} did not print the report: {why}", hint=hint)
