"""Filing under a reference of the party's own: the same again is the same notice, whatever happened in between.

Guaranteed, at one desk: under one reference there is one notice. Its reference is written in the transaction that
keeps the notice before its first byte leaves, so that no crash parts them, and what is filed again under it is settled
by the bytes that were kept: none is signed beside them. What certainly never was admitted, since it was refused or
discarded, frees its reference; a withdrawn notice does not. A reference is never sent, so other desks of the party do
not know it, nor does a desk whose journal was lost.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.errors import KeepclearError, LocalError, OutOfStep, Refused
from keepclear_protocol.filing import Content, composed, content_digest, content_of
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import parse_volume

from ..journal.journal import Journal
from ..journal.kept import LOST, RECEIPTED, OwnStatement
from ..verify.verdicts import Standing
from ..wire.exchange import Exchange
from .events import AlertEvent
from .filed import Filed, Named
from .intake import Intake
from .lost import Lost
from .outbox import Outbox

MAX_REFERENCE = 128
"""Characters: a UUID, a path or a URN of a planning system, and nothing that a screen cannot show."""


class References:
    """Files under references, for one desk."""

    def __init__(self, exchange: Exchange, journal: Journal, intake: Intake, outbox: Outbox, lost: Lost,
                 clock: Callable[[], int]) -> None:  # fmt: skip
        self._exchange = exchange
        self._journal = journal
        self._intake = intake
        self._outbox = outbox
        self._lost = lost
        self._clock = clock

    async def file(self, content: Content, reference: str, *, amend: bool = False) -> Filed:
        """File a notice, or return the one that was filed before; ``amend``: where that says something else.

        Raises ``OutOfStep`` with ``reference_conflict`` where it does and ``amend`` is not given, ``Refused`` with
        ``notice_withdrawn`` where it was withdrawn, and whatever filing, sending or amending raises.
        """
        newest, kept = await self._standing_or(content, reference, self._outbox.sign)
        if kept is not None:
            return replace(await self._outbox.post(kept, first=True), reference=reference)
        assert newest is not None  # noqa: S101 - one of the two there is
        if not self._says(newest, content, reference, amend=amend):
            filed = await self._outbox.amend(newest.id, lambda _: content)
        elif newest.status == RECEIPTED:
            return self._before(newest, reference)
        elif newest.status != LOST:
            filed = await self._outbox.send(newest)
        elif (again := await self._lost.refile(newest)) is not None:
            filed = again
        else:
            return await self.file(content, reference)  # the hotline has it again
        return replace(filed, reference=reference)

    async def keep(self, content: Content, reference: str, *, amend: bool = False) -> OwnStatement | None:
        """Sign and keep a notice to be sent later, or return what stands under its reference; raises as ``file``.

        ``None`` where what stands is to be amended, which is not for later.
        """
        newest, kept = await self._standing_or(content, reference, self._outbox.keep)
        if newest is None:
            return kept
        return newest if self._says(newest, content, reference, amend=amend) else None

    def judge(self, content: Content, reference: str, *, amend: bool = False) -> OwnStatement | None:
        """Return what is filed already under a reference and says the same, else ``None``; nothing is signed.

        Raises what ``file`` would, as far as it is known at this desk.
        """
        newest = self.newest(reference)
        if newest is not None and self._says(newest, content, reference, amend=amend):
            return newest
        self._outbox.check(content, 1 if newest is None else newest.revision + 1)
        return None

    def newest(self, reference: str) -> OwnStatement | None:
        """Return the newest statement of the notice of a reference, unless it certainly never was admitted."""
        check_reference(reference)
        return self._newest_of(self._journal.referenced(reference))

    def _newest_of(self, id: str | None) -> OwnStatement | None:
        return None if id is None else next(iter(self._journal.own_history(id)), None)

    def _before(self, row: OwnStatement, reference: str) -> Filed:
        receipt = self._exchange.check_receipt(row.receipt or "", row.kind, row.raw)
        alerts = tuple(self._open(row.id))
        return Filed(row.id, row.revision, row.sha256, receipt, alerts, reference=reference, before=True)

    def _open(self, id: str) -> list[AlertEvent]:
        """Return the alerts of what is known as open of an own notice."""
        events = []
        for kept in self._journal.live_conflicts(self._clock()):
            shown = kept.pictured
            if shown is None or shown.own != id or shown.state != Standing.OPEN or kept.adopted is None:
                continue
            came = self._journal.alert_object(kept.adopted)
            if came is not None and came.verdict == VERIFIED:
                alert = self._intake.opener.kept_alert(came.object.alert)
                events.append(AlertEvent(came.object, alert, came.verdict, came.detail, came.standing))
        return events

    async def _standing_or(
        self, content: Content, reference: str, sign: Callable[[Content, Named], Awaitable[OwnStatement]]
    ) -> tuple[OwnStatement | None, OwnStatement | None]:
        """Return what stands under a reference, else what ``sign`` has kept of the content."""
        check_reference(reference)
        while True:
            # Asked once: whoever files meanwhile must not be taken for what certainly never was admitted.
            before = self._journal.referenced(reference)
            newest = self._newest_of(before)
            if newest is not None:
                return newest, None
            try:
                return None, await sign(content, Named(reference, before))
            except LocalError:
                if self._journal.referenced(reference) == before:
                    raise  # else another process of this desk was quicker, and it stands

    def _says(self, row: OwnStatement, content: Content, reference: str, *, amend: bool) -> bool:
        """Whether a statement says the same; raise where it does not, and is not to be amended."""
        code = speakable(row.id)
        if row.kind != NOTICE.name:
            detail = f"{reference} was filed as {code}, which was withdrawn: an id ends for ever"
            raise Refused("notice_withdrawn", detail, hint="file it under another reference")
        if (row.content or _digest(content_of(row.raw))) == self._digest_of(content):
            return True
        if not amend:
            detail = f"{reference} was filed as {code}, revision {row.revision}, which says something else"
            hint = f"file it with amend=True or --amend, or withdraw {code} and take another reference"
            raise OutOfStep("reference_conflict", detail, hint=hint)
        return False

    def _digest_of(self, content: Content) -> str:
        try:
            return _digest(content)
        except KeepclearError:
            self._outbox.check(content, 1)  # raises all that is wrong with it
            raise


def check_reference(reference: str) -> None:
    """Raise ``LocalError`` with ``usage`` where a text cannot be a reference."""
    if not 0 < len(reference) <= MAX_REFERENCE or reference != reference.strip() or not reference.isprintable():
        detail = f"not a reference: {reference[:MAX_REFERENCE]!r}"
        hint = f"1 to {MAX_REFERENCE} characters that can be shown, no space at either end, such as OPS-2211"
        raise LocalError("usage", detail, hint=hint)


def _digest(content: Content) -> str:
    volumes = tuple(parse_volume(volume) for volume in content.volumes)
    return content_digest(volumes, content.category, content.callsign, composed(content.remarks))
