"""Versions of what runs here, for people and for the figures."""

import platform
import ssl
from importlib.metadata import PackageNotFoundError, version

from keepclear_protocol.separation import RULES

PARTS = ("fastapi", "uvicorn", "redis", "cryptography", "pynacl", "spherely")


def versions() -> dict[str, str]:
    """Return the versions of ours, the rules, Python, and what signs, measures and speaks to the store."""
    found = {"keepclear": _of("keepclear"), "rules": RULES, "python": platform.python_version()}
    found.update({name: _of(name) for name in PARTS})
    found["openssl"] = ssl.OPENSSL_VERSION.split()[1]
    return found


def _of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
