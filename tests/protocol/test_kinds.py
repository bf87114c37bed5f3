"""The table of kinds: one row each, and no other place in the repository writes what it holds."""

import re
from pathlib import Path

import pytest
from keepclear_protocol.kinds import EVERY_KIND, KINDS, ROLES, Precondition
from keepclear_protocol.statement import match_header, protected_header

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.req("R-013")
def test_each_kind_is_told_apart_by_name_typ_and_door() -> None:
    for column in ("name", "typ"):
        assert len({getattr(kind, column) for kind in EVERY_KIND}) == len(EVERY_KIND)
    assert len({kind.door for kind in KINDS}) == len(KINDS) == 3
    for kind in EVERY_KIND:
        assert match_header(protected_header("A" * 43, kind.typ), kind.typ) == "A" * 43
        assert kind.role in ("", *ROLES)


def test_what_parties_file_has_all_columns_and_nothing_else_has_a_door() -> None:
    for kind in EVERY_KIND:
        filed = kind in KINDS
        assert filed == bool(kind.door) == bool(kind.media_type) == (kind.precondition is not Precondition.NONE)
        assert not filed or (kind.role and kind.event)


def test_no_other_module_writes_a_typ_a_door_or_a_media_type() -> None:
    words = {kind.typ for kind in EVERY_KIND} | {kind.media_type for kind in KINDS} | {kind.door for kind in KINDS}
    assert len(words) == len(EVERY_KIND) + 2 + 3
    for room in ("protocol", "service", "clients"):
        for path in (ROOT / room).rglob("*.py"):
            if path.name == "kinds.py":
                continue
            written = set(re.findall(r'"([^"\s]*)"', path.read_text("utf-8")))
            assert not written & words, path
