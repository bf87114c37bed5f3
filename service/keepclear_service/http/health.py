"""Health: whether the process lives, and whether it can keep its promises. No party's data."""

import time

from fastapi import APIRouter, Request, Response
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import KeepclearError

from ..decide.selfcheck import rules_hold
from ..store.connect import check_durability
from .deps import hotlines

LOG_LAG_S = 5.0
"""Seconds since the log was last heard; it is polled every second."""

router = APIRouter()


@router.get("/healthz")
async def healthz() -> Response:
    """Say that the process answers; nothing more."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Say whether store, durability, log and rules are as they must be; 503 if one is not."""
    checks: dict[str, str] = {}
    try:
        await check_durability(request.app.state.redis, volatile=request.app.state.settings.volatile)
        checks["durability"] = "ok"
        for hotline in hotlines(request).all():
            await hotline.follower.catch_up()
        checks["store"] = "ok"
    except KeepclearError as error:
        checks["store"] = error.code
    lagging = [h for h in hotlines(request).all() if time.monotonic() - h.follower.heard_at > LOG_LAG_S]
    checks["log"] = "lagging" if lagging else "ok"
    checks["rules"] = "ok" if rules_hold() else "wrong"
    ready = set(checks.values()) == {"ok"}
    body = dump_json({"status": "ready" if ready else "not ready", "checks": checks})
    return Response(body, 200 if ready else 503, media_type="application/json")
