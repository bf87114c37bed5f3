"""A small part of the gigabyte that ``abuse.strangers`` sends: no honest submit fails or waits long, nothing grows."""

from collections.abc import Callable

import pytest
from support.shipped_proxy import nginx

from abuse.shapes import SHAPES, Shape
from abuse.strangers import Row, attack

Require = Callable[[str, str], None]

WITHIN_MS = 8_000.0
"""Of an honest submit, on a machine that does other things as well, where a quiet one took 1.7 s; one that strangers
held up was never answered. The program says how long it takes."""

GROWN_MB = 120
"""Of a worker: 64 MB of strangers' bytes, as Python holds them."""


def few(name: str, connections: int) -> Shape:
    (shape,) = [shape for shape in SHAPES if shape.name == name]
    return Shape(shape.attack, connections, shape.bytes_count, shape.proxy_alone)


def held(rows: list[Row]) -> None:
    before, *_ = rows
    for row in rows:
        assert row.failed == 0 and row.submits >= 1 and row.restarts == 0, row
        assert row.p99_ms < WITHIN_MS and row.service_mb - before.service_mb < GROWN_MB, row


@pytest.mark.long
def test_strangers_at_the_service() -> None:
    shapes = [few("idle", 300), few("stalled_body", 100), few("trailers", 8), few("pipelined", 8)]
    rows = attack("direct", 24, shapes, share_s=1.5, quiet_s=0.5)
    held(rows)
    assert sum(row.sent_mb for row in rows) > 20


@pytest.mark.long
def test_strangers_at_the_proxy(require: Require) -> None:
    if nginx() is None:
        require("tools", "nginx is not installed with its stream module (Debian: nginx-light libnginx-mod-stream)")
    shapes = [few("idle", 200), few("stalled_body", 50), few("tls_junk", 4)]
    rows = attack("proxy", 10, shapes, share_s=1.5, quiet_s=0.5)
    held(rows)
    assert all(row.proxy_mb < 200 for row in rows)
