"""A mediator that lies about what is in conflict, with its real key: each lie is shown as what it is."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear import AlertEvent
from keepclear_protocol.encoding import unb64
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import present
from support.desks import MINUTE_US, Lied, alerts
from support.world import box


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def test_an_honest_next_version_is_verified(line: Lied) -> None:
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "verified"
    assert line.state() == ("OPEN", None)


def _pair(name: str, change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], None]:
    def alter(payload: dict[str, Any]) -> None:
        payload["pairs"][0][name] = change(payload["pairs"][0][name])

    return alter


def _later(text: str) -> str:
    return text.replace("Z", "")[:-1] + ("1Z" if text[-2] == "0" else "0Z")


NUMBERS = {
    "severity": lambda _: "proximity",
    "horizontal_m": lambda value: value + 1,
    "vertical_m": lambda value: value + 1,
    "time_start": _later,
    "time_end": _later,
    "altitude_lower_m": lambda value: value - 1,
    "altitude_upper_m": lambda value: value + 1,
    "reference": lambda _: "AMSL",
}


@pytest.mark.parametrize("name", NUMBERS)
def test_one_altered_number_of_a_pair_is_shown(line: Lied, name: str) -> None:
    line.next_version()
    line.mediator.alter = _pair(name, NUMBERS[name])
    event = line.told(line.mediator.opened(line.us, line.them))
    assert event.verdict == "recompute"
    assert line.state()[1] == "recompute"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_of_another_type_is_shown(line: Lied, name: str) -> None:
    kinds: tuple[Any, ...] = (None, True, 0.0, "0", [], {})
    for kind in kinds:
        line.next_version()
        line.mediator.alter = _pair(name, lambda _, kind=kind: kind)
        is_word = isinstance(kind, str) and name in ("severity", "reference")
        verdict = "recompute" if is_word else "evidence"
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == verdict, kind


def test_pairs_left_out_added_or_of_other_volumes_are_shown(line: Lied) -> None:
    mine = line.mediator.filed[line.us].notice.volumes
    lies: list[Callable[[dict[str, Any]], None]] = [
        lambda payload: payload["pairs"].clear(),
        lambda payload: payload["pairs"].append(payload["pairs"][0]),
        lambda payload: payload["pairs"][0].update(
            own=next(v.digest for v in mine if v.digest not in payload["shown"])
        ),
        lambda payload: payload["pairs"][0].update(other="A" * 43),
        lambda payload: payload.update(severity="possible"),
        lambda payload: payload.update(lead="LATE"),
        lambda payload: payload.update(lead=None),
    ]
    for lie in lies:
        line.next_version()
        line.mediator.alter = lie
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "recompute"
    # A pair that lacks a member cannot even be read, nor what is open without a severity.
    unread: list[Callable[[dict[str, Any]], None]] = [
        lambda payload: payload["pairs"][0].pop("own"),
        lambda payload: payload.update(severity=None),
    ]
    for lie in unread:
        line.next_version()
        line.mediator.alter = lie
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "evidence"


def test_a_volume_of_ours_shown_without_conflict_is_over_disclosure(line: Lied) -> None:
    line.next_version()
    own = sorted(item.digest for item in line.mediator.filed[line.us].notice.volumes)
    event = line.told(line.mediator.opened(line.us, line.them, shown=own))
    assert event.verdict == "over_disclosed"
    assert event.detail.startswith("MEDIATOR OVER-DISCLOSED")
    assert line.state() == ("UNVERIFIED", "over_disclosed")


def test_a_volume_of_theirs_shown_without_conflict_is_shown(line: Lied) -> None:
    line.next_version()
    theirs = line.mediator.filed[line.them].notice
    every = sorted(item.digest for item in theirs.volumes)
    line.mediator.swap = lambda beside: beside.update(presentation=present(theirs, every))
    event = line.told(line.mediator.opened(line.us, line.them, disclosed=every))
    assert event.verdict == "recompute" and "not in conflict" in event.detail


def test_less_than_was_disclosed_or_more_than_was_named_is_shown(line: Lied) -> None:
    theirs = line.mediator.filed[line.them].notice
    for digests in ([], [item.digest for item in theirs.volumes]):
        line.next_version()
        line.mediator.swap = lambda beside, digests=digests: beside.update(presentation=present(theirs, digests))
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "evidence"
    line.next_version()
    line.mediator.swap = None
    assert line.told(line.mediator.opened(line.us, line.them, shown=[])).verdict == "recompute"


def test_a_swapped_forged_or_missing_presentation_is_shown(line: Lied) -> None:
    other = line.file("north", box(48.02))
    line.watched(line.south)
    theirs, another = (line.mediator.filed["north", id].notice for id in (line.theirs, other))
    forged = line.world.submission("north", box(48.05), notice=line.theirs, key=PrivateKey.generate())
    ours = line.mediator.filed[line.us].notice
    for lie in (
        present(another, [another.volumes[0].digest]),
        present(ours, [ours.volumes[0].digest]),
        forged.rpartition("~")[0].rpartition("~")[0] + "~",
        present(theirs, [theirs.volumes[0].digest]).replace("~", "~~", 1),
        None,
        "",
        "x",
    ):
        line.next_version()
        line.mediator.swap = lambda beside, lie=lie: beside.update(presentation=lie)
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "evidence", lie


def test_an_alert_that_is_not_ours_or_not_the_services_is_shown_and_changes_nothing(line: Lied) -> None:
    line.next_version()
    honest = line.mediator.opened(line.us, line.them)
    to_them = line.mediator.opened(line.them, line.us)
    lies = [to_them, {**honest, "alert": honest["alert"][:-4] + "AAAA"}, {**honest, "alert": "x"}]
    real = line.world.service
    line.world.service = line.world.parties["north"].key
    lies.append(line.mediator.opened(line.us, line.them))
    line.world.service = real
    for name, value in (("conflict", "A" * 43), ("aud", "A" * 43), ("to", "north"), ("iss", "north"), ("state", "x")):
        line.mediator.alter = lambda payload, name=name, value=value: payload.update({name: value})
        lies.append(line.mediator.opened(line.us, line.them))
    for lie in lies:
        line.mediator.alter = None
        event = line.told(lie)
        assert (event.verdict, event.alert) == ("evidence", None)
        assert line.state() == ("OPEN", None)
    assert len(line.south.journal.forged()) == len(lies) == line.south.picture().forged


ODD: list[Any] = [None, True, 7, -1, 0.5, "x", "", [], {}, [[]], {"party": "north"}, "A" * 43, 2**53 - 1]


def test_any_member_of_any_other_type_is_shown_and_never_a_fault(line: Lied) -> None:
    (conflict,) = line.mediator.newest["south"]
    honest = {name: value for name, value in _payload(line.first).items() if name != "version"}
    for name in honest:
        for value in [odd for odd in ODD if odd != honest[name]]:
            line.mediator.seq += 1
            line.mediator.alter = lambda payload, name=name, value=value: payload.update({name: value})
            line.mediator.tell("south", "alert", line.mediator.opened(line.us, line.them))
    line.mediator.newest["south"] = {conflict: line.mediator.newest["south"][conflict]}
    told = alerts(line.watched(line.south))
    assert len(told) == len({event.object.digest for event in told}) and told
    assert {event.verdict for event in told} <= {"evidence", "recompute", "wrong_terms", "over_disclosed", "rollback"}


def _payload(event: AlertEvent) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(unb64(event.object.alert.split(".")[1]))
    return read


def test_other_terms_rules_or_times_are_shown(line: Lied) -> None:
    lies = {"terms": ("A" * 43, "wrong_terms"), "rules": ("2", "evidence"), "iat": (1, "evidence")}
    for name, (value, verdict) in lies.items():
        line.next_version()
        line.mediator.alter = lambda payload, name=name, value=value: payload.update({name: value})
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == verdict
    line.next_version()
    old = line.now - 60 * MINUTE_US
    line.mediator.alter = None
    assert line.told(line.mediator.opened(line.us, line.them, at=old)).verdict == "evidence"


def test_a_counterparts_key_that_might_not_submit_is_shown(line: Lied) -> None:
    watcher = PrivateKey.generate()
    north, south = line.world.payload["parties"]
    valid = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}
    north = {**north, "keys": [*north["keys"], {"key": watcher.public.jwk, "roles": ["watch"], **valid}]}
    line.south.close()
    line.world.successor(parties=[north, south])
    line.south = line.desk("south")
    line.file("north", box(48.03), key=watcher)
    (event,) = alerts(line.watched(line.south))
    assert event.verdict == "evidence" and "might not sign" in event.detail


def test_something_unreadable_on_the_stream_is_shown_and_passed(line: Lied) -> None:
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": 7})
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": "x"})
    line.mediator.tell("south", "notice", {"notice": "x", "receipt": "y"})
    events = [event.to_json() for event in line.watched(line.south)]
    assert [event.get("verdict") or event["code"] for event in events] == ["evidence"] * 3
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "verified"
