"""The options of every command that speaks for a desk, and the desk that they name."""

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import LocalError, Refused
from keepclear_protocol.keys import PrivateKey, PublicKey
from keepclear_protocol.speakable import read_speakable, speakable

from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.journal.agreements import later_installed
from keepclear.journal.journal import JOURNAL, Journal
from keepclear.keystore import load_private_key
from keepclear.wire.exchange import Exchange

from .agreement_file import read_agreement


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
        default = Path(click.get_app_dir("keepclear")) / f"{party}-{agreement.id[:16]}"
        folder = default if self.folder is None else Path(self.folder)
        # A journal holds on to the agreement that it began with; the first one must bear the party's own root.
        if self.root is None and not (folder / JOURNAL).exists():
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

IDS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""For commands that take an id: one in 64 begins with a hyphen, and is no option, not even where an h follows."""


def write_json(value: object) -> None:
    """Write one JSON line to standard output."""
    click.echo(dump_json(value).decode())


SHORTEST = 4
"""Characters of an id that name it: less is a slip, or a variable that was not set."""

_WHOLE = re.compile(r"[A-Za-z0-9_-]{22}([A-Za-z0-9_-]{21})?")


def pick(text: str, among: Iterable[str], what: str) -> str:
    """Return the one id that ``text`` means: the whole of it, its beginning, or its speakable code.

    A whole id that is not ``among`` them is returned for the hotline to judge. Raises ``LocalError`` with ``usage``
    where ``text`` is empty, too short or means several, ``Refused`` with ``conflict_unknown`` or ``notice_unknown``
    where it means none; ``what`` is "conflict" or "notice".
    """
    code, known = read_speakable(text), list(dict.fromkeys(among))
    if text in known:
        return text
    if code is None and len(text.strip()) < SHORTEST:
        said = f"{text.strip()} is too short for a {what}'s id" if text.strip() else f"the {what}'s id is empty"
        raise LocalError("usage", said, hint=f"give its code, or {SHORTEST} characters or more of its id")
    found = [id for id in known if id.startswith(text) or (code is not None and speakable(id) == code)]
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"they are {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}: give more of one"
        raise LocalError("usage", f"{len(found)} {what}s are meant by {text}", hint=hint)
    if _WHOLE.fullmatch(text):
        return text
    raise Refused(f"{what}_unknown", f"this desk knows no {what} of the code or beginning {text}")


def _needed(value: str | None, option: str) -> str:
    if value is None:
        variable = "KEEPCLEAR_" + option.removeprefix("--").upper()
        raise click.UsageError(f"Missing option '{option}'. It can also be given as {variable}.")
    return value
