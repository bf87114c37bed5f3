"""What runs out and when it is said: pure, over agreements with keys of many ends."""

import time
from typing import Any

import pytest
from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_service.process.runs_out import DAY, RunsOut, agreement_end, all_ends, role_end
from support.world import World, signed

NOW = int(time.time()) * 1_000_000
FAR = "2090-01-01T00:00:00Z"


def at(days: float) -> str:
    return format_instant(NOW + int(days * DAY))


def agreed(*keys: dict[str, Any], service_until: str = FAR) -> Agreement:
    """Return an agreement in which north has these keys beside none, south one that lasts."""
    world = World()
    world.payload["parties"][0]["keys"] = [
        {"key": PrivateKey.generate().public.jwk, "roles": ["submit"], "not_before": at(-400), "not_after": FAR, **key}
        for key in keys
    ]
    world.payload["service"]["keys"][0]["not_after"] = service_until
    roots = [party.root for party in world.parties.values()]
    return open_agreement(signed(world.payload, *roots, world.service))


def said(agreement: Agreement) -> list[tuple[str, tuple[str, ...], int | None]]:
    return [(end.party, end.roles, end.stage(NOW)) for end in all_ends(agreement, NOW) if end.stage(NOW) is not None]


@pytest.mark.parametrize(
    ("days", "stage", "words"),
    [
        (31, None, "(in 31 days)"),
        (29.5, 30, "(in 29 days)"),
        (6.5, 7, "(in 6 days)"),
        (1.5, 7, "(in 1 day)"),
        (0.5, 1, "(in 12 h 0 min)"),
        (0.02, 1, "(in 28 min)"),
        (-0.1, 0, "cannot file since"),
    ],
)
def test_an_end_is_said_thirty_seven_and_one_days_before_and_once_it_is_over(
    days: float, stage: int | None, words: str
) -> None:
    (end,) = [end for end in all_ends(agreed({"not_after": at(days)}), NOW) if end.party == "north"]
    assert end.stage(NOW) == stage and words in end.words(NOW)
    assert "sign a revision of the agreement with a new key" in end.words(NOW)


def test_a_key_that_another_follows_ends_nothing() -> None:
    both = agreed({"not_after": at(5)}, {"not_before": at(4), "not_after": at(300)})
    assert said(both) == [("north", (), 7)]
    (end,) = [end for end in all_ends(both, NOW) if end.stage(NOW) is not None]
    assert "other keys go on" in end.words(NOW)
    assert role_end(both, "north", "submit", NOW) == NOW + 300 * DAY


def test_a_gap_between_two_keys_is_an_end() -> None:
    gap = agreed({"not_after": at(5)}, {"not_before": at(6), "not_after": at(300)})
    assert said(gap) == [("north", ("submit",), 7)]


def test_each_role_has_an_end_of_its_own() -> None:
    keys = agreed({"roles": ["submit", "watch"], "not_after": at(5)}, {"roles": ["submit"], "not_after": at(300)})
    assert said(keys) == [("north", ("watch",), 7)]
    assert role_end(keys, "north", "acknowledge", NOW) is None
    assert agreement_end(keys, NOW) == NOW + 5 * DAY


def test_a_revocation_ahead_is_an_end_and_the_service_has_one_too() -> None:
    revoked = agreed({"revoked_at": at(0.5)}, service_until=at(20))
    assert said(revoked) == [("north", ("submit",), 1), ("", ("sign",), 30)]
    assert "the service can no longer sign after" in all_ends(revoked, NOW)[1].words(NOW)


def test_an_end_is_of_the_instant_itself() -> None:
    end = RunsOut("north", "k" * 43, ("submit",), NOW)
    assert (end.stage(NOW), end.stage(NOW + 1)) == (1, 0)
