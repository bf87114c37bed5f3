"""Attacks on a submission's manifest: what was sent is not what it lists."""

from collections.abc import Callable, Iterator
from typing import Any

from keepclear_protocol.encoding import digest

from support.notice_forge import Forge


def refusal(name: str, raw: str, code: str, why: str, door: str = "submission") -> dict[str, Any]:
    """Return a case that is refused with ``code``."""
    return {"name": name, "door": door, "sd_jwt": raw, "code": code, "why": why}


def manifests() -> Iterator[dict[str, Any]]:
    """Yield every case of this module."""
    def made(
        name: str, code: str, why: str, send: Callable[[Forge, list[str], list[str]], tuple[list[str], list[str]]]
    ) -> dict[str, Any]:
        """``send`` gives the signed properties and all that is sent."""
        forge = Forge(name)
        elements, properties = forge.parts()
        signed, sent = send(forge, elements, properties)
        return refusal(name, forge.sign(forge.payload(elements, signed), sent), code, why)

    def over(others: Callable[[list[str]], list[str]]) -> Any:
        def send(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
            sent = [*elements, *properties]
            manifest = forge.manifest(others(sent))
            return [*properties, manifest], [*sent, manifest]

        return send

    yield made("manifest missing", "manifest", "none signed", lambda _, e, p: (p, [*e, *p]))
    yield made("manifest over nothing", "manifest", "not over what was sent", over(lambda sent: []))
    yield made("manifest over another order", "manifest", "sending order counts", over(lambda sent: sent[::-1]))
    yield made("manifest over less", "manifest", "not over what was sent", over(lambda sent: sent[1:]))
    yield made("manifest over more", "manifest", "a volume was held back", over(lambda sent: [*sent, sent[0]]))

    def unsent(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
        sent = [*elements, *properties]
        return [*properties, forge.manifest(sent)], sent

    def first(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
        sent = [*elements, *properties]
        manifest = forge.manifest(sent)
        return [*properties, manifest], [manifest, *sent]

    def in_remarks(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
        sent = [*elements, properties[0]]
        remarks = forge.property("remarks", digest("".join(f"{raw}~" for raw in sent)))
        return [properties[0], remarks], [*sent, remarks]

    def double(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
        sent = [*elements, *properties]
        one = forge.manifest(sent)
        two = forge.manifest([*sent, one])
        return [*properties, one, two], [*sent, one, two]

    def joined(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
        sent = [*elements, *properties]
        manifest = forge.property("manifest", digest("~".join(sent)))
        return [*properties, manifest], [*sent, manifest]

    def misspelt(value: Callable[[str], object]) -> Any:
        def send(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
            sent = [*elements, *properties]
            manifest = forge.property("manifest", value(digest("".join(f"{raw}~" for raw in sent))))
            return [*properties, manifest], [*sent, manifest]

        return send

    yield made("manifest kept back", "manifest", "signed, not sent", unsent)
    yield made("manifest first", "manifest", "it must be last", first)
    yield made("a manifest by another name", "manifest", "remarks are no manifest", in_remarks)
    yield made("two manifests", "manifest", "one only", double)
    yield made("manifest over the text between tildes", "manifest", "each disclosure is followed by a tilde", joined)
    yield made("manifest padded", "manifest", "a digest has one spelling", misspelt(lambda value: value + "="))
    yield made("manifest in a list", "manifest", "a digest is a text", misspelt(lambda value: [value]))
    yield made("manifest null", "manifest", "a digest is a text", misspelt(lambda value: None))

    def without(drop: Callable[[list[str], list[str]], list[str]]) -> Any:
        def send(forge: Forge, elements: list[str], properties: list[str]) -> tuple[list[str], list[str]]:
            sent = drop(elements, properties)
            manifest = forge.manifest(sent)
            return [*properties, manifest], [*sent, manifest]

        return send

    yield made("category kept back", "disclosure_missing", "the rules need it", without(lambda e, p: [*e, *p[1:]]))
    yield made("no volume", "disclosure_missing", "a notice of nothing", without(lambda e, p: p))
    yield made("manifest alone", "disclosure_missing", "a notice of nothing", without(lambda e, p: []))
