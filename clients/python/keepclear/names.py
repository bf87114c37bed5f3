"""The names that ``keepclear`` gives to those who build on it."""

from .desk.blocking import Desk
from .desk.desk import AsyncDesk
from .desk.events import AcknowledgementEvent, AlertEvent, Event, GapEvent, LinkEvent, NoticeEvent, ProblemEvent
from .desk.link import Link
from .desk.outbox import Filed
from .desk.picture import Picture
from .desk.settling import NotSent
from .transport.blocking import Client
from .transport.client import AsyncClient

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
    "Link",
    "LinkEvent",
    "NotSent",
    "NoticeEvent",
    "Picture",
    "ProblemEvent",
]
