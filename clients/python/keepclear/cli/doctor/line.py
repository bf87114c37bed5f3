"""What only the line can tell: the way to the hotline, TLS, who speaks there and how soon, its clock, terms and store.

Nothing is filed, nothing acknowledged, and no desk's position moves: a stream is opened, its first word is held against
the service's key and this very request, and it is closed again. What stands on something wrong is not asked.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, Malformed, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.opening import Opening
from keepclear_protocol.spent import open_spent

from keepclear.journal.kept import OverNow
from keepclear.transport.client import AsyncClient, ClientOptions, Glance, now_instant
from keepclear.transport.faults import CLOCK_CODES, OFF_S, silent
from keepclear.verify.verdicts import find_service_key
from keepclear.wire.exchange import JSON
from keepclear.wire.problems import MAX_PROBLEM_BYTES, stranger
from keepclear.wire.sse import EventParser

from ..main import exit_code
from ..notable import by_meaning, over_words
from .finding import NOTE, OK, WRONG, Finding, until, wrong

HELD_BACK_S = 2.0
"""The hotline says its first word with the head of its answer; what is this much later was held back on the way."""

WITHIN_S = 8.0
"""How long an answer is waited for. A keep-alive, after 5 s, would push a held word out of a small buffer."""

UNBUFFERED = "at the proxy: proxy_buffering off; then nginx -s reload"
SET_CLOCK = {"darwin": "sudo systemsetup -setusingnetworktime on", "win32": "w32tm /resync"}
MAKE_DURABLE = "at the store: valkey-cli config set appendonly yes appendfsync always maxmemory-policy noeviction"
ASK_STATUS = "nothing at this desk: call the hotline's operator, who asks keepclear-service status"
CLOSE_STREAMS = "end a watch, console or program of ours that nobody needs"
MISDIRECTED = "export KEEPCLEAR_CONNECT_TO=URL"
SHOWN = "export KEEPCLEAR_TLS_CERT=FILE KEEPCLEAR_TLS_KEY=FILE"
_WAY_MENDS = {
    "client_certificate": SHOWN, "KEEPCLEAR_TLS_CERT": SHOWN, "openssl pkey": "openssl pkey -in FILE -out NEW",
    "SSL_CERT_FILE": "unset SSL_CERT_FILE", "SSL_CERT_DIR": "unset SSL_CERT_DIR", "--ca": "export KEEPCLEAR_CA=FILE",
    "proxy": "unset HTTPS_PROXY HTTP_PROXY ALL_PROXY",
}  # fmt: skip
"""What mends the way to the hotline, by a word of what is said to be wrong with it; the first that is found."""


@dataclass(frozen=True, slots=True)
class _Word:
    """The first word of a stream. ``head_s`` and ``word_s``: the seconds until the answer began, and until it."""

    opening: Opening
    asked_at: int
    head_s: float
    word_s: float


async def examine(agreement: Agreement, key: PrivateKey, options: ClientOptions) -> AsyncIterator[Finding]:
    """Yield what is found on the line."""
    address = options.get("connect_to") or agreement.service.origin
    clock = options.get("clock", now_instant)
    async with AsyncClient(agreement, key, **options) as client:
        try:
            asked = time.monotonic()
            seen = await client.glance("/healthz")
            if seen.status != 200 or seen.media != JSON:
                raise stranger(seen.status, seen.media)
        except KeepclearError as error:
            yield wrong("way", error, _way_mend(error), exit_code)
            return
        took_s = time.monotonic() - asked
        yield Finding(
            "way", OK, f"{address} answers after {took_s * 1000:.0f} ms", figures={"answer_s": round(took_s, 4)}
        )
        yield _tls(seen, address)
        try:
            word = await _first_word(client, clock)
        except KeepclearError as error:
            yield _no_word(error, client)
        else:
            yield _stream(word)
            yield _clock(word)
        yield await _terms(client, agreement)
        yield await _store(client)
        async for finding in _budgets(client, agreement):
            yield finding


def _way_mend(error: KeepclearError) -> str:
    said = f"{error.code} {error.detail} {error.hint}"
    return next((mend for word, mend in _WAY_MENDS.items() if word in said), MISDIRECTED)


def _tls(seen: Glance, address: str) -> Finding:
    if seen.tls is None:
        host = address.partition("://")[2].partition(":")[0]
        here = host in ("localhost", "127.0.0.1", "[")
        said = "none: plain HTTP on this machine" if here else "none: whoever is between can read what is filed"
        return Finding("tls", OK if here else NOTE, said, figures={"version": None})
    if seen.certified_until is None:
        return Finding("tls", OK, seen.tls, figures={"version": seen.tls})
    renew = "at the proxy: certbot renew, or what else issues its certificate"
    return until("tls", seen.certified_until * SECOND, now_instant(), seen.tls, renew, version=seen.tls)


async def _first_word(client: AsyncClient, clock: Callable[[], int]) -> _Word:
    """Open a stream; return its first word, or raise ``Unavailable`` where none comes or it is not the hotline's."""
    at, asked = clock(), time.monotonic()
    async with client.stream() as stream:
        head_s, parser = time.monotonic() - asked, EventParser()
        try:
            async with asyncio.timeout(client.read_s - head_s):
                async for chunk in stream:
                    for event in parser.feed(chunk):
                        said = parse_json(event.data.encode(), max_bytes=MAX_PROBLEM_BYTES)
                        raw = said.get("open") if event.event == "open" and isinstance(said, dict) else None
                        opening = stream.opening(raw if isinstance(raw, str) else "")
                        return _Word(opening, at, head_s, time.monotonic() - asked)
        except TimeoutError:
            raise silent(client.read_s) from None
        except Malformed:
            pass
    raise Unavailable("unreachable", "the stream does not begin with a word that the hotline has signed")


