"""Key files: the text that holds one secret key, as it is written and read.

Guaranteed of what is read here: the text is UTF-8, or ASCII, and its one line that is neither blank nor a comment is a
secret key whose checksum holds. A byte order mark, as some editors put before what they save, is passed over at the
very beginning and refused anywhere else. Not guaranteed: that nobody else can read the file; that is for whoever opens
it.
"""

from .encoding import without_mark
from .errors import Malformed
from .instant import format_instant
from .keys import PUBLIC_PREFIX, SECRET_PREFIX, PrivateKey

MAX_KEY_FILE_BYTES = 4096
"""A key, its public half and comments; more is another file, named by mistake."""


def key_file_text(key: PrivateKey, created: int) -> str:
    """Return what a key file holds: when it was made, the public half as a comment, the secret line."""
    lines = [f"# created: {format_instant(created)}", f"# public key: {key.public.text}", key.text]
    return "\n".join(lines) + "\n"


def read_key_file(data: bytes) -> PrivateKey:
    """Return the secret key of a key file's bytes.

    Raises ``Malformed`` with ``key``. The detail goes behind the file's name and never holds what was read.
    """
    if len(data) > MAX_KEY_FILE_BYTES:
        raise Malformed("key", "is larger than any key file")
    try:
        text = without_mark(data).decode("utf-8")
    except Malformed as error:
        raise Malformed("key", f"is no key file: {error.detail}", hint=error.hint) from None
    except UnicodeDecodeError:
        raise Malformed("key", "is not a text file") from None
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if any(line.lower().startswith(PUBLIC_PREFIX) for line in keys):
        hint = f"name the file whose line begins with {SECRET_PREFIX}"
        raise Malformed("key", "holds a public key; the secret one is needed", hint=hint)
    if len(keys) != 1:
        raise Malformed("key", f"must hold one secret key; it holds {len(keys)} lines that are no comment")
    try:
        return PrivateKey.parse(keys[0])
    except Malformed as error:
        raise Malformed("key", f"holds no usable key: {error.detail}") from None
