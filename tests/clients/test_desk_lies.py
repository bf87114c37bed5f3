"""A mediator that lies in each way it could, with its real key: the desk shows each lie as what it is."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from keepclear import AlertEvent
from keepclear_protocol.encoding import unb64
from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import open_submission, present
from support.desks import Line, alerts
from support.world import box

MINUTE_US = 60_000_000


class Lied(Line):
    """South has two volumes filed, north one that meets the first of them; south's desk has seen the open conflict."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.south = self.desk("south")
        self.watched(self.south)
        self.mine = self.south.file([box(), box(50.0)], "transport")
        self.theirs = self.file("north", box(48.05), box(52.0))
        self.us, self.them = ("south", self.mine.id), ("north", self.theirs)
        (self.first,) = alerts(self.watched(self.south))
        assert self.first.verdict == "verified"

    def file(self, party: str, *volumes: dict[str, Any], **changed: Any) -> str:
        raw = self.world.submission(party, *volumes, **changed)
        assert self.mediator._admit("/v1/notices", raw).status_code == 201
        return self.world.opened(raw).id

    def amend(self, *volumes: dict[str, Any]) -> str:
        """North files its next revision."""
        filed = self.mediator.filed[self.them]
        raw = self.world.amend("north", filed.notice, *volumes)
        assert self.mediator._admit("/v1/notices", raw).status_code == 201
        return raw

    def next_version(self) -> None:
        self.mediator.seq += 1
        self.now += MINUTE_US

    def told(self, data: dict[str, Any]) -> AlertEvent:
        """Return what south's desk makes of an alert object on its stream."""
        self.mediator.tell("south", "alert", data)
        *_, event = alerts(self.watched(self.south))
        return event

    def state(self) -> tuple[str, str | None]:
        (view,) = self.south.picture().conflicts
        return view.state, view.alarm


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
    for kind in (None, True, 0.0, "0", [], {}):
        line.next_version()
        line.mediator.alter = _pair(name, lambda _, kind=kind: kind)
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "recompute", kind


def test_pairs_left_out_added_or_of_other_volumes_are_shown(line: Lied) -> None:
    mine = line.mediator.filed[line.us].notice.volumes
    lies: list[Callable[[dict[str, Any]], None]] = [
        lambda payload: payload["pairs"].clear(),
        lambda payload: payload["pairs"].append(payload["pairs"][0]),
        lambda payload: payload["pairs"][0].update(
            own=next(v.digest for v in mine if v.digest not in payload["shown"])
        ),
        lambda payload: payload["pairs"][0].update(other="A" * 43),
        lambda payload: payload["pairs"][0].pop("own"),
        lambda payload: payload.update(severity="possible"),
        lambda payload: payload.update(severity=None),
        lambda payload: payload.update(lead="LATE"),
        lambda payload: payload.update(lead=None),
    ]
    for lie in lies:
        line.next_version()
        line.mediator.alter = lie
        assert line.told(line.mediator.opened(line.us, line.them)).verdict == "recompute"


def test_a_volume_of_ours_shown_without_conflict_is_over_disclosure(line: Lied) -> None:
    line.next_version()
    own = [item.digest for item in line.mediator.filed[line.us].notice.volumes]
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
    forged = line.world.submission("north", box(48.05), jti=line.theirs, key=PrivateKey.generate())
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


def test_an_old_revision_sent_as_current_is_rollback(line: Lied) -> None:
    old = line.mediator.filed[line.them]
    line.amend(box(48.06))
    assert [event.verdict for event in alerts(line.watched(line.south))] == ["verified"]
    line.mediator.filed[line.them] = old
    line.next_version()
    event = line.told(line.mediator.opened(line.us, line.them))
    assert event.verdict == "rollback" and event.detail.startswith("ROLLBACK")
    (view,) = line.south.picture().conflicts
    assert (view.state, view.other_revision, view.alarm) == ("OPEN", 2, "rollback")


def test_an_old_revision_of_ours_used_as_current_is_rollback(line: Lied) -> None:
    old = line.mediator.filed[line.us]
    line.south.amend(line.mine.id, [box(48.01)])
    line.watched(line.south)
    line.mediator.filed[line.us] = old
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "rollback"


