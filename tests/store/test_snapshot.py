"""What other workers are left of each notice: siblings for a while, a start as long as it counts."""

from keepclear_service.line.ports import BATCH
from support.store_line import Bench, acknowledgement, alert, notice, on_line, withdrawal


def test_a_start_is_left_the_gist_of_each_notices_newest_revision(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        async def left(*ids: str) -> list[bytes | None]:
            return await bench.line.snapshot("north", ids)

        await bench.turn(notice(gist=b"one"), notice("n2", gist=b"two"), notice("n1", party="south", gist=b"other"))
        assert await left("n1", "n2", "n3") == [b"one", b"two", None]
        await bench.turn(notice("n1", 2, prev="north n1 1", gist=b"newer"))
        assert await left("n1") == [b"newer"]
        await bench.turn(notice("n1", 2, "not admitted", prev="north n1 1", gist=b"rival"))
        assert await left("n1") == [b"newer"]
        await bench.turn(withdrawal(prev="north n1 2", revision=3), notice("n2", 2, prev="north n2 1"))
        assert await left("n1", "n2") == [None, None]  # one that is not said leaves nothing older
        await bench.turn(notice("n4", ends=-9, keep=-9, gist=b"over"))
        assert await left("n4") == [b"over"]
        await bench.clean(0)
        assert await left("n4") == [None] and await bench.line.snapshot("south", ["n1"]) == [b"other"]

    on_line(story, line_url)


def test_what_siblings_need_is_told_with_the_entries_and_kept_for_a_while(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        one, three = notice("n1", gist=b"one \xff", handed=True), notice("n3", gist=b"three", handed=True)
        first = await bench.turn(one, notice("n2"), three)
        assert first.gists == {} and len(first.entries) == 3  # whoever wrote it does not need it
        behind = await bench.turn(cursor=0)
        assert behind.gists == {1: b"one \xff", 3: b"three"}
        assert (await bench.turn(notice("n4", gist=b"four", handed=True), cursor=2)).gists == {3: b"three"}
        again = notice("n1", gist=b"again", handed=True)
        await bench.turn(acknowledgement(alert(1)), again)  # what is not admitted leaves nothing
        assert (await bench.turn(cursor=0)).gists == {1: b"one \xff", 3: b"three", 4: b"four"}
        key = f"{bench.line.prefix}gists"
        for at in range(5, 2 * BATCH + 60, 50):
            await bench.turn(*(notice(f"n{number}", gist=b"g", handed=True) for number in range(at, at + 50)))
        assert BATCH <= await bench.store.submits.xlen(key) < 2 * BATCH

    on_line(story, line_url)
