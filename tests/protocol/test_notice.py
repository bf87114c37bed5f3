"""Notices as they are built, sent, opened and presented; PyPI ``sd-jwt`` agrees with what is good."""

import copy
import json
from typing import Any

import pytest
from jwcrypto.jwk import JWK
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import (
    MAX_SUBMISSION_BYTES,
    Notice,
    build_notice,
    open_presentation,
    open_submission,
    present,
)
from keepclear_protocol.volume import parse_volume
from sd_jwt.verifier import SDJWTVerifier
from support.notice_forge import IAT, KEY, STRANGER, circle, find_key

AUD, TERMS = digest("agreement"), digest("terms")


def build(volumes: int | list[dict[str, Any]] = 3, key: PrivateKey = KEY, **changes: Any) -> str:
    flown = [circle(minute) for minute in range(volumes)] if isinstance(volumes, int) else volumes
    words: dict[str, Any] = {"category": "transport", "callsign": "BLUE-01", "remarks": "Relief flight"} | changes
    return build_notice(key, iss="blue", aud=AUD, terms=TERMS, iat=IAT, admit_by=IAT + 600, volumes=flown, **words)


def disclosures(raw: str) -> list[Any]:
    return [json.loads(unb64(part)) for part in raw.split("~")[1:-1]]


