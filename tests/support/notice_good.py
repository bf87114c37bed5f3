"""Good notices of every shape, for ``protocol/vectors/notices.json``: what any reader must take, and how it reads."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import b64, digest, unb64
from keepclear_protocol.volume import circle_json, corridor_json, polygon_json

from support.notice_forge import IAT, Forge, Payload, circle

Json = Callable[[object], str]

TEXTS = {"callsign": "BLUE-01", "remarks": "Relief flight, daylight only"}


@dataclass(frozen=True)
class Flight:
    """What a good notice says: volumes in the order of sending, and properties beside the category."""

    volumes: Sequence[dict[str, Any]]
    category: str = "transport"
    callsign: str | None = None
    remarks: str | None = None

    @property
    def named(self) -> list[tuple[str, str]]:
        """The properties that are there, by name."""
        named = (("category", self.category), ("callsign", self.callsign), ("remarks", self.remarks))
        return [(name, value) for name, value in named if value is not None]


def good(
    name: str, raw: str, said: Flight, *, door: str = "submission", revision: int = 1, prev: str | None = None
) -> dict[str, Any]:
    """Return a case that is taken; ``said`` is what it discloses."""
    expect = {
        "revision": revision,
        "category": said.category,
        "callsign": said.callsign,
        "remarks": said.remarks,
        "sha256": digest(raw.partition("~")[0]),
        "submission_sha256": digest(raw) if door == "submission" else None,
        "time_starts": [volume["time_start"]["value"] for volume in said.volumes],
        "prev": prev,
    }
    return {"name": name, "door": door, "sd_jwt": raw, "expect": expect}


def flights() -> Iterator[dict[str, Any]]:
    """Yield good notices of every count, shape, unit, reference, property, place and time."""
    yield from _counts()
    yield from _shapes()
    yield from _heights()
    yield from _times()
    yield from _texts()
    yield from _spellings()
    yield from _claims()


def _filed(name: str, said: Flight, write: Json | None = None, **changes: Any) -> dict[str, Any]:
    forge = Forge(name)
    dump = write or (lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    elements = [b64(dump([forge.random(16), volume]).encode()) for volume in said.volumes]
    properties = [b64(dump([forge.random(16), *pair]).encode()) for pair in said.named]
    raw = forge.submission(elements, properties, **changes)
    revision, prev = changes.get("revision", 1), changes.get("prev")
    return good(name, raw, said, revision=revision, prev=prev)


def _place(outline: dict[str, Any], minute: int = 0) -> dict[str, Any]:
    volume = circle(minute)
    heights = {name: volume["volume"][name] for name in ("altitude_lower", "altitude_upper")}
    return {**volume, "volume": {**outline, **heights}}


def _band(lower: float, upper: float, reference: str, units: str) -> dict[str, Any]:
    volume = circle()
    level = {"reference": reference, "units": units}
    heights = {"altitude_lower": {"value": lower, **level}, "altitude_upper": {"value": upper, **level}}
    return {**volume, "volume": {**volume["volume"], **heights}}


def _window(start: str, end: str) -> dict[str, Any]:
    times = {"time_start": {"value": start, "format": "RFC3339"}, "time_end": {"value": end, "format": "RFC3339"}}
    return {**circle(), **times}


def _counts() -> Iterator[dict[str, Any]]:
    for count, padded in ((16, 16), (33, 64), (500, 512)):
        # Short ones: the file shall not be about their size.
        volumes = [circle(minute % 480, radius_m=1 + minute) for minute in range(count)]
        yield _filed(f"{count} volumes pad to {padded}", Flight(volumes))
    ring = [(round(48 + number / 100_000, 6), 2.0 + number % 2 / 100) for number in range(600)]
    path = _place(corridor_json(ring, 5))
    yield _filed("a path of 600 points", Flight([path]))


def _shapes() -> Iterator[dict[str, Any]]:
    square = [(48.0, 2.0), (48.0, 2.1), (48.1, 2.1), (48.1, 2.0)]
    yield _filed("a polygon", Flight([_place(polygon_json(square))]))
    yield _filed("a polygon the other way round", Flight([_place(polygon_json(square[::-1]))]))
    yield _filed(
        "a polygon that is not convex", Flight([_place(polygon_json([*square[:2], (48.01, 2.05), *square[2:]]))])
    )
    yield _filed("a corridor", Flight([_place(corridor_json([(48.0, 2.0), (48.2, 2.3), (48.1, 2.6)], 926))]))
    orbit = [(48.0, 2.0), (48.2, 2.2), (48.2, 2.0), (48.0, 2.2), (48.0, 2.0)]
    yield _filed("a corridor that crosses itself", Flight([_place(corridor_json(orbit, 1852))]))
    each = [_place(circle_json((48.05, 2.05), 900.5)), _place(polygon_json(square), 1)]
    yield _filed("a circle and a polygon", Flight(each))
    date_line = [(0.0, 179.5), (0.0, -179.5), (0.5, -179.5), (0.5, 179.5)]
    yield _filed("a polygon over the antimeridian", Flight([_place(polygon_json(date_line))]))
    yield _filed("a corridor along the antimeridian", Flight([_place(corridor_json([(10.0, 180), (11.0, -180)], 50))]))
    cap = [(89.0, 0.0), (89.0, 90.0), (89.0, 180.0), (89.0, -90.0)]
    yield _filed("a polygon round the north pole", Flight([_place(polygon_json(cap))]))
    yield _filed("a circle at the south pole", Flight([_place(circle_json((-90.0, 77.0), 25_000))]))
    yield _filed("a corridor over the north pole", Flight([_place(corridor_json([(89.9, 10.0), (90.0, 55.0)], 100))]))
    fine = _place(circle_json((48.123456789, -0.000000001), 0.001))
    yield _filed("nine decimals and the least radius", Flight([fine]))
    yield _filed("the largest radius", Flight([_place(circle_json((0.0, 0.0), 1_000_000))]))


def _heights() -> Iterator[dict[str, Any]]:
    for name, volume in (
        ("metres above the ellipsoid", _band(-120.5, 80.25, "W84", "M")),
        ("feet above the sea", _band(1500, 2500, "AMSL", "FT")),
        ("feet above the ground", _band(0, 400, "AGL", "FT")),
        ("flight levels", _band(245, 660, "FL", "FL")),
        ("pressure altitude in feet", _band(24_500, 25_500, "FL", "FT")),
        ("pressure altitude in metres", _band(7467.6, 7772.4, "FL", "M")),
        ("the whole band", _band(-8000, 100_000, "AMSL", "M")),
    ):
        yield _filed(name, Flight([volume]))


def _times() -> Iterator[dict[str, Any]]:
    for name, window in (
        ("a window of a microsecond", ("2025-11-22T15:00:00.000001Z", "2025-11-22T15:00:00.000002Z")),
        ("nanoseconds", ("2025-11-22T15:00:00.123456789Z", "2025-11-22T15:00:00.123456790Z")),
        ("over a leap day", ("2028-02-29T23:59:59.5Z", "2028-03-01T00:00:00Z")),
        ("the first and the last instant", ("1970-01-01T00:00:00Z", "9000-01-01T00:00:00Z")),
    ):
        case = _filed(name, Flight([_window(*window)]))
        if name == "nanoseconds":
            case["expect"]["time_starts"] = ["2025-11-22T15:00:00.123456Z"]
        if name == "over a leap day":
            case["expect"]["time_starts"] = ["2028-02-29T23:59:59.500Z"]
        yield case


def _texts() -> Iterator[dict[str, Any]]:
    for name, remarks in (
        ("in Hebrew", "טיסת סיוע, בתיאום טלפוני"),
        ("in Hebrew with points", "שָׁלוֹם"),
        ("in Arabic", "رحلة إغاثة، نهارًا فقط"),
        ("in Chinese and Thai", "救援飞行 เที่ยวบินกู้ภัย"),
        ("with emoji", "\U0001f681 \u2708\ufe0f \U0001f1fa\U0001f1f3 \U0001f44d\U0001f3fd"),
        ("with an accent apart from its letter", "De\u0301gage\u0301"),
        ("with marks in no order", "a\u0301\u0323\u0300"),
        ("of later versions of Unicode", "\U0001fae8\U0001fa75\U00011f02\U0002ebf0\U0001fae9"),
        ("with what no version has named yet", "\u0378 \U0003fffd"),
        ("with other spaces", "a\u00a0b\u2009c\u3000"),
        ("of 280 characters beyond 16 bits", "\U0001f681" * 280),
        ("with quotes and a backslash", 'say "two" \\ and / \u007e'),
    ):
        yield _filed(f"remarks {name}", Flight([circle()], remarks=remarks))
    yield _filed("the longest category and callsign", Flight([circle()], category="a" * 32, callsign="Z9-" + "A" * 13))


def _spellings() -> Iterator[dict[str, Any]]:
    """Disclosures are their bytes, whatever a signer does about blanks, escapes and the order of members."""
    said = Flight([circle(), circle(1)], callsign="BLUE-01", remarks="שלום \U0001f681")
    yield _filed("disclosures in ASCII alone", said, json.dumps)
    yield _filed("disclosures on many lines", said, lambda value: json.dumps(value, indent=2, ensure_ascii=False))
    yield _filed("disclosures with members in another order", said, lambda value: json.dumps(value, sort_keys=True))
    yield _filed("disclosures with every letter escaped", said, _escaped)
    yield _filed(
        "numbers in other spellings",
        said,
        lambda value: json.dumps(value).replace("900", "9.0e2").replace("300", "300.0").replace("2.35", "235E-2"),
    )


def _escaped(value: object) -> str:
    """JSON in which each character of each text and name is an escape."""
    text, inside, written = json.dumps(value), False, []
    at = 0
    while at < len(text):
        step = text[at : at + 6] if text.startswith("\\u", at) else text[at]
        at += len(step)
        inside ^= step == '"'
        written.append(f"\\u{ord(step):04x}" if inside and len(step) == 1 and step != '"' else step)
    return "".join(written)


def _claims() -> Iterator[dict[str, Any]]:
    said = Flight([circle()])
    before = digest("a revision before")
    for revision in (2, 1_000, 2**53 - 1):
        yield _filed(f"revision {revision}", said, revision=revision, prev=before)
    yield _filed("admitted in the second of signing or never", said, admit_by=IAT)
    yield _filed("admitted within the hour", said, admit_by=IAT + 3600)
    last = 9_007_199_254
    yield _filed("the last second", said, iat=last, admit_by=last)
    yield _filed("the first second", said, iat=0, admit_by=0)
    yield _filed("an issuer of 32 characters", said, iss="b" * 32)

    def turned(payload: Payload) -> None:
        members = list(payload.items())[::-1]
        payload.clear()
        payload.update(members)

    yield _filed("visible members in another order", said, alter=turned)


def presented(name: str, said: Flight, volumes: Sequence[int]) -> dict[str, Any]:
    """Return a presentation of the submission of ``said`` that shows these of its volumes."""
    submission = _filed(name, said)["sd_jwt"]
    jwt, *sent = submission.split("~")[:-1]
    category = sent[len(said.volumes)]
    assert json.loads(unb64(category))[1] == "category"
    shown = Flight([said.volumes[at] for at in volumes], said.category)
    raw = "~".join([jwt, *(sent[at] for at in volumes), category, ""])
    return good(name, raw, shown, door="presentation")
