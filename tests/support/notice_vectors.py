"""Makes ``protocol/vectors/notices.json``: notices to be accepted, and an attack corpus with the code of each refusal.

    python tests/support/notice_vectors.py > protocol/vectors/notices.json

A test compares the file with what this makes, and the protocol with the file.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.encoding import b64, digest, unb64

from support import slivers
from support.notice_attacks import attacks, ordinary
from support.notice_forge import KEY, STRANGER, Forge, circle
from support.notice_good import TEXTS, Flight, flights, good, presented
from support.notice_manifests import refusal

ABOUT = (
    "Notices as SD-JWTs. door: submission is what a party sends to the service, presentation what the service shows "
    "to its counterpart. key: the one enrolled key. A case without code is accepted and reads as expect says; one "
    "with code is refused with that code, for the reason that why gives."
)


def document() -> str:
    """Return the file's text."""
    cases = [*_good(), *_before_the_signature(), *attacks(), *_presentations()]
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names)
    return json.dumps({"about": ABOUT, "key": KEY.public.jwk, "cases": cases}, indent=1, ensure_ascii=False) + "\n"


def _presentation(name: str, volumes: int = 1, properties: int = 1) -> tuple[Forge, list[str]]:
    """The parts of a presentation: the JWT, then ``volumes`` volumes and the first ``properties`` properties."""
    forge, elements, members, raw = ordinary(name)
    return forge, [raw.split("~")[0], *elements[:volumes], *members[:properties]]


def _good() -> Iterator[dict[str, Any]]:
    both, one = [circle(0), circle(1)], [circle()]
    forge, elements, properties, raw = ordinary("all disclosed")
    yield good("all disclosed", raw, Flight(both, **TEXTS))
    forge = Forge("category only")
    only = forge.submission([forge.element(circle())], [forge.property("category", "uas")])
    yield good("category only", only, Flight(one, "uas"))
    forge = Forge("seventeen volumes")
    seventeen = [circle(minute) for minute in range(17)]
    elements_17 = [forge.element(volume) for volume in seventeen]
    padded = forge.submission(elements_17, [forge.property("category", "transport")])
    yield good("seventeen volumes pad to 32", padded, Flight(seventeen))
    forge = Forge("amended")
    before = digest(raw.split("~")[0])
    amended = forge.submission(*forge.parts(), revision=2, prev=before)
    yield good("second revision", amended, Flight(both, **TEXTS), revision=2, prev=before)
    forge = Forge("any order")
    first, second = (forge.element(circle(minute)) for minute in (0, 1))
    category = forge.property("category", "transport")
    sent = [second, category, first]
    manifest = forge.manifest(sent)
    mixed = forge.sign(forge.payload([first, second], [category, manifest]), [*sent, manifest])
    yield good("any order with the manifest last", mixed, Flight(both[::-1]))
    forge = Forge("spaced JSON")
    spaced = b64(json.dumps([forge.random(16), circle()]).encode())
    category = b64(f'[ "{forge.random(16)}", "category",\n"\\u0074ransport" ]'.encode())
    name = "a disclosure is its bytes, whatever its spacing and escapes"
    yield good(name, forge.submission([spaced], [category]), Flight(one))
    yield from flights()
    jwt = raw.split("~")[0]
    shown = "~".join([jwt, elements[1], properties[0], ""])
    yield good("one of two volumes presented", shown, Flight(both[1:]), door="presentation")
    yield good("nothing presented", f"{jwt}~", Flight([], ""), door="presentation")
    many = [circle(minute) for minute in range(20)]
    yield presented("three of twenty volumes presented, in another order", Flight(many, remarks="x"), [7, 3, 19])
    yield presented("all volumes presented", Flight(many, callsign="BLUE-01"), range(20))
    category_alone = "~".join([jwt, properties[0], ""])
    yield good("the category alone presented", category_alone, Flight([]), door="presentation")
    yield from _border()


