"""A form, judged: each flight with what stands of it already, and one digest over all that would be signed.

Guaranteed: only what the hotline has receipted is called filed already; what is NOT SENT, of unknown outcome or LOST is
told as that. Without a reference the same content is the same flight (``doubles``); under a reference the same
reference is; an amendment is held against the notice's newest revision.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from keepclear_protocol.errors import KeepclearError, LocalError, OutOfStep, Refused
from keepclear_protocol.filing import Content, Unfit, content_digest, content_of, key_faults
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import parse_volume

from keepclear.cli.doubles import ALREADY, WAITING, find_standing
from keepclear.cli.referenced import intents as referenced
from keepclear.desk.batch import Intent
from keepclear.desk.desk import AsyncDesk
from keepclear.desk.referenced import check_reference
from keepclear.journal.kept import OwnStatement
from keepclear.offline.filing import Draft

from .became import of_error, of_standing, of_statement
from .drawn import FieldFault
from .intended import Intended, text

Stands = dict[str, Any]
"""What stands of a flight already, as ``became`` tells it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a form would file. ``stood`` are its drafts, each with what stands of it, or None where it is to be filed.

    ``intents`` are as many, in their order. ``amends`` is the newest statement of the notice that it amends, if any.
    """

    said: Intended
    faults: tuple[FieldFault, ...]
    stood: tuple[tuple[Draft, Stands | None], ...]
    intents: tuple[Intent, ...]
    amends: OwnStatement | None
    reference: str | None

    @property
    def digest(self) -> str:
        """What is to be signed, in one word: the same for the same flights under the same name."""
        names = [one.reference or "" for one in self.intents]
        said = [draft.digest for draft, _ in self.stood]
        of = "" if self.amends is None else self.amends.id
        return hashlib.sha256(repr((said, names, of)).encode()).hexdigest()


async def judge(
    said: Intended, body: Mapping[str, Any], desk: AsyncDesk, now: int, amends: OwnStatement | None
) -> Judged:
    """Return what the form in ``body``, read as ``said``, would file at this desk; nothing is signed or sent."""
    agreement = desk.exchange.agreement
    drafts, reference = said.batch.drafts, text(body.get("reference")) or None
    faults = list(said.faults)
    if (key := agreement.find(desk.exchange.key.kid)) is not None:
        faults += [FieldFault("", one.code, one.detail, one.hint) for one in key_faults(key[1], now)]
    named, wrong = _named(drafts, reference if amends is None else None)
    faults += wrong
    if faults:
        return Judged(said, tuple(faults), tuple((draft, None) for draft in drafts), tuple(named), amends, reference)
    if amends is not None:
        stood, wrong = await _amended(desk, amends, drafts[0], body.get("revision"))
    elif reference is not None:
        stood, wrong = [_referenced(desk, intent) for intent in named], []
    else:
        found = await asyncio.to_thread(find_standing, desk, drafts)
        stood, wrong = [of_standing(one) if one.outcome else None for one in found], []
    stood_by = tuple(zip(drafts, stood, strict=True))
    return Judged(said, tuple(wrong), stood_by, tuple(named), amends, reference)


def _named(drafts: Sequence[Draft], reference: str | None) -> tuple[list[Intent], list[FieldFault]]:
    """Return what is to be filed, under its names."""
    if reference is not None and drafts:
        try:
            check_reference(reference)
            return referenced(drafts, reference), []
        except LocalError as error:
            return _named(drafts, None)[0], [FieldFault.of("reference", error)]
        except click.UsageError as error:
            return _named(drafts, None)[0], [FieldFault("reference", "usage", error.message)]
    of = [draft.content for draft in drafts]
    return [Intent(one.volumes, one.category, None, one.callsign, one.remarks) for one in of], []


def _referenced(desk: AsyncDesk, intent: Intent) -> Stands | None:
    try:
        row = desk.judge(intent)
    except Refused as error:
        return of_error(error, "refused")
    return None if row is None else _as_it_stands(row)


async def _amended(
    desk: AsyncDesk, newest: OwnStatement, draft: Draft, revision: object
) -> tuple[list[Stands | None], list[FieldFault]]:
    if (newest.content or _digest(content_of(newest.raw))) == draft.digest:
        return [_as_it_stands(newest)], []
    if revision != newest.revision:
        return [None], [_of_all(stale(newest))]
    try:
        await desk.judge_revision(newest.id, draft.content)
    except Unfit as error:
        return [None], [FieldFault("", one.code, one.detail, one.hint, one.place) for one in error.faults]
    except LocalError:
        raise
    except KeepclearError as error:
        return [None], [_of_all(error)]
    return [None], []


def stale(newest: OwnStatement) -> OutOfStep:
    """Return the refusal of what was decided on an older revision than the ``newest``."""
    detail = f"{speakable(newest.id)} was changed meanwhile: it is at revision {newest.revision}"
    return OutOfStep("revision_conflict", detail, hint="look at it as it is now, and decide again")


def _as_it_stands(row: OwnStatement) -> Stands:
    outcome = WAITING.get(row.status, ALREADY)
    return of_statement(row, outcome, f"says the same at revision {row.revision}")


def _of_all(error: KeepclearError) -> FieldFault:
    return FieldFault("", error.code, error.detail, error.hint)


def _digest(content: Content) -> str:
    volumes = tuple(parse_volume(volume) for volume in content.volumes)
    return content_digest(volumes, content.category, content.callsign, content.remarks)
