"""Whether the page's third parties are those that the build put there: each file with the hash in VENDOR.json."""

import hashlib
import json
from pathlib import Path

from keepclear_protocol.errors import LocalError

HINT = "install the wheel with its extra: pip install --force-reinstall 'keepclear[console]'; in a checkout: make setup"
VENDOR = Path(__file__).parent / "page" / "vendor"


def check_vendored(vendor: Path = VENDOR) -> None:
    """Raise ``LocalError`` with ``usage`` where they were left out of this build, or a file is not as it was built."""
    try:
        files = json.loads((vendor / "VENDOR.json").read_bytes())["files"]
    except (OSError, ValueError, KeyError):
        raise LocalError("usage", "this keepclear was built without the console's page", hint=HINT) from None
    for name, said in files.items():
        path = vendor / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != said["sha256"]:
            raise LocalError("usage", f"a part of the console's page is not as it was built: {name}", hint=HINT)
