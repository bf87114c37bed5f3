"""Health: whether the process lives, and whether it can keep its promises. No party's data.

``/readyz`` proves itself by a write of its own that is made durable and read back, and says in a word what is wrong:
``full`` (memory or disk: notices are refused), ``slow`` (that write, or a turn, took longer than is promised),
``clock``, ``log`` (entries wait to be folded), ``starting``; ``down``, ``unsafe``, ``rules``, ``ended`` where none of
these is it. How full a store is stands at the operator's address alone: it grows with what others file.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND

from ..decide.selfcheck import rules_hold
from ..line.pace import SLOW_S
from .deps import Hotlines, hotlines

ASKED_AGAIN_S = 1.0
"""Seconds for which an answer is given again: nobody need prove who they are here, so asking must cost little."""

OK, SLOW = "ok", "slow"

STORE_WITHIN_S = 1.5
"""Seconds that a store has to answer here: a probe waits for two, and a store that is silent is not ready."""

router = APIRouter()


class Readiness:
    """What was found when it was last looked, and one look at a time.

    ``check_store`` returns the seconds of a durable write, and raises what is wrong. ``state`` is the word for it.
    """

    def __init__(self, lines: Hotlines, check_store: Callable[[], Awaitable[float]]) -> None:
        self._lines = lines
        self._check_store = check_store
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._found: dict[str, str] = {}
        self.state = "starting"

    async def checks(self) -> dict[str, str]:
        """Return each check's ``ok``, or in a few words what is wrong; at most ``ASKED_AGAIN_S`` old."""
        async with self._looking:
            if time.monotonic() - self._looked_at > ASKED_AGAIN_S:
                self._found = await self._look()
                self.state = _word(self._found)
                self._looked_at = time.monotonic()
            return self._found

    async def _look(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                store = OK if await self._check_store() < SLOW_S else SLOW
        except TimeoutError:
            store = SLOW
        except KeepclearError as error:
            store = error.code
        # A line's own state tells of its turns, each of which is a script there and back.
        off = {hotline.turn.clocks.off for hotline in self._lines.all()} - {""}
        states = sorted({hotline.state() for hotline in self._lines.all()} - {OK} - off)
        if not states and any(hotline.turn.pace.lasts_s > SLOW_S for hotline in self._lines.all()):
            states = [SLOW]
        if not states and all(_ended(hotline.agreement, hotline.clock.seconds()) for hotline in self._lines.all()):
            states = ["ended"]
        clock, rules = "; ".join(sorted(off)) or OK, OK if rules_hold() else "wrong"
        return {"store": store, "clock": clock, "lines": "; ".join(states) or OK, "rules": rules}


STATES = ("full", "slow", "clock", "log", "starting", "down", "unsafe", "rules", "ended")
"""All words but ``ok``."""

_WORDS = {
    "store_full": "full",
    "store_unavailable": "down",
    "store_unsafe": "unsafe",
}
"""The words of codes; what else a line's state begins with is its own, or of the log."""


def _word(checks: dict[str, str]) -> str:
    """Return what is wrong in one word, the first of what the operator should see to; ``ok`` where nothing is."""
    for name in ("store", "clock", "lines", "rules"):
        found = checks.get(name, OK)
        if found != OK:
            first = re.split(r"[^a-z_]", found, maxsplit=1)[0]
            word = name if name in ("clock", "rules") else _WORDS.get(first, first)
            return word if word in STATES else "log"
    return OK


def _ended(agreement: Agreement, now: float) -> bool:
    """Whether the service can sign nothing any more under an agreement: none of its keys there is valid still."""
    return now * SECOND > max(item.not_after for item in agreement.service.keys)


BOTH = ["GET", "HEAD"]
"""Whoever asks for the status alone is answered without a body (R-088); the server leaves it out."""


@router.api_route("/healthz", methods=BOTH)
async def healthz() -> Response:
    """Say that the process answers; nothing more."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.api_route("/readyz", methods=BOTH)
async def readyz(request: Request) -> Response:
    """Say whether the store and its durability, all lines and the rules are as they must be; 503 if one is not."""
    state = request.app.state
    if not hasattr(state, "readiness"):
        state.readiness = Readiness(hotlines(request), state.check_store)
    readiness: Readiness = state.readiness
    checks = await readiness.checks()
    ready = set(checks.values()) == {OK}
    said = {"status": "ready" if ready else "not ready", "state": readiness.state, "checks": checks}
    body = dump_json(said)
    return Response(body, 200 if ready else 503, media_type="application/json")
