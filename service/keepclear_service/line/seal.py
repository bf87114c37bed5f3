"""The seal: one worker's word to the next that a statement's signature was verified, so that it is verified once.

Every worker folds every entry, its siblings' too. A seal is a MAC (keyed BLAKE2b, RFC 7693) under a key that follows
from the service's own secret, over all that an entry says of a statement; it stands in the entry's note. Who can make
one can sign receipts anyway; whoever holds the store alone can neither make one nor move one to another statement. At a
start every signature is verified all the same (``start``).

What the fold needs of a short notice travels beside its entry for a while, sealed likewise (``decide.gist``): a sibling
that is there when it is written opens nothing. Where it is missing or does not hold, the statement is opened.
"""

import hashlib
import hmac

from keepclear_protocol.encoding import b64
from keepclear_protocol.keys import PrivateKey

from ..decide.entry import Entry
from ..decide.gist import Gist, read_gist

LABEL = b"keepclear seal 1 "
STATEMENT, GIST = b"", b"gist"
"""What is sealed: neither's seal is worth anything for the other."""

SEAL_BYTES = 16
"""128 bits: nobody may try more often than there are entries."""


class Seal:
    """Makes and checks the seals of one agreement."""

    def __init__(self, key: PrivateKey, agreement_id: str) -> None:
        self._key = key.derive(LABEL + agreement_id.encode())

    def add(self, note: str, kind: str, party: str, id: str, revision: int, sha256: str, submission: str) -> str:
        """Return ``note`` with the seal of a statement behind it."""
        return f"{note};{b64(self._over(STATEMENT, note.encode(), kind, party, id, revision, sha256, submission))}"

    def holds(self, entry: Entry) -> bool:
        """Whether a worker of this service has verified the statement that ``entry`` names."""
        note, separator, seal = entry.note.partition(";")
        if not separator:
            return False
        own = b64(self._over(STATEMENT, note.encode(), *_names(entry)))
        return hmac.compare_digest(own.encode(), seal.encode())  # as texts they must be ASCII, or it raises

    def add_to_gist(
        self, gist: bytes, kind: str, party: str, id: str, revision: int, sha256: str, submission: str
    ) -> bytes:
        """Return the gist of a notice with the seal of both before it."""
        return self._over(GIST, gist, kind, party, id, revision, sha256, submission) + gist

    def gist(self, entry: Entry, sealed: bytes) -> Gist | None:
        """Return the gist of the notice that ``entry`` names, if a worker of this service wrote it of this one."""
        seal, gist = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        own = self._over(GIST, gist, *_names(entry))
        return read_gist(entry.party, entry.id, gist) if hmac.compare_digest(own, seal) else None

    def _over(self, what: bytes, said: bytes, *names: object) -> bytes:
        text = b"\n".join((said, "\n".join(map(str, names)).encode()))
        return hashlib.blake2b(text, key=self._key, digest_size=SEAL_BYTES, person=what).digest()


def _names(entry: Entry) -> tuple[object, ...]:
    return entry.kind, entry.party, entry.id, entry.revision, entry.sha256, entry.submission


def unsealed(note: str) -> str:
    """Return what a note says but for its seal."""
    return note.partition(";")[0]
