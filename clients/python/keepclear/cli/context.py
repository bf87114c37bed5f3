"""The options of every command that speaks for a desk, and the desk that they name."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keys import PrivateKey, PublicKey

from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.journal.agreements import later_installed
from keepclear.journal.journal import JOURNAL, Journal
from keepclear.keystore import load_private_key
from keepclear.reasons import reason
from keepclear.wire.exchange import Exchange

from . import out
from .agreement_file import read_agreement
from .ids import HANDLE, IDS, pick
from .out import write_json

__all__ = ["HANDLE", "IDS", "DeskOptions", "desk_options", "pick", "write_json"]


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What the options say. Files are read when they are asked for."""

    agreement_file: str | None
    key_file: str | None
    folder: str | None
    connect_to: str | None
    ca: str | None
    as_json: bool
    root: str | None = None

    def agreement(self) -> Agreement:
        """Return the agreement, signed by all; where a root is named, it is that of the party whose key is named."""
        root = None if self.root is None else PublicKey.parse(self.root)
        key = None if root is None or self.key_file is None else self.key().public
        at_hand = read_agreement(_needed(self.agreement_file, "--agreement"), root, key)
        # A desk that has gone over to a later revision stays there, whichever file it is given.
        return at_hand if self.folder is None else later_installed(Path(self.folder) / JOURNAL, at_hand)

    def key(self) -> PrivateKey:
        """Return the desk's key."""
        return load_private_key(_needed(self.key_file, "--key"))

    def is_begun(self) -> bool:
        """Whether these options name a desk that has a journal already."""
        return self.key_file is not None and self.folder is not None and (Path(self.folder) / JOURNAL).exists()

    def desk(self) -> Desk:
        """Return the desk, which blocks."""
        agreement, key = self.agreement(), self.key()
        return Desk(agreement, key, self._folder(agreement, key), connect_to=self.connect_to, verify=self.ca)

    def async_desk(self) -> AsyncDesk:
        """Return the desk for asyncio."""
        agreement, key = self.agreement(), self.key()
        return AsyncDesk(agreement, key, self._folder(agreement, key), connect_to=self.connect_to, verify=self.ca)

    def journal(self) -> Journal:
        """Return the desk's journal alone, without a word to the hotline."""
        agreement, key = self.agreement(), self.key()
        return Journal(self._folder(agreement, key), agreement, Exchange(agreement, key).party)

    def _folder(self, agreement: Agreement, key: PrivateKey) -> Path:
        found = agreement.find(key.kid)
        party = found[0].id if found is not None else "unknown"
        if self.folder is None:
            folder = Path(click.get_app_dir("keepclear")) / f"{party}-{agreement.id[:16]}"
            out.note(f"this desk's journal is in {folder}; --desk or KEEPCLEAR_DESK names another folder")
        else:
            folder = Path(_needed(self.folder, "--desk"))
        # A journal holds on to the agreement that it began with; the first one must bear the party's own root.
        if not _is_begun(folder) and self.root is None:
            raise LocalError(
                "usage",
                "this desk has installed no agreement yet, and installs none without your party's own root",
                hint="name it once with --root or KEEPCLEAR_ROOT: as keygen showed it, not as the file has it",
            )
        return folder


def desk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a desk; it is handed them as ``DeskOptions`` first."""

    @functools.wraps(command)
    def with_settings(**given: Any) -> Any:
        names = ("agreement_file", "key_file", "folder", "connect_to", "ca", "as_json", "root")
        return command(DeskOptions(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(_OPTIONS):
        with_settings = option(with_settings)
    return with_settings


_OPTIONS = (
    click.option(
        "--agreement", "agreement_file", envvar="KEEPCLEAR_AGREEMENT", metavar="FILE", help="The signed agreement."
    ),
    click.option(
        "--root",
        envvar="KEEPCLEAR_ROOT",
        metavar="PUBLICKEY",
        help="Your own party's root key, no other's; the agreement must bear its signature. Needed when a desk begins.",
    ),
    click.option("--key", "key_file", envvar="KEEPCLEAR_KEY", metavar="FILE", help="The desk's secret key."),
    click.option(
        "--desk",
        "folder",
        envvar="KEEPCLEAR_DESK",
        metavar="DIR",
        help="Where this desk keeps its journal [a folder of its own for the party and agreement].",
    ),
    click.option(
        "--connect-to",
        envvar="KEEPCLEAR_CONNECT_TO",
        metavar="URL",
        help="Reach the hotline at this address instead of the agreement's origin.",
    ),
    click.option("--ca", envvar="KEEPCLEAR_CA", metavar="FILE", help="Certificates to trust instead of the system's."),
    click.option("--json", "as_json", is_flag=True, help="Write data as JSON, one object a line."),
)

def _is_begun(folder: Path) -> bool:
    """Whether a desk has its journal there."""
    try:
        os.stat(folder / JOURNAL)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        detail = f"the desk's folder {folder} cannot be used: {reason(error)}"
        raise LocalError("usage", detail, hint="--desk or KEEPCLEAR_DESK names another") from None
    return True


def _needed(value: str | None, option: str) -> str:
    if not value:
        variable = "KEEPCLEAR_" + option.removeprefix("--").upper()
        raise click.UsageError(f"Missing option '{option}'. It can also be given as {variable}.")
    return value
