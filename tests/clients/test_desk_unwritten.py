"""What has come and is not in the journal: until it is, the desk is blind, however alive the hotline is meanwhile."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import AsyncDesk
from keepclear.cli.board.blind import Blindness
from keepclear.console.whole import whole_json
from keepclear.journal.journal import JOURNAL
from keepclear_protocol.errors import LocalError
from support.desks import Line
from support.patience import PATIENCE_S
from support.world import box, now_us


class Live(httpx2.AsyncByteStream):
    """A party's stream that stays open: what is told comes at once, and a comment between, whoever reads on."""

    def __init__(self, line: Line, asked: httpx2.Request, first: bytes) -> None:
        self._line, self._asked, self._first = line, asked, first
        self._told = len(line.mediator.streams.get("south", []))
        self.comments = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        while True:
            await asyncio.sleep(0.02)
            url = self._asked.url.copy_set_param("cursor", f"{self._line.mediator.epoch}-{self._told}")
            request = httpx2.Request("GET", url, headers=self._asked.headers)
            self._told = len(self._line.mediator.streams.get("south", []))
            news = self._line.mediator._stream("south", request).content.partition(b"\n\n")[2]
            self.comments += 1
            yield news + b": alive\n\n"


@pytest.mark.req("R-105")
def test_an_alert_that_cannot_be_written_is_a_blind_desk_and_not_a_calm_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.desk.following.UNWRITTEN_S", 0.3, raising=False)
    line = Line(tmp_path)
    line.now = now_us()
    line.mediator.end_stream = ""
    streams: list[Live] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        response = line.mediator.answer(request)
        if request.url.path != "/v1/stream":
            return response
        streams.append(Live(line, request, response.content))
        return httpx2.Response(200, headers=response.headers, stream=streams[-1])

    async def story() -> None:
        options: Any = {"transport": httpx2.MockTransport(answer)}
        key = line.world.parties["south"].key
        async with AsyncDesk(line.world.agreement, key, tmp_path / "south", **options) as desk:
            following, blindness = asyncio.create_task(desk.run()), Blindness()
            await until(lambda: desk.link().up)
            blindness.looks(desk.link(), now_us())
            other = sqlite3.connect(tmp_path / "south" / JOURNAL, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            before = now_us()
            for party, lat in (("south", -40.0), ("north", -39.95)):
                assert line.mediator._admit("/v1/notices", line.world.submission(party, box(lat))).status_code == 201
            await until(lambda: desk.link().unwritten_since is not None)
            came = desk.link().unwritten_since
            await until(lambda: not desk.link().up)
            counted = streams[-1].comments
            await until(lambda: streams[-1].comments > counted + 5)  # the hotline goes on to be alive
            link = desk.link()
            assert not link.up and link.heard_at == link.since == came and came is not None and came >= before
            reasons = {one["code"]: one["text"] for one in whole_json(desk.picture(), link, None, now_us())["reasons"]}
            assert {"link_down", "unwritten"} <= set(reasons) and "not in this desk's journal" in reasons["unwritten"]
            blindness.looks(link, now_us())
            other.execute("ROLLBACK")
            other.close()
            written = now_us()
            await until(lambda: desk.link().up)
            assert len(desk.picture().conflicts) == 1 and len(streams) == 1
            blindness.looks(desk.link(), now_us())
            ((since, until_),) = blindness.spans
            assert since == came and until_ >= written
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    asyncio.run(story())


def test_a_writer_waits_for_its_own_process_no_longer_than_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.journal.journal.BUSY_S", 0.05)
    journal = Line(tmp_path).desk("south").journal
    with journal._writing, pytest.raises(LocalError, match="another of this desk's writes") as refused:
        journal.apply([])
    assert refused.value.code == "journal"
    journal.apply([])


def test_a_watch_that_cannot_be_noted_ends_with_that_and_waits_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = Line(tmp_path).desk("south")
    tried: list[Any] = []

    def refuses(journal: Any, changes: Any, **options: Any) -> Any:
        tried.append(changes)
        raise LocalError("journal", "locked")

    monkeypatch.setattr(type(south.journal), "apply", refuses)
    with pytest.raises(LocalError, match="locked"):
        next(south.watch())
    assert len(tried) == 1


async def until(reached: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not reached():  # noqa: ASYNC110 - a fact of another thread, which tells nobody
            await asyncio.sleep(0.01)
