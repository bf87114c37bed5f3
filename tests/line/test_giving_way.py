"""Work in pieces: of all tasks that give way, one goes on in each round of the loop, the longest waiting first."""

import asyncio
import itertools

import pytest
from keepclear_service import giving_way
from keepclear_service.giving_way import give_way


def rounds_of_pieces(*tasks: int, cancelled: int | None = None) -> list[tuple[int, int]]:
    """Let tasks do so many pieces each, giving way before every one; return whose each was, and in which round."""
    done: list[tuple[int, int]] = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        rounds = itertools.count()
        now = next(rounds)

        def count() -> None:
            nonlocal now
            now = next(rounds)
            loop.call_soon(count)

        async def work(name: int, pieces: int) -> None:
            for _ in range(pieces):
                await give_way()
                done.append((name, now))

        count()
        running = [asyncio.create_task(work(name, pieces)) for name, pieces in enumerate(tasks)]
        await asyncio.sleep(0)
        if cancelled is not None:
            running[cancelled].cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(story())
    return done


def test_a_round_of_the_loop_holds_one_piece_of_all_that_give_way() -> None:
    done = rounds_of_pieces(5, 5, 5)
    assert len({at for _, at in done}) == len(done) == 15
    assert [name for name, _ in done] == [0, 1, 2] * 5


def test_who_is_cancelled_while_it_waits_holds_nobody_up() -> None:
    assert [name for name, _ in rounds_of_pieces(3, 3, 3, cancelled=0)] == [1, 2] * 3
    assert [name for name, _ in rounds_of_pieces(2, 1, cancelled=1)] == [0, 0]


def test_loops_know_nothing_of_one_another() -> None:
    for _ in range(3):
        assert len(rounds_of_pieces(1, 1)) == 2


@pytest.mark.parametrize(("piece_s", "others"), [(0.0, 3), (60.0, 0)])
def test_work_of_small_steps_gives_way_only_once_a_piece_of_it_is_over(
    piece_s: float, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        monkeypatch.setattr(giving_way, "PIECE_S", piece_s)
        went, piece = list[int](), giving_way.Piece()
        for step in range(3):
            asyncio.get_running_loop().call_soon(went.append, step)
            await piece.step()
        assert len(went) == others

    asyncio.run(story())
