"""What may enter: whose statement, by which key, when, and within which of the agreement's limits."""

from dataclasses import replace
from typing import Any

import pytest
from keepclear_protocol.agreement import ACKNOWLEDGE, SUBMIT
from keepclear_protocol.errors import Forbidden, Malformed
from keepclear_protocol.instant import SECOND
from keepclear_protocol.limits import widened_area_km2
from keepclear_protocol.notice import Notice
from keepclear_protocol.volume import circle_json, polygon_json
from keepclear_service.decide.admission import (
    Bound,
    check_notice,
    check_role,
    check_signer,
    notice_bounds,
    statement_bounds,
)
from support.world import World, box, now_us, terms_payload

HOUR = 3600


def limited(**limits: int) -> World:
    """Return a world whose agreement has some other limits."""
    world = World()
    agreed = terms_payload(list(world.parties.values()), world.service)["limits"]
    return World(limits={**agreed, **limits})


def filed(world: World, *volumes: dict[str, Any], **changed: Any) -> Notice:
    return world.opened(world.submission("north", *volumes, **changed))


def refused(world: World, notice: Notice) -> str | None:
    try:
        check_notice(notice, world.agreement)
    except Malformed as error:
        return error.code
    return None


@pytest.mark.req("R-019")
def test_the_issuer_is_the_keys_party_and_the_agreement_the_right_one() -> None:
    world, other = World(), World()
    claims = filed(world).claims
    check_signer(claims, "north", world.agreement)
    for party, agreement, code in (
        ("south", world.agreement, "wrong_party"),
        ("north", other.agreement, "wrong_agreement"),
    ):
        with pytest.raises(Forbidden) as caught:
            check_signer(claims, party, agreement)
        assert caught.value.code == code


@pytest.mark.req("R-019")
def test_no_role_implies_another() -> None:
    world = World()
    notice = filed(world)
    (_, key) = world.agreement.find(notice.kid) or pytest.fail("the key is enrolled")
    watcher = replace(key, roles=frozenset({"watch", "admin"}))
    check_role(key, SUBMIT)
    for role in (SUBMIT, ACKNOWLEDGE):
        with pytest.raises(Forbidden) as caught:
            check_role(watcher, role)
        assert caught.value.code == "wrong_role"


@pytest.mark.req("R-020")
def test_when_a_statement_may_arrive() -> None:
    world = World()
    notice = filed(world)
    (_, key) = world.agreement.find(notice.kid) or pytest.fail("the key is enrolled")
    claims = notice.claims
    bounds = {bound.code: bound for bound in statement_bounds(claims, key)}
    assert bounds["not_yet"].low == (claims.iat - 60) * SECOND
    assert claims.admit_by == claims.iat + 600
    assert bounds["admitted_too_late"].high == claims.admit_by * SECOND
    assert (bounds["key_not_valid"].low, bounds["key_not_valid"].high) == (key.not_before, key.not_after)
    assert "key_revoked" not in bounds
    gone = replace(key, revoked_at=now_us())
    # First, so that a revoked key is told as revoked even where it also ran out.
    assert statement_bounds(claims, gone)[0] == Bound("key_revoked", 0, (gone.revoked_at or 0) - 1)


@pytest.mark.req("R-047", "R-051")
def test_a_late_notice_is_never_refused_and_each_volume_keeps_to_the_horizon() -> None:
    world = World()
    minima = world.agreement.categories["strike"]
    at = now_us()
    notice = filed(world, box(start_s=-HOUR, at=at), box(start_s=HOUR, at=at), category="strike")
    bounds = {bound.code: bound for bound in notice_bounds(notice, world.agreement)}
    latest = at + HOUR * SECOND - minima.lead_s * SECOND
    assert bounds["limit_horizon"].low == latest - world.agreement.limits.horizon_s * SECOND
    end = at + (HOUR + 600) * SECOND + minima.tail_s * SECOND
    assert bounds["limit_retention"].high == end + world.agreement.retention_s * SECOND
    assert refused(world, filed(world, box(start_s=-HOUR, at=at))) is None


@pytest.mark.req("R-048", "R-051")
@pytest.mark.parametrize(
    ("limit", "code", "within", "beyond"),
    [
        # transport: 213.36 m at both ends of 3 048 m; strike: 120 s before and 1 500 s after 600 s.
        ({"band_m": 3475}, "limit_band", {}, {"high": 200.1}),
        ({"duration_s": 600}, "limit_duration", {}, {"last_s": 601}),
    ],
)
def test_limits_hold_for_the_volume_as_widened(
    limit: dict[str, int], code: str, within: dict[str, Any], beyond: dict[str, Any]
) -> None:
    world = limited(**limit)
    assert refused(world, filed(world, box(**within))) is None
    assert refused(world, filed(world, box(**beyond))) == code
    assert refused(world, filed(world, box(**within), category="strike")) == code


@pytest.mark.req("R-048")
def test_the_widened_area_is_steiners() -> None:
    world = World()
    minima = world.agreement.categories["transport"]
    circle = box()
    circle["volume"] |= circle_json((48.0, 2.0), 1000)
    del circle["volume"]["outline_polygon"]
    (item,) = filed(world, circle).volumes
    assert widened_area_km2(item.volume, minima) == pytest.approx(3.14159265 * 8.408**2)
    square = filed(world, box(0.0, 0.0, size=0.1)).volumes[0].volume
    side = 11.1195
    expected = side**2 + 4 * side * 7.408 + 3.14159265 * 7.408**2
    assert widened_area_km2(square, minima) == pytest.approx(expected, rel=1e-4)
    assert refused(limited(area_km2=int(expected) + 1), filed(limited(area_km2=600), box(0.0, 0.0))) is None
    small = limited(area_km2=int(expected))
    assert refused(small, filed(small, box(0.0, 0.0))) == "limit_area"


@pytest.mark.req("R-049", "R-051")
def test_counts_category_and_area() -> None:
    for limit, code, volumes in (
        ({"volumes": 2}, "limit_volumes", [box(), box(), box()]),
        ({"vertices": 7}, "limit_vertices", [box(), box()]),
    ):
        world = limited(**limit)
        assert refused(world, filed(world, *volumes)) == code
        assert refused(world, filed(world, *volumes[:-1])) is None
    world = limited(revisions=1)
    first = filed(world)
    assert refused(world, first) is None
    assert refused(world, world.opened(world.amend("north", first))) == "limit_revisions"
    assert refused(world, filed(world, category="balloon")) == "category"
    here = World(area=polygon_json([(47.0, 1.0), (47.0, 3.0), (49.0, 3.0), (49.0, 1.0)]))
    assert refused(here, filed(here, box(48.95, 2.0))) is None
    assert refused(here, filed(here, box(49.2, 2.0))) == "outside_area"
