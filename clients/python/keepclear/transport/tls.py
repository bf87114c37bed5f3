"""TLS: whom to trust, and the certificate that this machine shows where the hotline's door asks for one.

A client certificate opens a door and proves nothing to the hotline: who speaks is told by the signature under what is
said. Guaranteed: a file that is named and cannot be used is a ``LocalError`` that names it, before anything is sent.
"""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx2
from keepclear_protocol.errors import LocalError

from ..reasons import reason

FilePath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Tls:
    """How TLS is spoken. All files are PEM.

    ``ca``: certificates to trust instead of the system's. ``cert``: this machine's certificate, with those between it
    and its authority behind it. ``key``: its secret key, unencrypted, where it does not stand in ``cert``'s file.
    """

    ca: FilePath | None = None
    cert: FilePath | None = None
    key: FilePath | None = None

    def __post_init__(self) -> None:
        if self.key is not None and self.cert is None:
            hint = "--tls-cert or KEEPCLEAR_TLS_CERT names it"
            raise LocalError("usage", "a TLS key without its certificate", hint=hint)


def make_context(tls: Tls, scheme: str) -> ssl.SSLContext:
    """Return whom to trust, the named authority, else the environment's where TLS is spoken, else the system's, and
    what to show; raise ``LocalError`` with ``usage``."""
    context = find_trust(tls.ca, scheme)
    if tls.cert is not None:
        _show(context, Path(tls.cert), Path(tls.key or tls.cert))
    return context


def find_trust(authority: FilePath | None, scheme: str) -> ssl.SSLContext:
    """Return whom to trust: the file named, else the environment's where TLS is spoken, else the system's."""
    if authority is not None:
        return _trusting(f"not a file of certificates: {authority}", "--ca or KEEPCLEAR_CA names it", authority, None)
    if scheme != "https":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody will be asked to show a certificate
    if file := os.environ.get("SSL_CERT_FILE"):
        wrong = f"SSL_CERT_FILE names no file of certificates: {file}"
        return _trusting(wrong, "mend SSL_CERT_FILE or unset it", file, None)
    if folder := os.environ.get("SSL_CERT_DIR"):
        wrong = f"SSL_CERT_DIR names no folder: {folder}"
        return _trusting(wrong, "mend SSL_CERT_DIR or unset it", None, folder)
    try:
        return httpx2.create_ssl_context(trust_env=False)
    except (OSError, ssl.SSLError) as error:
        raise LocalError("usage", f"this machine's TLS cannot be used: {error}", hint="is OPENSSL_CONF set?") from None


def _trusting(wrong: str, hint: str, file: FilePath | None, folder: str | None) -> ssl.SSLContext:
    try:
        if folder is not None and not any(map(os.path.isdir, folder.split(os.pathsep))):
            raise NotADirectoryError
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(file, folder)
    except (OSError, ValueError, TypeError):
        raise LocalError("usage", wrong, hint=hint) from None
    return context


def _show(context: ssl.SSLContext, cert: Path, key: Path) -> None:
    for file, variable in ((cert, "KEEPCLEAR_TLS_CERT"), (key, "KEEPCLEAR_TLS_KEY")):
        try:
            file.open("rb").close()
        except (OSError, ValueError) as error:
            raise LocalError("usage", f"{file} cannot be read: {reason(error)}", hint=f"{variable} names it") from None
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except _Encrypted:
        detail = f"the TLS key in {key} is encrypted, and nobody is there to type its password"
        raise LocalError("usage", detail, hint="take the password off: openssl pkey -in FILE -out NEW") from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            detail, hint = f"the TLS key in {key} is not that of the certificate in {cert}", "are two pairs mixed up?"
        else:
            detail = f"{cert} and {key} are no certificate and secret key in PEM"
            hint = "KEEPCLEAR_TLS_CERT names the certificate, KEEPCLEAR_TLS_KEY its key"
        raise LocalError("usage", detail, hint=hint) from None


class _Encrypted(Exception):
    pass


def _no_password() -> str:
    raise _Encrypted
