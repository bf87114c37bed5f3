"""Repairing a line's clock: its newest stamp stands in the future, since a clock was wrong when that was stamped.

No stamp may be behind another, so such a line takes nothing until the future has come. What is put back here is the
stamp that the next entry follows, to the store's clock, once somebody has read the time from another clock than this
machine's. It begins a new epoch, in which stamps never go back either; every entry stays as it stands, those stamped in
the future too, and all that counts is matched anew, since a conflict may have been ended by the wrong time. Budgets of
a minute or an hour are full again.

Refused: where the clocks are still wrong; where there is nothing to repair; and, unless told otherwise, where a party
holds a receipt that is dated in the future, which the next ones would be behind.
"""

import time
from datetime import datetime

from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.kinds import KINDS

from ..decide.entry import Entry
from ..line.clocks import CLOCK
from ..steady import STEPPED_S
from ..store.line import StoredLine
from .admin import in_force, opened_lines
from .settings import Settings

READ_WITHIN_S = 120.0
"""Seconds that the time which somebody read elsewhere may be off: it is read to the minute, and typed."""

LOOKED_AT = 1_000
_FILED = frozenset(kind.name for kind in KINDS)

NAMED = 5
"""Statements that are named one by one; the others are a sum."""


async def repair_clock(settings: Settings, read: datetime, *, behind_receipts: bool) -> list[str]:
    """Put the newest stamp of each line back to the time, which is about ``read``; say what was done.

    Raises ``LocalError`` with ``usage`` or ``Unavailable`` with ``store_clock``; that line is then as it was.
    """
    apart_s = time.time() - read.timestamp()
    if abs(apart_s) > READ_WITHIN_S:
        raise Unavailable(
            CLOCK,
            f"this machine's clock is {apart_s:+.0f} s from the time that was read",
            hint="set it first, by NTP, or read again; nothing was changed",
        )
    said = []
    async with opened_lines(settings) as lines:
        for line, agreement in lines:
            founded = await line.open()
            now = int(time.time() * SECOND)
            if founded.newest - now <= STEPPED_S * SECOND:
                said.append(f"nothing to repair, and nothing was changed: {agreement.name}")
                continue
            ahead = await _ahead(line, founded.head, now)
            filed = [entry for entry in ahead if entry.kind in _FILED]
            if filed and not behind_receipts:
                last = filed[-1]
                raise LocalError(
                    "usage",
                    f"{agreement.name}: {last.party} holds a receipt of {format_instant(last.received_at)} (entry"
                    f" {last.seq}), behind which no other may come",
                    hint="wait until then; or --behind-receipts, and have each party amend what is named then",
                )
            parties = (await in_force(line, agreement, settings)).parties
            epoch = await line.repair_clock(founded.newest, [party.id for party in parties])
            if epoch is None:
                raise LocalError("usage", f"{agreement.name}: something was stamped meanwhile; try again")
            was, by = format_instant(founded.newest), (founded.newest - now) // SECOND
            said.append(f"put back: {agreement.name}, from {was}, {by} s ahead; a new epoch, {epoch}")
            said.append(f"stay as they are: {len(ahead)} entries stamped in the future, {len(filed)} by parties")
            said += [
                f"  entry {entry.seq}, {entry.kind} {entry.id} of {entry.party}: its alerts do not verify before"
                f" {format_instant(entry.received_at)}; have it amended or withdrawn"
                for entry in filed[-NAMED:]
            ]
            said.append("everything that counts is matched again; desks read everything anew by themselves")
    return said


async def _ahead(line: StoredLine, head: int, now: int) -> list[Entry]:
    """Return the entries at the log's end that are stamped in the future, in their order."""
    found: list[Entry] = []
    upto = head
    while upto > 0:
        after = max(0, upto - LOOKED_AT)
        piece = await line.log(after, upto - after)
        late = [entry for entry in piece if entry.received_at > now]
        found[:0] = late
        if len(late) < len(piece) or not piece:
            break
        upto = after
    return found
