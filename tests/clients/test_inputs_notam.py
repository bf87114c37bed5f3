"""NOTAM: the circle of the Q line is claimed for the band and time of its fields; that its text is not read is said."""

import pytest
from keepclear.offline.inputs.asked import read_time
from keepclear.offline.inputs.flight import Altitude
from support.samples import band, flights, refused, window

LATER = {"end": read_time("2026-11-24T12:00Z", "--to"), "upper": Altitude(660, "FL", "FL")}
Q = "LSAS/QRTCA/IV/BO/W/000/195/4720N00832E005"
GOOD = "A0001/26 NOTAMN\nQ) {q}\nA) LSAS B) {b} C) {c}\nE) TEXT\nF) {f} G) {g}\n"


def notam(**fields: str) -> bytes:
    said = {"q": Q, "b": "2611221400", "c": "2611221600", "f": "GND", "g": "4500FT AMSL", **fields}
    return GOOD.format(**said).encode()


def test_a_restricted_area() -> None:
    (flight,) = flights("notam/restricted-area.txt")
    (volume,) = flight.volumes
    circle = volume["volume"]["outline_circle"]
    assert circle == {"center": {"lat": 47.333333333, "lng": 8.533333333}, "radius": {"value": 9260.0, "units": "M"}}
    assert window(volume) == ("2026-11-22T14:00:00Z", "2026-11-22T16:30:00Z")
    low, top, reference, units = band(volume)
    assert (top, reference, units) == (5944, "FL", "M")
    assert low <= -450
    place = "line 2, NOTAM A0623/26"
    assert flight.place == place
    assert flight.notes == [
        "NOTAM A0623/26, LSAS QRTCA",
        f"{place}: from the ground, which in FL may lie as low as -3050 m: the band begins there",
        f"{place}: the schedule D) '22 1400-1430, 1500-1630' is not read, the whole period is claimed",
        f"{place}: the text E) is not read, the circle of the Q line is claimed",
    ]


def test_a_bulletin_of_several() -> None:
    assert "NOTAM B1021/26, C): its end '2611231500 EST' is an estimate, so it needs --to" in refused(
        "notam/firing-bulletin.txt"
    )
    assert "NOTAM B1023/26: its top is unlimited, so it needs --upper" in refused(
        "notam/firing-bulletin.txt", end=LATER["end"]
    )
    firing, crane, prohibited = flights("notam/firing-bulletin.txt", **LATER)
    assert [flight.place for flight in (firing, crane, prohibited)] == [
        "line 4, NOTAM B1021/26",
        "line 13, NOTAM B1022/26",
        "line 22, NOTAM B1023/26",
    ]
    assert any("replaces B0998/26" in note for note in firing.notes)
    assert window(firing.volumes[0]) == ("2026-11-22T05:00:00Z", "2026-11-24T12:00:00Z")
    assert band(firing.volumes[0]) == (-450, 13716, "AMSL", "M")
    assert any("it is permanent" in note for note in crane.notes)
    assert band(prohibited.volumes[0]) == (65, 660, "FL", "FL")
    assert window(prohibited.volumes[0]) == ("2026-11-22T18:00:00Z", "2026-11-22T23:00:00Z")


def test_without_limits_the_levels_of_the_q_line_hold() -> None:
    (flight,) = flights("notam/drone-flying.txt")
    assert band(flight.volumes[0])[1] == 458
    assert "line 2, NOTAM C4411/26: without F) and G) the levels of the Q line hold" in flight.notes


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"b": "2613221400"}, "B): '2026-13-22T14:00Z': there is no such date or time"),
        ({"b": "WIE"}, "B): 'WIE' is not a time"),
        ({"c": "PERM"}, "C): it is permanent, so it needs --to"),
        ({"c": "2611221300"}, "it must end after its start"),
        ({"g": "UNL"}, "its top is unlimited, so it needs --upper"),
        ({"g": "4500FT"}, "G): '4500FT' does not say AMSL, AGL, W84 or FL"),
        ({"g": "GND"}, "the upper altitude, the ground, is not above"),
        ({"f": "UNL"}, "a lower limit cannot be unlimited"),
        ({"q": Q.replace("005", "999")}, "a radius of 999 NM means the whole region"),
        ({"q": Q.replace("E005", "E000")}, "a radius of 000 NM means no area"),
        ({"q": Q.replace("E005", "E")}, "'4720N00832E' is no position with a radius"),
        ({"q": Q.replace("4720N", "9920N")}, "has a latitude of"),
        ({"q": "LSAS/QRTCA/IV/BO/W/000/195"}, "the Q line has 7 parts, not eight"),
    ],
)
def test_a_fault_is_named_with_its_field(fields: dict[str, str], told: str) -> None:
    said = refused(notam(**fields))
    assert told in said
    assert said.startswith("line 2, NOTAM A0001/26")


def test_a_cancellation_claims_nothing() -> None:
    text = notam().replace(b"NOTAMN", b"NOTAMC A0000/26")
    assert "it cancels A0000/26: there is nothing to claim" in refused(text)


def test_letters_in_the_text_begin_no_field() -> None:
    text = notam().replace(b"TEXT", b"A) NOT B) THIS C) ONE F) 100FT AGL G) 200FT AGL OR")
    (flight,) = flights(text)
    assert band(flight.volumes[0]) == (-450, 1372, "AMSL", "M")
    assert window(flight.volumes[0]) == ("2026-11-22T14:00:00Z", "2026-11-22T16:00:00Z")
