"""Admission: may this verified statement enter, and between which instants?

Everything that depends on the time of arrival is returned as bounds, because only the store's clock decides when a
statement arrived. A late notice is never refused; what is refused is one that has ended beyond retention.
"""

from keepclear_protocol import limits
from keepclear_protocol.agreement import Agreement, PartyKey
from keepclear_protocol.claims import MAX_AHEAD_S, Claims
from keepclear_protocol.errors import Forbidden, Malformed
from keepclear_protocol.instant import SECOND
from keepclear_protocol.limits import arrival
from keepclear_protocol.notice import Notice
from msgspec import Struct

from .gist import Filing

FOREVER = 2**53 - 1
"""The last instant that a double, and so a script in the store, counts exactly."""


class Bound(Struct, frozen=True, gc=False):
    """The statement may arrive from ``low`` to ``high`` (instants, both included), else it is refused with ``code``."""

    code: str
    low: int
    high: int


def check_signer(claims: Claims, party: str, agreement: Agreement) -> None:
    """Raise ``Forbidden`` unless the issuer is the key's own party and the agreement is the right one."""
    if claims.iss != party:
        raise Forbidden("wrong_party")
    if claims.aud != agreement.id:
        raise Forbidden("wrong_agreement")


def check_role(key: PartyKey, role: str) -> None:
    """Raise ``Forbidden`` unless the key has ``role``; none implies another."""
    if role not in key.roles:
        raise Forbidden("wrong_role", f"the key lacks the role {role}")


def statement_bounds(claims: Claims, key: PartyKey) -> list[Bound]:
    """Return when a party's statement may arrive: while its key is valid, and neither early nor after ``admit_by``."""
    assert claims.admit_by is not None  # noqa: S101 - read_claims demands it of parties' statements
    bounds = [
        Bound("key_not_valid", key.not_before, key.not_after),
        Bound("not_yet", (claims.iat - MAX_AHEAD_S) * SECOND, FOREVER),
        Bound("admitted_too_late", 0, claims.admit_by * SECOND),
    ]
    if key.revoked_at is not None:
        bounds.insert(0, Bound("key_revoked", 0, key.revoked_at - 1))
    return bounds


def notice_bounds(notice: Notice, agreement: Agreement) -> list[Bound]:
    """Return when a notice may arrive: at most the horizon before each volume begins, and retention after all end."""
    volumes = [item.volume for item in notice.volumes]
    earliest, latest = arrival(volumes, agreement.categories[notice.category], agreement)
    return [Bound("limit_horizon", earliest, FOREVER), Bound("limit_retention", 0, latest)]


def counts_until(notice: Filing, agreement: Agreement) -> int:
    """Return the last instant at which a notice counts, may still arrive and is kept (see ``limits``)."""
    return limits.counts_until(notice.last_end, agreement.categories[notice.category], agreement)


def check_notice(notice: Notice, agreement: Agreement) -> None:
    """Hold a notice against the agreement's limits, each volume as widened by the rules.

    Raises ``Malformed`` with ``category``, ``outside_area`` or one of the ``limit_`` codes.
    """
    volumes = [item.volume for item in notice.volumes]
    for fault in limits.limit_faults(volumes, notice.category, agreement, notice.revision):
        raise Malformed(fault.code, str(fault))