def payload(raw: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(unb64(raw.split(".")[1]))
    return read


def oracle(raw: str) -> dict[str, Any]:
    """What PyPI sd-jwt reads; it raises for what it does not accept."""
    read: dict[str, Any] = SDJWTVerifier(raw, lambda *_: JWK(**KEY.public.jwk)).get_verified_payload()
    return read


def test_what_was_built_is_what_is_opened() -> None:
    raw = build(notice="A" * 22, revision=3, prev=digest("before"))
    notice = open_submission(raw, find_key)
    assert (notice.jwt, notice.sha256) == (raw.split("~")[0], digest(raw.split("~")[0]))
    assert (notice.submission_sha256, notice.kid) == (digest(raw), KEY.kid)
    assert (notice.id, notice.party, notice.claims.aud, notice.claims.terms) == ("A" * 22, "blue", AUD, TERMS)
    assert (notice.claims.iat, notice.claims.admit_by) == (IAT, IAT + 600)
    assert (notice.revision, notice.prev) == (3, digest("before"))
    assert (notice.category, notice.callsign, notice.remarks) == ("transport", "BLUE-01", "Relief flight")
    flown = sorted((parse_volume(circle(minute)) for minute in range(3)), key=lambda volume: volume.start)
    opened = sorted((item.volume for item in notice.volumes), key=lambda volume: volume.start)
    assert [(item.start, item.end, item.outline) for item in opened] == [
        (item.start, item.end, item.outline) for item in flown
    ]
    assert (notice.first_start, notice.last_end) == (flown[0].start, flown[-1].end)
    assert all(digest(item.disclosure) == item.digest for item in notice.volumes)


@pytest.mark.req("R-038")
def test_visible_members_are_exactly_these() -> None:
    visible = {"iss", "aud", "terms", "iat", "jti", "admit_by", "notice", "revision", "volumes", "_sd", "_sd_alg"}
    assert payload(build()).keys() == visible
    assert payload(build(revision=2, prev=digest("before"))).keys() == visible | {"prev"}


@pytest.mark.req("R-018", "R-038")
def test_an_id_stays_over_revisions_and_each_statement_has_a_jti_of_its_own() -> None:
    first = open_submission(build(), find_key)
    second = open_submission(build(notice=first.id, revision=2, prev=first.sha256), find_key)
    assert second.id == first.id
    assert len({first.id, first.claims.jti, second.claims.jti}) == 3


@pytest.mark.parametrize(("volumes", "padded"), [(1, 16), (15, 16), (16, 16), (17, 32), (32, 32), (33, 64)])
@pytest.mark.req("R-038", "R-043")
def test_the_number_of_volumes_and_properties_is_padded(volumes: int, padded: int) -> None:
    chosen: list[dict[str, Any]] = [{}, {"callsign": None, "remarks": None}]
    for words in chosen:
        visible = payload(build(volumes, **words))
        assert (len(visible["volumes"]), len(visible["_sd"])) == (padded, 8)


def test_the_order_of_volumes_is_not_the_order_of_flight() -> None:
    orders = set()
    for _ in range(30):
        starts = [item.volume.start for item in open_submission(build(6), find_key).volumes]
        orders.add(tuple(starts.index(start) for start in sorted(starts)))
    assert len(orders) > 20  # of 720; thirty draws repeat themselves rarely


@pytest.mark.req("R-043")
def test_two_builds_of_the_same_flight_have_nothing_in_common() -> None:
    one, two = build(notice="A" * 22), build(notice="A" * 22)
    assert not {item[0] for item in disclosures(one)} & {item[0] for item in disclosures(two)}
    assert len({item[0] for item in disclosures(one)}) == 7
    assert not set(one.split("~")[1:-1]) & set(two.split("~")[1:-1])
    for name in ("volumes", "_sd"):
        assert not {str(item) for item in payload(one)[name]} & {str(item) for item in payload(two)[name]}


@pytest.mark.req("R-051")
def test_the_largest_notice_opens_and_one_more_volume_or_vertex_does_not() -> None:
    notice = open_submission(build(500), find_key)
    assert len(notice.volumes) == 500
    assert len(payload(f"{notice.jwt}~")["volumes"]) == 512
    for volumes in (0, 501):
        with pytest.raises(Malformed) as caught:
            build(volumes)
        assert caught.value.code == "limit_volumes"
    assert build([fence(2_499), fence(2_501)])
    with pytest.raises(Malformed) as caught:
        build([fence(2_500), fence(2_501)])
    assert caught.value.code == "limit_vertices"


def fence(vertices: int) -> dict[str, Any]:
    """A polygon of many vertices: a comb's back, out along one parallel and home along another."""
    half = vertices // 2
    south = [{"lat": 48.0, "lng": round(index / 10_000, 5)} for index in range(half)]
    north = [{"lat": 48.1, "lng": round(index / 10_000, 5)} for index in reversed(range(vertices - half))]
    volume = circle()
    del volume["volume"]["outline_circle"]
    volume["volume"]["outline_polygon"] = {"vertices": south + north}
    return volume


@pytest.mark.req("R-046")
def test_a_submission_beyond_its_size_is_told_so_only_to_an_enrolled_key() -> None:
    raw = build()
    assert open_submission(raw, find_key, max_bytes=len(raw))
    with pytest.raises(Malformed) as caught:
        open_submission(raw, find_key, max_bytes=len(raw) - 1)
    assert caught.value.code == "too_large"
    with pytest.raises(Malformed) as caught:
        open_submission(raw + "A" * MAX_SUBMISSION_BYTES, find_key)
    assert caught.value.code == "too_large"
    with pytest.raises(NotAuthentic):
        open_submission(build(key=STRANGER) + "A" * MAX_SUBMISSION_BYTES, find_key)
    with pytest.raises(NotAuthentic):
        open_submission("A" * (100 * 1024) + "~" + raw, find_key)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"category": "Transport"}, "disclosure"),
        ({"callsign": "blue 1"}, "disclosure"),
        ({"callsign": ""}, "disclosure"),
        ({"remarks": "x" * 281}, "disclosure"),
        ({"remarks": "\ud800"}, "disclosure"),
        ({"revision": 0}, "claims"),
        ({"revision": 2}, "notice"),
        ({"prev": digest("before")}, "notice"),
        ({"notice": "short"}, "claims"),
        ({"volumes": [{"here": "there"}]}, "volume_shape"),
        ({"volumes": [{"lat": float("nan")}]}, "disclosure"),
        ({"volumes": [{1, 2}]}, "disclosure"),
        ({"volumes": [{"_sd": []}]}, "disclosure"),
    ],
)
def test_nothing_is_built_that_would_be_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        build(**changes)
    assert caught.value.code == code


