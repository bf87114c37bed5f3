"""The seal: one worker's word to the next that a statement's signature was verified, so that it is verified once.

Every worker folds every entry, its siblings' too. A seal is a MAC (keyed BLAKE2b, RFC 7693) under a key that follows
from the service's own secret, over all that an entry says of a statement; it stands in the entry's note. Who can make
one can sign receipts anyway; whoever holds the store alone can neither make one nor move one to another statement. At a
start every signature is verified all the same (``start``).
"""

import hashlib
import hmac

from keepclear_protocol.encoding import b64
from keepclear_protocol.keys import PrivateKey

from ..decide.entry import Entry

LABEL = b"keepclear seal 1 "
SEAL_BYTES = 16
"""128 bits: nobody may try more often than there are entries."""


class Seal:
    """Makes and checks the seals of one agreement."""

    def __init__(self, key: PrivateKey, agreement_id: str) -> None:
        self._key = key.derive(LABEL + agreement_id.encode())

    def add(self, note: str, *, kind: str, party: str, id: str, revision: int, sha256: str, submission: str) -> str:
        """Return ``note`` with the seal of a statement behind it."""
        return f"{note};{self._over(note, kind, party, id, revision, sha256, submission)}"

    def holds(self, entry: Entry) -> bool:
        """Whether a worker of this service has verified the statement that ``entry`` names."""
        note, separator, seal = entry.note.partition(";")
        if not separator:
            return False
        own = self._over(note, entry.kind, entry.party, entry.id, entry.revision, entry.sha256, entry.submission)
        return hmac.compare_digest(own.encode(), seal.encode())  # as texts they must be ASCII, or it raises

    def _over(self, *parts: object) -> str:
        said = "\n".join(map(str, parts)).encode()
        return b64(hashlib.blake2b(said, key=self._key, digest_size=SEAL_BYTES).digest())


def unsealed(note: str) -> str:
    """Return what a note says but for its seal."""
    return note.partition(";")[0]
