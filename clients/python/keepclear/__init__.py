"""Keepclear for a party: sign and file flight intents, follow the hotline, verify everything that it says.

``Desk`` and ``AsyncDesk`` keep a journal and a verified picture; ``Client`` and ``AsyncClient`` are the bare doors.
The names are loaded when they are first used, so that offline commands do not wait for an HTTP library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "AsyncClient": "client",
    "AsyncDesk": "desk",
    "Client": "client",
    "Desk": "desk",
    "Filed": "filing",
    "Picture": "picture",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f".{_HOMES.get(name, 'events')}", __name__), name)