def _border() -> Iterator[dict[str, Any]]:
    """A polygon of less than a millimetre: it may not be filed, but who is shown it takes it (R-034)."""
    slim = slivers.volume(slivers.BETWEEN)
    forge = Forge("between the bounds")
    element, category = forge.element(slim), forge.property("category", "transport")
    raw = forge.submission([element], [category])
    yield refusal("a polygon between the bounds", raw, "volume_polygon", "0.7 mm: below the bound of filing")
    shown = "~".join([raw.split("~")[0], element, category, ""])
    yield good("a polygon between the bounds, presented", shown, Flight([slim]), door="presentation")
    forge = Forge("below both bounds")
    element, category = forge.element(slivers.volume(slivers.BELOW)), forge.property("category", "transport")
    shown = "~".join([forge.submission([element], [category]).split("~")[0], element, category, ""])
    name = "a polygon below both bounds, presented"
    yield refusal(name, shown, "volume_polygon", "0.3 mm: nobody could have taken it", "presentation")


def _before_the_signature() -> Iterator[dict[str, Any]]:
    """One code for a stranger, whatever is wrong."""
    why = "nothing is told apart before the signature verified"
    forge, elements, properties, raw = ordinary("before the signature")
    jwt, tail = raw.split("~", 1)
    header, body, signature = jwt.split(".")
    manifest = tail.split("~")[-2]
    payload = forge.payload(elements, [*properties, manifest])
    yield refusal("a stranger's key", forge.sign(payload, tail.split("~")[:-1], key=STRANGER), "not_authenticated", why)
    for typ in ("keepclear-notice+jws", "keepclear-withdrawal+jws"):
        other = forge.sign(payload, tail.split("~")[:-1], typ=typ)
        yield refusal(f"of type {typ}", other, "not_authenticated", "another kind of statement is not a notice")
    flipped = b64(bytes([unb64(signature)[0] ^ 1]) + unb64(signature)[1:])
    yield refusal("signature altered", f"{header}.{body}.{flipped}~{tail}", "not_authenticated", why)
    yield refusal("JWT part padded", f"{header}.{body}=.{signature}~{tail}", "not_authenticated", why)
    spaced = b64(unb64(header).replace(b",", b", "))
    yield refusal(
        "header spaced",
        f"{spaced}.{body}.{signature}~{tail}",
        "not_authenticated",
        "the header is matched byte by byte",
    )
    yield refusal("no tilde at all", jwt, "not_authenticated", "a JWT alone is not an SD-JWT")
    yield refusal("empty", "", "not_authenticated", why)
    yield refusal("disclosures without a JWT", f"~{tail}", "not_authenticated", why)


def _presentations() -> Iterator[dict[str, Any]]:
    def case(name: str, parts: list[str], code: str, why: str) -> dict[str, Any]:
        return refusal(name, "~".join([*parts, ""]), code, why, "presentation")

    _, _, _, raw = ordinary("a submission")
    yield refusal("a submission presented", raw, "disclosure", "it shows all to the counterpart", "presentation")
    for index, what in ((3, "callsign"), (4, "remarks"), (5, "manifest")):
        jwt, *sent = raw.split("~")[:-1]
        yield case(f"{what} presented", [jwt, sent[0], sent[2], sent[index]], "disclosure", "for the service alone")
        yield case(f"{what} alone presented", [jwt, sent[index]], "disclosure", "for the service alone")
    _, parts = _presentation("presented without category", properties=0)
    yield case("volume without category", parts, "disclosure_missing", "the rules need it")
    forge, parts = _presentation("presented leftover")
    yield case("leftover presented", [*parts, forge.element(circle(5))], "disclosure_unmatched", "signed by nobody")
    _, parts = _presentation("presented foreign")
    _, others = _presentation("presented foreign, the other")
    yield case("foreign volume presented", [parts[0], others[1], parts[2]], "disclosure_unmatched", "of another notice")
    yield case("foreign category presented", [*parts[:2], others[2]], "disclosure_unmatched", "of another notice")
    yield case("volume presented twice", [*parts, parts[1]], "disclosure_repeated", "each once")
    yield refusal(
        "presented with key binding", "~".join([*parts, parts[0]]), "disclosure", "no key binding", "presentation"
    )
    yield refusal(
        "presented without a last tilde", "~".join(parts), "disclosure", "it must end in a tilde", "presentation"
    )
    yield refusal("presented JWT alone", parts[0], "not_authenticated", "a JWT alone is not an SD-JWT", "presentation")


if __name__ == "__main__":
    sys.stdout.write(document())
