"""Agreements to be refused for one member of their terms; every one is signed by all who must."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from keepclear_protocol.budgets import BUDGETS_AT_MOST, Budgets
from keepclear_protocol.encoding import b64

from support import edwards
from support.agreement_forge import (
    NORTH_DESK,
    NORTH_ROOT,
    NORTH_WATCH,
    SERVICE,
    SOUTH_DESK,
    SOUTH_ROOT,
    STRANGER,
    Attack,
    altered,
    desk,
    document,
    first,
    put,
)


def edits() -> Iterator[Attack]:
    """Yield terms that differ from sound ones in one member."""
    yield from _members()
    yield from _numbers()
    yield from _budgets()
    yield from _people()
    yield from _keys()


def _refused(name: str, path: str, value: object, why: str) -> Attack:
    return Attack(name, document(altered(put(path, value))), "agreement", why, edit=(path, value))


def _members() -> Iterator[Attack]:
    for member in first():
        yield _refused(f"no {member}", member, ..., "every member must be there")
    for path in (
        "parties.0.id",
        "parties.0.names",
        "parties.0.root",
        "parties.0.keys",
        "parties.0.keys.0.key",
        "parties.0.keys.0.roles",
        "parties.0.keys.0.not_before",
        "parties.0.keys.0.not_after",
        "service.origin",
        "service.keys",
        "service.keys.0.not_after",
        "categories.transport.tail_s",
        "uncertainty.terrain_m",
        "lead_classes.short_s",
        "limits.vertices",
        "deadlines.acknowledge_s",
    ):
        yield _refused(f"no {path}", path, ..., "every member must be there")
    for place in (
        "parties.0",
        "parties.0.root",
        "parties.0.keys.0",
        "service",
        "service.keys.0",
        "categories.transport",
        "uncertainty",
        "lead_classes",
        "limits",
        "deadlines",
    ):
        yield _refused(f"an unknown member in {place}", f"{place}.more", 1, "no unknown member inside what is read")
    of_any_kind: list[Any] = [None, [], {}, "text", 1, True]
    for path in ("parties", "service", "categories", "uncertainty", "limits", "deadlines", "lead_classes", "parties.0"):
        for value in of_any_kind:
            yield _refused(f"{path} {json.dumps(value)}", path, value, "of another type, or empty")
    for value in ("2", 1, None, "1.0"):
        yield _refused(f"rules {json.dumps(value)}", "rules", value, "another version of the rules")
    for value in ("", " x", "x ", 3, None, "x" * 81, "a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "a\x85b",
                  "\u2009x", "x\u00a0", "a\ue000b", "a\ufdd0b", "\U0001d173", "a\U000e0067", "\U0003ffff"):  # fmt: skip
        yield _refused(f"name {json.dumps(value)[:20]}", "name", value, "a text of 80 characters, none of them unseen")
    for value in (
        {"lat": 1, "lng": 1},
        {},
        [],
        "world",
        {"outline_circle": {"center": {"lat": 91, "lng": 0}, "radius": {"value": 1, "units": "M"}}},
    ):
        yield _refused(f"area {json.dumps(value)[:30]}", "area", value, "null or exactly one outline")
    bow = [(0, 0), (1, 1), (0, 1), (1, 0)]
    crossing = {"outline_polygon": {"vertices": [{"lat": lat, "lng": lng} for lat, lng in bow]}}
    yield _refused("area that crosses itself", "area", crossing, "a polygon may not cross itself")


def _numbers() -> Iterator[Attack]:
    why = "a number of the right type, within the protocol's own bounds"
    for path, most in {
        "limits.area_km2": 255_000_000,
        "limits.band_m": 308_000,
        "limits.duration_s": 31_622_400,
        "limits.horizon_s": 31_622_400,
        "limits.volumes": 500,
        "limits.vertices": 5000,
        "limits.submission_bytes": 524_288,
        "limits.revisions": 1_000_000,
        "retention_s": 31_622_400,
        "deadlines.acknowledge_s": 86_400,
        "lead_classes.routine_s": 31_622_400,
        "revision": 0,
    }.items():
        for value in (0, -1, most + 1, 1.5, "1", None, True, [1]):
            if path != "revision" or value != 1:
                yield _refused(f"{path} {json.dumps(value)}", path, value, why)
    for member, most in {"horizontal_m": 500_000, "vertical_m": 100_000, "lead_s": 604_800, "tail_s": 604_800}.items():
        for value in (-1, most + 1, "1", None, True):
            yield _refused(f"{member} {json.dumps(value)}", f"categories.transport.{member}", value, why)
    yield _refused("lead_s 0.5", "categories.transport.lead_s", 0.5, why)
    ranges: list[Any] = [[], [1], [1, 2, 3], [2, 1], [-20_001, 0], [0, 20_001], ["1", "2"], [None, 1], 5, {"0": 1}]
    for of in ranges:
        yield _refused(f"geoid_undulation_m {json.dumps(of)}", "uncertainty.geoid_undulation_m", of, why)
    yield _refused("short_s above routine_s", "lead_classes.short_s", 86_401, "SHORT is below ROUTINE")
    many = {f"category{number}": first()["categories"]["transport"] for number in range(65)}
    yield _refused("65 categories", "categories", many, "at most 64 categories")
    for name in ("", "Transport", "1st", "a b", "a" * 33, "caf\u00e9", "a\n"):
        named = {name: first()["categories"]["transport"]}
        yield _refused(f"category {json.dumps(name)}", "categories", named, "a category matches [a-z][a-z0-9_-]{0,31}")


def _budgets() -> Iterator[Attack]:
    good = asdict(Budgets())
    for name, most in asdict(BUDGETS_AT_MOST).items():
        for value in (0, most + 1, float(most), None):
            why = f"a whole number from 1 to {most}"
            yield _refused(f"budgets.{name} {value}", "budgets", {**good, name: value}, why)
        without = {key: value for key, value in good.items() if key != name}
        yield _refused(f"budgets without {name}", "budgets", without, "exactly its members")
    yield _refused("budgets of another name", "budgets", {**good, "sorties_a_day": 1}, "exactly its members")
    odd: Any
    for odd in (None, [], 7):
        yield _refused(f"budgets {odd}", "budgets", odd, "an object, or not there at all")


def _people() -> Iterator[Attack]:
    why = "a party's id matches [a-z][a-z0-9-]{0,31} and is not service"
    for value in ("", "service", "North", "1north", "nor th", "n" * 33, "no_rth", "n\u00f6rth", "north\n", 1, None):
        yield _refused(f"party id {json.dumps(value)}", "parties.0.id", value, why)
    yield _refused("the same id twice", "parties.1.id", "north", "each party once")
    yield _refused("one party", "parties.1", ..., "two parties at least")
    tags = {"EN": "x"}, {"english": "x"}, {"": "x"}, {"e": "x"}, {"en_GB": "x"}, {"en\n": "x"}
    values: list[Any] = [*tags, {"en": ""}, {"en": None}, {"en": "a\u2066b"}, {"en": "\ufeffx"}, {"en": "x\x7f"}]
    for value in values:
        yield _refused(f"names {json.dumps(value)}", "parties.0.names", value, "names by language tag")
    listed: list[Any] = [[], ["fly"], ["submit", "submit"], ["SUBMIT"], [1], "submit", [["submit"]], None]
    for roles in listed:
        yield _refused(f"roles {json.dumps(roles)}", "parties.0.keys.0.roles", roles, "of the four roles, each once")
    for path in ("parties.0.keys.0", "service.keys.0"):
        for value in (
            "2027-01-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00+00:00",
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00.0000000001Z",
            5,
            None,
        ):
            yield _refused(
                f"{path} not_before {json.dumps(value)}",
                f"{path}.not_before",
                value,
                "RFC 3339 with Z, and before the end",
            )
        yield _refused(f"{path} not_after in 9999", f"{path}.not_after", "9999-12-31T23:59:59Z", "before the year 9000")
    yield _refused("revoked_at null", "parties.0.keys.0.revoked_at", None, "a time, where it is there")
    for value in (
        "",
        "hotline.example",
        "ftp://hotline.example",
        "https://hotline.example/",
        "https://hotline.example/v1",
        "https://hotline.example?",
        "https://Hotline.example",
        "HTTPS://hotline.example",
        "https://user@hotline.example",
        "https://hotline.example:443",
        "http://hotline.example:80",
        "https://hotline.example:0",
        "https://hotline.example:65536",
        "https://hotline.example:08443",
        "https://hotline.example:",
        "https://hotline..example",
        "https://-hotline.example",
        "https://hot_line.example",
        "https://\u05d7\u05dd.example",
        "https://127.0.0.01",
        "https://127.1",
        "https://1.2.3.256",
        "https://[::1",
        "https://[0:0:0:0:0:0:0:1]",
        "https://[::g]",
        "https://[::ffff:1.2.3.4]",
        "https://[2001:db8:0:1:1:1:1:0:1]",
        "https://[2001:db8::1:1:1:1:1]x",
        "https://[2001:DB8::1]",
        "https://[fe80::1%eth0]",
        "https://127.0x1",
        "https://hotline.0x",
        "https://1.2.3",
        "https://hotline-.example",
        "https://hotline.example\n",
        "https://hotline.example\r\nx: y",
        " https://hotline.example",
        "https://" + "a" * 64 + ".example",
        "https://" + "a." * 130 + "example",
        None,
        1,
    ):
        yield _refused(f"origin {json.dumps(value)[:40]}", "service.origin", value, "an origin in its one spelling")


def _keys() -> Iterator[Attack]:
    neutral = edwards.encode(edwards.NEUTRAL)
    honest = edwards.decode(NORTH_DESK.public.raw)
    assert honest is not None
    mixed = edwards.encode(edwards.add(honest, edwards.torsion_points()[1]))
    bad = {
        "of small order": {"kty": "OKP", "crv": "Ed25519", "x": b64(neutral)},
        "with a part of small order": {"kty": "OKP", "crv": "Ed25519", "x": b64(mixed)},
        "not canonical": {"kty": "OKP", "crv": "Ed25519", "x": b64(edwards.beyond_p_encodings()[20])},
        "of 31 bytes": {"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(31))},
        "X25519": {"kty": "OKP", "crv": "X25519", "x": STRANGER.public.jwk["x"]},
        "with its secret": {**STRANGER.public.jwk, "d": b64(bytes(32))},
        "padded": {**STRANGER.public.jwk, "x": STRANGER.public.jwk["x"] + "="},
        "a text": STRANGER.public.text,
        "null": None,
    }
    for place in ("parties.0.root", "parties.0.keys.0.key", "service.keys.1.key"):
        for name, jwk in bad.items():
            yield _refused(f"{place} {name}", place, jwk, "not a usable Ed25519 public key")
    why = "a key stands once: one owner, one purpose"
    for place, key in (
        ("parties.0.keys.1.key", NORTH_DESK),
        ("parties.0.keys.0.key", SOUTH_DESK),
        ("parties.0.keys.0.key", NORTH_ROOT),
        ("parties.0.keys.0.key", SOUTH_ROOT),
        ("parties.1.root", NORTH_ROOT),
        ("parties.1.root", SERVICE),
        ("service.keys.1.key", SERVICE),
        ("service.keys.1.key", NORTH_WATCH),
    ):
        yield _refused(f"{place} is another's, {key.kid[:6]}", place, key.public.jwk, why)
    many = [desk(NORTH_DESK)] * 65
    yield _refused("65 keys", "parties.0.keys", many, "at most 64 keys of one party")
