"""The options of every command that speaks for a desk, and the desk that they name."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.keys import PrivateKey

from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.settings import check_begins, installed, make_tls
from keepclear.journal.journal import JOURNAL, Journal
from keepclear.keystore import load_private_key
from keepclear.transport.client import ClientOptions
from keepclear.wire.exchange import Exchange

from . import out
from .ids import HANDLE, IDS, pick
from .out import write_json

__all__ = ["IDS", "DeskOptions", "desk_options", "officer_option", "pick", "write_json"]


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
    tls_cert: str | None = None
    tls_key: str | None = None

    def agreement(self) -> Agreement:
        """Return the agreement, signed by all; where a root is named, it is that of the party whose key is named."""
        key = None if self.root is None or self.key_file is None else self.key().public
        folder = None if self.folder is None else Path(self.folder)
        return installed(_needed(self.agreement_file, "--agreement"), self.root, key, folder)

    def key(self) -> PrivateKey:
        """Return the desk's key."""
        return load_private_key(_needed(self.key_file, "--key"))

    def is_begun(self) -> bool:
        """Whether these options name a desk that has a journal already."""
        return self.key_file is not None and self.folder is not None and (Path(self.folder) / JOURNAL).exists()

    def desk(self) -> Desk:
        """Return the desk, which blocks."""
        agreement, key = self.agreement(), self.key()
        return Desk(agreement, key, self._folder(agreement, key), **self._options())

    def async_desk(self) -> AsyncDesk:
        """Return the desk for asyncio."""
        agreement, key = self.agreement(), self.key()
        return AsyncDesk(agreement, key, self._folder(agreement, key), **self._options())

    def journal(self) -> Journal:
        """Return the desk's journal alone, without a word to the hotline."""
        agreement, key = self.agreement(), self.key()
        return Journal(self._folder(agreement, key), agreement, Exchange(agreement, key).party)

    def journal_folder(self) -> Path:
        """Return the folder of the desk's journal."""
        return self._folder(self.agreement(), self.key())

    def _options(self) -> ClientOptions:
        return {"connect_to": self.connect_to, "tls": make_tls(self.ca, self.tls_cert, self.tls_key)}

    def place(self, agreement: Agreement, key: PrivateKey) -> Path:
        """Return the desk's folder, whether a desk has begun there or not."""
        if self.folder is not None:
            return Path(_needed(self.folder, "--desk"))
        found = agreement.find(key.kid)
        party = found[0].id if found is not None else "unknown"
        return Path(click.get_app_dir("keepclear")) / f"{party}-{agreement.id[:16]}"

    def _folder(self, agreement: Agreement, key: PrivateKey) -> Path:
        folder = self.place(agreement, key)
        if self.folder is None:
            out.note(f"this desk's journal is in {folder}; --desk or KEEPCLEAR_DESK names another folder")
        check_begins(folder, self.root)
        return folder


def officer_option(said: str, *, required: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the option of who sits there; ``said`` is what the handle is for."""
    return click.option("--officer", envvar="KEEPCLEAR_OFFICER", required=required, type=HANDLE, help=said)


def desk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a desk; it is handed them as ``DeskOptions`` first."""

    @functools.wraps(command)
    def with_settings(**given: Any) -> Any:
        names = ("agreement_file", "key_file", "folder", "connect_to", "ca", "as_json", "root", "tls_cert", "tls_key")
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
    click.option(
        "--tls-cert",
        envvar="KEEPCLEAR_TLS_CERT",
        metavar="FILE",
        help="This machine's certificate, where the hotline's door asks for one.",
    ),
    click.option(
        "--tls-key", envvar="KEEPCLEAR_TLS_KEY", metavar="FILE", help="The key of that certificate [in the same file]."
    ),
    click.option("--json", "as_json", is_flag=True, help="Write data as JSON, one object a line."),
)


def _needed(value: str | None, option: str) -> str:
    if not value:
        variable = "KEEPCLEAR_" + option.removeprefix("--").upper()
        raise click.UsageError(f"Missing option '{option}'. It can also be given as {variable}.")
    return value
