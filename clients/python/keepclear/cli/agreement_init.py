"""``keepclear agreement init``: write a draft, of a first revision or of one that follows another.

A draft begins from the protocol's defaults, from ``--terms`` (a payload as JSON, such as ``agreement show --json``
writes) or, with ``--succeeds``, from the revision before; what the options name is then set or added. Nothing is
written that would not read as an agreement's terms.
"""

import time
from typing import Any
from urllib.parse import urlsplit

import click
from keepclear_protocol.agreement import ACKNOWLEDGE, SUBMIT, WATCH, Service, Terms, draft_payload, unsigned
from keepclear_protocol.draft import numbered
from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import LocalError, Malformed
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES
from keepclear_protocol.succession import check_succession
from keepclear_protocol.terms import DAY_S, read_terms

from keepclear.agreements import read_agreement, read_document

from .agreement_budgets import set_budgets
from .agreement_file import create_document
from .agreement_words import ENDS, KEY, KEY_ROLES, MINIMA, SECONDS, TIME, WHOLE, named
from .out import heading, talk, write_bytes

Payload = dict[str, Any]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command("init")
@click.option("--out", metavar="FILE", help="Write the draft to this new file instead of standard output.")
@click.option("--succeeds", metavar="FILE", help="Begin from this signed agreement; the draft is its next revision.")
@click.option("--terms", "terms_file", metavar="FILE", help="Begin from this payload, as JSON.")
@click.option("--name", help="What the agreement is called.")
@click.option("--party", "roots", type=named(KEY), multiple=True, metavar="ID=KEY", help="A party and its root key.")
@click.option("--party-name", "names", type=named(str), multiple=True, metavar="ID=LANG:TEXT", help="A party's name.")
@click.option(
    "--key",
    "keys",
    type=named(KEY_ROLES),
    multiple=True,
    metavar="ID=KEY[:ROLES]",
    help="A desk's key, with roles of submit,acknowledge,watch,admin; without: submit,acknowledge,watch.",
)
@click.option("--revoke", "revoked", type=KEY, multiple=True, metavar="KEY", help="Revoke a party's key from now on.")
@click.option(
    "--service-origin", "origin", metavar="URL", help="Where the service is, such as https://hotline.example."
)
@click.option("--service-key", "service_keys", type=KEY, multiple=True, metavar="KEY", help="The first one signs.")
@click.option(
    "--category",
    "categories",
    type=named(MINIMA),
    multiple=True,
    metavar="NAME=H,V[,LEAD,TAIL]",
    help="Separation of a kind of flight, such as transport=9260m,300m or strike=10NM,5000ft,10min,45min.",
)
@click.option("--area", "area_file", metavar="FILE", help="A JSON file with one outline that notices must touch.")
@click.option("--uncertainty", type=named(ENDS), multiple=True, metavar="NAME=LO,HI", help="As terrain_m=-430,2850.")
@click.option("--limit", "limits", type=named(WHOLE), multiple=True, metavar="NAME=N", help="As volumes=100.")
@click.option(
    "--budget",
    "budgets",
    type=named(WHOLE),
    multiple=True,
    metavar="NAME=N",
    help="As alerts_an_hour=900; agreement show names all.",
)
@click.option("--routine", type=SECONDS, metavar="TIME", help="Lead from which a notice is ROUTINE, such as 24h.")
@click.option("--short", type=SECONDS, metavar="TIME", help="Lead from which a notice is SHORT rather than LATE.")
@click.option("--retention", type=SECONDS, metavar="TIME", help="How long ended notices are kept, such as 7d.")
@click.option("--acknowledge-within", type=SECONDS, metavar="TIME", help="In which time an alert is to be answered.")
@click.option("--valid-from", type=TIME, metavar="TIME", help="When added keys begin (RFC 3339), else now.")
@click.option("--valid-until", type=TIME, metavar="TIME", help="When added keys end, else a year later.")
def init(out: str | None, succeeds: str | None, terms_file: str | None, **given: Any) -> None:
    """Write a draft of an agreement from options, for all to sign.

    KEY is a public key, as keygen shows it. Lengths take m, km, NM or ft; times s, min, h or d.

    \b
    keepclear agreement init --out hotline.json --name "North and south" \\
      --service-origin https://hotline.example --service-key KEY \\
      --party north=KEY --key north=KEY --party south=KEY --key south=KEY:watch \\
      --category transport=9260m,300m
    """
    if succeeds is None and terms_file is None:
        _require(given)
    previous = read_agreement(succeeds) if succeeds is not None else None
    payload = _base(terms_file, previous)
    now = int(time.time()) * SECOND
    begin = now if given["valid_from"] is None else given["valid_from"]
    end = begin + 365 * DAY_S * SECOND if given["valid_until"] is None else given["valid_until"]
    window = {"not_before": format_instant(begin), "not_after": format_instant(end)}
    _set_people(payload, given, window)
    _revoke(payload, given["revoked"], format_instant(now))
    _set_rules(payload, given)
    # Read first as if it were a first revision: only sound terms say which roots are dropped.
    sound = read_terms(numbered(payload, None, ()))
    final = numbered(payload, previous, [party.root for party in sound.parties])
    if previous is not None:
        check_succession(previous, read_terms(final))
    _write(out, unsigned(final), read_terms(final))


