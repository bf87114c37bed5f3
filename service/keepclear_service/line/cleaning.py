"""Cleaning: once a second a line's store lets go of what has outlived its retention."""

import logging
import time

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import Unavailable

from ..logs import Outage
from .ports import Line

CLEAN_EVERY_S = 1.0

log = logging.getLogger(__name__)


class Cleaning:
    """Cleans one agreement's line, in between its turns."""

    def __init__(self, line: Line, agreement_id: str) -> None:
        self._line = line
        self._cleaned_at = 0.0
        self._outage = Outage(log, "cleaning_failed", "cleaning_works", agreement=agreement_id)

    async def clean(self, agreement: Agreement) -> None:
        """Clean a bounded piece where it is time. What stays too long harms nobody yet, so a failure is told alone."""
        if time.monotonic() - self._cleaned_at < CLEAN_EVERY_S:
            return
        self._cleaned_at = time.monotonic()
        try:
            await self._line.clean(agreement.retention_s, [party.id for party in agreement.parties])
        except Unavailable as error:
            self._outage.began(error)
        else:
            self._outage.over()
