"""Alerts and timers on each real store: written once, by whoever comes first, never over a newer one, in pieces."""

import pytest
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import Unavailable
from keepclear_service.line.ports import DUE_AT_ONCE
from keepclear_service.store import line as store_line
from support.store_line import Bench, alert, notice, on_line


def test_alerts_of_an_entry_are_written_once_by_whoever_comes_first(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2", party="south"))
        north, south = alert(2, "north", "south"), alert(2, shows="notice", body="north n1 1")
        for _ in range(2):
            await bench.line.commit(bench.epoch, [(1, []), (2, [north, south])])
        with pytest.raises(Unavailable) as raised:
            await bench.line.commit("f" * 32, [(2, [alert(3)])])
        assert raised.value.code == "busy"
        window = await bench.line.events("south", 1, 10)
        assert (window.epoch, window.head, window.oldest) == (bench.epoch, 2, 1)
        (event,) = window.events
        assert (event.at, event.kind, event.conflict, event.version) == (2, "alert", south.conflict, 2)
        assert (event.sha256, event.shows, event.body) == (south.sha256, "notice", digest("north n1 1"))
        assert [event.kind for event in (await bench.line.events("north", 0, 10)).events] == ["notice", "alert"]
        assert await bench.line.alerts([south.sha256, digest("none"), north.sha256]) == [south.jws, None, north.jws]
        assert (await bench.turn()).unmatched == ()

    on_line(story, line_url)


def test_what_is_not_there_is_written_though_its_entry_was_taken_out(line_url: str) -> None:
    """By whomever: a store attacker takes an entry out, or an alert's bytes, and nobody would be told."""

    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"))
        await bench.turn(done=[1])
        entries = [(1, [alert(1)]), (2, [alert(2, conflict="c2")])]
        for erased in (None, alert(1).sha256, None):
            if erased is not None:
                assert await bench.redis.hdel(bench.key("alerts"), erased) == 1
                assert await bench.line.versions([("south", alert(1).conflict)]) == [0]
            await bench.line.commit(bench.epoch, entries)
            records = {record.version for record in (await bench.line.conflicts("south", "", 10)).rows}
            assert records == {1, 2} and (await bench.turn()).unmatched == ()
        asked = [("south", alert(1).conflict), ("south", alert(2, conflict="c2").conflict), ("north", "none")]
        assert await bench.line.versions(asked) == [1, 2, 0]
        # The bytes that were gone are told of once more, and nothing else is.
        assert (await bench.line.events("south", 0, 10)).head == 3

    on_line(story, line_url)


def test_an_older_version_never_follows_a_newer_one(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"))
        await bench.line.commit(bench.epoch, [(2, [alert(2)])])
        await bench.line.commit(bench.epoch, [(1, [alert(1)])])
        (record,) = (await bench.line.conflicts("south", "", 10)).rows
        assert record.version == 2 and record.sha256 == alert(2).sha256
        assert (await bench.line.events("south", 0, 10)).head == 1
        assert (await bench.turn()).unmatched == ()

    on_line(story, line_url)


def test_an_entry_of_very_many_alerts_is_written_in_pieces(line_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is matched only with the last: whoever comes after a worker that died in between writes the rest."""
    monkeypatch.setattr(store_line, "ALERTS_AT_ONCE", 7)
    many = [alert(1, conflict=f"c{number}") for number in range(20)]
    pieces: list[int] = []

    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"))
        commit = bench.line._commit

        async def dying(epoch: str, piece: store_line.Piece) -> None:
            pieces.append(sum(len(alerts) for _, _, alerts in piece))
            if len(pieces) == 3:
                raise Unavailable("store_unavailable")
            await commit(epoch, piece)

        bench.line._commit = dying  # type: ignore[method-assign]
        with pytest.raises(Unavailable):
            await bench.line.commit(bench.epoch, [(1, many), (2, [alert(2, conflict="last")])])
        assert pieces == [7, 7, 7] and (await bench.line.events("south", 0, 100)).head == 14
        assert (await bench.turn()).unmatched == (1, 2)
        await bench.line.commit(bench.epoch, [(1, many), (2, [alert(2, conflict="last")])])
        assert (await bench.line.events("south", 0, 100)).head == 21
        assert (await bench.turn()).unmatched == ()
        records = [record for record in (await bench.line.conflicts("south", "", 100)).rows if record.version == 1]
        assert {record.sha256 for record in records} == {item.sha256 for item in many}

    on_line(story, line_url)


def test_the_end_of_an_overlap_becomes_an_entry_once(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        over, later = alert(1, ends=-0.005), alert(1, conflict="c2", ends=3600)
        await bench.line.commit(bench.epoch, [(1, [over, alert(1, "north", "south", ends=-0.005), later])])
        turned = await bench.turn(notice("n2"))
        ended, filed = turned.entries
        assert (ended.kind, ended.id, ended.revision, ended.party) == ("ended", over.conflict, 1, "")
        assert (turned.fired, ended.seq, filed.seq) == (1, 2, 3)
        assert turned.unmatched == (2, 3) and later.ends is not None
        assert turned.due is not None and 0 <= turned.due - later.ends < 1000
        # Whatever becomes of the timer: a worker that commits the same again after a crash, say.
        await bench.redis.zadd(bench.key("due"), {f"end|{over.conflict}|1": 1})
        turned = await bench.turn(done=[2, 3])
        assert (turned.fired, turned.head, turned.unmatched) == (0, 3, ())

    on_line(story, line_url)


def test_a_newer_version_stops_the_timer_of_the_older(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.turn(notice(), notice("n2"), notice("n3"))
        await bench.line.commit(bench.epoch, [(1, [alert(1, ends=-1)]), (2, [alert(2, ends=3600)])])
        turned = await bench.turn()
        assert turned.fired == 0 and turned.due is not None
        await bench.line.commit(bench.epoch, [(3, [alert(3, state="closed")])])
        assert (await bench.turn()).due is None

    on_line(story, line_url)


def test_many_that_end_at_once_become_entries_in_bounded_turns(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        await bench.one(notice())
        many = DUE_AT_ONCE + 10
        due = {f"end|{digest(str(number))}|1": 1 for number in range(many)}
        await bench.redis.zadd(bench.key("due"), due)
        first = await bench.turn()
        assert first.fired == DUE_AT_ONCE == len(first.entries) and first.due is not None and first.due < first.clock
        second = await bench.turn()
        assert second.fired == 10 and second.due is None and second.head == 1 + many
        assert {f"end|{entry.id}|1" for entry in (*first.entries, *second.entries)} == due.keys()

    on_line(story, line_url)


def test_each_script_says_by_one_hint_how_far_the_log_is_and_whose_stream_moved(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        hints = bench.store.hints()
        await bench.listening(hints)
        await bench.turn(notice(), notice("n2", party="south"))
        await bench.turn(done=[1])
        await bench.line.commit(bench.epoch, [(2, [alert(2)])])
        await bench.redis.zadd(bench.key("due"), {f"end|{digest('c')}|1": 1})
        await bench.turn()
        await bench.line.adopt(bench.terms, digest("newer"), b"{}")
        prefix = bench.line.prefix
        for said in ("2 north south", "2 south", "3", "4"):
            assert await bench.heard(hints) == f"{prefix} {said}"
        await hints.aclose()

    on_line(story, line_url)
