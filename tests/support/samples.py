"""The sample files of tests/clients/samples, and what tests say of the flights in them."""

from pathlib import Path
from typing import Any

import pytest
from keepclear.offline.inputs import Flight, Options, load
from keepclear.offline.inputs.asked import read_altitude, read_time
from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import parse_volume

FOLDER = Path(__file__).resolve().parents[1] / "clients" / "samples"

AFTERNOON = {"start": read_time("2026-11-22T14:00Z", "--from"), "end": read_time("2026-11-22T15:00Z", "--to")}
LOW = {"lower": read_altitude("GND", "--lower"), "upper": read_altitude("9500ft AMSL", "--upper")}


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def flights(source: str | bytes, **options: Any) -> list[Flight]:
    """The flights of a sample, or of bytes; every volume of them is one that the wire takes."""
    found = load(sample(source) if isinstance(source, str) else source, Options(**options))
    for flight in found:
        assert flight.volumes
        for volume in flight.volumes:
            parse_volume(volume)
    return found


def refused(source: str | bytes, **options: Any) -> str:
    """What the refusal says, its hint included."""
    with pytest.raises(LocalError) as caught:
        load(sample(source) if isinstance(source, str) else source, Options(**options))
    assert caught.value.code == "input_file"
    assert "\n" not in caught.value.detail
    return f"{caught.value.detail} | {caught.value.hint}"


def band(volume: dict[str, Any]) -> tuple[float, float, str, str]:
    lower, upper = (volume["volume"][name] for name in ("altitude_lower", "altitude_upper"))
    assert (lower["reference"], lower["units"]) == (upper["reference"], upper["units"])
    return lower["value"], upper["value"], upper["reference"], upper["units"]


def window(volume: dict[str, Any]) -> tuple[str, str]:
    return volume["time_start"]["value"], volume["time_end"]["value"]


def ring(volume: dict[str, Any]) -> list[tuple[float, float]]:
    return [(vertex["lat"], vertex["lng"]) for vertex in volume["volume"]["outline_polygon"]["vertices"]]


def path(volume: dict[str, Any]) -> list[tuple[float, float]]:
    return [(vertex["lat"], vertex["lng"]) for vertex in volume["volume"]["outline_corridor"]["path"]]


def width_m(volume: dict[str, Any]) -> float:
    return float(volume["volume"]["outline_corridor"]["half_width"]["value"])
