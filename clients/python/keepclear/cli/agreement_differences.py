"""The differences between two revisions of an agreement, in words, one line for each member that differs."""

from collections.abc import Callable, Sequence
from typing import Any

from keepclear_protocol.encoding import dump_json
from keepclear_protocol.errors import Malformed
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.party import read_party, read_service
from keepclear_protocol.separation import Minima
from keepclear_protocol.terms import Terms
from keepclear_protocol.volume import parse_outline

from .agreement_budgets import BUDGETS, budget_text, budgets_text
from .agreement_changes import ABSENT, ORDER, SPELLING, Change, changes
from .agreement_text import LIMITS, OFFSETS, key_use, limit_text, minima_text, offset_text, window
from .agreement_units import distance, height, outline, period
from .lines import plain

_MARKS = {"added": "+", "dropped": "-", "changed": "~", "revoked": "!"}

Words = Callable[[Any], str]


def differences_text(old: Terms, new: Terms) -> str:
    """Return what ``new`` adds, drops and changes, and that all else is as it was; complete, by ``changes``."""
    found = changes(old.payload, new.payload)
    title = f"from revision {old.revision} to revision {new.revision} of {new.name}"
    if not found:
        return plain(f"no difference {title}: the terms are the same, byte for byte")
    lines = [f"differences {title}", *map(change_line, found)]
    counts = ((sum(change.kind == kind for change in found), kind) for kind in _MARKS)
    summary = ", ".join(f"{count} {kind}" for count, kind in counts if count)
    return "\n".join(map(plain, [*lines, f"in all {summary}; every other member is as it was"]))


def differences_json(old: Terms, new: Terms) -> dict[str, Any]:
    """Return the differences for scripts, each with its line of text."""
    sides = {
        name: {"revision": terms.revision, "terms": terms.terms, "fingerprint": terms.fingerprint}
        for name, terms in (("old", old), ("new", new))
    }
    found = changes(old.payload, new.payload)
    return {**sides, "changes": [{**one.to_json(), "text": plain(change_line(one)).strip()} for one in found]}


def change_line(change: Change) -> str:
    """Return one difference: what was done to which member, and its value before and after."""
    what, words = _meaning(change)
    if change.aspect == SPELLING:
        said = "the same members and values, written in other bytes (their order, or how numbers and letters are spelt)"
    elif change.aspect == ORDER:
        said = f"{what}, their order: {', '.join(map(_named, change.old))} -> {', '.join(map(_named, change.new))}"
    elif change.old is ABSENT:
        said = f"{what}: {words(change.new)}"
    elif change.new is ABSENT:
        said = f"{what}: was {words(change.old)}"
    else:
        said = f"{what}: {words(change.old)} -> {words(change.new)}{_direction(change)}"
    return f"  {_MARKS[change.kind]} {change.kind:<8} {said}"


def _direction(change: Change) -> str:
    numbers = all(type(side) in (int, float) for side in (change.old, change.new))
    if not numbers or change.path == ("revision",):
        return ""
    return " (LESS than before)" if change.new < change.old else " (more than before)"


