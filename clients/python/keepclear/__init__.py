"""Keepclear for a party: sign and file flight intents, follow the hotline, verify everything that it says.

``Desk`` and ``AsyncDesk`` keep a journal and a verified picture; ``Client`` and ``AsyncClient`` are the bare doors.
"""

from .client import AsyncClient, Client
from .desk import AsyncDesk, Desk
from .events import (
    AcknowledgementEvent,
    AlertEvent,
    Event,
    GapEvent,
    LinkEvent,
    NoticeEvent,
    ProblemEvent,
)
from .filing import Filed
from .picture import Picture

__all__ = [
    "AcknowledgementEvent",
    "AlertEvent",
    "AsyncClient",
    "AsyncDesk",
    "Client",
    "Desk",
    "Event",
    "Filed",
    "GapEvent",
    "LinkEvent",
    "NoticeEvent",
    "Picture",
    "ProblemEvent",
]
