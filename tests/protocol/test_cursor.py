"""Stream positions: one spelling each, and none too large to be told of its gap."""

import pytest
from keepclear_protocol.cursor import Cursor
from keepclear_protocol.errors import Malformed

EPOCH = "0123456789abcdef" * 2


@pytest.mark.req("R-097")
@pytest.mark.parametrize("number", [0, 1, 99, 2**53 - 1, 2**53, 10**16 - 1])
def test_a_position_reads_as_it_is_written(number: int) -> None:
    text = f"{EPOCH}-{number}"
    assert Cursor.parse(text) == Cursor(EPOCH, number)
    assert str(Cursor.parse(text)) == text


@pytest.mark.req("R-097", "R-098")
@pytest.mark.parametrize(
    "text",
    [
        "",
        EPOCH,
        f"{EPOCH}-",
        f"{EPOCH}-01",
        f"{EPOCH}--1",
        f"{EPOCH}-+1",
        f"{EPOCH}-1 ",
        f" {EPOCH}-1",
        f"{EPOCH}-1\n",
        f"{EPOCH}-٣",
        f"{EPOCH}-1.0",
        f"{EPOCH}-{10**16}",
        f"{EPOCH.upper()}-1",
        f"{EPOCH[:-1]}-1",
        f"{EPOCH}0-1",
        None,
        7,
    ],
)
def test_what_is_no_position_is_refused(text: object) -> None:
    with pytest.raises(Malformed) as caught:
        Cursor.parse(text)
    assert caught.value.code == "cursor"