def _meaning(change: Change) -> tuple[str, Words]:
    """Return what a member is called, and what puts a value of it in words; a member unknown here stays as it is."""
    match change.path:
        case ("parties",):
            return "parties", _read
        case ("parties", party, *rest):
            return _of_party(party, rest)
        case ("service", "keys"):
            return "service, keys", _read
        case ("service", "keys", key, *rest):
            return f"service, key {_named(key)}{_rest(rest)}", _value if rest else _safe(_service_key)
        case ("service", "origin"):
            return "service, address", str
        case ("area",):
            return "area", _safe(lambda value: outline(None if value is None else parse_outline(value)))
        case ("categories", name):
            return f"category {name}", _safe(lambda value: minima_text(Minima(**value)))
        case ("categories", name, member):
            what, words = _MINIMA.get(member, (member, _read))
            return f"category {name}, {what}", _safe(words)
        case ("uncertainty", name):
            return f"uncertainty, {OFFSETS.get(name, name)}", _safe(lambda value: offset_text(*value))
        case ("limits", name):
            return f"limit, {LIMITS.get(name, name)}", _safe(lambda value: limit_text(name, value))
        case ("budgets",):
            return "budgets of each party", _safe(budgets_text)
        case ("budgets", name):
            return f"budget, {BUDGETS.get(name, name)}", _safe(lambda value: budget_text(name, value))
        case ("lead_classes", name):
            return f"lead class {name.removesuffix('_s').upper()} from", _safe(period)
        case ("retention_s",):
            return "retention after the last window", _safe(period)
        case ("deadlines", "acknowledge_s"):
            return "deadline for an officer's answer", _safe(period)
        case ("former_roots",):
            return "former roots, which sign this revision and leave", _safe(lambda keys: ", ".join(map(_key, keys)))
        case (name,) if name in _PLAIN:
            return _PLAIN[name], lambda value: "none" if value is None else str(value)
    return f"member {'.'.join(change.path)}, UNKNOWN to this version of keepclear", _read


def _of_party(party: str, rest: Sequence[str]) -> tuple[str, Words]:
    match rest:
        case []:
            return f"party {party}", _safe(_party)
        case ["names"]:
            return f"party {party}, names", _safe(_names)
        case ["root"]:
            return f"party {party}, ROOT KEY", _safe(_key)
        case ["keys"]:
            return f"party {party}, keys", _read
        case ["keys", key]:
            return f"party {party}, key {_named(key)}", _safe(_party_key)
        case ["keys", key, member]:
            return f"party {party}, key {_named(key)}, {_KEY.get(member, member)}", _safe(_value)
    return f"party {party}{_rest(rest)}", _read


_PLAIN = {
    "name": "name of the agreement",
    "revision": "revision",
    "prev": "terms that it follows",
    "agreement": "agreement that it belongs to",
    "rules": "version of the rules of separation",
}
_MINIMA: dict[str, tuple[str, Words]] = {
    "horizontal_m": ("horizontal separation", distance),
    "vertical_m": ("vertical separation", height),
    "lead_s": ("lead before a window", period),
    "tail_s": ("tail after a window", period),
}
_KEY = {"roles": "roles", "not_before": "valid from", "not_after": "valid to", "revoked_at": "REVOKED at"}


def _rest(rest: Sequence[str]) -> str:
    return "".join(f", {_KEY.get(step, step)}" for step in rest)


def _safe(words: Words) -> Words:
    """Return ``words``, or the JSON of what they were not made for."""

    def say(value: Any) -> str:
        try:
            return words(value)
        except (Malformed, AttributeError, KeyError, TypeError, ValueError):
            return _read(value)

    return say


def _read(value: Any) -> str:
    return dump_json(value).decode()


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _key(jwk: Any) -> str:
    return PublicKey.from_jwk(jwk).text


def _named(name: str) -> str:
    """Return the text of the key of that ``x``; of anything else, as a party, its name."""
    try:
        return _key({"kty": "OKP", "crv": "Ed25519", "x": name})
    except Malformed:
        return name


def _names(names: Any) -> str:
    return ", ".join(f"{text} ({tag})" for tag, text in names.items())


def _party(value: Any) -> str:
    party = read_party(value, "party")
    keys = "".join(f"; key {key.key.text} ({key_use(key)})" for key in party.keys)
    return f"{_names(party.names)}; root {party.root.text}{keys}"


def _party_key(value: Any) -> str:
    some = {"id": "party", "names": {"en": "party"}, "root": value["key"], "keys": [value]}
    return key_use(read_party(some, "party").keys[0])


def _service_key(value: Any) -> str:
    (key,) = read_service({"origin": "https://hotline.example", "keys": [value]}).keys
    return window(key.not_before, key.not_after)
