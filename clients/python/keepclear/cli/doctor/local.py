"""What can be seen on this machine alone: the key, the agreement and its place for the key, the desk, the console."""

import importlib.util
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.party import PartyKey

from keepclear.console.vendored import check_vendored
from keepclear.desk.settings import check_begins, is_begun
from keepclear.journal.journal import JOURNAL
from keepclear.transport.client import now_instant

from ..context import DeskOptions
from ..main import USAGE, exit_code
from .finding import NOTE, OK, WRONG, Finding, until, wrong

CONSOLE = "python -m pip install 'keepclear[console]'"
LITTLE_BYTES = 200_000_000
"""Below this a journal may not last the night."""


@dataclass
class Desk:
    """What of this desk could be read, for what is asked of the line."""

    settings: DeskOptions
    key: PrivateKey | None = None
    agreement: Agreement | None = None


def examine(desk: Desk) -> Iterator[Finding]:
    """Yield what is found; fill in what of the desk can be read."""
    yield _key(desk)
    yield _agreement(desk)
    if desk.key is not None and desk.agreement is not None:
        yield _enrolled(desk.key, desk.agreement, desk.settings)
    yield _folder(desk.settings)
    yield _console()


def _key(desk: Desk) -> Finding:
    file = desk.settings.key_file
    try:
        desk.key = desk.settings.key()
    except KeepclearError as error:
        mend = error.hint if error.hint.startswith("chmod ") else f"keepclear keygen --public {file}"
        if file is not None and not Path(file).exists():
            mend = f"keepclear keygen --out {file}"
        return wrong("key", error, mend, exit_code)
    except click.UsageError:
        return _unnamed("key", "KEEPCLEAR_KEY=FILE")
    said = f"{file}, for its owner alone, fingerprint {desk.key.public.fingerprint}"
    return Finding("key", OK, said, figures={"fingerprint": desk.key.public.fingerprint})


def _agreement(desk: Desk) -> Finding:
    file = desk.settings.agreement_file
    # A key that cannot be read is told of once, and is no fault of the agreement's.
    settings = desk.settings if desk.key is not None else replace(desk.settings, key_file=None)
    try:
        desk.agreement = settings.agreement()
    except KeepclearError as error:
        return wrong("agreement", error, f"keepclear agreement show {file}", exit_code)
    except click.UsageError:
        return _unnamed("agreement", "KEEPCLEAR_AGREEMENT=FILE")
    agreement = desk.agreement
    return Finding("agreement", OK, f"{agreement.name}, revision {agreement.revision}, signed by all")


def _unnamed(thing: str, variable: str) -> Finding:
    return Finding(thing, WRONG, "none is named", f"export {variable}", USAGE)


def _enrolled(key: PrivateKey, agreement: Agreement, settings: DeskOptions) -> Finding:
    found, now = agreement.find(key.kid), now_instant()
    mend = f"keepclear agreement init --succeeds {settings.agreement_file} --key {{}}={key.public.text} --out next.json"
    if found is None:
        return Finding("registered", WRONG, "the agreement does not have this key", mend.format("PARTY"), USAGE)
    party, enrolled = found
    mend = mend.format(party.id).replace(key.public.text, "NEWKEY")
    try:
        enrolled.check(None, now)
    except KeepclearError as error:
        return wrong("registered", error, mend, exit_code)
    said = f"as {party.id}, to {roles(enrolled)}"
    return until("registered", enrolled.not_after, now, said, mend, party=party.id, roles=sorted(enrolled.roles))


def roles(enrolled: PartyKey) -> str:
    """Return what a key is for, in words."""
    return ", ".join(sorted(enrolled.roles))


def _folder(settings: DeskOptions) -> Finding:
    if settings.folder is None:
        return Finding("desk", NOTE, "no folder is named, so it is the default one", "export KEEPCLEAR_DESK=DIR")
    folder = Path(settings.folder)
    try:
        begun = is_begun(folder)
        check_begins(folder, settings.root)
        journal = folder / JOURNAL
        if begun and stat.S_IMODE(journal.stat().st_mode) & 0o077:
            raise LocalError("usage", f"others may read {journal}", hint=f"chmod 600 {journal}")
    except KeepclearError as error:
        named = "export KEEPCLEAR_ROOT=PUBLICKEY" if "root" in error.hint else "export KEEPCLEAR_DESK=DIR"
        return wrong("desk", error, error.hint if error.hint.startswith("chmod ") else named, exit_code)
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    left = shutil.disk_usage(there).free
    if left < LITTLE_BYTES:
        return Finding("desk", WRONG, f"{left // 1_000_000} MB are left on the disk of {folder}", f"du -xsh {there}/*")
    said = "its journal is there" if begun else "no journal yet, the first command begins one"
    return Finding("desk", OK, f"{folder}: {said}; {left // 1_000_000_000} GB are left")


def _console() -> Finding:
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        said = f"not installed: {' and '.join(missing)} missing; all else works"
        return Finding("console", NOTE, said, CONSOLE)
    try:
        check_vendored()
    except KeepclearError as error:
        return Finding("console", WRONG, error.detail, f"{CONSOLE} --force-reinstall", exit_code(error))
    return Finding("console", OK, "its page is whole")
