"""What the other party can learn: every byte that it can fetch or is sent is searched for what it must not hold.

North files notices of many volumes; South flies near one of them only. Nothing of North's other volumes may reach
South: no disclosure, no salt, no number or time of theirs, no callsign, no remarks, no manifest.
"""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from keepclear_protocol.disclosure import split_disclosures
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.notice import open_presentation
from support.line import payload
from support.nursery import Lifeline, Nursery
from support.world import World, box

REMARKS = "radio silence near the lighthouse"


@pytest.fixture
def line(workers: Nursery, store_url: str) -> Iterator[Lifeline]:
    with workers.line(World("north", "south", "east"), store_url) as running:
        yield running


def everything_for(line: Lifeline, party: str, events: int) -> list[bytes]:
    """Return the body of every door that the party can read, its whole stream, and what its submits answered."""
    seen = [line.get(party, target).content for target in ("/v1/notices", "/v1/conflicts", "/v1/agreement")]
    listed = line.get(party, "/v1/notices").json()["notices"]
    seen += [line.get(party, f"/v1/notices/{row['id']}").content for row in listed]
    seen += [json.dumps(event).encode() for event in line.events(party, events)]
    return seen


def unwrapped(bodies: list[bytes]) -> str:
    """Return all text with every base64url run decoded beside it, and again what that holds."""
    text = "\n".join(body.decode() for body in bodies)
    layers, found = [text], text
    for _ in range(3):
        runs = re.findall(r"[A-Za-z0-9_-]{16,}", found)
        decoded = []
        for run in set(runs):
            try:
                decoded.append(unb64(run).decode())
            except (KeepclearError, UnicodeDecodeError):
                pass  # not text in base64url: there is nothing in it to find
        found = "\n".join(decoded)
        layers.append(found)
    return "\n".join(layers)


def secrets_of(submission: str, but: set[str]) -> dict[str, str]:
    """Return every disclosure of a submission except those named by digest, and each value's own traces."""
    secrets: dict[str, Any] = {}
    for raw in split_disclosures(submission.partition("~")[2]):
        if digest(raw) in but:
            continue
        salt, *rest = json.loads(unb64(raw))
        secrets |= {f"disclosure {raw[:12]}": raw, f"salt of {raw[:12]}": salt}
        for number, value in enumerate(traces(rest[-1])):
            secrets[f"value {number} of {raw[:12]}"] = value
    return secrets


def traces(value: object) -> Iterator[str]:
    """Yield the numbers and texts within a value that are telling enough to be searched for."""
    if isinstance(value, dict):
        for member in value.values():
            yield from traces(member)
    elif isinstance(value, list):
        for member in value:
            yield from traces(member)
    elif isinstance(value, float) or (isinstance(value, str) and len(value) > 8):
        yield str(value)


@pytest.mark.req("R-040", "R-069")
def test_the_other_party_never_holds_a_byte_of_what_is_not_in_conflict(line: Lifeline) -> None:
    world = line.world
    # Telling numbers: no two volumes share a coordinate, an altitude or a time, and none is part of a time by chance.
    far = [
        box(20.123457 + i * 1.7, 30.765431 + i * 2.3, low=11.765432 + i, high=77.345678 + i, start_s=5000.5 + 977 * i)
        for i in range(9)
    ]
    near = box(48.0, 2.0)
    mine = line.file("north", *far, near, callsign="GHOST-31", remarks=REMARKS)
    line.file("south", box(48.02, 2.02))
    line.file("east", box(-40.0, 2.0))
    opened = world.opened(mine["sent"])
    (shown,) = [item.digest for item in opened.volumes if item.volume.shape.center[2] > 0.7]
    secrets = secrets_of(mine["sent"], {shown, digest(opened.category_disclosure)})
    assert len(secrets) > 9 * 6

    # The same again for an amendment that moves another volume, a withdrawal of a second notice, and errors.
    moved = world.amend("north", opened, *[box(-10.654321 + i, 70.123459 + i, low=13.123457) for i in range(3)], near)
    assert line.post("notices", moved).status_code == 201
    again = world.opened(moved)
    (shown_again,) = [item.digest for item in again.volumes if item.volume.shape.center[2] > 0.7]
    secrets |= secrets_of(moved, {shown_again, digest(again.category_disclosure)})
    answers = [
        line.post("notices", mine["sent"] + "x").content,
        line.get("south", f"/v1/notices/{opened.id}").content,
        line.post("withdrawals", world.withdrawal("south", opened)).content,
    ]
    for party, events in (("south", 3), ("east", 1)):
        text = unwrapped([*everything_for(line, party, events), *answers])
        leaked = [name for name, secret in secrets.items() if secret in text]
        assert leaked == []
    assert all(secret in unwrapped([mine["sent"].encode(), moved.encode()]) for secret in secrets.values())


@pytest.mark.req("R-043", "R-069")
def test_an_alert_says_nothing_that_depends_on_hidden_volumes(line: Lifeline) -> None:
    """Two worlds that differ only in what is hidden give the other party the same alert, figure for figure."""
    world = line.world
    told = []
    for hidden in ([], [box(48.5, 2.0)], [box(10.0 + i, 2.0) for i in range(12)]):
        mine = line.file("north", box(48.0, 2.0), *hidden)
        theirs = line.file("south", box(48.02, 2.02))
        (alert,) = [payload(item["alert"]) for item in theirs["alerts"]]
        (shown,) = theirs["alerts"]
        presented = open_presentation(shown["presentation"], world.agreement.party_key)
        assert len(presented.volumes) == 1 and len(payload(shown["presentation"])["volumes"]) == 16
        for notice in (world.opened(mine["sent"]), world.opened(theirs["sent"])):
            assert line.post("withdrawals", world.withdrawal(notice.party, notice)).status_code == 201
        volatile = {"jti", "iat", "at", "conflict", "version", "own", "other", "disclosed", "shown"}
        (pair,) = alert["pairs"]
        fixed = {name: value for name, value in alert.items() if name not in volatile | {"pairs"}}
        told.append((fixed, {n: v for n, v in pair.items() if n not in {"own", "other", "time_start", "time_end"}}))
    assert all(a == b for a, b in itertools.pairwise(told))
