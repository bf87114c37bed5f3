"""Following the hotline for a face that must not end with it: for ever, whatever keeps the desk from following."""

import asyncio
import contextlib
from collections.abc import Callable

from keepclear_protocol.errors import KeepclearError

from keepclear.desk.desk import AsyncDesk
from keepclear.desk.events import Event

FOLLOW_AGAIN_S = 5.0
"""Seconds until the stream is tried again after it could not be followed: another watch may have ended."""


async def follow_for_ever(
    desk: AsyncDesk, heard: Callable[[Event], None], cannot: Callable[[str, str], None]
) -> None:
    """Hand every event to ``heard``, and to ``cannot`` code and words of why the desk cannot follow; until cancelled.

    Out of reach is no such reason: that is a link that is down, and told as an event.
    """
    while True:
        try:
            async with contextlib.aclosing(desk.watch()) as events:
                async for event in events:
                    heard(event)
        except KeepclearError as error:
            cannot(error.code, error.detail)
        except Exception as error:  # a fault of ours must not end what shows the picture
            cannot("internal", f"following has failed ({type(error).__name__}: {error})")
        await asyncio.sleep(FOLLOW_AGAIN_S)
