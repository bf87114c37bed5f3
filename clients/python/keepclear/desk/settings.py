"""What a desk is opened with: its agreement, key and folder, and the way to the hotline; from files, by variables too.

Guaranteed: a desk that begins installs no agreement that its own party's root has not signed, and one that has gone
over to later terms stays there, whichever file is named.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import LocalError
from keepclear_protocol.keys import PrivateKey, PublicKey

from ..agreements import read_agreement
from ..journal.agreements import later_installed
from ..journal.journal import JOURNAL
from ..keystore import load_private_key
from ..reasons import reason
from ..transport.client import ClientOptions
from ..transport.tls import Tls

VARIABLES = {
    "KEEPCLEAR_AGREEMENT": "the file of the signed agreement",
    "KEEPCLEAR_KEY": "the file of the desk's secret key",
    "KEEPCLEAR_DESK": "the folder of the desk's journal",
    "KEEPCLEAR_ROOT": "your own party's root key, as keygen showed it",
    "KEEPCLEAR_CONNECT_TO": "another address than the agreement's origin",
    "KEEPCLEAR_CA": "certificates to trust instead of the system's",
    "KEEPCLEAR_TLS_CERT": "this machine's certificate, where the hotline's door asks for one",
    "KEEPCLEAR_TLS_KEY": "the key of that certificate, where it is a file of its own",
}
"""What a desk takes from the environment."""


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What ``Desk`` and ``AsyncDesk`` are made with."""

    agreement: Agreement
    key: PrivateKey
    folder: Path
    options: ClientOptions = field(default_factory=ClientOptions)


def settings_from(environ: Mapping[str, str]) -> DeskSettings:
    """Return the settings that the variables of the command ``keepclear`` name, their files read.

    Raises ``LocalError`` with ``usage`` or ``key_file`` where one is missing or cannot be used, and as
    ``load_agreement`` does.
    """
    key = load_private_key(_named(environ, "KEEPCLEAR_KEY"))
    folder, root = Path(_named(environ, "KEEPCLEAR_DESK")), environ.get("KEEPCLEAR_ROOT") or None
    agreement = installed(_named(environ, "KEEPCLEAR_AGREEMENT"), root, key.public, folder)
    check_begins(folder, root)
    tls = make_tls(*(environ.get(f"KEEPCLEAR_{name}") for name in ("CA", "TLS_CERT", "TLS_KEY")))
    return DeskSettings(agreement, key, folder, {"connect_to": environ.get("KEEPCLEAR_CONNECT_TO") or None, "tls": tls})


def make_tls(ca: str | None, cert: str | None, key: str | None) -> Tls:
    """Return how TLS is spoken; an empty name is none."""
    return Tls(ca or None, cert or None, key or None)


def installed(file: str, root: str | None, key: PublicKey | None, folder: Path | None) -> Agreement:
    """Return the agreement of ``file``, or the later revision that the desk in ``folder`` has gone over to.

    Where a ``root`` is named, the agreement must bear its signature, and it must be that of the party of ``key``.
    """
    own = None if root is None else PublicKey.parse(root)
    at_hand = read_agreement(file, own, None if own is None else key)
    return at_hand if folder is None else later_installed(folder / JOURNAL, at_hand)


def check_begins(folder: Path, root: str | None) -> None:
    """Raise ``LocalError`` where a desk would begin in ``folder`` and no root is named."""
    if is_begun(folder) or root is not None:
        return
    raise LocalError(
        "usage",
        "this desk has installed no agreement yet, and installs none without your party's own root",
        hint="name it once with --root or KEEPCLEAR_ROOT: as keygen showed it, not as the file has it",
    )


def is_begun(folder: Path) -> bool:
    """Whether a desk has its journal in ``folder``; raise ``LocalError`` where it cannot be looked at."""
    try:
        os.stat(folder / JOURNAL)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        detail = f"the desk's folder {folder} cannot be used: {reason(error)}"
        raise LocalError("usage", detail, hint="--desk or KEEPCLEAR_DESK names another") from None
    return True


def _named(environ: Mapping[str, str], variable: str) -> str:
    if value := environ.get(variable):
        return value
    raise LocalError("usage", f"{variable} is not set", hint=f"it names {VARIABLES[variable]}")
