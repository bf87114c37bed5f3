"""``keepclear check`` as a program, against the 103 pairs of InterUSS and by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import circle_json, volume4d_json
from support.program import Done, keepclear, started
from support.world import World

T0 = 1_700_000_000 * SECOND


def keepclear_check(*words: str, given: bytes = b"") -> Done:
    return keepclear("check", *words, folder=Path.cwd(), given=given)


def volume(
    lat: float = 48.0, lower: float = 0, start_s: int = 0, reference: str = "W84", radius_m: float = 100
) -> dict[str, Any]:
    start = T0 + start_s * SECOND
    return volume4d_json(
        circle_json((lat, 2.0), radius_m), lower, lower + 50, reference, "M", start, start + 60 * SECOND
    )


def batch(*lines: object, options: tuple[str, ...] = ()) -> tuple[int, list[dict[str, Any]]]:
    given = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    done = keepclear_check("--batch", "-", *options, given=given)
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def pair(a: object, b: object, **more: object) -> dict[str, object]:
    return {"a": [a], "b": [b], **more}


def test_the_pairs_of_interuss(shared: Path, tmp_path: Path) -> None:
    corpus = json.loads((shared / "vectors" / "f3548_pairs.json").read_text())
    lines, truths = [], []
    for group in corpus.values():
        for row in group["pairs"]:
            named = dict(zip(group["pairs_cols"], row, strict=True))
            a, b = (group["intents"][named[side]]["area"] for side in ("a", "b"))
            lines.append(json.dumps({"a": a, "b": b, "from": [named["a"], named["b"]]}))
            truths.append("conflict" if named["conflict4d"] else "clear")
    assert len(lines) == 103
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(lines) + "\n")
    done = started("check", "--batch", str(file), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["verdict"] for verdict in verdicts] == truths


def test_the_members_of_a_verdict() -> None:
    code, (conflict, clear, possible) = batch(
        pair(volume(), volume(lower=40, start_s=30)),
        pair(volume(), volume(lat=49.0)),
        pair(volume(), volume(lower=20, reference="AMSL")),
    )
    assert code == 0
    assert conflict == {
        "verdict": "conflict",
        "severity": "overlap",
        "horizontal_m": 0,
        "vertical_m": 0,
        "time_start": "2023-11-14T22:13:50Z",
        "time_end": "2023-11-14T22:14:20Z",
        "altitude_lower_m": 40,
        "altitude_upper_m": 50,
        "reference": "W84",
        "a_volume": 1,
        "b_volume": 1,
        "pairs": 1,
    }
    assert clear == {**dict.fromkeys(conflict), "verdict": "clear", "pairs": 0}
    assert (possible["verdict"], possible["severity"]) == ("possible", "possible")


def test_the_worst_pair_wins() -> None:
    both = {"a": [volume(), volume(lat=60.0)], "b": [volume(lat=48.004), volume(lat=60.001), volume(lat=60.003)]}
    _, (verdict,) = batch(both, options=("--horizontal-m", "500"))
    assert (verdict["severity"], verdict["a_volume"], verdict["b_volume"], verdict["pairs"]) == ("overlap", 2, 2, 3)


@pytest.mark.parametrize(
    ("option", "value", "other", "verdict"),
    [
        ("--horizontal-m", "200", {"lat": 48.0036}, "conflict"),
        ("--horizontal-m", "195", {"lat": 48.0036}, "clear"),
        ("--vertical-m", "50", {"lower": 100}, "conflict"),
        ("--vertical-m", "49.9", {"lower": 100}, "clear"),
        ("--time-s", "30", {"start_s": 90}, "conflict"),
        ("--time-s", "29", {"start_s": 90}, "clear"),
        ("--time-s", "0", {"start_s": 60}, "conflict"),
        ("--time-s", "0", {"start_s": 61}, "clear"),
    ],
)
def test_bare_minima_hold_for_either_order(option: str, value: str, other: dict[str, Any], verdict: str) -> None:
    _, found = batch(pair(volume(), volume(**other)), pair(volume(**other), volume()), options=(option, value))
    assert [line["verdict"] for line in found] == [verdict] * 2


BAD_LINES: dict[str, tuple[object, str]] = {
    "no JSON": (b'{"a":\n', "json"),
    "not UTF-8": (b'"\xff"\n', "json"),
    "NaN": (json.dumps(pair(volume(), volume())).replace("48.0", "NaN").encode() + b"\n", "json_number"),
    "1e999": (json.dumps(pair(volume(), volume())).replace("48.0", "1e999").encode() + b"\n", "json_number"),
    "a list": ([1], "volume_shape"),
    "no b": ({"a": [volume()]}, "volume_shape"),
    "empty b": ({"a": [volume()], "b": []}, "volume_shape"),
    "null volume": (pair(volume(), None), "volume_shape"),
    "latitude 91": (pair(volume(), json.loads(json.dumps(volume()).replace("48.0", "91"))), "volume_position"),
    "band upside down": (pair(volume(), json.loads(json.dumps(volume()).replace("50,", "-50,"))), "volume_band"),
    "too large": (b'{"a":"' + b"x" * (9 * 1024 * 1024) + b'"}\n', "too_large"),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_line_that_cannot_be_read_is_answered_and_the_others_too(name: str) -> None:
    line, wanted = BAD_LINES[name]
    good = pair(volume(), volume())
    code, found = batch(good, b"\n", line, good)
    assert code == 1
    assert [answer["verdict"] for answer in found] == ["conflict", "error", "conflict"]
    assert found[1]["code"] == wanted
    assert found[1]["detail"]


def write(folder: Path, name: str, value: object) -> str:
    file = folder / name
    file.write_text(json.dumps(value))
    return str(file)


def test_two_files(tmp_path: Path) -> None:
    a = write(tmp_path, "a.json", [volume(lat=10.0), volume()])
    near = write(tmp_path, "near.json", {"volumes": [volume(lat=48.002)]})
    far = write(tmp_path, "far.json", [volume(lat=48.1)])
    done = keepclear_check(a, near)
    assert done.returncode == 0
    assert done.stdout.startswith("CLEAR")
    done = keepclear_check(a, near, "--horizontal-m", "100")
    assert done.returncode == 3
    assert done.stdout.startswith("CONFLICT; 1 pair of volumes")
    assert "A 2, B 1" in done.stdout
    done = keepclear_check(a, far, "--horizontal-m", "20000", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["severity"] == "proximity"
    possible = write(tmp_path, "possible.json", [volume(reference="AMSL")])
    done = keepclear_check(a, possible)
    assert (done.returncode, done.stdout.startswith("POSSIBLE")) == (3, True)


def test_a_track_against_itself_and_a_plan(shared: Path, tmp_path: Path) -> None:
    lines = (shared / "flights" / "paris-2021-10-07.jsonl").read_bytes().splitlines()
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(lines[0])
    other.write_bytes(b"\n".join(lines[0:3]))
    done = keepclear_check(str(one), str(other), "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["severity"] == "overlap"


def test_under_an_agreement(tmp_path: Path) -> None:
    terms = tmp_path / "agreement.json"
    terms.write_bytes(World().agreement.raw)
    options = ("--agreement", str(terms))
    # 11 km apart: beyond transport's 7.4 km, within strike's 20 km, and the larger minimum holds.
    near = pair(volume(), volume(lat=48.1))
    later = pair(volume(), volume(start_s=60 + 1_500), category_a="strike", category_b="transport")
    earlier = pair(volume(start_s=60 + 1_500), volume(), category_a="strike", category_b="transport")
    code, found = batch(
        {**near, "category_a": "transport", "category_b": "transport"},
        {**near, "category_a": "transport", "category_b": "strike"},
        {**near, "category_a": "strike"},
        later,  # strike's tail of 25 min reaches it
        earlier,  # transport has no tail, strike's lead is 2 min
        {**near, "category_a": "picnic"},
        {**near, "category_a": 7},
        options=(*options, "--category-b", "strike"),
    )
    assert code == 1
    verdicts = ["clear", "conflict", "conflict", "conflict", "clear", "error", "error"]
    assert [line["verdict"] for line in found] == verdicts
    assert [line["code"] for line in found[5:]] == ["category"] * 2
    code, found = batch({**near, "category_a": "strike"}, options=options)
    assert (code, found[0]["code"]) == (1, "category")
    # AMSL against W84: the agreement's own bounds decide, here the same as world-wide ones for the geoid.
    a, b = write(tmp_path, "a.json", [volume()]), write(tmp_path, "b.json", [volume(lower=500, reference="AMSL")])
    assert keepclear_check(a, b, *options).returncode == 2
    chosen = (*options, "--category-a", "transport", "--category-b", "transport")
    assert keepclear_check(a, b, *chosen).returncode == 0
    b = write(tmp_path, "b.json", [volume(lower=300, reference="AMSL")])
    assert keepclear_check(a, b, *chosen).stdout.startswith("POSSIBLE")
    assert keepclear_check(a, b, *options, "--category-a", "transport", "--category-b", "picnic").returncode == 2


def test_one_category_needs_no_name(tmp_path: Path) -> None:
    terms = tmp_path / "agreement.json"
    only = {"all": {"horizontal_m": 20_000, "vertical_m": 100, "lead_s": 0, "tail_s": 0}}
    terms.write_bytes(World(categories=only).agreement.raw)
    code, (found,) = batch(pair(volume(), volume(lat=48.1)), options=("--agreement", str(terms)))
    assert (code, found["severity"]) == (0, "proximity")


def test_the_agreement_of_the_environment_is_taken_with_a_category_and_else_said_to_be_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "agreement.json").write_bytes(World().agreement.raw)
    monkeypatch.setenv("KEEPCLEAR_AGREEMENT", str(tmp_path / "agreement.json"))
    a, b = write(tmp_path, "a.json", [volume()]), write(tmp_path, "b.json", [volume(lat=48.1)])
    done = keepclear_check(a, b)
    assert done.stdout.startswith("CLEAR") and "KEEPCLEAR_AGREEMENT is set and not used" in done.stderr
    done = keepclear_check(a, b, "--category-a", "transport", "--category-b", "strike")
    assert done.stdout.startswith("CONFLICT; 1 pair of volumes") and done.stderr == ""
    done = keepclear_check(a, b, "--agreement", str(tmp_path / "agreement.json"))
    assert done.returncode == 2 and "not used" not in done.stderr
    monkeypatch.setenv("KEEPCLEAR_AGREEMENT", "")
    assert keepclear_check(a, b).stderr == ""


USAGE = {
    "one file": ("a.json",),
    "three files": ("a", "b", "c"),
    "batch and files": ("a", "b", "--batch", "c"),
    "nothing": (),
    "category without agreement": ("--batch", "-", "--category-a", "x"),
    "minima and agreement": ("--batch", "-", "--agreement", "x", "--time-s", "0"),
    "NaN": ("--batch", "-", "--horizontal-m", "nan"),
    "infinite": ("--batch", "-", "--vertical-m", "inf"),
    "below zero": ("--batch", "-", "--horizontal-m", "-1"),
    "half a second": ("--batch", "-", "--time-s", "0.5"),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str) -> None:
    done = keepclear_check(*USAGE[name])
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    good = write(tmp_path, "good.json", [volume()])
    bad = write(tmp_path, "bad.json", [volume(), 7])
    done = keepclear_check(good, bad)
    assert done.returncode == 2
    assert "volume 2" in done.stderr
    assert "bad.json" in done.stderr
    assert keepclear_check(good, str(tmp_path / "none")).returncode == 2
    assert keepclear_check("--batch", str(tmp_path)).returncode == 2
    done = keepclear_check("--agreement", good, good, good)
    assert done.returncode == 1
    assert "good.json" in done.stderr


def test_a_callsign_cannot_rewrite_the_terminal(tmp_path: Path) -> None:
    points = [[1_633_608_000, 48.0, 2.0, 0], [1_633_608_300, 48.1, 2.0, 0]]
    track = write(tmp_path, "track.json", {"callsign": "\x1b[2JCLEAR", "points": points})
    done = keepclear_check(track, track)
    assert "1 gap bridged" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_byte_order_mark_before_a_batch_or_an_agreement_is_passed_over(tmp_path: Path) -> None:
    line = json.dumps(pair(volume(), volume(), category_a="transport", category_b="transport")).encode()
    agreement = tmp_path / "a.json"
    agreement.write_bytes(b"\xef\xbb\xbf" + World().agreement.raw)
    done = keepclear_check("--batch", "-", "--agreement", str(agreement), given=b"\xef\xbb\xbf" + line + b"\n" + line)
    verdicts = [json.loads(answer)["verdict"] for answer in done.stdout.splitlines()]
    assert (done.returncode, verdicts) == (0, ["conflict", "conflict"]), done.stderr