def test_sd_jwt_reads_our_submissions_as_we_do() -> None:
    for count in (1, 5, 17):
        raw = build(count)
        read = oracle(raw)
        assert sorted(read.pop("volumes"), key=lambda item: str(item["time_start"])) == [
            circle(minute) for minute in range(count)
        ]
        manifest = digest("".join(f"{part}~" for part in raw.split("~")[1:-2]))
        properties = {"category": "transport", "callsign": "BLUE-01", "remarks": "Relief flight", "manifest": manifest}
        said = ("iss", "aud", "terms", "iat", "jti", "admit_by", "notice", "revision")
        assert read == {name: payload(raw)[name] for name in said} | properties


def test_sd_jwt_reads_our_presentations_as_we_do() -> None:
    notice = open_submission(build(9), find_key)
    for count in (0, 1, 4, 9):
        wanted = [item.digest for item in notice.volumes[:count]]
        raw = present(notice, wanted)
        shown = open_presentation(raw, find_key)
        assert [item.digest for item in shown.volumes] == wanted
        read = oracle(raw)
        assert read["volumes"] == [members[1] for members in disclosures(raw) if len(members) == 2]
        assert read.get("category", "") == shown.category == ("transport" if count else "")
        assert not {"callsign", "remarks", "manifest"} & read.keys()


@pytest.mark.req("R-045")
def test_a_presentation_is_the_counterparts_own_notice() -> None:
    notice = open_submission(build(4, revision=2, prev=digest("before")), find_key)
    wanted = {notice.volumes[index].digest for index in (3, 1)}
    shown = open_presentation(present(notice, wanted), find_key)
    assert (shown.jwt, shown.sha256, shown.claims, shown.kid) == (notice.jwt, notice.sha256, notice.claims, notice.kid)
    assert (shown.revision, shown.prev, shown.category) == (2, digest("before"), "transport")
    assert [item.digest for item in shown.volumes] == [notice.volumes[1].digest, notice.volumes[3].digest]
    assert (shown.submission_sha256, shown.callsign, shown.remarks) == (None, None, None)
    again = present(shown, [shown.volumes[0].digest])
    assert open_presentation(again, find_key).volumes == shown.volumes[:1]


@pytest.mark.req("R-045")
def test_nothing_disclosed_is_the_jwt_alone() -> None:
    notice = open_submission(build(), find_key)
    raw = present(notice, [])
    assert raw == f"{notice.jwt}~"
    shown = open_presentation(raw, find_key)
    assert (shown.volumes, shown.category) == ((), "")
    for moment in ("first_start", "last_end"):
        with pytest.raises(Malformed):
            getattr(shown, moment)


def test_only_disclosed_volumes_can_be_presented() -> None:
    notice = open_submission(build(), find_key)
    decoy = next(
        item["..."] for item in payload(notice.jwt)["volumes"] if item["..."] not in {v.digest for v in notice.volumes}
    )
    for unknown in (decoy, digest(notice.category_disclosure), "", "x"):
        with pytest.raises(Malformed) as caught:
            present(notice, [notice.volumes[0].digest, unknown])
        assert caught.value.code == "disclosure_unmatched"


def distinct(index: int) -> dict[str, Any]:
    """A volume none of whose numbers or times stands in another one, each too long to turn up by chance."""
    volume = copy.deepcopy(circle(index))
    circle_of = volume["volume"]["outline_circle"]
    circle_of["center"] = {"lat": round(31.1234567 + index * 0.0101, 7), "lng": round(35.7654321 + index * 0.0103, 7)}
    circle_of["radius"]["value"] = 70_001.12345 + index * 13
    volume["volume"]["altitude_lower"]["value"] = 4_001.54321 + index * 7
    volume["volume"]["altitude_upper"]["value"] = 9_001.54321 + index * 7
    volume["time_start"]["value"] = f"2025-11-23T{5 + index:02d}:17:{31 + index}.{101 + index}Z"
    volume["time_end"]["value"] = f"2025-11-23T{5 + index:02d}:47:{31 + index}.{501 + index}Z"
    return volume


