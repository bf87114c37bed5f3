"""Admission: may this verified statement enter, and between which instants?

Everything that depends on the time of arrival is returned as bounds, because only the store's clock decides when a
statement arrived. A late notice is never refused; what is refused is one that has ended beyond retention.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from keepclear_protocol.agreement import Agreement, PartyKey
from keepclear_protocol.claims import MAX_AHEAD_S, Claims
from keepclear_protocol.errors import Forbidden, Malformed
from keepclear_protocol.geometry import Shape, distance_m, shape_of
from keepclear_protocol.instant import SECOND
from keepclear_protocol.notice import Notice
from keepclear_protocol.outline import Outline
from keepclear_protocol.separation import Minima, widened
from keepclear_protocol.volume import Volume

FOREVER = 2**53 - 1
"""The last instant that a double, and so a script in the store, counts exactly."""


@dataclass(frozen=True, slots=True)
class Bound:
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
    minima = agreement.categories[notice.category]
    # The latest beginning: one volume tomorrow must not carry another one of the year 8999 past the horizon.
    latest_start = max(widened(item.volume, minima)[0] for item in notice.volumes)
    return [
        Bound("limit_horizon", max(0, latest_start - agreement.limits.horizon_s * SECOND), FOREVER),
        Bound("limit_retention", 0, counts_until(notice, agreement)),
    ]


def counts_until(notice: Notice, agreement: Agreement) -> int:
    """Return the last instant at which a notice counts, may still arrive and is kept: retention after its last window.

    The window as widened: a hazard outlives its flight by the tail, which may be longer than the retention.
    """
    tail_s = agreement.categories[notice.category].tail_s
    return notice.last_end + (tail_s + agreement.retention_s) * SECOND


def check_notice(notice: Notice, agreement: Agreement) -> None:
    """Hold a notice against the agreement's limits, each volume as widened by the rules.

    Raises ``Malformed`` with ``category``, ``outside_area`` or one of the ``limit_`` codes.
    """
    limits = agreement.limits
    minima = agreement.categories.get(notice.category)
    if minima is None:
        raise Malformed("category", f"the agreement's categories are {', '.join(sorted(agreement.categories))}")
    if notice.revision > limits.revisions:
        raise Malformed("limit_revisions", f"at most {limits.revisions} revisions of one notice are agreed")
    if len(notice.volumes) > limits.volumes:
        raise Malformed("limit_volumes", f"{len(notice.volumes)} volumes; {limits.volumes} are agreed")
    vertices = sum(item.volume.shape.vertices for item in notice.volumes)
    if vertices > limits.vertices:
        raise Malformed("limit_vertices", f"{vertices} vertices; {limits.vertices} are agreed")
    for number, item in enumerate(notice.volumes, 1):
        _check_volume(item.volume, minima, agreement, number)


def _check_volume(volume: Volume, minima: Minima, agreement: Agreement, number: int) -> None:
    limits = agreement.limits
    start, end = widened(volume, minima)
    if end - start > limits.duration_s * SECOND:
        raise Malformed(
            "limit_duration", f"volume {number} lasts {(end - start) / SECOND:.0f} s; {limits.duration_s} are agreed"
        )
    band = volume.upper_m - volume.lower_m + 2 * minima.vertical_m
    if band > limits.band_m:
        raise Malformed("limit_band", f"volume {number} is {band:.0f} m tall; {limits.band_m} are agreed")
    area = widened_area_km2(volume, minima)
    if area > limits.area_km2:
        raise Malformed("limit_area", f"volume {number} covers {area:.0f} km2; {limits.area_km2} are agreed")
    if agreement.area is not None:
        region = _region(agreement.area)
        if distance_m(region, volume.shape) - region.margin_m - volume.shape.margin_m > 0:
            raise Malformed("outside_area", f"volume {number} lies outside the agreement's area")


@lru_cache(maxsize=256)
def _region(area: Outline) -> Shape:
    """The shape of an agreement's area, made once and not for each volume."""
    return shape_of(area)


def widened_area_km2(volume: Volume, minima: Minima) -> float:
    """Return the area of an outline grown by the horizontal minimum: never less than the truth.

    Steiner's formula for a flat convex outline; growing a hollow one, or one on the sphere, adds less.
    """
    shape = volume.shape
    grown = shape.radius_m + minima.horizontal_m
    return (shape.outline_area_m2 + shape.perimeter_m * grown + math.pi * grown**2) / 1e6
