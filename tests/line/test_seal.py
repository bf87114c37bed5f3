"""A seal says that a sibling has verified a statement, and cannot be had without the service's key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.keys import PrivateKey
from keepclear_service.decide.entry import Entry
from keepclear_service.line.seal import Seal, unsealed
from msgspec import structs

KEY = PrivateKey(bytes(range(32)))
SEAL = Seal(KEY, "agreement")


def entry(note: str = "1,2,3,4", **changed: Any) -> Entry:
    said: dict[str, Any] = {
        "kind": "notice",
        "party": "north",
        "id": "n",
        "revision": 2,
        "sha256": "s",
        "submission": "u",
    } | changed
    return Entry(seq=7, received_at=5, terms="t", note=SEAL.add(note, **said), **said)


@given(note=st.sampled_from(["", "1,2,3,4"]), revision=st.integers(1, 9))
def test_a_sealed_entry_holds_and_keeps_its_note(note: str, revision: int) -> None:
    sealed = entry(note, revision=revision)
    assert SEAL.holds(sealed) and unsealed(sealed.note) == note


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "withdrawal"},
        {"party": "south"},
        {"id": "m"},
        {"revision": 3},
        {"sha256": "z"},
        {"submission": "z"},
        {"sha256": "s\nu", "submission": ""},
        {"note": "1,2,3,5;" + entry().note.partition(";")[2]},
        {"note": "1,2,3,4"},
        {"note": "1,2,3,4;"},
        {"note": "1,2,3,4;\u00e9"},
        {"note": ""},
    ],
)
def test_a_seal_holds_for_nothing_else(changed: dict[str, Any]) -> None:
    assert not SEAL.holds(structs.replace(entry(), **changed))


def test_another_agreement_and_another_service_have_other_seals() -> None:
    assert not Seal(KEY, "another").holds(entry())
    assert not Seal(PrivateKey(bytes(32)), "agreement").holds(entry())
