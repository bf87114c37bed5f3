"""Outages in the log: one line with the cause when something is lost, one when it is back."""

import json
import logging
from types import SimpleNamespace

import pytest
from keepclear_protocol.errors import Unavailable
from keepclear_service import logs
from keepclear_service.http import problems
from keepclear_service.logs import JsonLines, Outage
from keepclear_service.metrics import Board
from keepclear_service.observer import Observer


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    read = [json.loads(JsonLines().format(record)) for record in log.records]
    return [{name: line[name] for name in line.keys() - {"at", "logger", "pid"}} for line in read]


def failed() -> Exception:
    try:
        try:
            raise ConnectionRefusedError("nobody there")
        except OSError as error:
            raise ValueError("the store does not answer") from error
    except ValueError as error:
        return error


def test_a_loss_is_one_line_with_its_cause_and_so_is_the_return(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "QUIET_S", 0.0)
    outage = Outage(logging.getLogger("test"), "lost", "back", agreement="A")
    outage.over()
    for _ in range(5):
        outage.began(failed(), code="store_unavailable")
    outage.over()
    outage.over()
    lost, back = lines(log)
    cause = "ConnectionRefusedError: nobody there"
    assert lost == {"level": "warning", "event": "lost", "agreement": "A", "code": "store_unavailable", "cause": cause}
    assert back == {"level": "info", "event": "back", "agreement": "A", "lasted_s": back["lasted_s"], "failures": 5}
    outage.began(failed())
    assert [line["event"] for line in lines(log)] == ["lost", "back", "lost"]


def test_what_fails_now_and_then_is_one_outage(log: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger("test"), "lost", "back")
    for _ in range(5):
        outage.began(failed())
        outage.over()  # within ``QUIET_S``
    assert [line["event"] for line in lines(log)] == ["lost"]


def test_an_outage_lasts_until_it_works_again(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure, and back two seconds later: that is two seconds, not the time between failures."""
    clock = iter([10.0, 12.0, 13.0])
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    outage = Outage(logging.getLogger("test"), "lost", "back")
    outage.began(failed())
    outage.over()
    outage.over()
    assert [line.get("lasted_s") for line in lines(log)] == [None, 2.0]


def test_what_the_server_says_of_each_broken_request_is_said_a_few_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rubbish costs whoever sends it nothing: it must not fill our disk."""
    now = [10.0]
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    few = logs._Few()
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "Invalid HTTP request received.", (), None)
    ours = logging.LogRecord("keepclear_service.line", logging.WARNING, "", 0, "line_lost", (), None)
    assert sum(few.filter(record) for _ in range(100)) == logs.SAID_A_SECOND
    assert all(few.filter(ours) for _ in range(100))
    now[0] += 1
    assert few.filter(record)
    assert json.loads(JsonLines().format(record))["more_before"] == 100 - logs.SAID_A_SECOND


def test_that_notices_are_refused_is_over_with_a_notice_alone(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "QUIET_S", 0.0)
    state = SimpleNamespace(observer=Observer(Board(1), None))
    scope = {"method": "POST", "path": "/v1/notices", "state": {}, "app": SimpleNamespace(state=state)}
    problems.refusal(Unavailable("store_full"), scope)
    problems.refusal(Unavailable("store_unavailable"), scope)
    problems.served()
    assert [line["event"] for line in lines(log)] == ["notices_refused", "unavailable", "available"]
    problems.served(notice=True)
    assert [line["event"] for line in lines(log)][3:] == ["notices_taken"]
