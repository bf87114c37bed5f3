"""``keepclear keygen``: make a key, or show the public half of one.

The secret goes to a new file of mode 0600, or to standard output where no file is named; the public key and its
fingerprint go to standard error, so that they are seen in either case. Nothing is ever overwritten.
"""

import os
import stat
import sys
import time
from pathlib import Path

import click
from keepclear_protocol.keyfile import key_file_text
from keepclear_protocol.keys import PrivateKey, PublicKey

from keepclear.keystore import load_private_key, save_private_key

from . import out


@click.command("keygen")
@click.option("--out", "file", metavar="FILE", help="Write the secret key to this new file, for its owner alone.")
@click.option("--public", "existing", metavar="FILE", help="Make no key; show the public half of the one in this file.")
@click.option("--json", "as_json", is_flag=True, help="Write the public key as one JSON object on standard output.")
def keygen(file: str | None, existing: str | None, as_json: bool) -> None:
    """Make an Ed25519 key, for a party's root, a desk or the service.

    The 30 digits are the key's fingerprint: read them to the other parties over a telephone.

    \b
    A root key, kept offline:  keepclear keygen --out root.key
    A desk's key:              keepclear keygen --out desk.key
    To standard output:        keepclear keygen | age -r RECIPIENT > key.age
    The public half of a key:  keepclear keygen --public desk.key
    """
    if existing is not None:
        if file is not None:
            raise click.UsageError("--public makes no key, so there is nothing for --out")
        _show(load_private_key(existing).public, None, as_json)
        return
    if as_json and file is None:
        raise click.UsageError("--json needs --out: the secret key would go to standard output too")
    key, created = PrivateKey.generate(), int(time.time()) * 1_000_000
    if file is not None:
        save_private_key(file, key, created)
        _show(key.public, file, as_json)
        return
    _warn_if_others_can_read()
    out.write_bytes(key_file_text(key, created).encode())
    _tell(key.public, None)


def _show(public: PublicKey, file: str | None, as_json: bool) -> None:
    if as_json:
        named = {"public_key": public.text, "fingerprint": public.fingerprint, "kid": public.kid}
        out.write_json({**named, "file": str(Path(file).resolve())} if file else named)
    elif file is None:
        out.say(public.text)
        out.talk(f"fingerprint: {public.fingerprint}")
    else:
        _tell(public, file)


def _tell(public: PublicKey, file: str | None) -> None:
    if file is not None:
        out.talk(f"secret key:  {file}, for its owner alone")
    out.talk(f"public key:  {public.text}", f"fingerprint: {public.fingerprint}")


def _warn_if_others_can_read() -> None:
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):
        return
    if os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        out.heading("warning", "the secret key goes to a file that others can read")
