"""The check: all of a service's configuration, without serving. Each finding is well, to be watched, or wrong.

Guaranteed: nothing is changed, founded or adopted; what is wrong is told with what mends it, and one fault hides no
other. Only what it cannot do without is skipped: what an agreement says needs the agreement.
"""

import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.keys import PrivateKey

from ..store.connect import Store, check_durability, connect, server_version
from ..store.line import CLOCKS_APART_MS
from ..store.reader import LineReader
from .admin import FOUNDED_ONCE
from .asking import ask_service, opened_store
from .files import read_agreement, read_key
from .runs_out import all_ends
from .settings import Settings

STORE_MENDS = "start the store, or name the right one by --store or --embedded"

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
            found.append(_wrong(str(settings.key), error, "give it the mode 600, or make one by keepclear keygen"))
    agreements = []
    for path in settings.agreements:
        try:
            agreement = read_agreement(path)
        except KeepclearError as error:
            found.append(_wrong(str(path), error, "fetch the file that everyone has signed"))
            continue
        agreements.append(agreement)
        found += _agreement(agreement, key)
    found += _keys_apart(agreements)
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


def _keys_apart(agreements: list[Agreement]) -> Iterator[Finding]:
    kids = [item.key.kid for agreement in agreements for party in agreement.parties for item in party.keys]
    if len(set(kids)) != len(kids):
        yield Finding(
            WRONG, "one party's key stands in two of the agreements", "have the party sign one of them with another key"
        )


async def _store(settings: Settings, agreements: list[Agreement]) -> AsyncIterator[Finding]:
    name = settings.store_name()
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
    for agreement in agreements:
        try:
            yield await _founded(LineReader(store, agreement.id), agreement)
        except KeepclearError as error:
            yield _wrong(agreement.name, error, "")


async def _founded(line: LineReader, agreement: Agreement) -> Finding:
    if not await line.stands():
        return Finding(
            WRONG, f"{agreement.name}: the store holds nothing of it", f"is it the right store? {FOUNDED_ONCE}"
        )
    founded = await line.open()
    apart_s = founded.clock / SECOND - time.time()
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


def _ports(settings: Settings) -> Iterator[Finding]:
    state, _ = ask_service(settings)
    running = state is not None
    operator = settings.operator_port()
    wanted = [("the parties", settings.host, settings.port, "--host and --port")]
    if operator is not None:
        wanted.append(("the operator", settings.metrics_host, operator, "--metrics-host and --metrics-port"))
    for whose, host, port, words in wanted:
        fault = _bind(host, port)
        where = f"{host} port {port or '(any)'} for {whose}"
        if fault and running:
            yield Finding(OK, f"{where}: the service runs there")
        elif fault:
            yield Finding(WRONG, f"{where}: {fault}", f"end what uses it, or name another by {words}")
        else:
            yield Finding(OK, f"{where}: free")


def _bind(host: str, port: int) -> str:
    """Return why an address cannot be had, "" where it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""
