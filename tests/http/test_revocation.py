"""A key that is revoked or runs out while it is in use: its open streams are cut, and it says nothing more."""

import copy
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.request import sign_request
from support.nursery import Lifeline, Nursery
from support.world import ALL_ROLES, ORIGIN, World, box, now_us, signed

EXPIRES_S = 9.0
CUT_S = 15.0
"""Seconds within which an open stream must end; it looks once a second."""


class Keyed(World):
    """North has two keys more: one that will be revoked, and one that runs out soon."""

    def __init__(self) -> None:
        super().__init__()
        self.lent, self.brief = PrivateKey.generate(), PrivateKey.generate()
        self.ends = now_us() + int(EXPIRES_S * 1e6)
        for key, not_after in ((self.lent, "2090-01-01T00:00:00Z"), (self.brief, format_instant(self.ends))):
            row = {"key": key.public.jwk, "roles": list(ALL_ROLES), "not_before": "2020-01-01T00:00:00Z"}
            self.payload["parties"][0]["keys"].append({**row, "not_after": not_after})
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, self.service))

    def revoke(self) -> None:
        """Make the agreement's next revision, which revokes the lent key from now on."""
        parties = copy.deepcopy(self.payload["parties"])
        parties[0]["keys"][1]["revoked_at"] = format_instant(now_us())
        self.successor(parties=parties)

    def read(self, key: PrivateKey, target: str) -> dict[str, str]:
        claims = self.claims("north")
        return {"Authorization": sign_request(key, **claims, method="GET", origin=ORIGIN, target=target)}


@pytest.fixture
def line(workers: Nursery, store_url: str) -> Iterator[Lifeline]:
    with workers.line(Keyed(), store_url) as running:
        yield running


def lasted(stream: httpx2.Response) -> float:
    """Read a stream to its end; return when that came."""
    for _ in stream.iter_lines():
        pass
    return time.monotonic()


def test_revocation_and_expiry_cut_open_streams_and_silence_the_key(
    line: Lifeline, tmp_path: Path, store_url: str
) -> None:
    world = line.world
    assert isinstance(world, Keyed)
    filed = world.submission("north", box(10.0), key=world.lent)
    receipt = line.post("notices", filed).json()["receipt"]
    with (
        ThreadPoolExecutor() as threads,
        httpx2.Client(base_url=line.url, timeout=30) as http,
        http.stream("GET", "/v1/stream", headers=world.read(world.lent, "/v1/stream")) as lent,
        http.stream("GET", "/v1/stream", headers=world.read(world.brief, "/v1/stream")) as brief,
    ):
        lent_end, brief_end = threads.submit(lasted, lent), threads.submit(lasted, brief)
        world.revoke()
        path = tmp_path / "revoked.json"
        path.write_bytes(world.agreement.raw)
        words = ["-m", "keepclear_service", "adopt", "--agreement", str(path), "--store", store_url]
        subprocess.run([sys.executable, *words], check=True, capture_output=True, timeout=60)
        adopted = time.monotonic()
        assert lent_end.result(30) - adopted < CUT_S
        if now_us() < world.ends:
            assert not brief_end.done()
        ends = time.monotonic() + (world.ends - now_us()) / 1e6
        assert brief_end.result(30) - ends < CUT_S

    for key, code in ((world.lent, "key_revoked"), (world.brief, "key_not_valid")):
        answers = [
            line.http.get(target, headers=world.read(key, target))
            for target in ("/v1/notices", "/v1/conflicts", "/v1/agreement", "/v1/stream")
        ]
        answers.append(line.post("notices", world.submission("north", box(12.0), key=key)))
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, code)] * 5
    # What it said while it could stays said, and its receipt can be had again.
    assert line.post("notices", filed).json() == {"receipt": receipt}
    assert len(line.get("north", "/v1/notices").json()["notices"]) == 1