def numbers_and_times(value: Any) -> set[str]:
    """Return every number and time in ``value``, as text."""
    if isinstance(value, dict):
        return {text for member in value.values() for text in numbers_and_times(member)}
    return {str(value)} if isinstance(value, float) or ":" in value else set()


@pytest.mark.req("R-045", "R-069")
def test_a_presentation_holds_nothing_of_what_it_does_not_show() -> None:
    """Every byte of it, as sent and with each part decoded, is searched for every hidden disclosure, salt, number."""
    raw = build([distinct(index) for index in range(10)], category="x-ray", callsign="SECRET-7", remarks="Hidden")
    notice = open_submission(raw, find_key)
    for count in (0, 1, 3, 10):
        presentation = present(notice, [item.digest for item in notice.volumes[:count]])
        shown = [item.disclosure for item in notice.volumes[:count]] + [notice.category_disclosure] * (count > 0)
        assert presentation.split("~")[1:-1] == shown
        parts = [part for piece in presentation.split("~") for part in piece.split(".")]
        haystack = b"\n".join([presentation.encode(), *map(unb64, parts)]).decode(errors="replace")
        for part in raw.split("~")[1:-1]:
            salt, *members = json.loads(unb64(part))
            words = numbers_and_times(members[0]) if len(members) == 1 else {str(members[1])}
            assert len(words) == (7 if len(members) == 1 else 1)
            for word in (part, salt, *words):
                assert (word in haystack) == (part in shown), (count, word)
        assert not any(name in haystack for name in ("callsign", "remarks", "manifest"))


def test_a_presentation_does_not_tell_how_many_volumes_there_are() -> None:
    """The same alert from a notice of 1 and of 16 volumes: the same length and shape, but for random bits."""
    shapes = set()
    for count in (1, 2, 9, 16):
        notice = open_submission(build([distinct(index) for index in range(count)]), find_key)
        first = min(notice.volumes, key=lambda item: item.volume.start)
        presentation = present(notice, [first.digest])
        shapes.add((len(presentation), presentation.count("~"), len(payload(presentation)["volumes"])))
    assert len(shapes) == 1


def test_bytes_of_our_own_store_are_read_the_same_without_their_signature() -> None:
    raw = build(3)
    notice = open_submission(raw, find_key)
    for reopened, verified in (
        (open_submission(raw, None), notice),
        (open_presentation(present(notice, [notice.volumes[0].digest]), None), None),
    ):
        assert reopened.sha256 == notice.sha256
        assert verified is None or _plain(reopened) == _plain(verified)
    # Documented, and the reason why only the service's fold may do so: the signature is not looked at.
    header, body, _ = notice.jwt.split(".")
    forged = "~".join([f"{header}.{body}.{'A' * 86}", *raw.split("~")[1:]])
    assert open_submission(forged, None).id == notice.id
    with pytest.raises(NotAuthentic):
        open_submission(forged, find_key)


def _plain(notice: Notice) -> tuple[Any, ...]:
    volumes = [(item.digest, item.disclosure, item.volume.start, item.volume.outline) for item in notice.volumes]
    texts = (notice.category, notice.category_disclosure, notice.callsign, notice.remarks)
    return (
        notice.jwt,
        notice.submission_sha256,
        notice.kid,
        notice.claims,
        notice.revision,
        notice.prev,
        *texts,
        volumes,
    )


def test_what_was_never_admitted_does_not_open_from_the_store_either() -> None:
    raw = build(1)
    for cut in ("", "a~", "a.b.c~", raw[:40] + "~", raw.split(".")[0] + ".e30.AA~", raw.split(".")[0] + ".W10.AA~"):
        with pytest.raises((Malformed, NotAuthentic)):
            open_submission(cut, None)
