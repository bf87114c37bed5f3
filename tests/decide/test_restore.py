"""A state restored at any point says what the one that folded it all says, as far as the store does not hold it yet."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice
from keepclear_service.decide import matching
from keepclear_service.decide.entry import TERMS, Entry, Outgoing
from keepclear_service.decide.fold import State, apply
from keepclear_service.decide.gist import read_gist, write_gist
from support.memory_log import Log
from support.world import World, box, now_us

MINUTE = 60_000_000


@dataclass(frozen=True)
class Record:
    """What the store holds of a conflict's newest alert to one party."""

    conflict: str
    version: int
    own: tuple[str, str]
    other: tuple[str, str]
    state: str


def history(rng: random.Random) -> Log:
    """Two days of filings, amendments, withdrawals, ends, and newer terms; what ended is forgotten after an hour."""
    world = World("north", "south", "east", retention_s=3600)
    log, at = Log(world), now_us()
    for _ in range(90):
        at += rng.choice([0, MINUTE, 10 * MINUTE, 50 * MINUTE])
        log.ended(at)
        live = [
            filed.notice
            for filed in log.state.filed.values()
            if isinstance(filed.notice, Notice) and not filed.withdrawn and filed.until >= at
        ]
        act = rng.random()
        category = rng.choice(["transport", "transport", "strike"])
        if act < 0.45 or not live:
            log.notice(world.submission(rng.choice(list(world.parties)), *volumes(rng, at), category=category), at)
        elif act < 0.8:
            old = rng.choice(live)
            log.notice(world.amend(old.party, old, *volumes(rng, at), category=category), at)
        elif act < 0.95:
            old = rng.choice(live)
            log.withdrawal(world.withdrawal(old.party, old), at)
        else:
            newer = world.successor(retention_s=rng.choice([1800, 3600, 7200]))
            log.add(TERMS, "", "", 0, newer.terms, newer, at)
    return log


def volumes(rng: random.Random, at: int) -> list[dict[str, Any]]:
    return [
        box(
            48 + rng.random() / 3,
            2 + rng.random() / 3,
            start_s=rng.choice([-3000, -600, 600, 3000]) + rng.randrange(600),
            last_s=rng.choice([300, 1200]),
            at=at,
        )
        for _ in range(rng.randint(1, 3))
    ]


def store_at(log: Log, committed: set[int]) -> list[Record]:
    """The conflict records once the alerts of these entries are written, in whatever order."""
    newest: dict[tuple[str, str], Outgoing] = {}
    for seq in committed:
        for item in log.told[seq - 1]:
            seen = newest.get((item.to, item.conflict))
            if seen is None or seen.payload["version"] < seq:
                newest[item.to, item.conflict] = item
    return [
        Record(item.conflict, item.payload["version"], item.own, item.other, item.payload["state"])
        for item in newest.values()
    ]


def newest_at(log: Log, through: int) -> list[tuple[Entry, Notice]]:
    """What a start reads: the newest revision of each notice that is not withdrawn."""
    newest: dict[tuple[str, str], tuple[Entry, Any]] = {}
    for entry, body in log.entries[:through]:
        if entry.kind in (NOTICE.name, WITHDRAWAL.name):
            newest[entry.party, entry.id] = entry, body
    return sorted((found for found in newest.values() if found[0].kind == NOTICE.name), key=lambda found: found[0].seq)


def restore(agreement: Agreement, entries: Sequence[tuple[Entry, Notice]], said: Sequence[Record], at: int) -> State:
    """Return a state as a start makes it."""
    state = State(agreement)
    for entry, notice in entries:
        state.put_in(state.file(entry, notice))
    state.foresee(said, at)
    return state


@pytest.mark.parametrize("seed", range(6))
def test_a_restored_state_says_what_the_folded_one_says(seed: int) -> None:
    rng = random.Random(seed)
    log = history(rng)
    compared = 0
    for _ in range(25):
        through = rng.randrange(0, len(log.entries))
        later = range(through + 1, min(len(log.entries), through + 20) + 1)
        committed = set(range(1, through + 1)) | {seq for seq in later if rng.random() < rng.choice([0, 0.5])}
        records = store_at(log, committed)
        rng.shuffle(records)
        in_store = {(record.own[0], record.conflict): record.version for record in records}
        agreement = log.founding
        for entry, body in log.entries[:through]:
            agreement = body if entry.kind == TERMS else agreement
        state = restore(agreement, newest_at(log, through), records, through)
        for entry, body in log.entries[through:]:
            told = apply(state, entry, body)
            wanted = log.told[entry.seq - 1]
            # What the store holds newer is dropped there; it is all that may differ.
            told, wanted = (
                [item for item in some if in_store.get((item.to, item.conflict), 0) < entry.seq]
                for some in (told, wanted)
            )
            assert told == wanted
            compared += len(wanted)
    assert compared > 200


@pytest.mark.parametrize("seed", range(3))
def test_the_same_history_in_bulk_and_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log = history(random.Random(f"bulk {seed}"))
    monkeypatch.setattr(matching, "FEW", -1)
    monkeypatch.setattr(matching, "SMALL", seed - 1)
    state = restore(log.founding, [], [], 0)
    assert [apply(state, entry, body) for entry, body in log.entries] == log.told
    assert sum(map(len, log.told)) > 50


@pytest.mark.parametrize("seed", range(3))
def test_the_same_history_over_what_a_sibling_hands_on(seed: int) -> None:
    """Whichever notices come as gists: no figure of an alert is another's by a bit."""
    rng = random.Random(f"gist {seed}")
    log = history(rng)
    state = restore(log.founding, [], [], 0)
    handed = 0
    for entry, body in log.entries:
        if isinstance(body, Notice) and rng.random() < 0.8:
            body = read_gist(entry.party, entry.id, write_gist(body))
            assert body is not None
            handed += 1
        assert apply(state, entry, body) == log.told[entry.seq - 1]
    assert handed > 30 and sum(map(len, log.told)) > 50