def test_two_different_revisions_of_one_number_are_rollback(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    raw = line.world.submission("north", box(48.05), jti=line.theirs)
    filed.notice = open_submission(raw, line.world.agreement.party_key)
    filed.side = type(filed.side)("north", line.theirs, 1, filed.notice.sha256, filed.side.received_at)
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "rollback"


def test_a_revision_that_does_not_follow_the_one_seen_is_shown(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    raw = line.world.submission("north", box(48.05), jti=line.theirs, revision=2, prev="A" * 43)
    filed.notice = open_submission(raw, line.world.agreement.party_key)
    filed.side = type(filed.side)("north", line.theirs, 2, filed.notice.sha256, filed.side.received_at)
    line.next_version()
    event = line.told(line.mediator.opened(line.us, line.them))
    assert event.verdict == "evidence" and "follow" in event.detail


def test_a_replayed_older_version_is_rollback_and_not_adopted(line: Lied) -> None:
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "verified"
    newest = line.south.picture().conflicts[0].version
    event = line.told(line.first.object.to_json())
    assert event.verdict == "rollback"
    assert line.south.picture().conflicts[0].version == newest
    assert line.state() == ("OPEN", "rollback")


def test_another_alert_of_the_same_version_is_rollback_and_not_adopted(line: Lied) -> None:
    assert line.first.alert is not None
    line.now += MINUTE_US
    event = line.told(line.mediator.opened(line.us, line.them, version=line.first.alert.version))
    assert event.verdict == "rollback" and "two different" in event.detail
    kept = line.south.journal.conflict(line.first.alert.conflict)
    assert kept is not None and kept.adopted == line.first.object.digest


@pytest.mark.parametrize("reason", ["withdrawn", "amended", "ended", "terms"])
def test_a_closing_without_its_cause_leaves_the_conflict_open(line: Lied, reason: str) -> None:
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, reason, None))
    assert event.verdict == "closed_without_cause"
    assert line.state() == ("OPEN", "closed_without_cause")


def test_a_closing_with_anothers_cause_leaves_the_conflict_open(line: Lied) -> None:
    filed = line.mediator.filed[line.them]
    another = line.mediator.filed["north", line.file("north", box(60.0))].notice
    causes = {
        "withdrawn": [line.world.withdrawal("north", another), line.world.withdrawal("south", filed.notice), "x"],
        "amended": [f"{another.jwt}~", f"{filed.notice.jwt}~", filed.raw, line.world.withdrawal("north", filed.notice)],
        "ended": [line.world.withdrawal("north", filed.notice)],
    }
    for reason, statements in causes.items():
        for cause in statements:
            line.next_version()
            event = line.told(line.mediator.closed(line.us, line.them, reason, cause))
            assert event.verdict in ("closed_without_cause", "evidence"), (reason, cause)
            assert line.state()[0] == "OPEN"


def test_a_closing_by_an_act_of_ours_that_was_none_leaves_the_conflict_open(line: Lied) -> None:
    filed = line.mediator.filed[line.us]
    side = type(filed.side)("south", line.mine.id, 2, "B" * 43, filed.side.received_at)
    for reason in ("withdrawn", "amended"):
        line.next_version()
        told = line.mediator.closed(line.us, line.them, reason, None, own=side)
        assert line.told(told).verdict == "evidence"
        assert line.state()[0] == "OPEN"


def test_a_closing_by_our_amendment_that_is_still_in_conflict_leaves_it_open(line: Lied) -> None:
    line.south.amend(line.mine.id, [box(48.01)])
    line.watched(line.south)
    line.next_version()
    event = line.told(line.mediator.closed(line.us, line.them, "amended", None))
    assert event.verdict == "closed_without_cause"


def test_an_open_conflict_called_past_too_early_stays_open(line: Lied) -> None:
    line.next_version()
    told = {"state": "past", "reason": None, "lead": "RETROACTIVE"}
    event = line.told(line.mediator.object(line.us, line.them, told, f"{line.mediator.filed[line.them].notice.jwt}~"))
    assert event.verdict == "closed_without_cause" and line.state()[0] == "OPEN"


def test_a_past_conflict_is_told_once_without_disclosures(line: Lied) -> None:
    mine = line.south.file([box(10.0, start_s=-7200)], "transport")
    theirs = line.file("north", box(10.0, start_s=-7200))
    line.watched(line.south)
    us, them = ("south", mine.id), ("north", theirs)
    told = {"state": "past", "reason": None, "lead": "RETROACTIVE"}
    bare = f"{line.mediator.filed[them].notice.jwt}~"
    event = line.told(line.mediator.object(us, them, told, bare))
    assert (event.verdict, event.standing) == ("verified", "PAST")
    theirs_all = line.mediator.filed[them].notice
    line.next_version()
    shown = present(theirs_all, [theirs_all.volumes[0].digest])
    assert line.told(line.mediator.object(us, them, told, shown)).verdict == "evidence"
    line.next_version()
    assert line.told(line.mediator.object(us, them, {**told, "lead": "LATE"}, bare)).verdict == "recompute"


