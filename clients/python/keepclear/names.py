"""The names that ``keepclear`` gives to those who build on it."""

from .desk.desk import AsyncDesk, Desk
from .desk.events import AcknowledgementEvent, AlertEvent, Event, GapEvent, LinkEvent, NoticeEvent, ProblemEvent
from .desk.outbox import Filed
from .desk.picture import Picture
from .transport.client import AsyncClient, Client

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
