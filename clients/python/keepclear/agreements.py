"""Agreement documents at hand: read, verified, and installed by nobody who has not named a root of their own.

Guaranteed of what ``load_agreement`` returns: everyone who must sign it has, the root that was named among them. Not
guaranteed: that it is in force; the hotline says that, and a desk goes over only to what was staged.
"""

import os
from pathlib import Path

from keepclear_protocol.agreement import (
    MAX_AGREEMENT_BYTES,
    Agreement,
    Draft,
    open_agreement,
    open_draft,
    trusted_agreement,
)
from keepclear_protocol.encoding import without_mark
from keepclear_protocol.errors import EvidenceInvalid, LocalError, Malformed
from keepclear_protocol.keys import PrivateKey, PublicKey

from .reasons import reason


def load_agreement(
    path: str | os.PathLike[str], root: PublicKey | str, *, key: PrivateKey | PublicKey | None = None
) -> Agreement:
    """Return the agreement in the file at ``path``, signed by everyone and by ``root``, your own party's root key.

    ``root`` is the public key as ``keepclear keygen`` showed it, or its text; never take it from the file itself. With
    a desk's ``key`` it must be the root of the party whose key that is, and no other party's.

    Raises ``LocalError`` with ``usage`` where the file cannot be read, ``EvidenceInvalid`` with
    ``agreement_signatures`` where a signature is missing or does not hold, ``Malformed`` for anything else.
    """
    own = PublicKey.parse(root) if isinstance(root, str) else root
    return read_agreement(os.fspath(path), own, key.public if isinstance(key, PrivateKey) else key)


def read_document(path: str) -> bytes:
    """Return the bytes of the file behind its byte-order mark.

    Raises ``LocalError`` with ``usage`` where it cannot be read, or is in another encoding than UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            # One byte beyond the limit is enough for whoever parses it to refuse it as too large.
            return without_mark(file.read(MAX_AGREEMENT_BYTES + 1))
    except Malformed as error:
        raise LocalError("usage", f"{path}: {error.detail}", hint=error.hint) from None
    except (OSError, ValueError) as error:
        raise LocalError("usage", f"{path} cannot be read: {reason(error)}") from None


def read_draft(path: str) -> Draft:
    """Return the draft in the file: read, and with what signatures it has verified.

    Raises ``EvidenceInvalid`` for a signature that does not hold, else ``Malformed``; both name the file.
    """
    try:
        return open_draft(read_document(path))
    except Malformed as error:
        raise _named(path, error) from None


def read_agreement(path: str, own_root: PublicKey | None = None, key: PublicKey | None = None) -> Agreement:
    """Return the agreement in the file, signed by everyone, ``own_root`` among them; raises as ``read_draft`` does.

    Where a desk's ``key`` is given too, ``own_root`` must be the root of the party whose key it is.
    """
    try:
        document = read_document(path)
        agreement = open_agreement(document)
        if own_root is None:
            return agreement
        owner = None if key is None else agreement.find(key.kid)
        return trusted_agreement(document, own_root, party=None if owner is None else owner[0].id)
    except Malformed as error:
        raise _named(path, error) from None


def _named(path: str, error: Malformed) -> Malformed | EvidenceInvalid:
    kind = EvidenceInvalid if error.code == "agreement_signatures" else Malformed
    return kind(error.code, f"{path}: {error.detail}", hint=error.hint)
