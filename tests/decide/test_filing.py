"""One decision: what passes before signing is what the opening takes, and nothing else; all faults at once."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keepclear_protocol.agreement import SUBMIT
from keepclear_protocol.claims import ADMIT_WITHIN_S
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.filing import Content, Unfit, composed, content_digest, find_faults, key_faults
from keepclear_protocol.instant import SECOND
from keepclear_protocol.notice import build_notice, open_envelope
from keepclear_protocol.volume import parse_volume
from keepclear_service.decide.admission import check_notice, notice_bounds
from support.world import World, box, now_us, terms_payload

NOW = now_us()
WORLD = World()
LIMITS = terms_payload(list(WORLD.parties.values()), WORLD.service)["limits"]


def tight(**limits: int) -> World:
    return World(limits={**LIMITS, **limits})


WORLDS = [
    WORLD,
    tight(area_km2=900, band_m=3600, duration_s=700, horizon_s=7200),
    tight(volumes=3, vertices=14),
    tight(submission_bytes=2600),
    World(area={"outline_polygon": {"vertices": [
        {"lat": 44.0, "lng": 0.0}, {"lat": 44.0, "lng": 8.0}, {"lat": 50.0, "lng": 8.0}, {"lat": 50.0, "lng": 0.0}
    ]}}),
]  # fmt: skip


def taken(content: Content, world: World, revision: int = 1) -> str | None:
    """Return the code with which signing, or the opening, refuses ``content``; ``None`` where neither does."""
    claims = world.claims("north", iat=NOW // SECOND)
    chain: dict[str, Any] = {} if revision == 1 else {"revision": revision, "prev": claims["terms"]}
    claims = {**claims, "admit_by": claims["iat"] + ADMIT_WITHIN_S, **chain}
    claims.pop("jti", None)
    try:
        raw = build_notice(
            world.parties["north"].key, volumes=content.volumes, category=content.category,
            callsign=content.callsign, remarks=content.remarks, **claims,
        )  # fmt: skip
        limits = world.agreement.limits
        notice = open_envelope(raw, world.agreement.party_key, max_bytes=limits.submission_bytes).open()
        check_notice(notice, world.agreement)
    except (KeepclearError, ValueError) as error:  # JSON has no spelling for NaN
        return getattr(error, "code", "json")
    return next((b.code for b in notice_bounds(notice, world.agreement) if not b.low <= NOW <= b.high), None)


def codes(content: Content, world: World, revision: int = 1) -> list[str]:
    found = find_faults(content, world.agreement, party="north", now=NOW, revision=revision)
    return [fault.code for fault in found]


@st.composite
def volumes(draw: st.DrawFn) -> dict[str, Any]:
    start_s = draw(st.sampled_from([3600, 60, -60, -3600, 8000, 60 * 86_400, -8 * 86_400, -9 * 86_400]))
    volume = box(
        draw(st.sampled_from([48.0, 45.0, 39.9, 60.0, 91.0])),
        size=draw(st.sampled_from([0.1, 0.3, 1.0, 5.0, 0.0])),
        low=100.0,
        high=draw(st.sampled_from([120.0, 105.0, 200.0, 90.0, 100.0])),
        start_s=start_s,
        last_s=draw(st.sampled_from([600, 650, 3600, 3 * 86_400, 0])),
        at=NOW,
    )
    broken = draw(st.sampled_from(["", "", "", "", "extra", "nan", "text", "huge"]))
    if broken == "extra":
        volume["altitude_unit"] = "FT"
    elif broken:
        value = {"nan": float("nan"), "text": "100", "huge": 10**400}[broken]
        volume["volume"]["altitude_lower"]["value"] = value
    return volume


texts = st.one_of(
    st.none(),
    st.sampled_from(["AFR1", "REACH 12", "", "-A", "cafe\u0301", "caf\u00e9", "x" * 281, "\ud800", "a\u202eb", "n\n"]),
    st.text(max_size=12),
)
contents = st.builds(
    Content,
    st.lists(volumes(), max_size=5),
    st.sampled_from(["transport", "strike", "bomber", "Transport", ""]),
    texts,
    texts,
)


@settings(deadline=None)
@given(contents, st.sampled_from(WORLDS), st.sampled_from([1, 2, 1000, 1001]))
@example(Content([box(at=NOW)], "transport", "AFR1", "caf\u00e9"), WORLD, 1)
@example(Content([box(at=NOW)] * 500, "transport"), WORLD, 1)
@example(Content([box(at=NOW)] * 501, "transport"), WORLD, 1)
@example(Content([], "transport"), WORLD, 1)
def test_what_passes_is_taken_and_what_is_faulted_is_refused(content: Content, world: World, revision: int) -> None:
    refused, found = taken(content, world, revision), codes(content, world, revision)
    assert (refused is None) == (found == []), (refused, found)


@settings(deadline=None)
@given(st.integers(1, 6), st.sampled_from(["A", "AFR1", None]), st.integers(0, 40))
def test_the_size_is_foretold_to_the_byte(count: int, callsign: str | None, remarks: int) -> None:
    content = Content([box(at=NOW)] * count, "transport", callsign, "\u00e9" * remarks or None)
    claims = {**WORLD.claims("north", iat=NOW // SECOND)}
    claims.pop("jti", None)
    claims["admit_by"] = claims["iat"] + ADMIT_WITHIN_S
    raw = build_notice(
        WORLD.parties["north"].key, volumes=content.volumes, category=content.category,
        callsign=callsign, remarks=content.remarks, **claims,
    )  # fmt: skip
    assert codes(content, tight(submission_bytes=len(raw))) == []
    assert codes(content, tight(submission_bytes=len(raw) - 1)) == ["too_large"]


def test_all_faults_are_told_with_place_and_field_and_how_to_mend_them() -> None:
    world = tight(area_km2=900, duration_s=700)
    content = Content(
        [box(at=NOW), box(48.0, size=5.0, last_s=3600, at=NOW)], "transport", "REACH 12", "hot\u200bline"
    )
    found = list(find_faults(content, world.agreement, party="north", now=NOW))
    assert [(fault.place, fault.field, fault.code) for fault in found] == [
        ("", "callsign", "disclosure"),
        ("", "remarks", "disclosure"),
        ("volume 2", "window", "limit_duration"),
        ("volume 2", "area", "limit_area"),
    ]
    assert found[0].hint == "REACH12 would do" and "U+200B at 4" in found[1].detail
    error = Unfit(found)
    assert error.code == "disclosure" and "(and 3 more)" in error.detail and error.faults == tuple(found)
    assert composed("cafe\u0301") == "caf\u00e9" and composed(None) is None


def test_a_key_that_may_not_file_is_a_fault() -> None:
    _, key = WORLD.agreement.find(WORLD.parties["north"].key.kid) or pytest.fail("the key is enrolled")
    assert SUBMIT in key.roles and list(key_faults(key, NOW)) == []
    assert [fault.code for fault in key_faults(key, key.not_after + 1)] == ["key_not_valid"]


def test_the_same_content_has_one_digest_whatever_its_order_and_spelling() -> None:
    # A time with six decimals, so that it can be spelt with nine.
    one, other = parse_volume(box(at=1_000_001)), parse_volume(box(50.0, at=NOW))
    said = content_digest([one, other], "transport", "AFR1", None)
    assert said == content_digest([other, one], "transport", "AFR1", None)
    spelt = box(at=1_000_001)
    spelt["time_start"]["value"] = spelt["time_start"]["value"].replace("Z", "000Z")
    assert content_digest([parse_volume(spelt)], "transport", None, None) == content_digest(
        [one], "transport", None, None
    )
    others = {content_digest(*args) for args in (
        ([one], "transport", "AFR1", None), ([one, other], "strike", "AFR1", None),
        ([one, other], "transport", "AFR2", None), ([one, other], "transport", "AFR1", "x"),
    )}  # fmt: skip
    assert len(others | {said}) == 5
