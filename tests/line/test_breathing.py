"""The alerts of one large notice are signed and packed with breath between them: other agreements go on meanwhile."""

import asyncio
import itertools
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from keepclear_service.line import uncommitted as uncommitted_module
from keepclear_service.line.committing import Committing
from keepclear_service.line.parts import FIRST, NEXT, by_turns, parts, weight
from keepclear_service.line.ports import SignedAlert
from keepclear_service.line.uncommitted import Uncommitted
from keepclear_service.store import line as stored
from keepclear_service.store.keys import Keys
from keepclear_service.store.line import StoredLine

ALERTS = 40


def alert(number: int, size: int) -> SignedAlert:
    said: dict[str, Any] = dict.fromkeys(SignedAlert.__struct_fields__, "x")
    return SignedAlert(**said | {"conflict": f"{number}", "version": 1, "jws": "j" * size, "ends": None, "keep": 1})


def turns(work: Coroutine[Any, Any, Any]) -> int:
    """Return how often others have their turn while ``work`` is done."""

    async def story() -> int:
        task = asyncio.ensure_future(work)
        for count in itertools.count():
            if task.done():
                await task
                return count
            await asyncio.sleep(0)
        raise AssertionError("unreachable")

    return asyncio.run(story())


@pytest.mark.parametrize(("size", "at_least", "at_most"), [(100_000, ALERTS, 2 * ALERTS + 3), (1_700, 1, 8)])
def test_others_have_their_turn_between_large_alerts_and_not_between_small_ones(
    size: int, at_least: int, at_most: int
) -> None:
    given = SimpleNamespace(_sign=lambda outgoing, seq: alert(outgoing, size))
    assert at_least <= turns(Committing._signed(given, 1, range(ALERTS))) <= at_most  # type: ignore[arg-type]


def test_they_are_packed_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def taken(*_: Any) -> int:
        return 1

    monkeypatch.setattr(stored, "_COMMIT", taken)
    monkeypatch.setattr(stored, "pack_alert", lambda jws: b"packed")
    monkeypatch.setattr(stored, "write_record", lambda alert: "record")
    line: Any = SimpleNamespace(_keys=Keys("agreement"), _submits=None, prefix="kc")
    piece = [(1, True, [alert(number, 100_000) for number in range(ALERTS)])]
    assert turns(StoredLine._commit(line, "epoch", piece)) >= ALERTS // 2


def outgoing(conflict: str, pairs: int = 1, *, to: str = "north", other: str = "south", rank: str = "") -> Any:
    payload = {"pairs": [None] * pairs, "state": "open"}
    return SimpleNamespace(conflict=conflict, to=to, other=(other, "n"), rank=rank, payload=payload)


def both(number: int, one: str, other: str) -> list[Any]:
    """Both sides of a conflict, the later ones the worse."""
    name, rank = f"{one} {other} {number}", f"{9_999 - number}"
    return [outgoing(name, to=one, other=other, rank=rank), outgoing(name, to=other, other=one, rank=rank)]


def written(uncommitted: Uncommitted, pressed: bool = False) -> list[tuple[list[int], int, bool]]:
    """Write as ``Committing`` does; return of each piece the entries, how many alerts, and whether it is the last."""
    done = []
    for piece in uncommitted.pieces(lambda: pressed):
        done.append((list(piece.alerts), sum(map(len, piece.alerts.values())), piece.last))
        for seq in piece.alerts:
            if piece.last:
                uncommitted.committed(seq)
            else:
                uncommitted.wrote(seq, [])
    return done


def test_what_is_large_is_written_in_parts_behind_all_else_and_one_in_a_turn_while_others_wait() -> None:
    uncommitted = Uncommitted()
    for seq, conflicts in enumerate((400, 1, 400, 1)):
        uncommitted.add(seq, [one for n in range(conflicts) for one in both(n, "north", "south")], None, own=True)
    small, first, part = ([1, 3], 4, True), FIRST // 2, NEXT // 2
    assert written(uncommitted, pressed=True) == [small, ([0], first, False), ([2], first, False), ([0], part, False)]
    assert uncommitted.due_in_s() == 0.0
    assert written(uncommitted, pressed=True) == [([0], part, False)]
    rest = 800 - first - 2 * part
    assert written(uncommitted) == [([0], rest, True), ([2], part, False), ([2], part, False), ([2], rest, True)]
    assert uncommitted.due_in_s() is None


def test_what_is_more_than_may_be_held_is_written_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncommitted_module, "HELD_MOST", 3_000)
    uncommitted = Uncommitted()
    for seq in range(3):
        uncommitted.add(seq, [one for n in range(400) for one in both(n, "north", "south")], None, own=True)
    written(uncommitted, pressed=True)
    assert uncommitted._held() in range(3_000 - NEXT, 3_001)


def test_the_worst_to_each_counterpart_comes_first_however_many_one_of_them_has_put_there() -> None:
    """Of a notice in a crowd: the danger of a third party is in the first part, and the crowd's worst beside it."""
    crowd = [one for n in range(600) for one in both(n, "blue", "red")]
    third = [*both(1, "blue", "green"), *both(2, "blue", "green")]
    first, *others = parts(by_turns([*crowd, *third]))
    assert [alert.conflict for alert in first[:8:2]] == ["blue green 2", "blue red 599", "blue green 1", "blue red 598"]
    assert weight(first) == FIRST and sum(map(len, others)) + len(first) == len(crowd) + len(third)
    for part in (first, *others):
        assert [alert.to for alert in part[::2]] == ["blue"] * (len(part) // 2), "both sides together"