def test_figures_or_disclosures_in_a_closing_are_shown(line: Lied) -> None:
    cause = line.world.withdrawal("north", line.mediator.filed[line.them].notice)
    for extra in ({"disclosed": ["A" * 43]}, {"shown": ["A" * 43]}, {"pairs": [{}]}, {"severity": "overlap"}):
        line.next_version()
        assert line.told(line.mediator.closed(line.us, line.them, "withdrawn", cause, **extra)).verdict == "evidence"
        assert line.state()[0] == "OPEN"


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
    members = [name for name in _payload(line.first) if name not in ("reason", "version")]
    for name in members:
        for value in ODD:
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


def test_a_replay_of_what_the_picture_shows_does_not_disturb_the_picture(line: Lied) -> None:
    line.next_version()
    assert line.told(line.mediator.closed(line.us, line.them, "ended", None)).verdict == "closed_without_cause"
    event = line.told(line.first.object.to_json())
    assert event.verdict == "rollback"
    (view,) = line.south.picture().conflicts
    assert (view.state, view.verdict, view.alarm) == ("OPEN", "verified", "rollback")
    assert view.start is not None


def test_a_snapshot_that_leaves_out_an_open_conflict_or_tells_an_older_one_is_rollback(line: Lied) -> None:
    line.next_version()
    line.told(line.mediator.opened(line.us, line.them))
    (conflict,) = line.mediator.newest["south"]
    line.now += 1
    line.mediator.newest["south"][conflict] = line.first.object.to_json()
    assert [event.to_json()["verdict"] for event in line.south.refresh()][:1] == ["rollback"]
    line.now += 1
    line.mediator.newest["south"].clear()
    (event,) = line.south.refresh()
    assert event.to_json()["code"] == "rollback" and conflict in event.to_json()["detail"]
    assert line.state() == ("OPEN", "rollback")


def test_a_cursor_ahead_of_the_head_is_a_gap_and_what_fell_is_rollback(line: Lied) -> None:
    line.next_version()
    line.told(line.mediator.opened(line.us, line.them))
    line.now += 1
    line.mediator.streams["south"] = line.mediator.streams["south"][:2]
    (conflict,) = line.mediator.newest["south"]
    line.mediator.newest["south"][conflict] = line.first.object.to_json()
    events = [event.to_json() for event in line.watched(line.south)]
    assert (events[0]["event"], events[0]["reason"]) == ("gap", "ahead")
    assert [event["verdict"] for event in events if event["event"] == "alert"] == ["rollback"]


def test_a_false_receipt_is_told_and_does_not_stop_the_watch(line: Lied) -> None:
    real = line.world.service

    def false_receipt(request: httpx2.Request) -> httpx2.Response | None:
        if request.method != "POST":
            return None
        line.mediator.refuse, line.world.service = None, line.world.parties["north"].key
        answer = line.mediator.answer(request)
        line.world.service = real
        return answer

    line.mediator.refuse = false_receipt
    with pytest.raises(EvidenceInvalid):
        line.south.file([box(70.0)], "transport")
    assert {notice.state for notice in line.south.picture().notices} == {"live", "unknown"}
    line.next_version()
    line.mediator.refuse = lambda request: false_receipt(request) if "acknowledgements" in request.url.path else None
    line.mediator.tell("south", "alert", line.mediator.opened(line.us, line.them))
    events = [event.to_json() for event in line.watched(line.south)] + [
        event.to_json() for event in line.watched(line.south)
    ]
    told = [event.get("verdict") or event["code"] for event in events if event["event"] != "notice"]
    assert sorted(told) == ["evidence", "evidence", "evidence", "verified"]


def test_something_unreadable_on_the_stream_is_shown_and_passed(line: Lied) -> None:
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": 7})
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": "x"})
    line.mediator.tell("south", "notice", {"notice": "x", "receipt": "y"})
    events = [event.to_json() for event in line.watched(line.south)]
    assert [event.get("verdict") or event["code"] for event in events] == ["evidence"] * 3
    line.next_version()
    assert line.told(line.mediator.opened(line.us, line.them)).verdict == "verified"
