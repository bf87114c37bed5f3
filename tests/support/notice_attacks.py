"""Attacks on a submission, in payload, disclosures and manifest, each with the code that refuses it and why."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from keepclear_protocol.encoding import b64, digest, dump_json, unb64

from support.notice_forge import IAT, Forge, Payload, circle
from support.notice_manifests import manifests, refusal


def attacks() -> Iterator[dict[str, Any]]:
    """Yield every case of this module."""
    yield from _payloads()
    yield from _disclosures()
    yield from _signed_disclosures()
    yield from manifests()


def ordinary(name: str) -> tuple[Forge, list[str], list[str], str]:
    forge = Forge(name)
    elements, properties = forge.parts()
    return forge, elements, properties, forge.submission(elements, properties)


def _payloads() -> Iterator[dict[str, Any]]:
    def case(name: str, code: str, why: str, alter: Callable[[Payload], None]) -> dict[str, Any]:
        forge = Forge(name)
        return refusal(name, forge.submission(*forge.parts(), alter=alter), code, why)

    def change(name: str, code: str, why: str, **changes: Any) -> dict[str, Any]:
        return case(name, code, why, lambda payload: payload.update(changes))

    yield change(
        "critical member", "crit", "a receiver must refuse what it must understand and does not", crit=["colour"]
    )
    for member, value in (
        ("callsign", "BLUE-01"),
        ("vct", "notice"),
        ("cnf", {"jwk": {}}),
        ("exp", IAT + 9),
        ("manifest", "x"),
    ):
        yield change(f"visible {member}", "notice", "nothing else may be visible", **{member: value})
    yield change("admitted for more than an hour", "claims", "at most 3600 s after iat", admit_by=IAT + 3601)
    for member in ("iss", "aud", "terms", "iat", "jti", "admit_by"):
        yield case(f"without {member}", "claims", "a claim is missing", lambda payload, gone=member: payload.pop(gone))
    for member in ("notice", "volumes", "_sd", "_sd_alg"):
        yield case(f"without {member}", "notice", "a member is missing", lambda payload, gone=member: payload.pop(gone))
    no_ids: list[tuple[str, Any]] = [
        ("of 127 bits", "A" * 21),
        ("with stray bits", "A" * 21 + "B"),
        ("a number", 7),
        ("null", None),
    ]
    for name, strange in no_ids:
        yield change(f"notice {name}", "claims", "a notice's id has one spelling of 128 bits", notice=strange)
    no_revisions: list[Any] = [0, -1, True, 1.0, "1", None]
    for revision in no_revisions:
        yield change(
            f"revision {json.dumps(revision)}", "claims", "a revision is a whole number from 1", revision=revision
        )
    yield change("revision 2 to the 53", "json_number", "not every reader keeps it exactly", revision=2**53)
    yield change("prev on the first revision", "notice", "there is no revision before the first", prev=digest("x"))
    yield change("null prev on the first revision", "notice", "absent is not null", prev=None)
    yield change("no prev on the second revision", "notice", "each later revision names the one before", revision=2)
    yield change(
        "prev in another spelling", "claims", "a digest has one spelling", revision=2, prev=digest("x")[:-1] + "B"
    )
    no_hashes: list[Any] = ["sha-512", "SHA-256", None, ["sha-256"]]
    for name in no_hashes:
        yield change(f"_sd_alg {json.dumps(name)}", "notice", "one hash only", _sd_alg=name)
    yield case(
        "_sd unsorted", "notice", "its order could tell what was given", lambda payload: payload["_sd"].reverse()
    )
    yield case("_sd of seven", "notice", "their number could tell what was given", lambda payload: payload["_sd"].pop())
    yield case("_sd of nine", "notice", "always eight", lambda payload: payload["_sd"].append("~"))
    yield change("_sd an object", "notice", "an array of digests", _sd={})
    yield case("_sd with a number", "notice", "an array of digests", lambda payload: payload["_sd"].__setitem__(0, 7))
    yield case(
        "_sd digest with stray bits",
        "notice",
        "a digest has one spelling",
        lambda payload: payload["_sd"].__setitem__(7, "z" * 43),
    )
    yield case("digest twice in _sd", "disclosure_repeated", "a digest stands once", _twice_in_sd)
    yield case("digest twice in volumes", "disclosure_repeated", "a digest stands once", _twice_in_volumes)
    yield case("digest in volumes and _sd", "disclosure_repeated", "a digest stands once", _in_both)
    yield case("fifteen volume digests", "notice", "a power of two", lambda payload: payload["volumes"].pop())
    yield case(
        "eight volume digests",
        "notice",
        "at least sixteen",
        lambda payload: payload["volumes"].__delitem__(slice(8, 16)),
    )
    yield case(
        "a volume in the open",
        "notice",
        "volumes are digests",
        lambda payload: payload["volumes"].__setitem__(9, circle(9)),
    )
    yield case(
        "a digest with company", "notice", "nothing else beside it", lambda payload: payload["volumes"][9].update(x=1)
    )
    yield case(
        "a bare digest in volumes",
        "notice",
        "as RFC 9901 has it",
        lambda payload: payload["volumes"].__setitem__(9, digest("x")),
    )
    yield case(
        "a digest that is a list",
        "notice",
        "digests are texts",
        lambda payload: payload["volumes"][9].update({"...": [1]}),
    )
    yield case("twenty-four volume digests", "notice", "a power of two", _twenty_four)
    yield change("volumes an object", "notice", "an array", volumes={"...": digest("x")})
    yield change("no volume digest", "notice", "at least sixteen", volumes=[])


def _twice_in_sd(payload: Payload) -> None:
    payload["_sd"][6] = payload["_sd"][7]


def _twice_in_volumes(payload: Payload) -> None:
    payload["volumes"][14] = payload["volumes"][0]


def _twenty_four(payload: Payload) -> None:
    payload["volumes"] += [{"...": digest(str(number))} for number in range(8)]


def _in_both(payload: Payload) -> None:
    payload["volumes"][14] = {"...": payload["_sd"][3]}


def _disclosures() -> Iterator[dict[str, Any]]:
    """Stripped, repeated, reordered, leftover, foreign, nested, renamed, misplaced, misspelt."""

    def sent(name: str, code: str, why: str, edit: Callable[[Forge, list[str]], list[str] | None]) -> dict[str, Any]:
        forge, _, _, raw = ordinary(name)
        jwt, *parts = raw.split("~")[:-1]
        return refusal(name, "~".join([jwt, *(edit(forge, parts) or parts), ""]), code, why)

    for index, what in enumerate(("volume", "volume", "category", "callsign", "remarks")):
        name = f"{what} stripped ({index})"
        yield sent(name, "manifest", "the manifest lists it", lambda _, parts, at=index: parts.pop(at) and None)
    yield sent("all stripped", "manifest", "nothing is submitted", lambda _, parts: parts.clear())
    yield sent("volume repeated", "disclosure_repeated", "each once", lambda _, parts: [*parts[:1], *parts])
    yield sent("manifest repeated", "disclosure_repeated", "each once", lambda _, parts: [*parts, parts[-1]])
    yield sent(
        "volumes reordered",
        "manifest",
        "the manifest is over the order",
        lambda _, parts: [parts[1], parts[0], *parts[2:]],
    )
    yield sent(
        "properties first",
        "manifest",
        "the manifest is over the order",
        lambda _, parts: [*parts[2:-1], *parts[:2], parts[-1]],
    )
    for what, make in (
        ("volume", lambda forge: forge.element(circle(2))),
        ("property", lambda forge: forge.property("callsign", "BLUE-02")),
    ):
        yield sent(
            f"leftover {what}",
            "disclosure_unmatched",
            "signed by nobody",
            lambda forge, parts, make=make: [make(forge), *parts],
        )
    _, foreign, _, _ = ordinary("another notice")
    yield sent("foreign volume", "disclosure_unmatched", "of another notice", lambda _, parts: [foreign[0], *parts])
    yield sent(
        "volume swapped for a foreign one",
        "disclosure_unmatched",
        "of another notice",
        lambda _, parts: [foreign[0], *parts[1:]],
    )
    yield sent("renamed: spaced", "disclosure_unmatched", "a digest is over the bytes", _respaced)
    yield sent("renamed: another name", "disclosure_unmatched", "a digest is over the bytes", _renamed)
    yield sent(
        "renamed: padded",
        "disclosure_unmatched",
        "a digest is over the bytes",
        lambda _, parts: [parts[0] + "=", *parts[1:]],
    )
    yield sent(
        "renamed: a line break",
        "disclosure_unmatched",
        "a digest is over the bytes",
        lambda _, parts: [parts[0] + "\n", *parts[1:]],
    )
    yield sent("not ASCII", "disclosure", "base64url only", lambda _, parts: [parts[0] + "\u00e9", *parts[1:]])
    yield sent(
        "empty disclosure first", "disclosure_unmatched", "nothing between two tildes", lambda _, parts: ["", *parts]
    )
    yield sent(
        "empty disclosure last", "disclosure_unmatched", "nothing between two tildes", lambda _, parts: [*parts, ""]
    )

    _, _, _, raw = ordinary("ends")
    yield refusal("no tilde at the end", raw[:-1], "disclosure", "it must end in a tilde")
    yield refusal("key binding", raw + raw.split("~")[0], "disclosure", "there is no key binding in this profile")
    yield refusal("line break at the end", raw + "\n", "disclosure", "it must end in a tilde")


def _respaced(_: Forge, parts: list[str]) -> list[str]:
    return [b64(json.dumps(json.loads(unb64(parts[0]))).encode()), *parts[1:]]


def _renamed(_: Forge, parts: list[str]) -> list[str]:
    salt, _name, value = json.loads(unb64(parts[3]))
    return [*parts[:3], b64(dump_json([salt, "remarks", value])), *parts[4:]]


def _signed_disclosures() -> Iterator[dict[str, Any]]:
    """Disclosures that their rightful signer signed, and should not have."""

    def signed(name: str, code: str, why: str, element: str | None = None, *extra: str) -> dict[str, Any]:
        forge = Forge(f"{name} signed")
        elements = [forge.element(circle()) if element is None else element]
        return refusal(name, forge.submission(elements, [forge.property("category", "transport"), *extra]), code, why)

    forge = Forge("signed disclosures")
    salt = forge.random(16)
    volume = circle()
    as_json = dump_json([salt, volume])
    for name, element in (
        ("padded", b64(as_json) + "=" * (-len(b64(as_json)) % 4 or 4)),
        ("standard alphabet", b64(as_json)[:-1] + "+"),
        ("not JSON", b64(as_json[:-1])),
        ("UTF-16", b64(as_json.decode().encode("utf-16"))),
        ("byte order mark", b64(b"\xef\xbb\xbf" + as_json)),
        ("NaN inside", b64(as_json.replace(b"900", b"NaN"))),
        ("1e999 inside", b64(as_json.replace(b"900", b"1e999"))),
        ("a name twice", b64(as_json.replace(b'"volume":', b'"volume":0,"volume":'))),
        ("nested too deep", b64(dump_json([salt, json.loads("[" * 16 + "]" * 16)]))),
        ("an object", b64(dump_json({"salt": salt, "value": volume}))),
        ("a text", b64(dump_json("volume"))),
        ("no value", b64(dump_json([salt]))),
        ("four members", b64(dump_json([salt, "a", "b", "c"]))),
        ("salt of 120 bits", b64(dump_json([forge.random(15), volume]))),
        ("salt of 136 bits", b64(dump_json([forge.random(17), volume]))),
        ("salt with stray bits", b64(dump_json([salt[:-1] + "B", volume]))),
        ("salt a number", b64(dump_json([7, volume]))),
        ("salt empty", b64(dump_json(["", volume]))),
    ):
        yield signed(f"signed volume: {name}", "disclosure", "a disclosure has one spelling and shape", element)
    for key in ("_sd", "_sd_alg", "..."):
        for name, value in (
            ("in a volume", volume | {key: []}),
            ("deep in a volume", volume | {"volume": {"x": [[{key: "x"}]]}}),
        ):
            yield signed(
                f"nested {key} {name}", "disclosure", "digests inside a value could hide volumes", forge.element(value)
            )
    escaped = as_json.replace(b'"volume":', b'"\\u005fsd":[],"volume":')
    yield signed("nested _sd spelt with an escape", "disclosure", "a name is what it reads as", b64(escaped))
    yield signed("a volume that is none", "volume_shape", "F3548 Volume4D", forge.element({"here": "there"}))
    yield signed("a volume that is a text", "volume_shape", "F3548 Volume4D", forge.element("here"))
    yield signed(
        "a volume of no extent", "volume_extent", "a point cannot be kept clear of", forge.element(circle(radius_m=0))
    )
    yield signed(
        "property disclosed among the volumes",
        "disclosure",
        "a name does not belong there",
        forge.property("callsign", "A"),
    )
    yield signed(
        "volume disclosed among the properties", "disclosure", "a name belongs there", None, forge.element(circle(1))
    )
    no_names: list[Any] = [
        *("iss", "revision", "volumes", "_sd", "...", "Callsign", "callsign ", ""),
        7,
        None,
        ["callsign"],
    ]
    for no_name in no_names:
        extra = forge.property(no_name, "A1")
        yield signed(f"property {json.dumps(no_name)}", "disclosure", "four names and no more", None, extra)
    for name, one, two in (("callsign", "A1", "A2"), ("category", "transport", "transport")):
        extra_two = [forge.property(name, one), forge.property(name, two)]
        yield signed(f"two of {name}", "disclosure_repeated", "each name once", None, *extra_two)
    for callsign in ("", "a1", "A" * 17, "-A", "A 1", "A1\n", "\u0391", 7, None, ["A1"]):
        extra = forge.property("callsign", callsign)
        yield signed(f"callsign {json.dumps(callsign)}", "disclosure", "1 to 16 of A-Z, 0-9 and -", None, extra)
    for name, remarks in (
        ("empty", ""),
        ("of 281 characters", "x" * 281),
        ("with a line break", "a\nb"),
        ("with a tab", "a\tb"),
        ("with a right-to-left override", "a\u202eb"),
        ("with an isolate", "a\u2067b"),
        ("with a zero-width space", "a\u200bb"),
        ("with a line separator", "a\u2028b"),
        ("in private use", "\ue000"),
        ("with a soft hyphen", "a\u00adb"),
        ("with a joiner", "\U0001f468\u200d\U0001f680"),
        ("with a mark of direction", "a\u200fb"),
        ("with a filler", "\u3164"),
        ("with a tag", "\U0001f3f4\U000e0067"),
        ("with a noncharacter", "\ufdd0"),
        ("with the last noncharacter", "\U0010ffff"),
        ("in private use beyond 16 bits", "\U000f0000"),
        ("of 281 characters beyond 16 bits", "\U0001f681" * 281),
        ("with a musical control", "\U0001d173"),
        ("a number", 7),
    ):
        extra = forge.property("remarks", remarks)
        yield signed(f"remarks {name}", "disclosure", "remarks must read as they stand", None, extra)
    surrogate = b64(f'["{forge.random(16)}","remarks","\\ud800"]'.encode())
    yield signed("remarks with half a character", "disclosure", "strict JSON", None, surrogate)
    twin = Forge("one salt")
    shared_salt = twin.random(16)
    twins = [b64(dump_json([shared_salt, circle(minute)])) for minute in (0, 1)]
    twin_raw = twin.submission(twins, [twin.property("category", "transport")])
    yield refusal("one salt for two volumes", twin_raw, "disclosure", "shown one, a counterpart could guess the other")
    for category in ("", "Transport", "9a", "a\n", "a" * 33, "a b", 7, None):
        bare = Forge(f"category {json.dumps(category)}")
        raw = bare.submission([bare.element(circle())], [bare.property("category", category)])
        yield refusal(f"category {json.dumps(category)}", raw, "disclosure", "a lower-case name")
