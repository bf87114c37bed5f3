"""How a conflict or a notice is named at a terminal: whole, by its beginning, or by its speakable code."""

import pytest
from keepclear.cli.context import pick
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.speakable import speakable

FIRST, SECOND = "48AIb_b6sexf6S0umIqXCunv9By4Idlk44QWCN4M59g", "-JkIBI20SlzRFymmu1YdDAPIHqK7uRmHbkxTNp7U59M"
TWIN = FIRST[:5] + SECOND[5:]
"""Another id of the same code."""


@pytest.mark.parametrize("text", [FIRST, FIRST[:4], speakable(FIRST), "wf00gv", " wfo-ogv ", "WFO OGV"])
def test_one_is_meant_by_its_id_its_beginning_or_its_code(text: str) -> None:
    assert pick(text, [SECOND, FIRST], "conflict") == FIRST


def test_an_id_that_begins_with_a_hyphen_is_one() -> None:
    assert pick("-JkI", [SECOND, FIRST], "conflict") == SECOND


@pytest.mark.parametrize("text", ["", " ", "\t", "4", "48A", "-Jk"])
def test_an_empty_or_short_text_picks_nothing_even_if_there_is_only_one(text: str) -> None:
    with pytest.raises(KeepclearError) as refused:
        pick(text, [FIRST], "conflict")
    assert refused.value.code == "usage"


@pytest.mark.parametrize("text", [speakable(FIRST), "48AI"])
def test_what_means_several_picks_none_and_names_them(text: str) -> None:
    with pytest.raises(KeepclearError) as refused:
        pick(text, [FIRST, TWIN], "conflict")
    assert refused.value.code == "usage" and FIRST in refused.value.hint and TWIN in refused.value.hint
    assert pick(TWIN, [FIRST, TWIN], "conflict") == TWIN


def test_a_whole_id_that_is_not_known_here_is_left_to_the_hotline_and_a_part_of_one_is_not() -> None:
    assert pick(SECOND, [FIRST], "conflict") == SECOND
    for text, what in (("nosuch", "notice"), (speakable(SECOND), "conflict"), (SECOND[:-1], "conflict")):
        with pytest.raises(KeepclearError) as refused:
            pick(text, [FIRST], what)
        assert refused.value.code == f"{what}_unknown"
