"""A third, new worker: folds a line's whole log from the store, writes nothing, and says what the streams must hold."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, cast

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.alert import sign_alert
from keepclear_protocol.encoding import digest, dump_json, unb64
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import ALERT, NOTICE, WITHDRAWAL
from keepclear_protocol.notice import open_submission
from keepclear_protocol.withdrawal import open_withdrawal
from keepclear_service.decide.entry import TERMS, Entry
from keepclear_service.decide.fold import State, apply
from keepclear_service.decide.shown import alert_object
from keepclear_service.line.ports import BATCH, Event
from keepclear_service.store.connect import connect
from keepclear_service.store.line import StoredLine

ALL = 1_000_000

Told = dict[str, Any]
"""An alert object as it is sent: ``alert``, ``presentation``, ``cause``."""


@dataclass(frozen=True)
class Refolded:
    """What the log calls for, and what the streams hold, each by party and in order. None: an alert kept no more."""

    entries: list[Entry]
    wanted: dict[str, list[Told]]
    streams: dict[str, list[tuple[Event, Told | None]]]
    unmatched: list[int]


def refold(url: str, founding: Agreement, key: PrivateKey) -> Refolded:
    """Read one agreement's log and streams as they are now, and fold the log from its beginning."""
    return asyncio.run(_refold(url, founding, key))


async def _refold(url: str, founding: Agreement, key: PrivateKey) -> Refolded:
    store = connect(url)
    try:
        line = StoredLine(store, founding.id)
        entries: list[Entry] = []
        while more := await line.log(len(entries), BATCH):
            entries += more
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)), "the log has holes"
        state = State(founding)
        wanted: dict[str, list[Told]] = {party.id: [] for party in founding.parties}
        for entry in entries:
            for outgoing in apply(state, entry, await _body(line, entry, state.agreement)):
                told = await _object(line, sign_alert(key, outgoing.payload), outgoing.shows, outgoing.body)
                wanted.setdefault(outgoing.to, []).append(told)
        streams = {party: await _stream(line, party) for party in wanted}
        waiting = [int(seq) for seq in await cast(Any, store.submits).zrange(f"{line.prefix}unmatched", 0, -1)]
        return Refolded(entries, wanted, streams, waiting)
    finally:
        await store.close()


async def _stream(line: StoredLine, party: str) -> list[tuple[Event, Told | None]]:
    """Return the alerts of a party's stream, each with what it shows."""
    found: list[tuple[Event, Told | None]] = []
    at = 0
    while events := (await line.events(party, at, BATCH)).events:
        assert [event.at for event in events] == list(range(at + 1, at + len(events) + 1)), "the stream has holes"
        alerts = [event for event in events if event.kind == ALERT.name]
        for event, jws in zip(alerts, await line.alerts([event.sha256 for event in alerts]), strict=True):
            found.append((event, None if jws is None else await _object(line, jws, event.shows, event.body)))
        at = events[-1].at
    return found


async def _object(line: StoredLine, jws: str, shows: str, body: str) -> Told:
    (beside,) = await line.bodies([body]) if body else (None,)
    assert (beside is not None) == bool(shows)
    return alert_object(jws, shows, beside)


async def _body(line: StoredLine, entry: Entry, agreement: Agreement) -> Any:
    if entry.kind == TERMS:
        raw = await line.terms(entry.sha256)
        assert raw is not None
        return open_agreement(raw, agreement)
    if entry.kind not in (NOTICE.name, WITHDRAWAL.name):
        return None
    (body,) = await line.bodies([entry.sha256])
    assert body is not None
    if entry.kind == NOTICE.name:
        return open_submission(body, agreement.party_key)
    return open_withdrawal(body, agreement.party_key)


def said(told: Told) -> dict[str, Any]:
    """Return an alert object's payload."""
    read: dict[str, Any] = json.loads(unb64(told["alert"].split(".")[1]))
    return read


def hold_against(found: Refolded) -> int:
    """Assert that the streams say what the log calls for, byte for byte; return the alerts compared.

    An alert is missing from a stream only where a newer one of its conflict was written before it: then it would have
    been dropped as older; its bytes are gone only where a newer one stands behind it. Nothing stands in a stream twice,
    and versions of a conflict only rise.
    """
    compared = 0
    assert found.unmatched == []
    for party, wanted in found.wanted.items():
        stream = found.streams[party]
        keys = [(event.conflict, event.version) for event, _ in stream]
        assert len(set(keys)) == len(keys), f"twice in the stream of {party}"
        newest: dict[str, int] = {}
        for conflict, version in keys:
            assert version > newest.get(conflict, 0), f"an older version after a newer one for {party}"
            newest[conflict] = version
        by_key = {(said(told)["conflict"], said(told)["version"]): told for told in wanted}
        assert len(by_key) == len(wanted)
        for event, told in stream:
            key = event.conflict, event.version
            assert key in by_key, f"{party} was told of what the log does not call for: {key}"
            assert event.sha256 == digest(by_key[key]["alert"].encode())
            if told is None:
                assert newest[event.conflict] > event.version, f"what {party} is to read is gone: {key}"
            else:
                assert dump_json(told) == dump_json(by_key[key])
            compared += 1
        for conflict, version in by_key.keys() - set(keys):
            assert newest.get(conflict, 0) > version, f"{party} was never told of {conflict} version {version}"
    return compared
