"""With which codes each door can refuse: the orders of R-046 and R-087 as one table, for the page that describes them.

Nothing is decided here; the checks themselves stand in the line, in ``decide`` and in the protocol. The tests hold the
table against every case of the hostile tables: a door says no code that is not in it, and each one is seen.
"""

from collections.abc import Iterable, Mapping

from keepclear_protocol.budgets import SPENT
from keepclear_protocol.errors import CODES, budget_code
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, NOTICE, Kind, Precondition


def _beginning(*prefixes: str) -> tuple[str, ...]:
    return tuple(code for code in CODES if code.startswith(prefixes))


PAYLOAD = ("not_authenticated", "too_large", "json", "json_number", "crit", "claims")
"""The steps of R-014, whoever signs: nothing but the first is said before the signature verified."""

PARTY = ("wrong_party", "wrong_agreement")
KEY = ("key_revoked", "key_not_valid")
STORE = ("store_unavailable", "store_unsafe", "store_full")
BUSY = ("busy",)
"""Reads come from the store while the line is still being read; submits and streams wait for it."""

CLOCK = ("store_clock",)
"""Nothing is stamped while clocks are apart; reads and streams go on."""

FAULT = ("internal",)

_BODY = ("content_type",)
_ADMISSION = (*PARTY, "wrong_role", "jti_conflict", *KEY, "wrong_terms", "not_yet", "admitted_too_late")
_CHAIN = ("revision_conflict", "revision_order", "prev_mismatch", "notice_unknown", "notice_withdrawn")
_PRECONDITION = {
    Precondition.CHAIN: _CHAIN,
    Precondition.COMPARE_AND_SET: ("alert_mismatch", "conflict_unknown", "version_stale", "limit_answers"),
    Precondition.NONE: (),
}
_NOTICE = (
    *("notice", "category", "manifest", "outside_area"),
    *_beginning("disclosure", "volume_"),
    *(code for code in _beginning("limit_") if code != "limit_answers"),
)
_BUDGETS = {
    NOTICE.name: tuple(
        budget_code(name) for name in SPENT if name not in ("acknowledgements_a_minute", "streams")
    ),
    ACKNOWLEDGEMENT.name: (budget_code("acknowledgements_a_minute"),),
}
"""Withdrawals have none."""

_PROOF = (*PAYLOAD, *PARTY, *KEY, "proof_request", "proof_expired", "proof_replayed")


def of_submits(kind: Kind) -> tuple[str, ...]:
    """Return what the door of a kind of statement can refuse with."""
    own = _NOTICE if kind is NOTICE else ()
    admitted = (*_ADMISSION, *own, *_PRECONDITION[kind.precondition], *_BUDGETS.get(kind.name, ()))
    return (*_BODY, *PAYLOAD, *admitted, *STORE, *CLOCK, *BUSY, *FAULT)


def of_reads(*own: str, role: bool = True) -> tuple[str, ...]:
    """Return what a door that reads can refuse with: what any does, and its ``own``.

    Without ``role`` it is read by any valid key, under any terms.
    """
    return (*_PROOF, *(("wrong_role", "wrong_terms") if role else ()), *own, *STORE, *FAULT)


def by_status(codes: Iterable[str]) -> Mapping[int, list[str]]:
    """Return codes by the status that they travel with, both in order."""
    found: dict[int, list[str]] = {}
    for code in CODES:
        if code in set(codes):
            found.setdefault(CODES[code].status, []).append(code)
    return dict(sorted(found.items()))
