"""Volumes held back, and bytes that nobody meant: what a hostile signer or sender can get out of a notice."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keepclear_protocol.encoding import b64, digest, dump_json, unb64
from keepclear_protocol.errors import KeepclearError, Malformed
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import build_notice, open_presentation, open_submission, present
from keepclear_protocol.statement import sign_statement
from support.notice_forge import IAT, KEY, Forge, circle, find_key

RAW = build_notice(
    KEY,
    iss="blue",
    aud=digest("agreement"),
    terms=digest("terms"),
    iat=IAT,
    admit_by=IAT + 600,
    volumes=[circle(0), circle(1)],
    category="transport",
    callsign="BLUE-01",
)
PRESENTED = present(open_submission(RAW, find_key), [open_submission(RAW, find_key).volumes[0].digest])


class HeldBack:
    """A signer who signs two volumes, submits one, and keeps the other for after the accident."""

    def __init__(self, *, second_manifest: bool = False) -> None:
        forge = Forge("held back")
        self.submitted, self.hidden = forge.element(circle(0)), forge.element(circle(7))
        self.category = forge.property("category", "transport")
        self.manifest = forge.manifest([self.submitted, self.category])
        self.other_manifest = forge.manifest([self.submitted, self.hidden, self.category])
        members = [self.category, self.manifest, *([self.other_manifest] if second_manifest else [])]
        payload = forge.payload([self.submitted, self.hidden], members)
        self.jwt = sign_statement(KEY, NOTICE.typ, payload)

    def raw(self, *sent: str) -> str:
        return "~".join([self.jwt, *sent, ""])

    def admitted(self) -> str:
        return self.raw(self.submitted, self.category, self.manifest)


def test_a_volume_held_back_is_not_part_of_what_was_submitted() -> None:
    """It looks like a decoy, so the submission is admitted; it claims one volume, and can show one only."""
    signer = HeldBack()
    notice = open_submission(signer.admitted(), find_key)
    assert [item.disclosure for item in notice.volumes] == [signer.submitted]
    assert signer.hidden not in present(notice, [notice.volumes[0].digest])
    with pytest.raises(Malformed) as caught:
        present(notice, [digest(signer.hidden)])
    assert caught.value.code == "disclosure_unmatched"


@pytest.mark.req("R-042")
def test_a_volume_held_back_does_not_open_later_as_submitted() -> None:
    """Whatever the signer adds, drops or reorders: the manifest that it signed is over what it submitted."""
    signer = HeldBack()
    pool = [signer.submitted, signer.hidden, signer.category]
    forge = Forge("after the accident")
    for sent in _arrangements(pool):
        if signer.hidden not in sent:
            continue
        for manifest in (signer.manifest, signer.other_manifest, forge.manifest(sent)):
            with pytest.raises(Malformed) as caught:
                open_submission(signer.raw(*sent, manifest), find_key)
            assert caught.value.code in ("manifest", "disclosure_unmatched")
        for claimed in (
            signer.raw(*sent),
            signer.raw(signer.manifest, *sent),
            signer.raw(*sent, signer.manifest, sent[0]),
        ):
            with pytest.raises(Malformed):
                open_submission(claimed, find_key)


def _arrangements(pool: list[str]) -> list[list[str]]:
    """Return every non-empty selection of ``pool`` in every order."""
    grown: list[list[str]] = [[]]
    for sent in grown:
        grown += [[*sent, item] for item in pool if item not in sent]
    return grown[1:]


@pytest.mark.req("R-042")
def test_a_second_manifest_makes_another_submission_than_the_receipt_names() -> None:
    """The signature alone cannot tell which of two signed manifests was sent: the receipt's ``submission`` does.

    So a receipt must name the submission that was admitted, also when the same JWT part comes again with other
    disclosures, and an arbiter asks for the submission with that hash.
    """
    signer = HeldBack(second_manifest=True)
    admitted = open_submission(signer.admitted(), find_key)
    later = open_submission(
        signer.raw(signer.submitted, signer.hidden, signer.category, signer.other_manifest), find_key
    )
    assert later.sha256 == admitted.sha256
    assert later.submission_sha256 != admitted.submission_sha256
    assert admitted.submission_sha256 == digest(signer.admitted())


@pytest.mark.req("R-040")
def test_a_counterpart_is_never_shown_a_manifest() -> None:
    signer = HeldBack()
    for sent in ([signer.manifest], [signer.submitted, signer.category, signer.manifest]):
        with pytest.raises(Malformed) as caught:
            open_presentation(signer.raw(*sent), find_key)
        assert caught.value.code == "disclosure"


def _opens(raw: str) -> list[str]:
    """Return which doors open; anything raised that is not ours fails the test that asks."""
    opened = []
    for name, opener in (("submission", open_submission), ("presentation", open_presentation)):
        for finder in (find_key, None):
            try:
                opener(raw, finder)
            except KeepclearError as error:
                assert error.code
            else:
                opened.append(f"{name} {'verified' if finder else 'stored'}")
    return opened


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([RAW, PRESENTED]), st.data())
def test_mutated_bytes_never_open_and_never_leak_another_error(raw: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(at, min(len(raw), at + 40)))
    put = data.draw(
        st.text(max_size=3) | st.text("~.=AB\n_-", max_size=6) | st.sampled_from([raw[:80], raw[at:end] * 2])
    )
    mutated = raw[:at] + put + raw[end:]
    opened = _opens(mutated)
    if mutated != raw and not (raw == PRESENTED and mutated.split("~")[0] == raw.split("~")[0]):
        assert not [door for door in opened if door.endswith("verified")]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([RAW, PRESENTED]), st.integers(0, 10_000))
def test_truncated_bytes_never_leak_another_error(raw: str, length: int) -> None:
    cut = raw[: length % len(raw)]
    jwt = raw.split("~")[0]
    assert cut == f"{jwt}~" or not [door for door in _opens(cut) if door.startswith("submission")]


def test_what_a_mutation_of_disclosures_may_still_be_as_a_presentation() -> None:
    """Taking whole disclosures away leaves a presentation of less: the alert's own list of digests settles that."""
    jwt, volume, category, _ = PRESENTED.split("~")
    assert open_presentation(f"{jwt}~{category}~", find_key).volumes == ()
    assert open_presentation(f"{jwt}~{category}~{volume}~", find_key).category == "transport"
    with pytest.raises(Malformed):
        open_presentation(f"{jwt}~{volume}~", find_key)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(json.loads(unb64(RAW.split(".")[1])))), VALUES)
