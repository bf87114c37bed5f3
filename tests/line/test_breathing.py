"""The alerts of one large notice are signed and packed with breath between them: other agreements go on meanwhile."""

import asyncio
import itertools
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from keepclear_service.line.committing import Committing
from keepclear_service.line.ports import SignedAlert
from keepclear_service.line.uncommitted import LARGE_PAIRS, Uncommitted
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


@pytest.mark.parametrize(("size", "at_least", "at_most"), [(100_000, ALERTS, ALERTS + 3), (1_700, 1, 3)])
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


def test_what_is_large_is_committed_last_and_only_in_the_next_turn_where_others_wait() -> None:
    def outgoing(pairs: int) -> Any:
        return SimpleNamespace(payload={"pairs": [None] * pairs})

    uncommitted = Uncommitted()
    for seq, pairs in enumerate((LARGE_PAIRS, 1, LARGE_PAIRS, 1)):
        uncommitted.add(seq, [outgoing(pairs), outgoing(1)], None, own=True)

    def pieces(*, pressed: bool = False) -> list[list[int]]:
        return [list(piece) for piece in uncommitted.pieces(pressed=pressed)]

    assert pieces() == [[1, 3], [0], [2]]
    assert pieces(pressed=True) == [[1, 3]]
    assert pieces(pressed=True) == [[1, 3], [0], [2]], "once, whoever comes meanwhile"
