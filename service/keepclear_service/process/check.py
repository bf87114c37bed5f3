"""The check: all of a service's configuration, without serving. Each finding is well, to be watched, or wrong.

Guaranteed: nothing is changed, founded or adopted; what is wrong is told with what mends it, and one fault hides no
other. Only what it cannot do without is skipped: what an agreement says needs the agreement.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.keys import PrivateKey

from ..store.connect import Store, check_durability, connect, server_version
from ..store.line import CLOCKS_APART_MS
from ..store.reader import LineReader, lines_held
from ..store.room import Room
from .admin import FOUNDED_ONCE
from .asking import opened_store
from .disk import SCARCE_BYTES
from .files import read_agreement, read_key
from .fits import MENDS, beyond
from .last_words import room
from .ports import fault_of, who_is_there
from .runs_out import all_ends
from .settings import Settings

STORE_MENDS = "start the store, or name the right one by --store or --embedded"

KEY_MENDS = "restore it from its backup; a new key needs a new revision of the agreement, which everyone signs"

LITTLE_BYTES = 1 << 30
"""Room on the store's disk that is little for a store that grows; from ``SCARCE_BYTES`` on it takes no more notices."""

OK, WATCH, WRONG = "ok", "watch", "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``mend`` says what to do where it is not well."""

    level: str
    what: str
    mend: str = ""


async def check(settings: Settings) -> list[Finding]:
    """Return what was found, in the order in which a start would meet it."""
    found: list[Finding] = []
    key = None
    if settings.key is None:
        found.append(Finding(WRONG, "no key is named", "name the service's secret key by --key"))
    else:
        try:
            key = read_key(settings.key)
            found.append(Finding(OK, f"key {settings.key}: {key.kid[:8]}, for its owner alone"))
        except KeepclearError as error:
            wrong = _wrong(str(settings.key), error, KEY_MENDS)
            found.append(wrong if wrong.mend.startswith("chmod") else replace(wrong, mend=KEY_MENDS))
    agreements: list[Agreement] = []
    paths: list[Path] = []
    for path in settings.agreements:
        try:
            agreement = read_agreement(path)
        except KeepclearError as error:
            found.append(_wrong(str(path), error, "fetch the file that everyone has signed"))
            continue
        if agreement.id in {item.id for item in agreements}:
            first = next(at for at, item in zip(paths, agreements, strict=True) if item.id == agreement.id)
            what = "is given twice" if first == path else f"is of the same agreement as {first}"
            found.append(Finding(WRONG, f"{path} {what}", "name each agreement once, by its newest file"))
            continue
        agreements.append(agreement)
        paths.append(path)
        found += _agreement(agreement, key)
    found += _keys_apart(agreements, paths)
    found += [finding async for finding in _store(settings, agreements)]
    found += _ports(settings)
    return found


def _wrong(what: str, error: KeepclearError, mend: str) -> Finding:
    return Finding(WRONG, f"{what}: {error.detail}" if what not in error.detail else error.detail, error.hint or mend)


def _agreement(agreement: Agreement, key: PrivateKey | None) -> Iterator[Finding]:
    now = int(time.time() * SECOND)
    parties = ", ".join(party.id for party in agreement.parties)
    yield Finding(OK, f"{agreement.name}, revision {agreement.revision} of {parties}: every signature verifies")
    if key is not None:
        own = agreement.service_key(key.kid)
        named = next((item for item in agreement.service.keys if item.key.kid == key.kid), None)
        if own is None or named is None:
            what = f"{agreement.name}: the key is none of the service's there"
            yield Finding(WRONG, what, "use the key that it names, by --key")
        elif not named.not_before <= now <= named.not_after:
            window = f"{format_instant(named.not_before)} to {format_instant(named.not_after)}"
            what = f"{agreement.name}: the service's key is valid from {window}"
            yield Finding(WRONG, what, "use one that is valid now")
    yield _origin(agreement)
    for end in all_ends(agreement, now):
        stage = end.stage(now)
        if stage is not None:
            words = end.words(now)
            what, _, mend = words.partition(": ")
            level = WRONG if stage == 0 and end.roles else WATCH
            yield Finding(level, f"{agreement.name}: {what}", mend or "nothing need be done for it")


def _origin(agreement: Agreement) -> Finding:
    origin = urlsplit(agreement.service.origin)
    what = f"{agreement.name}: parties sign their reads for {agreement.service.origin}"
    if origin.scheme == "https" or origin.hostname in ("localhost", "127.0.0.1", "::1"):
        return Finding(OK, what)
    return Finding(
        WATCH, f"{what}, without TLS", "for duty agree on an https:// origin, and let a proxy with TLS answer there"
    )


def _keys_apart(agreements: list[Agreement], paths: list[Path]) -> Iterator[Finding]:
    holders: dict[str, list[str]] = {}
    for agreement, path in zip(agreements, paths, strict=True):
        for party in agreement.parties:
            for item in party.keys:
                holders.setdefault(item.key.kid, []).append(f"{party.id} of {agreement.name} ({path})")
    for kid, found in holders.items():
        if len(found) > 1:
            what = f"the key {kid[:8]} stands in {len(found)} of the agreements: {' and '.join(found)}"
            yield Finding(WRONG, what, "have the party sign one of them with another key")


