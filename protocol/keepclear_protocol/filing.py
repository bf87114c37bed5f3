"""Filing: what a notice would be refused for, all of it at once, before its first byte is signed.

One decision for whoever files: a dry run, a whole batch, an amendment, a program. It is made of the very checks with
which a notice is opened and held against the agreement at the hotline's door, so what passes here is taken there and
what is faulted here is refused there. Guaranteed but for what only the hotline knows: the terms in force, its clock,
and what was filed before.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .agreement import SUBMIT, Agreement, PartyKey
from .claims import ADMIT_WITHIN_S
from .disclosure import MAX_DISCLOSURE_BYTES
from .encoding import digest, parse_json, unb64
from .errors import Forbidden, KeepclearError, Malformed
from .instant import SECOND
from .limits import Fault, arrival_faults, limit_faults
from .notice import MAX_VOLUMES, Notice, submission_bytes
from .properties import objection
from .volume import Volume, parse_volume


@dataclass(frozen=True, slots=True)
class Content:
    """What a notice says: F3548 volumes in their JSON, the category, and what the hotline alone is shown."""

    volumes: Sequence[Mapping[str, Any]]
    category: str
    callsign: str | None = None
    remarks: str | None = None


class Unfit(Malformed):
    """A notice that would be refused; ``faults`` are all that is wrong with it, the first gives the code."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(faults[0].code, f"{faults[0]}{more}", hint=faults[0].hint)


def composed(remarks: str | None) -> str | None:
    """Return remarks as they are signed: in Unicode NFC, which says the same.

    Some systems write an accent apart from its letter, and the same remarks shall be known again. No receiver asks for
    it: what is composed depends on the version of Unicode.
    """
    return None if remarks is None else unicodedata.normalize("NFC", remarks)


def find_faults(content: Content, agreement: Agreement, *, party: str, now: int, revision: int = 1) -> Iterator[Fault]:
    """Give all that is wrong with filing ``content`` as ``revision`` of a notice of ``party`` at ``now``."""
    fit = True
    for name in ("callsign", "remarks"):
        value = getattr(content, name)
        if value is not None and (wrong := objection(name, value)):
            fit = False
            yield Fault("", name, "disclosure", wrong, _hint(name, value))
    volumes = []
    if not 0 < len(content.volumes) <= MAX_VOLUMES:
        yield Fault("", "volumes", "limit_volumes", f"are {len(content.volumes)}; a notice has 1 to {MAX_VOLUMES}")
    for number, value in enumerate(content.volumes, 1):
        try:
            volumes.append(parse_volume(value))
        except KeepclearError as error:
            yield Fault(f"volume {number}", "", error.code, error.detail, error.hint)
    if not 0 < len(volumes) <= MAX_VOLUMES or len(volumes) < len(content.volumes):
        volumes = []
    yield from limit_faults(volumes, content.category, agreement, revision)
    if not volumes or content.category not in agreement.categories:
        return
    yield from arrival_faults(volumes, content.category, agreement, now)
    if fit:
        yield from _size(content, agreement, party, now, revision)


def content_of(submission: str) -> Content:
    """Return what a submission says that was opened before: an own one, as the journal keeps it."""
    _, *raws, _ = submission.split("~")
    read = [parse_json(unb64(raw), max_bytes=MAX_DISCLOSURE_BYTES) for raw in raws]
    named = {name: value for _, name, value in (item for item in read if len(item) == 3)}
    volumes = [item[1] for item in read if len(item) == 2]
    return Content(volumes, named["category"], named.get("callsign"), named.get("remarks"))


def amended(
    volumes: Sequence[Mapping[str, Any]],
    category: str | None,
    before: Notice,
    *,
    callsign: str | None = None,
    remarks: str | None = None,
) -> Content:
    """Return what a notice says that is amended: what is not given stays as it was."""
    rest = category or before.category, callsign or before.callsign, remarks or before.remarks
    return Content(volumes, *rest)


def key_faults(key: PartyKey, now: int) -> Iterator[Fault]:
    """Give why nothing may be filed with this key at ``now``."""
    try:
        key.check(SUBMIT, now)
    except Forbidden as error:
        yield Fault("", "", error.code, error.detail, error.hint)


def content_digest(volumes: Sequence[Volume], category: str, callsign: str | None, remarks: str | None) -> str:
    """Return the digest of what a notice says, whichever its id, its revision, and the order of its volumes."""
    said = sorted(
        repr((volume.outline, volume.lower_m, volume.upper_m, str(volume.reference), volume.start, volume.end))
        for volume in volumes
    )
    return digest(repr((said, category, callsign, remarks)))


def _size(content: Content, agreement: Agreement, party: str, now: int, revision: int) -> Iterator[Fault]:
    iat = now // SECOND
    size = submission_bytes(
        iss=party, aud=agreement.id, terms=agreement.terms, iat=iat, admit_by=iat + ADMIT_WITHIN_S,
        volumes=content.volumes, category=content.category, callsign=content.callsign, remarks=content.remarks,
        revision=revision, prev=None if revision == 1 else agreement.terms,
    )  # fmt: skip
    limit = agreement.limits.submission_bytes
    if size > limit:
        yield Fault("", "submission", "too_large", f"would have {size} bytes; {limit} are agreed")


def _hint(name: str, value: str) -> str:
    if name != "callsign":
        return ""
    mended = "".join(value.upper().split())
    return f"{mended} would do" if not objection(name, mended) else ""
