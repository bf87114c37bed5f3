"""F3548 JSON, and how a format is told from a file's content."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from keepclear.offline.inputs import Options, load, read_bytes
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import format_instant
from keepclear_protocol.volume import circle_json, volume4d_json

T0 = 1_700_000_000_000_000


def volume(lower: float = 0, start: int = T0) -> dict[str, Any]:
    return volume4d_json(circle_json((48.0, 2.0), 100), lower, lower + 50, "W84", "M", start, start + 60_000_000)


def read(value: object) -> list[Any]:
    return load(json.dumps(value).encode())


HOLDERS = {
    "list": [volume()],
    "details": {"volumes": [volume()], "off_nominal_volumes": [], "priority": 0},
    "operational intent": {"reference": {"id": "x"}, "details": {"volumes": [volume()], "priority": 0}},
    "flight intent": {"area": [volume()], "usage_state": "Planned", "uas_state": "Nominal"},
    "request": {"extents": [volume()], "state": "Accepted"},
}


@pytest.mark.parametrize("name", HOLDERS)
def test_forms(name: str) -> None:
    (flight,) = read(HOLDERS[name])
    assert flight.callsign is None
    assert flight.volumes == [volume()]


def test_off_nominal_volumes_are_claimed_and_said() -> None:
    (flight,) = read({"volumes": [volume()], "off_nominal_volumes": [volume(100)], "priority": 3})
    assert flight.volumes == [volume(), volume(100)]
    assert flight.notes == [
        "off-nominal volumes are claimed like the others: 1",
        "left out, since a notice does not say it: priority",
    ]


def test_the_corpus_of_interuss(shared: Path) -> None:
    corpus = json.loads((shared / "vectors" / "f3548_pairs.json").read_text())
    intents = [intent for group in corpus.values() for intent in group["intents"].values()]
    assert len(intents) == 24
    for intent in intents:
        (flight,) = read(intent)
        assert flight.volumes == intent["area"]


BAD = {
    "empty list": ([], "no volumes"),
    "no volumes": ({"volumes": []}, "no volumes"),
    "no list": ({"volumes": {}}, "volumes: not a list"),
    "a number": (7, "no format"),
    "nothing known": ({"name": "x"}, "no format"),
    "null volume": ([None], "volume 1"),
    "second": ([volume(), {**volume(), "time_end": volume()["time_start"]}], "volume 2"),
    "in details": ({"details": {"volumes": [volume(), 1]}}, "details, volumes, volume 2"),
    "misspelt member": ([{**volume(), "timeEnd": 1}], "timeEnd: not a name that is read; time_end is"),
    "too many": ([volume(i) for i in range(501)], "501 volumes"),
    "latitude 91": (json.loads(json.dumps([volume()]).replace("48.0", "91.0")), "volume_position"),
}


@pytest.mark.parametrize("name", BAD)
def test_refusals(name: str) -> None:
    value, words = BAD[name]
    with pytest.raises(LocalError) as caught:
        read(value)
    assert caught.value.code == "input_file"
    assert words in caught.value.detail


BAD_BYTES = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n", "empty"),
    "syntax": (b'[\n  {"volume": }\n]', "line 2, column 14"),
    "not UTF-8": (b'["\xff"]', "UTF-8"),
    "NaN": (b"[NaN]", "volume 1"),
    "1e999": (b"[1e999]", "volume 1"),
    "huge integer": (b"[" + b"9" * 5000 + b"]", "volume 1"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, ""),
    "binary": (bytes(range(256)), ""),
    "two values": (b"[]\n[]", "line 2"),
    "nul name": (b'{"\\u0000":1}', "no format"),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_bytes_that_are_no_input(name: str) -> None:
    data, words = BAD_BYTES[name]
    with pytest.raises(LocalError) as caught:
        load(data)
    assert caught.value.code == "input_file"
    assert words in caught.value.detail


def test_a_byte_order_mark_is_no_hindrance() -> None:
    (flight,) = load(b"\xef\xbb\xbf" + json.dumps([volume()]).encode())
    assert len(flight.volumes) == 1


def test_shift() -> None:
    (flight,) = load(json.dumps([volume()]).encode(), Options(shift_s=-3_600))
    assert flight.volumes == [volume(start=T0 - 3_600_000_000)]
    assert flight.volumes[0]["time_start"]["value"] == format_instant(T0 - 3_600_000_000)


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps([volume()]))
    assert len(load(file)[0].volumes) == len(load(str(file))[0].volumes) == 1
    for name in (tmp_path, tmp_path / "missing", "bad\0name"):
        with pytest.raises(LocalError, match="cannot be read"):
            load(name)
    with pytest.raises(LocalError, match="larger than"):
        read_bytes(file, 10)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert len(load("-")[0].volumes) == 1
