"""The audit: once a second the store is held against what this worker knows was committed, by itself or by a sibling.

An entry leaves ``unmatched`` when its alerts are written; that it has left is the store's word alone. So each alert of
the newest entries is looked for once, within a second or two: as a record at least as new, with its bytes. What is
missing is committed again, and said. Bounded: what is committed faster than it is looked for is not looked for.
"""

import logging
import time

from ..logs import log_event
from .ports import Line
from .uncommitted import Uncommitted

EVERY_S = 1.0

LOOKED_AT_ONCE = 512
"""Alerts looked for in one second: one millisecond of the store."""

log = logging.getLogger(__name__)


class Audit:
    """Looks for the committed alerts of one agreement."""

    def __init__(self, line: Line, agreement_id: str) -> None:
        self._line, self._agreement = line, agreement_id
        self._looked_at = 0.0

    async def look(self, clock: int, uncommitted: Uncommitted) -> None:
        """Look for a bounded number of alerts where it is time; what is missing is uncommitted again."""
        now = time.monotonic()
        if now - self._looked_at < EVERY_S:
            return
        self._looked_at = now
        some = uncommitted.take_left(LOOKED_AT_ONCE)
        wanted = [(alert.to, alert.conflict) for _, alerts in some for alert in alerts]
        versions = iter(await self._line.versions(wanted) if wanted else ())
        for seq, alerts in some:
            # What may have been let go of, answered and over, is none that is missing.
            missing = [alert for alert in alerts if next(versions) < seq and alert.keep > clock]
            if missing:
                uncommitted.add(seq, missing, None, own=True)
                fields = {"agreement": self._agreement, "seq": seq, "alerts": len(missing)}
                log_event(log, logging.ERROR, "alerts_missing", **fields)
