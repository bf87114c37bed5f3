"""What a start is left of each notice that counts: the gist of its newest revision, as long as the notice."""

from support.store_line import Bench, notice, on_line, withdrawal


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
