"""The load: seeded notices of a busy area, and a lean client that keeps some connections busy."""

import asyncio
import math
import random
import time
from dataclasses import dataclass

from support.world import World

START_S = 7_200
AREA_DEGREES = 0.9
"""100 km by 100 km."""


def notices(world: World, count: int, seed: int) -> list[bytes]:
    """Return ``count`` signed submissions, the parties by turns: 70 % small polygons, 30 % corridors.

    Polygons of 8 vertices and 0.2 to 1 km radius, corridors of 2 to 10 km by 200 m, bands of 30 to 60 m between 0 and
    600 m, windows of 5 to 30 minutes within six hours: the workload of the project's first measurements.
    """
    rng = random.Random(seed)
    parties = list(world.parties)
    return [world.submission(parties[i % len(parties)], _volume(rng)).encode() for i in range(count)]


def _volume(rng: random.Random) -> dict[str, object]:
    from keepclear_protocol.instant import format_instant

    lat, lng = 46 + rng.random() * AREA_DEGREES, 7 + rng.random() * AREA_DEGREES / math.cos(math.radians(46))
    east = 1 / (111_320 * math.cos(math.radians(lat)))
    outline: dict[str, object]
    if rng.random() < 0.7:
        radius = rng.uniform(200, 1000)
        corners = [
            {
                "lat": round(lat + radius * math.sin(a * math.pi / 4) / 111_320, 7),
                "lng": round(lng + radius * math.cos(a * math.pi / 4) * east, 7),
            }
            for a in range(8)
        ]
        outline = {"outline_polygon": {"vertices": corners}}
    else:
        length, heading = rng.uniform(2000, 10_000), rng.uniform(0, math.tau)
        far = {
            "lat": round(lat + length * math.sin(heading) / 111_320, 7),
            "lng": round(lng + length * math.cos(heading) * east, 7),
        }
        path = [{"lat": round(lat, 7), "lng": round(lng, 7)}, far]
        outline = {"outline_corridor": {"path": path, "half_width": {"value": 100, "units": "M"}}}
    low = rng.uniform(0, 540)
    start = int(time.time()) + START_S + rng.randrange(0, 6 * 3600)
    level = {"reference": "W84", "units": "M"}
    return {
        "volume": {
            **outline,
            "altitude_lower": {"value": round(low, 1), **level},
            "altitude_upper": {"value": round(low + rng.uniform(30, 60), 1), **level},
        },
        "time_start": {"value": format_instant(start * 1_000_000), "format": "RFC3339"},
        "time_end": {"value": format_instant((start + rng.randrange(300, 1800)) * 1_000_000), "format": "RFC3339"},
    }


@dataclass(frozen=True)
class Result:
    """One run: requests, seconds, each request's milliseconds, sorted, and the server's processor seconds."""

    requests: int
    seconds: float
    latencies_ms: list[float]
    cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds

    def percentile(self, part: float) -> float:
        """Milliseconds that ``part`` of the requests stayed under."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(part * len(self.latencies_ms)))]


async def send(port: int, bodies: list[bytes], connections: int) -> Result:
    """Send every body once over ``connections`` kept-alive connections; each must be answered with 201."""
    waiting = iter(bodies)
    latencies: list[float] = []

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            began = time.perf_counter()
            writer.write(
                b"POST /v1/notices HTTP/1.1\r\nHost: bench\r\nContent-Type: application/sd-jwt\r\nContent-Length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            if b" 201 " not in head[:20]:
                raise RuntimeError(f"{head!r} {answer[:300]!r}")
            latencies.append((time.perf_counter() - began) * 1000)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    return Result(len(latencies), time.perf_counter() - began, sorted(latencies))
