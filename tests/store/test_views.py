"""What anyone may read of a line: pages in their order, none left out, with the position that they are good for."""

import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.ports import Record
from keepclear_service.store import line as store_line
from support.store_line import SECOND_US, Bench, alert, notice, now_us, on_line, withdrawal


def test_conflicts_come_by_their_rank_in_pages(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"))
        ranks = [f"{number % 3}{number:015d}" for number in range(10)]
        many = [alert(1, conflict=f"c{number}", rank=rank) for number, rank in enumerate(ranks)]
        await bench.line.commit(bench.epoch, [(1, many)])
        found, after = [], ""
        while True:
            page = await bench.line.conflicts("south", after, 4)
            assert (page.epoch, page.at) == (bench.epoch, 10)
            found += [record.rank for record in page.rows]
            if page.after is None:
                break
            after = page.after
            assert len(page.rows) == 4 and after.replace(".", "").replace("_", "").replace("-", "").isalnum()
        assert found == sorted(ranks)
        # A newer version takes the place that its own rank gives it, and stands once.
        moved = alert(2, conflict="c0", rank="9" + "0" * 15)
        await bench.line.commit(bench.epoch, [(2, [moved])])
        page = await bench.line.conflicts("south", "", 100)
        assert [record.rank for record in page.rows] == [*sorted(ranks)[1:], moved.rank] and page.at == 11

    on_line(story, line_url)


def test_a_record_says_all_that_the_store_was_told(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"))
        shown = alert(1, shows="notice", body="north n1 1")
        await bench.line.commit(bench.epoch, [(1, [shown]), (2, [alert(2, conflict="c2", state="closed")])])
        named = [digest("none"), alert(2, conflict="c2").conflict, shown.conflict]
        closed, record = (await bench.line.conflict("south", named)).rows
        assert (record.to, record.conflict, record.version) == ("south", shown.conflict, 1)
        assert (record.own, record.other) == (shown.own, shown.other)
        assert (record.state, record.sha256, record.rank) == ("open", shown.sha256, shown.rank)
        assert (record.shows, record.body, record.answers) == ("notice", digest("north n1 1"), {})
        assert record.ends is not None and shown.ends is not None and 0 <= record.ends - shown.ends < 1000
        assert (closed.state, closed.shows, closed.body, closed.ends) == ("closed", "", "", None)
        after = ""
        read: list[Record] = []
        while True:
            records, later = await bench.line.records("south", after, 1)
            read += records
            if later is None:
                break
            after = later
        assert {item.conflict: item for item in read} == {closed.conflict: closed, record.conflict: record}
        assert (await bench.line.records("east", "", 10)) == ((), None)

    on_line(story, line_url)


def test_own_notices_come_by_their_end_and_say_how_they_stand(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(
            notice("over", ends=-60),
            notice("late", ends=7200),
            notice("soon", ends=600),
            notice("gone", ends=3600),
            notice("other", party="south"),
        )
        turned = await bench.turn(
            withdrawal("gone", prev="north gone 1"), notice("soon", 2, prev="north soon 1", ends=9000)
        )
        page = await bench.line.notices("north", "", 10, live=False)
        assert [(row.entry.id, row.state) for row in page.rows] == [
            ("over", "ended"),
            ("gone", "withdrawn"),
            ("late", "live"),
            ("soon", "live"),
        ]
        assert page.rows[1].entry == turned.entries[0] and page.rows[3].entry == turned.entries[1]
        assert (page.epoch, page.at, page.after) == (bench.epoch, 6, None)
        live = await bench.line.notices("north", "", 10, live=True)
        assert [row.entry.id for row in live.rows] == ["late", "soon"]
        # A page that ended with one which has ended since.
        assert (await bench.line.notices("north", "1.over", 10, live=True)).rows == live.rows
        assert [row.entry.revision for row in (await bench.line.notice("north", "soon")).rows] == [2]
        assert (await bench.line.notice("south", "soon")).rows == ()

    on_line(story, line_url)


@pytest.mark.parametrize("live", [False, True])
def test_pages_of_notices_leave_none_out_where_many_end_together(line_url: str, live: bool) -> None:
    async def story(bench: Bench) -> None:
        at = now_us()
        names = [f"n{number:02d}" for number in range(20)]
        await bench.turn(*(notice(name) for name in names))
        key = bench.key("own:north")
        late = {name: 3600 if name < "n15" else 7200 for name in names}
        await bench.redis.zadd(key, {name: (at // SECOND_US + late[name]) * 1000 for name in names})
        found, after = [], ""
        while True:
            page = await bench.line.notices("north", after, 6, live=live)
            found += [row.entry.id for row in page.rows]
            if page.after is None:
                break
            after = page.after
        assert found == names
        # The one that a page ended with was amended in between: some may come twice, and none is left out.
        page = await bench.line.notices("north", "", 6, live=live)
        assert page.after is not None
        await bench.turn(notice(names[5], 2, prev=f"north {names[5]} 1", ends=9000))
        rest, after = [], page.after
        while True:
            page = await bench.line.notices("north", after, 6, live=live)
            rest += [row.entry.id for row in page.rows]
            if page.after is None:
                break
            after = page.after
        assert set(rest) >= set(names[5:]) and rest[-1] == names[5]

    on_line(story, line_url)


def test_a_stream_that_was_trimmed_says_what_is_left(line_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_line, "STREAM_LENGTH", 10)

    async def story(bench: Bench) -> None:
        for batch in range(8):
            await bench.turn(*(notice(f"n{batch}-{number}") for number in range(60)))
        window = await bench.line.events("north", 0, 5)
        assert window.head == 480 and window.oldest is not None and 1 < window.oldest <= 471
        assert [event.at for event in window.events] == list(range(window.oldest, window.oldest + 5))
        assert (await bench.line.events("north", 480, 5)).events == ()
        assert (await bench.line.events("east", 0, 5)).oldest is None

    on_line(story, line_url)


def test_an_alert_that_was_damaged_in_the_store_is_not_passed_on(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        await bench.line.commit(bench.epoch, [(1, [alert(1)])])
        packed = await bench.redis.hget(bench.key("alerts"), alert(1).sha256)
        for damaged in (packed[:-20], packed[:40] + b"x" + packed[41:], packed[:-3] + b"zzz", b""):
            await bench.redis.hset(bench.key("alerts"), alert(1).sha256, damaged)
            with pytest.raises(Unavailable) as raised:
                await bench.line.alerts([alert(1).sha256])
            assert raised.value.code == "store_unsafe"

    on_line(story, line_url)
