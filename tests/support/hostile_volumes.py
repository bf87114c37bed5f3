"""The hostile table, second half: notices that are signed and sound, of volumes that nobody could keep clear of."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import CODES
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.statement import sign_statement

from support.forge import NoticeForge, party_claims
from support.hostile_statements import Case
from support.hostile_world import HostileLine
from support.notice_attacks import attacks
from support.notice_forge import Forge
from support.world import box

Volume = dict[str, Any]
DAY_S = 86_400


def volume_cases() -> Iterator[Case]:
    """Yield every case of this half."""
    yield from _outlines()
    yield from _numbers()
    yield from _bands()
    yield from _windows()
    yield from _shapes()
    yield from _limits()
    yield from _second_volume()
    yield from _corpus()


def _case(name: str, code: str, *volumes: Volume | bytes | Callable[[], Volume | bytes], **changed: Any) -> Case:
    def make(line: HostileLine) -> str:
        made = [volume() if callable(volume) else volume for volume in volumes]
        return NoticeForge(line.world, "north").notice(made, **changed)

    return Case(name, "notices", make, CODES[code].status, code)


def polygon(*vertices: tuple[float, float], **changed: Any) -> Volume:
    """Return the ordinary box with another outline: latitude and longitude."""
    return outlined(outline_polygon={"vertices": [{"lat": lat, "lng": lng} for lat, lng in vertices]}, **changed)


def outlined(**outline: Any) -> Volume:
    """Return the ordinary box with other members in its volume."""
    made = box()
    kept = {name: made["volume"][name] for name in ("altitude_lower", "altitude_upper")}
    return {**made, "volume": {**outline, **kept}}


def circle(lat: float, lng: float, radius: Any) -> Volume:
    return outlined(outline_circle={"center": {"lat": lat, "lng": lng}, "radius": {"value": radius, "units": "M"}})


def corridor(*path: tuple[float, float], half_width: Any = 500) -> Volume:
    points = [{"lat": lat, "lng": lng} for lat, lng in path]
    return outlined(outline_corridor={"path": points, "half_width": {"value": half_width, "units": "M"}})


def ring(count: int) -> Volume:
    """Return a polygon of ``count`` vertices on a circle of about 50 km."""
    turns = [2 * math.pi * number / count for number in range(count)]
    return polygon(*((round(48 + 0.4 * math.sin(turn), 9), round(2 + 0.6 * math.cos(turn), 9)) for turn in turns))


def _outlines() -> Iterator[Case]:
    square = [(48.0, 2.0), (48.0, 2.1), (48.1, 2.1), (48.1, 2.0)]
    for name, vertices in (
        ("a bow tie", [square[0], square[2], square[1], square[3]]),
        ("a vertex twice", [*square, square[1]]),
        ("a vertex twice running", [square[0], *square]),
        ("a closed ring", [*square, square[0]]),
        ("two vertices 10 micrometres apart", [*square, (48.1, 2.0000000001)]),
        ("two vertices", square[:2]),
        ("no vertex", []),
        ("a figure of eight", [(48.0, 2.0), (48.1, 2.1), (48.2, 2.0), (48.2, 2.1), (48.1, 2.1), (48.0, 2.1)]),
    ):
        code = "volume_position" if "micrometres" in name else "volume_polygon"
        yield _case(f"polygon: {name}", code, polygon(*vertices))
    yield _case(
        "polygon: one spelling of the pole each", "volume_polygon", polygon((90, 0), (90, 10), (80, 0), (80, 10))
    )
    yield _case("polygon: on the antimeridian twice", "volume_polygon", polygon((0, 180), (0, -180), (1, 179)))
    yield _case("polygon: on a line", "volume_polygon", polygon((0, 2.0), (0, 2.1), (0, 2.2)))
    yield _case("polygon: an edge of 1 001 km", "volume_edge", polygon((0, 0), (0, 9.002), (1, 4)))
    yield _case("polygon: antipodal vertices", "volume_edge", polygon((0, 0), (0, 180), (1, 90)))
    yield _case("polygon: poles", "volume_edge", polygon((90, 0), (-90, 0), (0, 90)))
    yield _case("corridor: an edge of 1 001 km", "volume_edge", corridor((0, 0), (0, 9.002)))
    yield _case("corridor: antipodal", "volume_edge", corridor((10, 20), (-10, -160)))
    yield _case("corridor: one point", "volume_extent", corridor((48, 2)))
    yield _case("corridor: a point twice", "volume_extent", corridor((48, 2), (48, 2)))
    yield _case("corridor: no width", "volume_extent", corridor((48, 2), (48, 3), half_width=0))
    yield _case("corridor: width below nought", "volume_size", corridor((48, 2), (48, 3), half_width=-1))
    yield _case("circle: no radius", "volume_extent", circle(48, 2, 0))
    yield _case("circle: -0", "volume_extent", circle(48, 2, -0.0))
    yield _case("circle: radius below nought", "volume_size", circle(48, 2, -1))
    yield _case("circle: 1 001 km", "volume_size", circle(48, 2, 1_001_000))


def _numbers() -> Iterator[Case]:
    for lat, lng in ((91, 2), (-90.000000001, 2), (48, 181), (48, -180.1), (1e308, 2), (48, 1e300)):
        yield _case(f"position {lat:g} {lng:g}", "volume_position", circle(lat, lng, 500))
    yield _case("ten decimals", "volume_position", circle(48.0000000001, 2, 500))
    yield _case("a denormal", "volume_position", circle(5e-324, 2, 500))
    as_json = json.dumps(box())
    for number in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 400, "9007199254740993"):
        for name, old in (("latitude", '"lat": 48.0'), ("altitude", '"value": 100')):
            new = old.rpartition(" ")[0] + " " + number
            yield _case(f"{name} {number[:20]}", "disclosure", as_json.replace(old, new, 1).encode())
    for number in ('"48"', "true", "null", "[48]", "{}"):
        yield _case(f"latitude {number}", "volume_shape", as_json.replace("48.0", number, 1).encode())
    for number in ("0x30", "48.", "+48", "048", "4 8"):
        yield _case(f"latitude {number}", "disclosure", as_json.replace("48.0", number, 1).encode())


def _bands() -> Iterator[Case]:
    yield _case("band upside down", "volume_band", lambda: box(low=200, high=100))
    yield _case("band of no extent", "volume_extent", lambda: box(low=100, high=100))
    yield _case("below all ground", "volume_band", lambda: box(low=-9000, high=0, reference="AMSL"))
    yield _case("above all air", "volume_band", lambda: box(low=0, high=100_001, reference="W84"))
    yield _case("flight level 1001", "volume_band", lambda: box(low=0, high=1001))
    for name, changed in (
        ("another reference", {"reference": "MSL"}),
        ("a reference in lower case", {"reference": "fl"}),
        ("unknown units", {"units": "KM"}),
        ("two references", {"reference": "AMSL", "units": "M"}),
    ):
        yield _case(f"band: {name}", "volume_band", lambda changed=changed: _altitude(box(), **changed))
    yield _case("band: flight levels above the sea", "volume_band", lambda: box(reference="AMSL") | _in_levels())
    yield _case("band: a list for a reference", "volume_shape", lambda: _altitude(box(), reference=["FL"]))
    yield _case("band: one member more", "volume_shape", lambda: _altitude(box(), note="x"))


def _altitude(volume: Volume, **changed: Any) -> Volume:
    volume["volume"]["altitude_lower"].update(changed)
    return volume


def _in_levels() -> Volume:
    made = box(reference="AMSL")
    for name in ("altitude_lower", "altitude_upper"):
        made["volume"][name]["units"] = "FL"
    return made


def _windows() -> Iterator[Case]:
    yield _case("window upside down", "volume_window", lambda: box(last_s=-1))
    yield _case("window of no extent", "volume_extent", lambda: box(last_s=0))
    for text in (
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "2026-11-22T14:00:00",
        "2026-11-22T14:00:00+00:00",
        "2026-11-22T14:00:00z",
        "2026-11-22t14:00:00Z",
        "2026-11-22 14:00:00Z",
        "2026-11-22T14:00:00.0000000001Z",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "\u0662\u0660\u0662\u0666-11-22T14:00:00Z",
        "tomorrow",
        "",
        1_763_820_000,
        None,
    ):
        for name in ("time_start", "time_end"):
            code = "volume_window" if isinstance(text, str) else "volume_shape"
            yield _case(f"{name} {text!a}", code, lambda name=name, text=text: _time(name, value=text))
    yield _case("format of the time", "volume_shape", lambda: _time("time_start", format="ISO"))


def _time(name: str, **changed: Any) -> Volume:
    made = box()
    made[name].update(changed)
    return made


def _shapes() -> Iterator[Case]:
    for name, volume in (
        ("null", b"null"),
        ("a list", b"[]"),
        ("a number", b"7"),
        ("empty", b"{}"),
        ("no outline", outlined()),
        ("two outlines", {**box(), "volume": {**box()["volume"], **circle(48, 2, 5)["volume"]}}),
        ("a member more", {**box(), "note": "x"}),
        ("a member more in the volume", outlined(**box()["volume"], note="x")),
        ("vertices an object", outlined(outline_polygon={"vertices": {"0": {"lat": 1, "lng": 1}}})),
        ("a vertex a pair", outlined(outline_polygon={"vertices": [[48, 2], [48, 3], [49, 3]]})),
        ("a vertex with height", outlined(outline_polygon={"vertices": [{"lat": 1, "lng": 1, "alt": 1}] * 3})),
        ("radius a number", outlined(outline_circle={"center": {"lat": 1, "lng": 1}, "radius": 500})),
        (
            "radius in miles",
            outlined(outline_circle={"center": {"lat": 1, "lng": 1}, "radius": {"value": 1, "units": "NM"}}),
        ),
        ("no time", {"volume": box()["volume"]}),
        ("a time as text", {**box(), "time_end": "2026-11-22T14:00:00Z"}),
    ):
        yield _case(f"shape: {name}", "volume_shape", volume)


def _limits() -> Iterator[Case]:
    yield _case("5 001 vertices in one volume", "limit_vertices", lambda: ring(5_001))
    yield _case("5 001 vertices in two volumes", "limit_vertices", lambda: ring(2_500), lambda: ring(2_501))
    yield _case("501 volumes", "limit_volumes", *(box(at=1_900_000_000_000_000 + n) for n in range(501)))
    yield _case("larger than agreed", "limit_area", lambda: circle(0, 0, 600_000))
    yield _case("larger than agreed, once widened", "limit_area", lambda: circle(0, 0, 562_000))
    yield _case("taller than agreed", "limit_band", lambda: box(low=0, high=20_000, reference="AMSL"))
    yield _case("lasts longer than agreed", "limit_duration", lambda: box(last_s=2 * DAY_S + 1))
    yield _case("begins later than agreed", "limit_horizon", lambda: box(start_s=31 * DAY_S))
    yield _case("ended before retention", "limit_retention", lambda: box(start_s=-8 * DAY_S))
    yield _case("in 1970", "limit_retention", lambda: box(at=0))
    yield _case("no such category", "category", box, category="ballistic")
    yield Case(
        "outside the other agreement's area",
        "notices",
        lambda line: NoticeForge(line.other.world, "east").notice([box(-30.0, 150.0)]),
        422,
        "outside_area",
    )


def _second_volume() -> Iterator[Case]:
    """What is wrong with one volume is wrong with the notice."""
    for name, code, volume in (
        ("a bow tie", "volume_polygon", lambda: polygon((48.0, 2.0), (48.1, 2.1), (48.0, 2.1), (48.1, 2.0))),
        ("beyond the horizon", "limit_horizon", lambda: box(start_s=31 * DAY_S)),
        ("in the year 8999", "limit_horizon", lambda: box(at=221_800_000_000_000_000)),
        ("too long", "limit_duration", lambda: box(last_s=3 * DAY_S)),
    ):
        yield _case(f"second volume: {name}", code, box, volume)


def _corpus() -> Iterator[Case]:
    """The attack corpus on SD-JWT, signed by an enrolled key: what the other languages' clients are held to."""
    for attack in attacks():
        if attack["door"] == "submission":
            code = attack["code"]
            yield Case(
                f"SD-JWT: {attack['name']}",
                "notices",
                lambda line, raw=attack["sd_jwt"], code=code: _rehomed(line, raw, code).encode(),
                *((401, "not_authenticated") if not attack["sd_jwt"].isascii() else (CODES[code].status, code)),
            )


def _rehomed(line: HostileLine, raw: str, code: str) -> str:
    """Return an attack signed anew by north for this line's agreement: that is looked at before any disclosure."""
    if code == "not_authenticated":
        return raw
    jwt, tilde, tail = raw.partition("~")
    payload = json.loads(unb64(jwt.split(".")[1]))
    given, ours = Forge("").payload([], []), party_claims(line.world, "north")
    for name in ("iss", "aud", "terms", "iat", "admit_by"):
        if payload.get(name) == given[name]:
            payload[name] = ours[name]
    return sign_statement(line.world.parties["north"].key, NOTICE.typ, payload) + tilde + tail