def _require(given: dict[str, Any]) -> None:
    needed = {
        "--name": given["name"],
        "--party, twice at least": len(given["roots"]) > 1,
        "--key": given["keys"],
        "--service-origin": given["origin"],
        "--service-key": given["service_keys"],
        "--category": given["categories"],
    }
    if missing := [option for option, value in needed.items() if not value]:
        raise click.UsageError(f"a first revision needs {'; '.join(missing)}")


def _base(terms_file: str | None, previous: Terms | None) -> Payload:
    if terms_file is not None:
        payload = _json_file(terms_file)
    elif previous is not None:
        payload = parse_json(previous.payload, max_bytes=MAX_PAYLOAD_BYTES)
    else:
        defaults = draft_payload(name="", parties=(), service=Service("", ()), categories={})
        payload = parse_json(defaults, max_bytes=MAX_PAYLOAD_BYTES)
    for member in ("revision", "prev", "agreement", "former_roots"):
        payload.pop(member, None)
    if terms_file is not None:
        # The options reach into it, so it must be sound before.
        read_terms(numbered(payload, None, ()))
    return payload


def _json_file(path: str) -> Payload:
    try:
        value = parse_json(read_document(path), max_bytes=MAX_PAYLOAD_BYTES)
    except Malformed as error:
        raise LocalError("usage", f"{path}: {error.detail}") from None
    if not isinstance(value, dict):
        raise LocalError("usage", f"{path} must hold one JSON object")
    return value


def _set_people(payload: Payload, given: dict[str, Any], window: dict[str, str]) -> None:
    parties = {party["id"]: party for party in payload["parties"]}
    with_names = {identifier for identifier, _ in given["names"]}
    for identifier, root in given["roots"]:
        # A party's id is its name only where nobody named it.
        names = {} if identifier in with_names else {"en": identifier}
        party = {"id": identifier, "names": names, "root": root.jwk, "keys": []}
        parties[identifier] = {**parties.get(identifier, party), "root": root.jwk}
    for identifier, text in given["names"]:
        language, colon, name = text.partition(":")
        if not colon:
            raise click.UsageError("--party-name takes ID=LANG:TEXT, such as north=en:Northern Command")
        _party(parties, identifier, "--party-name")["names"][language] = name
    for identifier, (key, roles) in given["keys"]:
        written = {"key": key.jwk, "roles": roles or [SUBMIT, ACKNOWLEDGE, WATCH], **window}
        _party(parties, identifier, "--key")["keys"].append(written)
    payload["parties"] = list(parties.values())
    if given["origin"] is not None:
        payload["service"]["origin"] = given["origin"]
    payload["service"]["keys"] += [{"key": key.jwk, **window} for key in given["service_keys"]]


def _party(parties: dict[str, Any], identifier: str, option: str) -> Any:
    if identifier not in parties:
        raise click.UsageError(f"{option} names {identifier!r}, which is no party; add --party {identifier}=KEY")
    return parties[identifier]


def _revoke(payload: Payload, revoked: tuple[PublicKey, ...], now: str) -> None:
    for key in revoked:
        found = [item for party in payload["parties"] for item in party["keys"] if item["key"] == key.jwk]
        if not found:
            raise click.UsageError(f"--revoke names {key.text}, which is no party's key")
        found[0].setdefault("revoked_at", now)


def _set_rules(payload: Payload, given: dict[str, Any]) -> None:
    if given["name"] is not None:
        payload["name"] = given["name"]
    for member in ("categories", "uncertainty", "limits"):
        payload[member].update(given[member])
    set_budgets(payload, dict(given["budgets"]))
    if given["area_file"] is not None:
        payload["area"] = _json_file(given["area_file"])
    for place, member, value in (
        (payload["lead_classes"], "routine_s", given["routine"]),
        (payload["lead_classes"], "short_s", given["short"]),
        (payload["deadlines"], "acknowledge_s", given["acknowledge_within"]),
        (payload, "retention_s", given["retention"]),
    ):
        if value is not None:
            place[member] = value


def _write(out: str | None, document: bytes, terms: Terms) -> None:
    origin = urlsplit(terms.service.origin)
    if origin.scheme == "http" and origin.hostname not in _LOOPBACK:
        heading("warning", "over plain http, everyone on the way reads what is filed")
    if out is None:
        write_bytes(document)
    else:
        create_document(out, document)
    talk(f"draft of {terms.name}, revision {terms.revision}")
    talk(f"not yet signed by {', '.join(signer.name for signer in terms.signers)}")
