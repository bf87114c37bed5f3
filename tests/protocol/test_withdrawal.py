"""Withdrawals: built, opened, refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import KeepclearError, Malformed, NotAuthentic
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.statement import sign_statement
from keepclear_protocol.withdrawal import build_withdrawal, open_withdrawal
from support.notice_forge import IAT, KEY, STRANGER, find_key

NOTICE_ID = "A" * 22
GOOD: dict[str, Any] = {
    "iss": "blue",
    "aud": digest("agreement"),
    "terms": digest("terms"),
    "iat": IAT,
    "jti": new_jti(),
    "admit_by": IAT + 600,
    "notice": NOTICE_ID,
    "revision": 2,
    "prev": digest("before"),
}


def build(**changes: Any) -> str:
    words = {"iss": "blue", "aud": GOOD["aud"], "terms": GOOD["terms"], "iat": IAT, "notice": NOTICE_ID}
    return build_withdrawal(KEY, **(words | {"revision": 2, "prev": GOOD["prev"]} | changes))


def test_what_was_built_is_what_is_opened() -> None:
    raw = build(revision=7)
    withdrawal = open_withdrawal(raw, find_key)
    assert (withdrawal.raw, withdrawal.sha256, withdrawal.kid) == (raw, digest(raw), KEY.kid)
    assert (withdrawal.party, withdrawal.notice, withdrawal.revision) == ("blue", NOTICE_ID, 7)
    assert withdrawal.prev == GOOD["prev"]
    assert (withdrawal.claims.iat, withdrawal.claims.admit_by) == (IAT, IAT + 600)
    assert withdrawal.claims.jti != open_withdrawal(build(revision=7), find_key).claims.jti
    assert open_withdrawal(build(admit_by=IAT + 5, jti="B" * 21 + "A"), find_key).claims.jti == "B" * 21 + "A"


def test_bytes_of_our_own_store_are_read_the_same_without_their_signature() -> None:
    raw = build()
    assert open_withdrawal(raw, None) == open_withdrawal(raw, find_key)
    forged = raw.rsplit(".", 1)[0] + "." + "A" * 86
    assert open_withdrawal(forged, None).notice == NOTICE_ID
    with pytest.raises(NotAuthentic):
        open_withdrawal(forged, find_key)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"notice": "A" * 21 + "B"}, "claims"),
        ({"notice": "A" * 43}, "claims"),
        ({"notice": None}, "claims"),
        ({"notice": 7}, "claims"),
        ({"revision": 1}, "claims"),
        ({"revision": 0}, "claims"),
        ({"revision": True}, "claims"),
        ({"revision": 2.0}, "claims"),
        ({"revision": "2"}, "claims"),
        ({"revision": 2**53}, "json_number"),
        ({"prev": None}, "claims"),
        ({"prev": "A" * 42}, "claims"),
        ({"admit_by": IAT - 1}, "claims"),
        ({"admit_by": IAT + 3601}, "claims"),
        ({"admit_by": None}, "claims"),
        ({"iss": ""}, "claims"),
        ({"crit": []}, "crit"),
    ],
)
@pytest.mark.req("R-004", "R-017", "R-018", "R-052")
def test_a_withdrawal_that_its_signer_should_not_have_signed(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        open_withdrawal(sign_statement(KEY, WITHDRAWAL.typ, GOOD | changes), find_key)
    assert caught.value.code == code


@pytest.mark.parametrize("name", sorted(GOOD))
@pytest.mark.req("R-018", "R-052")
def test_every_member_is_needed(name: str) -> None:
    without = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(Malformed) as caught:
        open_withdrawal(sign_statement(KEY, WITHDRAWAL.typ, without), find_key)
    assert caught.value.code == "claims"


@pytest.mark.req("R-017")
def test_unknown_members_are_kept() -> None:
    raw = sign_statement(KEY, WITHDRAWAL.typ, GOOD | {"reason": "weather"})
    assert open_withdrawal(raw, find_key).raw == raw


def test_another_kind_or_a_stranger_is_not_authentic() -> None:
    for raw in (
        sign_statement(KEY, NOTICE.typ, GOOD),
        sign_statement(STRANGER, WITHDRAWAL.typ, GOOD),
        "",
        "..",
        build()[:-1],
    ):
        with pytest.raises(NotAuthentic):
            open_withdrawal(raw, find_key)


def test_nothing_is_built_that_would_be_refused() -> None:
    for changes in ({"revision": 1}, {"notice": "x"}, {"prev": "x"}, {"admit_by": IAT - 1}, {"jti": "x"}):
        with pytest.raises(Malformed):
            build(**changes)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_bytes_never_open_and_never_leak_another_error(data: st.DataObject) -> None:
    raw = sign_statement(KEY, WITHDRAWAL.typ, GOOD)
    at = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(at, len(raw)))
    mutated = raw[:at] + data.draw(st.text(max_size=4)) + raw[end:]
    for finder in (find_key, None):
        try:
            open_withdrawal(mutated, finder)
        except KeepclearError:
            continue
        assert mutated == raw or finder is None