async def _store(settings: Settings, agreements: list[Agreement]) -> AsyncIterator[Finding]:
    name = settings.store_name()
    if settings.store is None:
        for finding in _room(settings.embedded):
            yield finding
    try:
        async with opened_store(settings) as url:
            store = connect(url, password=settings.store_password(), connections=2)
            try:
                async for finding in _opened(store, name, settings, agreements):
                    yield finding
            finally:
                await store.close()
    except KeepclearError as error:
        yield _wrong(name, error, STORE_MENDS)


def _room(folder: Path) -> Iterator[Finding]:
    free = room(folder)
    if free is None:
        return  # there is no such folder, which is said of the store
    what = f"the disk of {folder}: {free >> 20} MiB free"
    if free < SCARCE_BYTES:
        yield Finding(WRONG, what, "make room: no notice is taken, and the store ends once it is full")
    elif free < LITTLE_BYTES:
        yield Finding(WATCH, what, "make room before it is full: then nothing more is accepted")
    else:
        yield Finding(OK, what)


async def _opened(
    store: Store, name: str, settings: Settings, agreements: list[Agreement]
) -> AsyncIterator[Finding]:
    version = await server_version(store.streams)
    try:
        await check_durability(store.streams, volatile=settings.volatile, room=True)
        if settings.volatile:
            what = f"{name} ({version}) answers; that it may lose what it was given is accepted"
            yield Finding(WATCH, what, "for duty leave --volatile out")
        else:
            yield Finding(OK, f"{name} ({version}) answers and keeps what it is given")
    except KeepclearError as error:
        yield _wrong(f"{name} ({version})", error, "give the store more memory")
    for agreement in agreements[:1]:
        with contextlib.suppress(KeepclearError):  # of a store that does not answer it is said above
            memory = await LineReader(store, agreement.id).room()
            yield _memory(name, memory)
            if much := beyond(memory, agreements):
                yield Finding(WATCH, much, MENDS)
    for agreement in agreements:
        try:
            yield await _founded(store, agreement)
        except KeepclearError as error:
            yield _wrong(agreement.name, error, "")


def _memory(name: str, memory: Room) -> Finding:
    if not memory.most:
        what = f"{name} has no bound to its memory: it grows until the machine ends it, or something else"
        return Finding(WATCH, what, "set maxmemory in its configuration, to half of what the machine has for it")
    return Finding(WATCH if memory.full else OK, f"{name}: {memory.words()}", "no notice is taken: give it more")


async def _founded(store: Store, agreement: Agreement) -> Finding:
    line = LineReader(store, agreement.id)
    if not await line.stands():
        held = [await _whose(store, other) for other in await lines_held(store)]
        holds = f"; it holds {', '.join(held[:3])}{' and others' if held[3:] else ''}" if held else ""
        what = f"{agreement.name} ({agreement.id[:12]}): the store holds nothing of it{holds}"
        return Finding(WRONG, what, f"is it the right store? {FOUNDED_ONCE}")
    founded = await line.open()
    apart_s = founded.clock / SECOND - time.time()
    if founded.newest == founded.clock and apart_s * 1000 > CLOCKS_APART_MS:
        what = f"{agreement.name}: its newest stamp is {apart_s:+.0f} s from now, and nothing is taken before"
        return Finding(WRONG, what, "set the clocks by NTP; if they are right, keepclear-service repair-clock")
    if abs(apart_s) * 1000 > CLOCKS_APART_MS:
        return Finding(WRONG, f"{agreement.name}: the store's clock is {apart_s:+.0f} s from ours", "set both by NTP")
    if founded.terms != agreement.terms:
        known = agreement.terms in {terms for terms, _ in founded.history}
        if known:
            return Finding(
                WATCH,
                f"{agreement.name}: a later revision than {agreement.revision} is in force",
                "give the service the newest file; it goes on under what is in force meanwhile",
            )
        return Finding(WATCH, f"{agreement.name}: revision {agreement.revision} is not in force yet",
                       "the service puts it in force at its start; so does keepclear-service adopt")  # fmt: skip
    return Finding(OK, f"{agreement.name}: founded, {founded.head} entries, revision {agreement.revision} in force")


async def _whose(store: Store, agreement_id: str) -> str:
    line = LineReader(store, agreement_id)
    name = "another agreement"
    with contextlib.suppress(KeepclearError):
        raw = await line.terms((await line.open()).terms)
        name = name if raw is None else open_agreement(raw).name
    return f"{name} ({agreement_id[:12]})"


def _ports(settings: Settings) -> Iterator[Finding]:
    yield _port("the parties", settings.host, settings.port, "--host and --port")
    operator = settings.operator_port()
    if operator is not None:
        yield _port("the operator", settings.metrics_host, operator, "--metrics-host and --metrics-port")


def _port(whose: str, host: str, port: int, words: str) -> Finding:
    fault = fault_of(host, port)
    where = f"{host} port {port or '(any)'} for {whose}"
    if not fault:
        return Finding(OK, f"{where}: free")
    if who_is_there(host, port) == whose:
        return Finding(OK, f"{where}: a service runs there")
    return Finding(WRONG, f"{where}: {fault}, by what is no such service", f"end it, or name another by {words}")
