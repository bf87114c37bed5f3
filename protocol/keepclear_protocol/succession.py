"""Succession: what makes the terms of one revision follow from those of the one before.

Guaranteed: the successor names the one before by hash, the signatures of every root that it drops are among those that
it demands, no key has changed its owner or its purpose, and no revocation was taken back. Not guaranteed: anything
about a key that left the agreement before the one before; every root signs every revision, and may look.
"""

from .errors import Malformed
from .terms import Terms


def check_succession(previous: Terms, terms: Terms) -> None:
    """Raise ``Malformed`` with ``agreement_successor`` unless ``terms`` follow from ``previous``."""
    if terms.id != previous.id:
        raise _refusal("it is another agreement")
    if terms.revision != previous.revision + 1:
        raise _refusal(f"its revision is {terms.revision}; {previous.revision + 1} comes next")
    if terms.prev != previous.terms:
        raise _refusal("prev is not the hash of the payload before")
    kept = {party.root for party in terms.parties}
    former_roots = tuple(party.root for party in previous.parties if party.root not in kept)
    if terms.former_roots != former_roots:
        raise _refusal("former_roots must be exactly the roots that it drops, in their order")
    gone = sorted(previous.categories.keys() - terms.categories.keys())
    if gone:
        # Live notices of that category would be held against no minima at all.
        raise _refusal(f"categories may change but not vanish: {', '.join(gone)}")
    for kid, owner in previous.owners.items():
        if terms.owners.get(kid, owner) != owner and not _retires(owner, terms.owners[kid]):
            raise _refusal(f"{owner} has become {terms.owners[kid]}; a key keeps its owner and its purpose")
    for party in previous.parties:
        for key in party.keys:
            found = terms.find(key.key.kid)
            if found is None or key.revoked_at is None:
                continue
            revoked_at = found[1].revoked_at
            if revoked_at is None or revoked_at > key.revoked_at:
                raise _refusal(f"a key of {party.id} was revoked; that can be neither taken back nor put off")


def _retires(before: str, after: str) -> bool:
    return before.startswith("the root of ") and after == "a former root"


def _refusal(detail: str) -> Malformed:
    return Malformed("agreement_successor", detail)
