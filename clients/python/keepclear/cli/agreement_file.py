"""Agreement files: read, made once, and rewritten whole or not at all. They hold nothing secret."""

import os
import tempfile
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
from keepclear_protocol.keys import PublicKey

from keepclear.reasons import reason


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


def create_document(path: str, data: bytes) -> None:
    """Write ``data`` to a new file; raise ``LocalError`` with ``usage``, also where the file exists."""
    try:
        with Path(path).open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise LocalError("usage", f"{path} exists already", hint="name another file, or move that one away") from None
    except (OSError, ValueError) as error:
        raise LocalError("usage", f"{path} cannot be written: {reason(error)}") from None


def replace_document(path: str, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before``: at any moment the file holds one of them whole.

    Raises ``LocalError`` with ``usage``, also where the file no longer holds ``before``: somebody else signed it
    meanwhile, and that signature must not be lost.
    """
    target = Path(path).resolve()
    written: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        written = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            os.chmod(name, target.stat().st_mode & 0o777)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        if without_mark(target.read_bytes()) != before:
            raise LocalError("usage", f"{path} was changed by somebody else meanwhile", hint="sign it again")
        written.replace(target)
        written = None
    except OSError as error:
        raise LocalError("usage", f"{path} cannot be written: {reason(error)}") from None
    finally:
        if written is not None:
            written.unlink(missing_ok=True)


def _named(path: str, error: Malformed) -> Malformed | EvidenceInvalid:
    kind = EvidenceInvalid if error.code == "agreement_signatures" else Malformed
    return kind(error.code, f"{path}: {error.detail}", hint=error.hint)
