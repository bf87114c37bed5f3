"""What the service signs of a log entry alone, so that it can be made again after a crash, byte for byte.

The receipt of a party's statement, and the word that a budget is spent.
"""

from keepclear_protocol.errors import Unavailable
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.lead import lead_of_note
from keepclear_protocol.receipt import sign_receipt
from keepclear_protocol.spent import sign_spent

from ..decide.entry import Entry
from .seal import unsealed


def receipt(key: PrivateKey, agreement_id: str, entry: Entry) -> str:
    """Return the signed receipt of ``entry``, a statement's."""
    return sign_receipt(
        key,
        aud=agreement_id,
        terms=entry.terms,
        kind=entry.kind,
        party=entry.party,
        id=entry.id,
        revision=entry.revision or None,
        sha256=entry.sha256,
        submission=entry.submission or None,
        seq=entry.seq,
        epoch=entry.epoch,
        received_at=entry.received_at,
        lead=lead_of_note(unsealed(entry.note), entry.received_at) or None,
    )


def spent(key: PrivateKey, agreement_id: str, entry: Entry) -> str:
    """Return the signed word of ``entry`` that a budget is spent; its note is until when, in milliseconds."""
    if not entry.note.isdecimal():
        raise Unavailable("store_unsafe", "a log entry has a note that cannot be read")
    return sign_spent(
        key,
        aud=agreement_id,
        terms=entry.terms,
        party=entry.party,
        budget=entry.id,
        until=int(entry.note) * 1000,
        seq=entry.seq,
        epoch=entry.epoch,
        received_at=entry.received_at,
    )
