"""A log entry's receipt: a pure function of the entry, so that it can be made again after a crash, byte for byte."""

from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.lead import lead_of_note
from keepclear_protocol.receipt import sign_receipt

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
