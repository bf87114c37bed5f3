"""Notices: a party's signed statement that something will fly, or fire, in given volumes.

A notice is an SD-JWT (RFC 9901). Its JWT part is a statement whose visible members say who, when and which revision,
and nothing of where; each volume, the category, the callsign and the remarks are disclosures. The party sends all of
them to the service (``open_submission``); the service shows a counterpart the volumes in conflict and the category
alone, under the party's own signature (``present``, ``open_presentation``).

Guaranteed of a submission: it discloses the signed manifest, which is over every other disclosure that was sent, in
order. A digest without a disclosure may be a decoy or a volume held back, and the service cannot tell. It does not
have to: revealed later, such a volume does not open under the same manifest, and a signer who prepared a second
manifest for it gets a submission with another hash than the one that the receipt names. Only what was submitted
counts as notified, and ``submission_sha256`` says what that was.

Not guaranteed: that the claims fit an agreement, its limits or the clock, or that the key's holder is ``iss``; whoever
admits the notice asks. Not hidden from a counterpart: ``iat``, ``admit_by``, the revision, the padded volume count.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from .claims import Claims, new_jti
from .disclosure import (
    Disclosure,
    disclose_element,
    disclose_property,
    glimpse,
    manifest_digest,
    open_disclosures,
    split_disclosures,
    with_decoys,
)
from .encoding import digest
from .errors import Malformed, NotAuthentic
from .geometry import SHOWN, SUBMITTED, Bounds
from .keys import PrivateKey
from .kinds import NOTICE
from .properties import is_category, read_properties
from .statement import KeyFinder, Signed, sign_statement
from .stored import verify_or_recall
from .visible import MIN_VOLUME_DIGESTS, PROPERTY_DIGESTS, Visible, read_visible
from .volume import Volume, parse_volume

MAX_SUBMISSION_BYTES = 512 * 1024
"""500 corridor legs of three points take 345 KB. An agreement may allow less; more would not open as presentation."""

MAX_VOLUMES = 500
MAX_VERTICES = 5_000
_SHOWN_TO_COUNTERPART = frozenset(("category",))

_CATEGORY_AMONG_LAST = 4
"""Category, callsign, remarks and manifest are usually sent last."""

_CATEGORY_CHARACTERS = 128
"""The longest category's disclosure has 102."""


class DisclosedVolume(Struct, frozen=True, gc=False):
    """A volume with its signed digest and the exact disclosure that it was read from."""

    digest: str
    disclosure: str
    volume: Volume


class Notice(Struct, frozen=True, gc=False):
    """A notice as far as it was disclosed.

    ``sha256`` of the JWT part is its identity; ``submission_sha256`` is of all. ``id``, the claim ``notice``, is the
    same for all its revisions: 128 random bits as 22 characters.
    """

    jwt: str
    sha256: str
    submission_sha256: str | None
    kid: str
    claims: Claims
    id: str
    revision: int
    prev: str | None
    volumes: tuple[DisclosedVolume, ...]
    category: str
    category_disclosure: str
    callsign: str | None
    remarks: str | None

    @property
    def party(self) -> str:
        """The party that it names as its issuer."""
        return self.claims.iss

    @property
    def first_start(self) -> int:
        """The instant at which the first disclosed window begins; ``Malformed`` where no volume is disclosed."""
        self._need_volumes()
        return min([item.volume.start for item in self.volumes])

    @property
    def last_end(self) -> int:
        """The instant at which the last disclosed window ends; ``Malformed`` where no volume is disclosed."""
        self._need_volumes()
        return max([item.volume.end for item in self.volumes])

    def _need_volumes(self) -> None:
        if not self.volumes:
            raise Malformed("disclosure_missing", "this presentation discloses no volume")


