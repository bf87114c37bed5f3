"""Strangers at the door (H4, H5), as rows among the others; ``strangers`` has the programs and the large figures."""

import contextlib
import sys

from support.shipped_proxy import nginx

from . import strangers
from .attack import DANGER_WITHIN_MS, Alone, Scale
from .shapes import SHAPES
from .volley import Spent


class AtTheService(Alone):
    """Hostile bytes before authentication, in every shape, straight at the service."""

    name = "H4"
    title = "before authentication, direct"
    way = "direct"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Attack in all shapes, a few seconds each; note what the honest saw and what memory it took."""
        shapes = list(SHAPES)[:: scale.of(5, 1)]
        with contextlib.redirect_stdout(sys.stderr):
            rows = strangers.attack(self.way, scale.of(5, 100), shapes, share_s=scale.of(1, 2), quiet_s=2)
        quiet, during, after = rows[0], rows[1:-1], rows[-1]
        worst = max(during, key=lambda row: row.p99_ms)
        most = max(row.service_mb for row in rows)
        spent.size = int(sum(row.sent_mb for row in rows) * 1e6)
        spent.sent = sum(row.tries for row in rows)
        spent.facts["submit p99 ms"] = f"{quiet.p99_ms} / {worst.p99_ms} ({worst.shape}) / {after.p99_ms}"
        spent.facts["memory"] = f"service {most:.0f} MB, proxy {max(row.proxy_mb for row in rows):.0f} MB"
        failed = {row.shape: f"{row.failed} of {row.submits}" for row in rows if row.failed}
        spent.facts["honest refused"] = failed or "none"
        spent.require(not failed, f"honest submits failed: {failed}")
        spent.require(worst.p99_ms <= DANGER_WITHIN_MS, f"honest p99 {worst.p99_ms} ms under {worst.shape}")
        spent.require(most <= strangers.CONTAINER_MB, f"the service took {most:.0f} MB")
        spent.require(not any(row.restarts for row in rows), "a worker was lost")


class AtTheProxy(AtTheService):
    """The same through the shipped proxy."""

    name = "H5"
    title = "before authentication, through the proxy"
    way = "proxy"

    def find(self, scale: Scale, spent: Spent) -> None:
        """As above, where this machine has the proxy."""
        if nginx() is None:
            spent.facts["not run"] = "this machine has no nginx with the stream module"
            return
        super().find(scale, spent)
