"""What is told together: many alerts of one notice, and never more statements than are held for a moment."""

from keepclear_protocol.kinds import ALERT, NOTICE
from keepclear_service.delivery.told import BODIES_AT_ONCE, _of_few_bodies
from keepclear_service.line.ports import Event


def event(at: int, kind: str, body: str) -> Event:
    alert = kind == ALERT.name
    return Event(at, kind, f"alert-{at}" if alert else body, body=body if alert else "", seq=at)


def test_all_alerts_of_one_notice_are_told_together() -> None:
    flood = [event(at, ALERT.name, "the same notice") for at in range(64)]
    assert _of_few_bodies(flood) == flood


def test_as_many_statements_as_are_held_and_no_more() -> None:
    alerts = [event(at, ALERT.name, f"notice {at // 2}") for at in range(64)]
    assert _of_few_bodies(alerts) == alerts[: 2 * BODIES_AT_ONCE]
    mixed = [event(0, NOTICE.name, "own"), event(1, ALERT.name, ""), *alerts]
    assert len(_of_few_bodies(mixed)) == 2 + 2 * (BODIES_AT_ONCE - 1)