class Envelope(Struct, frozen=True, gc=False):
    """A notice whose signature verified, its visible members read, its disclosures still closed.

    ``id`` and ``revision`` are those of the notice; ``sha256`` is that of the JWT part.
    """

    raw: str
    signed: Signed
    visible: Visible

    @property
    def jwt(self) -> str:
        """The JWT part, which is the notice's identity."""
        return self.signed.raw

    @property
    def sha256(self) -> str:
        """The SHA-256 of the JWT part."""
        return self.signed.sha256

    @property
    def kid(self) -> str:
        """The key that signed it."""
        return self.signed.kid

    @property
    def claims(self) -> Claims:
        """The claims of every statement."""
        return self.visible.claims

    @property
    def party(self) -> str:
        """The party that it names as its issuer."""
        return self.visible.claims.iss

    @property
    def id(self) -> str:
        """The notice's id, the same for all its revisions."""
        return self.visible.id

    @property
    def revision(self) -> int:
        """The notice's revision."""
        return self.visible.revision

    @property
    def prev(self) -> str | None:
        """The SHA-256 of the revision before, None of the first."""
        return self.visible.prev

    @property
    def category(self) -> str | None:
        """The category, where it stands in the usual place in the usual spelling; else None. Looked for when asked.

        Enough to refuse by, not to admit by: that it was signed is known of the opened notice alone.
        """
        last = self._tail.rsplit("~", _CATEGORY_AMONG_LAST + 1)[-_CATEGORY_AMONG_LAST - 1 :]
        found = glimpse([raw for raw in last if 0 < len(raw) <= _CATEGORY_CHARACTERS], "category")
        return found if found is not None and is_category(found) else None

    @property
    def _tail(self) -> str:
        return self.raw[len(self.signed.raw) + 1 :]

    def open(self, bounds: Bounds = SUBMITTED) -> Notice:
        """Open all disclosures and return the notice; raises what ``open_submission`` raises after ``notice``."""
        tail = self._tail
        disclosures = _open(self.visible, tail)
        if not disclosures or disclosures[-1].name != "manifest":
            raise Malformed("manifest", "the manifest must be the last disclosure")
        *others, manifest = disclosures
        if any(item.name == "manifest" for item in others):
            raise Malformed("manifest", "there may be one manifest only")
        # What stands before the manifest is every other disclosure, each followed by ~.
        if manifest.value != digest(tail[: -len(manifest.raw) - 1]):
            raise Malformed("manifest", "the manifest is not over what was sent")
        properties = read_properties(others)
        if "category" not in properties:
            raise Malformed("disclosure_missing", "the category must be disclosed")
        volumes = _read_volumes(others, bounds)
        if not volumes:
            raise Malformed("disclosure_missing", "at least one volume must be disclosed")
        return _notice(self.signed, self.visible, volumes, properties, digest(self.raw))


def build_notice(
    key: PrivateKey,
    *,
    iss: str,
    aud: str,
    terms: str,
    iat: int,
    admit_by: int,
    volumes: Sequence[Mapping[str, Any]],
    category: str,
    callsign: str | None = None,
    remarks: str | None = None,
    notice: str | None = None,
    revision: int = 1,
    prev: str | None = None,
) -> str:
    """Return a signed submission: ``volumes`` are F3548 Volume4D objects, ``iat`` and ``admit_by`` seconds.

    ``notice`` is the id of the notice that is amended; without one a new id is drawn. Every call draws a fresh ``jti``,
    salts, decoys and order, so two notices of the same flight have nothing in common. Raises
    the ``Malformed`` that ``open_submission`` would raise: nothing is returned that it does not accept.
    """
    said: dict[str, Any] = {"volumes": volumes, "category": category, "callsign": callsign, "remarks": remarks}
    said |= {"notice": notice, "revision": revision, "prev": prev}
    submission = _signed(key, **said, iss=iss, aud=aud, terms=terms, iat=iat, admit_by=admit_by)
    open_submission(submission, {key.kid: key.public}.get, max_bytes=MAX_SUBMISSION_BYTES)
    return submission


def submission_bytes(**given: Any) -> int:
    """Return how large the submission of ``given`` will be, whoever signs it: all that is random has one length."""
    return len(_signed(PrivateKey.generate(), **given))


def _signed(
    key: PrivateKey,
    *,
    volumes: Sequence[Mapping[str, Any]],
    category: str,
    callsign: str | None = None,
    remarks: str | None = None,
    notice: str | None = None,
    revision: int = 1,
    prev: str | None = None,
    **claims: Any,
) -> str:
    elements = {digest(raw): raw for raw in map(disclose_element, volumes)}
    digests = with_decoys(list(elements), _padded(len(elements)))
    named = (("category", category), ("callsign", callsign), ("remarks", remarks))
    # In the order of the shuffled digests: the order of sending says nothing that the array does not say.
    sent = [elements[sha256] for sha256 in digests if sha256 in elements]
    sent += [disclose_property(name, value) for name, value in named if value is not None]
    signed = sent[len(elements) :]
    manifest = disclose_property("manifest", manifest_digest(sent))
    payload = {
        **claims,
        "jti": new_jti(),
        "notice": notice or new_jti(),
        "revision": revision,
        **({} if prev is None else {"prev": prev}),
        "volumes": [{"...": sha256} for sha256 in digests],
        "_sd": sorted(with_decoys([digest(raw) for raw in (*signed, manifest)], PROPERTY_DIGESTS)),
        "_sd_alg": "sha-256",
    }
    return "~".join([sign_statement(key, NOTICE.typ, payload), *sent, manifest, ""])


def open_envelope(raw: str, find_key: KeyFinder | None, *, max_bytes: int = MAX_SUBMISSION_BYTES) -> Envelope:
    """Verify the signature of a submission and read its visible members: the cheap part, bounded for any size.

    Raises ``NotAuthentic`` for whatever is wrong before the signature verified, which touches the JWT part only;
    after it ``Malformed`` with ``too_large``, ``json``, ``json_number``, ``claims``, ``crit`` or ``notice``. With
    ``find_key`` ``None`` the signature is not verified (see ``stored``).
    """
    signed = _verify_jwt(raw, find_key, max_bytes)
    return Envelope(raw, signed, read_visible(signed))


