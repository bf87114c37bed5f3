"""What of a file was said before: each flight told for what it is, and whether it is to be filed again.

Only what the hotline has receipted is "filed already". What is NOT SENT, of unknown outcome or LOST is told as that,
and never passed over as done. The same volumes and callsign under other remarks, or in another category, are the same
flight.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click
from keepclear_protocol.errors import LocalError
from keepclear_protocol.filing import content_digest
from keepclear_protocol.speakable import speakable

from keepclear.desk.blocking import Desk
from keepclear.desk.desk import AsyncDesk
from keepclear.journal.kept import LOST, RECEIPTED, UNKNOWN, UNSENT, OwnStatement
from keepclear.offline.filing import Draft
from keepclear.transport.client import now_instant

from .asking import describe
from .main import UNREACHABLE, USAGE, tell_error
from .out import note, say, write_json

AGAIN, REST, NONE = "again", "rest", "none"

ALREADY, TWICE, HELD = "filed_already", "twice", "not_filed"
"""Outcomes of flights that are not filed: receipted before, named before in the file, kept back with the others."""

WAITING = {UNSENT: "not_sent", UNKNOWN: UNKNOWN, LOST: LOST}
"""Outcomes, by state, of what was said before and does not count."""

_BEST_FIRST = (RECEIPTED, UNKNOWN, UNSENT, LOST)
_MOST_TOLD = 5
_WORDS = {
    ALREADY: "filed already", TWICE: "twice in the file", "not_sent": "NOT SENT", UNKNOWN: "of unknown outcome",
    LOST: "LOST",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """A flight of a file, and what stands of it already: nothing, where ``outcome`` is empty."""

    draft: Draft
    outcome: str = ""
    detail: str = ""
    id: str = ""

    @property
    def waits(self) -> bool:
        """Whether it was said before, and is not known to count."""
        return self.outcome in WAITING.values()

    @property
    def text(self) -> str:
        """Return it in words."""
        return f"{self.draft.name} {self.detail}"

    def tell(self, *, as_json: bool) -> None:
        """Say it, as the line of this flight."""
        if not as_json:
            say(self.text)
            return
        outcome, detail = (self.outcome, self.detail) if self.outcome else (HELD, "kept back with the others")
        named = {"place": self.draft.place or None, "callsign": self.draft.content.callsign}
        write_json({**named, "outcome": outcome, "id": self.id or None, "code": None, "detail": detail})


def find_standing(desk: Desk | AsyncDesk | None, drafts: Sequence[Draft]) -> list[Standing]:
    """Return what stands of each draft: in the journal of ``desk``, if there is one, or before it in its file."""
    same = {} if desk is None else _same(desk, drafts)
    near = {} if desk is None else _near(desk, [draft for draft in drafts if draft.digest not in same])
    seen: set[str] = set()
    found: list[Standing] = []
    for draft in drafts:
        row, other = same.get(draft.digest), ""
        if row is None and (alike := near.get(_flight(draft))) is not None:
            row, category = alike
            other = " with other remarks" if category == draft.content.category else " in another category"
        if draft.digest in seen:
            found.append(Standing(draft, TWICE, "stands twice in the file"))
        elif row is not None:
            outcome = WAITING.get(row.status, ALREADY)
            found.append(Standing(draft, outcome, _said(row, other), row.id))
        else:
            found.append(Standing(draft))
        seen.add(draft.digest)
    return found


def choose(stood: Sequence[Standing], doubles: str | None, *, asked: bool) -> str:
    """Return what to do: file the rest, or all of it again, or nothing; who is ``asked`` decides on a terminal."""
    known = [one for one in stood if one.outcome]
    if not known:
        return REST
    if doubles == AGAIN:
        for one in known:
            if one.waits:
                note(f"note: {speakable(one.id)} says the same and stays kept: discard it, or it is filed twice")
    if doubles is not None:
        return doubles
    settled = [one for one in known if not one.waits]
    for one in (*(one for one in known if one.waits), *settled[:_MOST_TOLD]):
        note(one.text)
    if len(settled) > _MOST_TOLD:
        note(f"and {len(settled) - _MOST_TOLD} more")
    if not asked:
        return NONE
    others = len(stood) - len(known)
    rest = f"the {'other one' if others == 1 else f'{others} others'} (rest), " if others else ""
    question = f"keepclear: file {rest}{'it' if len(stood) == 1 else 'all of them'} again, or none"
    offered = click.Choice([REST, AGAIN, NONE] if others else [AGAIN, NONE])
    answer: str = click.prompt(question, type=offered, default=NONE, err=True)
    return answer


def refuse(stood: Sequence[Standing], *, as_json: bool) -> int:
    """Say that nothing of a file was filed, since some of it was said before; return the exit code."""
    if as_json:
        for one in stood:
            one.tell(as_json=True)
    counts = Counter(one.outcome for one in stood if one.outcome)
    what = ", ".join(f"{count} {_WORDS[outcome]}" for outcome, count in counts.items())
    what = f"of {len(stood)} flights {what}" if len(stood) > 1 else f"this flight is {_WORDS[next(iter(counts))]}"
    ids = {speakable(one.id) for one in stood if one.id}
    hint = "--rest files only what is not, --again files it as another notice too"
    if set(counts) == {TWICE}:
        hint = "--rest files it once, --again each as a notice of its own"
    elif len(ids) == 1 and set(counts) == {ALREADY}:
        hint += f", keepclear amend {min(ids)} changes it"
    tell_error(LocalError("usage", f"nothing was filed: {what}", hint=hint))
    return UNREACHABLE if waits(stood) else USAGE


def waits(stood: Iterable[Standing]) -> bool:
    """Whether any of it was said before, and is not known to count."""
    return any(one.waits for one in stood)


def _said(row: OwnStatement, other: str) -> str:
    code = speakable(row.id)
    match row.status:
        case "unsent":
            return f"is kept{other}, NOT SENT, NOT DECONFLICTED: keepclear send {code}"
        case "unknown":
            return f"may have been filed{other} as {code}, NOT DECONFLICTED until that is known: keepclear notices asks"
        case "lost":
            return f"is LOST by the hotline{other}, NOT DECONFLICTED: keepclear send {code}, or --lost, files it again"
    return f"is filed already{other}: {describe(row)}"


def _same(desk: Desk | AsyncDesk, drafts: Sequence[Draft]) -> dict[str, OwnStatement]:
    rows = desk.journal.own_same([draft.digest for draft in drafts], now_instant())
    best: dict[str, OwnStatement] = {}
    for row in sorted(rows, key=lambda row: _BEST_FIRST.index(row.status), reverse=True):
        if row.content is not None:
            best[row.content] = row
    return best


def _near(desk: Desk | AsyncDesk, drafts: Sequence[Draft]) -> dict[str, tuple[OwnStatement, str | None]]:
    """Return what stands of the flights of ``drafts``, whatever its remarks and category, by ``_flight``."""
    wanted = {(draft.content.callsign, *_window(draft)) for draft in drafts}
    rows = [
        row
        for row in desk.journal.own_live(now_instant())
        if (row.summary.callsign, row.summary.first_start, row.summary.last_end) in wanted
    ]
    best: dict[str, tuple[OwnStatement, str | None]] = {}
    for row in sorted(rows, key=lambda row: _BEST_FIRST.index(row.status), reverse=True):
        record = desk.notice(row.sha256)
        if record is not None and record.volumes:
            best[content_digest(record.volumes, "", row.summary.callsign, None)] = row, row.summary.category
    return best


def _flight(draft: Draft) -> str:
    return content_digest(draft.volumes, "", draft.content.callsign, None)


def _window(draft: Draft) -> tuple[int, int]:
    return min(volume.start for volume in draft.volumes), max(volume.end for volume in draft.volumes)