def test_any_signed_payload_is_read_or_refused(name: str, value: Any) -> None:
    """An enrolled key may sign anything; whatever it signs ends in one of our errors."""
    payload = json.loads(unb64(RAW.split(".")[1])) | {name: value}
    try:
        body = b64(json.dumps(payload).encode())
    except ValueError:
        return
    header = RAW.split(".")[0]
    signed = f"{header}.{body}"
    assert len(_opens("~".join([f"{signed}.{b64(KEY.sign(signed.encode()))}", *RAW.split("~")[1:]]))) in (0, 2)


@settings(deadline=None)
@given(VALUES, st.sampled_from(["element", "category", "callsign", "remarks", "manifest", "name"]))
def test_any_signed_disclosure_is_read_or_refused(value: Any, place: str) -> None:
    forge = Forge("any")
    elements, properties = forge.parts()
    made = json.dumps([forge.random(16), value] if place == "element" else [forge.random(16), place, value])
    if place == "name":
        made = json.dumps([forge.random(16), value, "x"])
    raw = b64(made.encode())
    sent = [raw, *elements] if place == "element" else [*elements, raw, *properties]
    manifest = forge.manifest(sent)
    signed_elements = [raw, *elements] if place == "element" else elements
    signed = [*properties, manifest] if place == "element" else [raw, *properties, manifest]
    submission = forge.sign(forge.payload(signed_elements, signed), [*sent, manifest])
    assert not [door for door in _opens(submission) if door.startswith("presentation")]


def test_the_widest_legal_notice_is_within_the_limits_of_size() -> None:
    """The payload of 512 digests and the JWT part stay within what ``open_statement`` takes."""
    forge = Forge("widest")
    elements = [forge.element(circle(minute % 500, lat=40.0)) for minute in range(500)]
    payload = forge.payload(elements, [], revision=2**53 - 1, prev=digest("before"), iss="a" * 32)
    assert len(dump_json(payload)) < 32 * 1024
