"""Versions of what runs here, for people and for the figures."""

import asyncio
import platform
import ssl
from importlib.metadata import PackageNotFoundError, version

from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.separation import RULES

from ..store.connect import connect, server_version
from .embedded import store_program
from .settings import Settings

PARTS = ("fastapi", "uvicorn", "redis", "cryptography", "pynacl", "spherely")


def versions() -> dict[str, str]:
    """Return the versions of ours, the rules, Python, and what signs, measures and speaks to the store."""
    found = {"keepclear": _of("keepclear"), "rules": RULES, "python": platform.python_version()}
    found.update({name: _of(name) for name in PARTS})
    found["openssl"] = ssl.OPENSSL_VERSION.split()[1]
    return found


async def store_version(settings: Settings) -> str:
    """Return the version of the settings' store, or of the program that an embedded one would be."""
    if settings.store is not None:
        store = connect(settings.store, password=settings.store_password(), connections=1)
        try:
            return await server_version(store.streams)
        except KeepclearError as error:
            return f"unknown: {error.detail}"
        finally:
            await store.close()
    try:
        program = store_program()
    except LocalError as error:
        return f"none: {error.detail}"
    said = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE)
    words = (await said.communicate())[0].decode("utf-8", "replace").split()
    return next((word.removeprefix("v=") for word in words if word.startswith("v=")), "unknown") + f" ({program.name})"


def _of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