def _no_word(error: KeepclearError, client: AsyncClient) -> Finding:
    """Return what it means that the stream does not begin although the hotline's door answers."""
    if (error.code in CLOCK_CODES and error.code != "key_not_valid") or "clock" in error.hint:
        return wrong("clock", error, _set_clock(), exit_code)
    if error.code == "wrong_role":
        return Finding("stream", NOTE, f"{error.detail}: it files, and hears nothing", code=exit_code(error))
    if error.detail.startswith(silent(client.read_s).detail):
        return wrong("stream", error, UNBUFFERED, exit_code)
    return wrong("stream", error, _mend(error, MISDIRECTED), exit_code)


def _mend(error: KeepclearError, otherwise: str) -> str:
    """Return what mends a refusal that the hotline gives for itself, or of our streams."""
    if error.code == "budget_streams":
        return CLOSE_STREAMS
    return ASK_STATUS if error.code == "busy" or error.code.startswith("store_") else otherwise


def _stream(word: _Word) -> Finding:
    figures = {"head_s": round(word.head_s, 4), "first_event_s": round(word.word_s, 4)}
    said = f"first event, signed by the service, after {word.word_s * 1000:.0f} ms"
    if word.word_s - word.head_s > HELD_BACK_S:
        held = f"{said}, {word.word_s - word.head_s:.1f} s behind the head of the answer: a proxy holds it back"
        return Finding("stream", WRONG, held, UNBUFFERED, figures=figures)
    return Finding("stream", OK, said, figures=figures)


def _clock(word: _Word) -> Finding:
    """Hold this machine's clock against the signed time, which is in whole seconds, of somewhen until the word came."""
    signed_s, asked_s = word.opening.claims.iat, word.asked_at / SECOND
    least, most = asked_s - signed_s - 1, asked_s + word.word_s - signed_s
    ahead_s = least if least > 0 else min(most, 0.0)
    figures = {"ahead_s": round(ahead_s, 2)}
    if abs(ahead_s) <= OFF_S:
        close = "within a second of" if abs(ahead_s) < 1 else f"{abs(ahead_s):.0f} s {_way(ahead_s)}"
        return Finding("clock", OK, f"{close} the time that the service signed", figures=figures)
    said = f"{abs(ahead_s):.0f} s {_way(ahead_s)} the time that the service signed; from 30 s on nothing is taken"
    return Finding("clock", WRONG, said, _set_clock(), figures=figures)


def _way(ahead_s: float) -> str:
    return "ahead of" if ahead_s > 0 else "behind"


def _set_clock() -> str:
    return SET_CLOCK.get(sys.platform, "sudo timedatectl set-ntp true")


async def _terms(client: AsyncClient, agreement: Agreement) -> Finding:
    try:
        reply = await client.ask(client.exchange.fetch_agreement(), again=False)
        if reply.error is not None or reply.answer is None:
            raise reply.error or Unavailable("unreachable", "no agreement came")
        in_force = open_agreement(reply.answer)
    except KeepclearError as error:
        return wrong("terms", error, _mend(error, "keepclear agreement stage"), exit_code)
    if in_force.id != agreement.id:
        return Finding("terms", WRONG, f"the hotline is under another agreement, {in_force.name}", MISDIRECTED)
    if in_force.terms != agreement.terms:
        said = f"the hotline is under revision {in_force.revision}, this desk under {agreement.revision}"
        return Finding("terms", WRONG, said, "keepclear agreement stage NEXT.json")
    return Finding("terms", OK, f"in force at the hotline: revision {agreement.revision}")


_READY_MENDS = {
    "full": "nothing at this desk; at the hotline: make room (docs/operating.md); what ends something is taken",
    "clock": "nothing at this desk; at the hotline: chronyc tracking; keepclear-service status",
    "down": "nothing at this desk; at the hotline: systemctl restart keepclear-store",
}
"""What mends a hotline that is not ready, by its own word for that; of other words its status tells more."""


async def _store(client: AsyncClient) -> Finding:
    try:
        seen = await client.glance("/readyz")
        told = json.loads(seen.body) if seen.media == JSON and seen.status in (200, 503) else {}
        found = {str(name): str(said) for name, said in told["checks"].items()}
    except (KeepclearError, ValueError, LookupError, AttributeError, TypeError):
        found = None
    if found is None:
        return Finding(
            "store", NOTE, "the hotline says nothing of its store at this door; its operator is told by /readyz"
        )
    bad = [f"{name}: {said}" for name, said in found.items() if said != "ok"]
    if bad:
        mend = _READY_MENDS.get(str(told.get("state")), ASK_STATUS)
        if found.get("store") == "store_unsafe":
            mend = MAKE_DURABLE
        return Finding("store", WRONG, f"the hotline is not ready, {', '.join(bad)}", mend, figures={"checks": found})
    return Finding("store", OK, "reached, durable, as the service says", figures={"checks": found})


async def _budgets(client: AsyncClient, agreement: Agreement) -> AsyncIterator[Finding]:
    """Yield whose budgets are spent, and who finds no room, by the hotline's signed words that cover now."""
    reply = await client.ask(client.exchange.conflicts(), again=False)
    over: list[OverNow] = []
    for raw in () if reply.answer is None else reply.answer.budgets:
        with contextlib.suppress(EvidenceInvalid):  # the desk tells of it, and keeps it
            said = open_spent(raw, partial(find_service_key, (agreement,)), agreement)
            over.append(OverNow(said.party, said.budget, said.claims.iat * SECOND, said.until, raw))
    for each in by_meaning(over):
        yield Finding("budgets", NOTE, over_words(each, client.party, now_instant()))
