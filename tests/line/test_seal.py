"""A seal says that a sibling has verified a statement, and cannot be had without the service's key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keepclear_protocol.encoding import unb64
from keepclear_protocol.keys import PrivateKey
from keepclear_service.decide.entry import Entry
from keepclear_service.decide.gist import write_gist
from keepclear_service.line.seal import Seal, unsealed
from msgspec import structs
from support.world import World, box

KEY = PrivateKey(bytes(range(32)))
SEAL = Seal(KEY, "agreement")
WORLD = World()
GIST = write_gist(WORLD.opened(WORLD.submission("north", box())))


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


@pytest.mark.parametrize(
    "changed", [{}, {"party": "south"}, {"id": "m"}, {"revision": 3}, {"sha256": "z"}, {"submission": "z"}]
)
def test_a_gist_holds_for_its_own_entry_alone(changed: dict[str, Any]) -> None:
    sealed = SEAL.add_to_gist(GIST, "notice", "north", "n", 2, "s", "u")
    found = SEAL.gist(structs.replace(entry(), **changed), sealed)
    assert (found is None) == bool(changed)
    assert SEAL.gist(entry(), sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert SEAL.gist(entry(), bytes([sealed[0] ^ 1]) + sealed[1:]) is None
    assert SEAL.gist(entry(), b"") is None and SEAL.gist(entry(), GIST) is None
    assert Seal(KEY, "another").gist(entry(), sealed) is None


def test_the_seal_of_a_statement_is_none_of_a_gist() -> None:
    """Else who may choose a note could have a gist of his own sealed."""
    note = GIST.decode("latin-1")
    seal = SEAL.add(note, "notice", "north", "n", 2, "s", "u").rpartition(";")[2]
    assert SEAL.gist(entry(), unb64(seal) + note.encode()) is None
