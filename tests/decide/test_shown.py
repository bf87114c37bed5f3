"""What travels beside an alert is the same bytes as the rules' own presentation, and never more."""

import pytest
from keepclear_protocol.alert import sign_alert
from keepclear_protocol.errors import Malformed
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.notice import present
from keepclear_service.decide.entry import Entry, Outgoing
from keepclear_service.decide.fold import State, apply
from keepclear_service.decide.shown import alert_object, present_stored
from support.world import World, box, now_us


def conflict(world: World, ours: str, theirs: str) -> list[Outgoing]:
    """Fold two notices; return the alerts of the second."""
    state, told, at = State(world.agreement), [], now_us()
    for seq, raw in enumerate((ours, theirs), 1):
        notice = world.opened(raw)
        entry = Entry(seq, NOTICE.name, notice.party, notice.id, 1, notice.sha256, "", at, world.agreement.terms, "")
        told = apply(state, entry, notice)
    return told


@pytest.mark.req("R-068")
@pytest.mark.parametrize("beside", [{}, {"callsign": "AB12"}, {"callsign": "AB12", "remarks": "five of us"}])
def test_a_presentation_of_the_stored_bytes_is_that_of_the_opened_notice(beside: dict[str, str]) -> None:
    world = World()
    raw = world.submission("north", *(box(48 + at) for at in range(5)), **beside)
    notice = world.opened(raw)
    digests = [item.digest for item in notice.volumes]
    for wanted in ([], digests, digests[2:3], digests[::-2]):
        assert present_stored(raw, wanted) == present(notice, wanted)
    with pytest.raises(Malformed):
        present_stored(raw, [*digests, "A" * 43])


@pytest.mark.req("R-068")
def test_only_what_the_alert_discloses_is_shown_and_nothing_once_the_statement_has_gone() -> None:
    world = World()
    ours, theirs = world.submission("north", box(48.0), box(50.0)), world.submission("south", box(48.05), box(52.0))
    by_hash = {world.opened(raw).sha256: raw for raw in (ours, theirs)}
    alerts = conflict(world, ours, theirs)
    assert len(alerts) == 2
    for outgoing in alerts:
        jws = sign_alert(world.service, outgoing.payload)
        counterpart = world.opened(by_hash[outgoing.body])
        assert counterpart.party == outgoing.other[0] != outgoing.to == outgoing.own[0]
        shown = alert_object(jws, outgoing.shows, by_hash[outgoing.body])
        presentation = present(counterpart, outgoing.payload["disclosed"])
        assert shown == {"alert": jws, "presentation": presentation, "cause": None}
        assert alert_object(jws, outgoing.shows, None) == {"alert": jws, "presentation": None, "cause": None}


def test_conflicts_are_ranked_worst_then_soonest_then_what_is_over() -> None:
    world, at = World(), now_us()
    places = {"meeting late": box(start_s=7200), "meeting": box(), "near": box(48.13), "past": box(start_s=-1200)}
    ranks = {}
    for name, volume in places.items():
        start_s = -1200 if name == "past" else 7200 if name == "meeting late" else 3600
        alerts = conflict(world, world.submission("north", box(start_s=start_s)), world.submission("south", volume))
        ranks[name] = {item.rank for item in alerts}
        assert len(ranks[name]) == 1
    order = ["meeting", "meeting late", "near", "past"]
    assert sorted(order, key=lambda name: ranks[name].copy().pop()) == order
    (soonest,) = ranks["meeting"]
    assert soonest[0] == "0" and 0 <= int(soonest[1:]) - (at // 1000 + 3_600_000) < 60_000
