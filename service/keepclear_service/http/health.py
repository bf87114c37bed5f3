"""Health: whether the process lives, and whether it can keep its promises. No party's data."""

import time

from fastapi import APIRouter, Request, Response
from keepclear_protocol.claims import SERVICE
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import KeepclearError

from ..decide.selfcheck import rules_hold
from ..store.connect import check_durability
from .deps import hotlines

LOG_LAG_S = 5.0
"""Seconds since a follower last went through all that it does; it does so every second."""

ASKED_AGAIN_S = 1.0
"""Seconds for which an answer is given again: nobody need prove who they are here, so asking must cost little."""

router = APIRouter()


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the process answers; nothing more."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get("/readyz", responses={503: {"description": "not ready: which check fails"}})
async def readyz(request: Request) -> Response:
    """Say whether store, durability, log and rules are as they must be; 503 if one is not."""
    state = request.app.state
    asked_at, answer = getattr(state, "readiness", (0.0, None))
    if answer is None or time.monotonic() - asked_at > ASKED_AGAIN_S:
        answer = await _checks(request)
        state.readiness = (time.monotonic(), answer)
    ready = set(answer.values()) == {"ok"}
    body = dump_json({"status": "ready" if ready else "not ready", "checks": answer})
    return Response(body, 200 if ready else 503, media_type="application/json")


async def _checks(request: Request) -> dict[str, str]:
    checks: dict[str, str] = {}
    try:
        await check_durability(request.app.state.redis, volatile=request.app.state.settings.volatile)
        checks["durability"] = "ok"
        for hotline in hotlines(request).all():
            await hotline.line.events(SERVICE, 0, 1)  # a script, there and back; the service has no stream
        checks["store"] = "ok"
    except KeepclearError as error:
        checks["store"] = error.code
    lagging = [h for h in hotlines(request).all() if time.monotonic() - h.follower.ran_at > LOG_LAG_S]
    checks["log"] = "lagging" if lagging else "ok"
    checks["rules"] = "ok" if rules_hold() else "wrong"
    return checks
