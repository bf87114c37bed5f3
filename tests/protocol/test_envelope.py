"""Opening in two stages: what is known of a submission before any volume of it is read."""

import pytest
from keepclear_protocol import disclosure
from keepclear_protocol.encoding import b64, digest
from keepclear_protocol.errors import Malformed, NotAuthentic
from keepclear_protocol.notice import open_envelope, open_submission
from support.notice_forge import KEY, STRANGER, Forge, find_key


def _submission(forge: Forge) -> str:
    return forge.submission(*forge.parts())


def test_an_envelope_says_what_the_notice_says() -> None:
    forge = Forge("envelope")
    elements, properties = forge.parts()
    raw = forge.submission(elements, properties, revision=3, prev=digest("before"))
    envelope = open_envelope(raw, find_key)
    notice = envelope.open()
    for name in ("jwt", "sha256", "kid", "claims", "id", "revision", "prev", "category", "party"):
        assert getattr(envelope, name) == getattr(notice, name)
    assert (envelope.raw, envelope.category, envelope.revision) == (raw, "transport", 3)
    assert notice.submission_sha256 == digest(raw)
    assert repr(notice) == repr(open_submission(raw, find_key))


def test_no_volume_is_touched_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge("untouched")
    elements, properties = forge.parts()
    raw = forge.submission([*elements, forge.element({"volume": "none"})], properties)
    opened: list[object] = []
    monkeypatch.setattr(disclosure, "quick_element", opened.append)
    envelope = open_envelope(raw, find_key)
    assert (envelope.category, opened) == ("transport", [])
    with pytest.raises(Malformed) as caught:
        envelope.open()
    assert caught.value.code == "volume_shape" and len(opened) == 3


@pytest.mark.parametrize("raw", ["", "~", "a.b.c~", "a.b.c"])
def test_what_is_not_authentic_is_no_envelope(raw: str) -> None:
    with pytest.raises(NotAuthentic):
        open_envelope(raw, find_key)


def test_a_strangers_envelope_is_not_opened_whatever_its_size() -> None:
    forge = Forge("stranger")
    raw = forge.sign(forge.payload(*forge.parts()), [], key=STRANGER)
    with pytest.raises(NotAuthentic):
        open_envelope(raw + "A" * 600_000, find_key)
    known = forge.sign(forge.payload(*forge.parts()), [], key=KEY)
    with pytest.raises(Malformed) as caught:
        open_envelope(known + "A" * 600_000, find_key)
    assert caught.value.code == "too_large"


def test_a_category_that_stands_elsewhere_is_not_told() -> None:
    forge = Forge("category")
    elements, properties = forge.parts()
    early = forge.submission(elements, properties)
    jwt, first, second, *rest, _ = early.split("~")
    category, callsign, remarks, manifest = rest
    for sent, seen in (
        ([first, second, category, callsign, remarks, manifest], "transport"),
        ([first, category, second, callsign, remarks, manifest], None),
        ([first, second, callsign, remarks, manifest], None),
        ([first, second, forge.property("category", "strike"), manifest], "strike"),
        ([], None),
    ):
        envelope = open_envelope("~".join([jwt, *sent, ""]), find_key)
        assert envelope.category == seen
        if sent != [first, second, *rest]:
            with pytest.raises(Malformed):  # whatever was told: not what was signed, or not in its order
                envelope.open()


@pytest.mark.parametrize("category", ["Transport", "x" * 33, ""])
def test_a_category_that_does_not_fit_is_not_told(category: str) -> None:
    forge = Forge("unfit")
    elements, _ = forge.parts()
    raw = forge.submission(elements, [forge.property("category", category)])
    envelope = open_envelope(raw, find_key)
    assert envelope.category is None
    with pytest.raises(Malformed) as caught:
        envelope.open()
    assert caught.value.code == "disclosure"


def test_an_unusual_spelling_is_left_to_the_strict_reader() -> None:
    forge = Forge("spelling")
    elements, _ = forge.parts()
    spaced = b64(f'["{forge.random(16)}" , "category" , "transport"]'.encode())
    envelope = open_envelope(forge.submission(elements, [spaced]), find_key)
    assert (envelope.category, envelope.open().category) == (None, "transport")