def open_submission(
    raw: str, find_key: KeyFinder | None, *, max_bytes: int = MAX_SUBMISSION_BYTES, bounds: Bounds = SUBMITTED
) -> Notice:
    """Verify a notice sent with all its disclosures and return it; with ``SHOWN``, one that was admitted before.

    Raises what ``open_envelope`` raises, then ``Malformed`` with a ``disclosure`` code, ``manifest``,
    ``limit_volumes``, ``limit_vertices`` or a ``volume`` code.
    """
    return open_envelope(raw, find_key, max_bytes=max_bytes).open(bounds)


def open_presentation(raw: str, find_key: KeyFinder | None, *, max_bytes: int = MAX_SUBMISSION_BYTES) -> Notice:
    """Verify a counterpart's notice as the service presents it and return it.

    It discloses volumes and, whenever there is one, the category; ``category`` is empty where nothing is disclosed.
    Raises as ``open_submission`` does, and ``Malformed`` with ``disclosure`` for anything else that is disclosed:
    callsign, remarks and manifest are for the service alone.
    """
    signed = _verify_jwt(raw, find_key, max_bytes)
    visible = read_visible(signed)
    disclosures = _open(visible, raw[len(signed.raw) + 1 :])
    properties = read_properties(disclosures)
    if not _SHOWN_TO_COUNTERPART.issuperset(properties):
        raise Malformed("disclosure", "only volumes and the category may be shown to a counterpart")
    if "category" not in properties and any(item.name is None for item in disclosures):
        raise Malformed("disclosure_missing", "volumes are shown together with their category")
    volumes = _read_volumes(disclosures, SHOWN)
    return _notice(signed, visible, volumes, properties, None)


def present(notice: Notice, digests: Collection[str]) -> str:
    """Return the presentation of ``notice`` that discloses the volumes named by ``digests``, and the category.

    Without digests it is ``<JWT>~``. Raises ``Malformed`` with ``disclosure_unmatched`` for one of no disclosed volume.
    """
    wanted = set(digests)
    if not wanted:
        return f"{notice.jwt}~"
    shown = [item.disclosure for item in notice.volumes if item.digest in wanted]
    if len(shown) != len(wanted):
        raise Malformed("disclosure_unmatched", "this notice discloses no such volume")
    return "~".join([notice.jwt, *shown, notice.category_disclosure, ""])


def _verify_jwt(raw: str, find_key: KeyFinder | None, max_bytes: int) -> Signed:
    """Return the verified JWT part; nothing of what stands behind its ``~`` is looked at before.

    The size of the JWT part is bounded by ``verify_statement``, so that a stranger costs one signature at most, and is
    never told that it sent too much.
    """
    jwt, tilde, _ = raw.partition("~")
    if not tilde:
        raise NotAuthentic
    signed = verify_or_recall(jwt, NOTICE.typ, find_key)
    if len(raw) > max_bytes:
        raise Malformed("too_large", f"{len(raw)} bytes; the limit is {max_bytes}")
    return signed


def _open(visible: Visible, tail: str) -> list[Disclosure]:
    raws = split_disclosures(tail)
    return open_disclosures(raws, elements=visible.elements, properties=visible.properties)


def _padded(count: int) -> int:
    """The least power of two that is not below ``count`` and ``MIN_VOLUME_DIGESTS``."""
    if not 0 < count <= MAX_VOLUMES:
        raise Malformed("limit_volumes", f"a notice has 1 to {MAX_VOLUMES} volumes")
    return max(MIN_VOLUME_DIGESTS, 1 << (count - 1).bit_length())


def _read_volumes(disclosures: Sequence[Disclosure], bounds: Bounds) -> tuple[DisclosedVolume, ...]:
    elements = [item for item in disclosures if item.name is None]
    if len(elements) > MAX_VOLUMES:
        raise Malformed("limit_volumes", f"a notice has at most {MAX_VOLUMES} volumes")
    volumes: list[DisclosedVolume] = []
    vertices = 0
    for item in elements:
        volume = item.value if isinstance(item.value, Volume) else parse_volume(item.value, bounds)
        vertices += volume.shape.vertices
        if vertices > MAX_VERTICES:
            raise Malformed("limit_vertices", f"a notice has at most {MAX_VERTICES} vertices")
        volumes.append(DisclosedVolume(item.digest, item.raw, volume))
    return tuple(volumes)


def _notice(
    signed: Signed,
    visible: Visible,
    volumes: tuple[DisclosedVolume, ...],
    properties: Mapping[str, Disclosure],
    submission_sha256: str | None,
) -> Notice:
    category, callsign, remarks = properties.get("category"), properties.get("callsign"), properties.get("remarks")
    return Notice(
        signed.raw,
        signed.sha256,
        submission_sha256,
        signed.kid,
        visible.claims,
        visible.id,
        visible.revision,
        visible.prev,
        volumes,
        category.value if category else "",
        category.raw if category else "",
        callsign.value if callsign else None,
        remarks.value if remarks else None,
    )
