"""Cases of ``protocol/vectors/budgets.json``: the service's word that a party's budget is spent, good and bad."""

from collections.abc import Iterator
from typing import Any

from keepclear_protocol.budgets import SPENT
from keepclear_protocol.encoding import digest
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.kinds import BUDGET, OPENING
from keepclear_protocol.receipt import receipt_jti
from keepclear_protocol.statement import sign_statement

from support.wire_world import IAT, KEYS, claims

Case = dict[str, Any]

_OWN: Case = {
    **claims("service", "budget", admit=False),
    "jti": receipt_jti("0123456789abcdef" * 2, 9),
    "party": "north",
    "budget": "submits_a_minute",
    "until": format_instant((IAT + 3600) * SECOND + 250_000),
}


def _signed(key: str = "service", typ: str = BUDGET.typ, **changed: Any) -> str:
    payload = {name: value for name, value in {**_OWN, **changed}.items() if value != "absent"}
    return sign_statement(KEYS[key], typ, payload)


def _good(name: str, why: str, **changed: Any) -> Case:
    read = {member: {**_OWN, **changed}[member] for member in ("party", "budget", "until")}
    return {"name": name, "why": why, "statement": _signed(**changed), "expect": read}


def _bad(name: str, why: str, statement: str) -> Case:
    return {"name": name, "why": why, "statement": statement, "code": "evidence"}


def budget_cases() -> Iterator[Case]:
    """Yield the cases."""
    yield _good("of the other party", "what it files now may be refused")
    yield _good("of the own party", "each hears of all", party="south")
    for name in SPENT:
        yield _good(f"the budget {name}", "a name of R-110", budget=name)
    yield _good("a budget of a later version", "kept as it is", budget="safety_messages_a_day")
    yield _good("a budget of 64 characters", "the bounds are included", budget="b" * 64)
    yield _good("until it was spent", "the bounds are included", until=format_instant(IAT * SECOND))
    day = format_instant((IAT + 86_400) * SECOND + 999_000)
    yield _good("until a day after it was spent", "the second of the entry is rounded down", until=day)
    yield _good("with another member", "unknown members are kept", later=1)
    refused: dict[str, dict[str, Any]] = {
        "of no party of the agreement": {"party": "east"},
        "of nobody": {"party": "absent"},
        "of the service": {"party": "service"},
        "without budget": {"budget": "absent"},
        "a budget of nothing": {"budget": ""},
        "a budget of 65 characters": {"budget": "b" * 65},
        "a budget in capitals": {"budget": "Streams"},
        "a budget that is a number": {"budget": 7},
        "without until": {"until": "absent"},
        "until is no time": {"until": "soon"},
        "until before it was spent": {"until": format_instant((IAT - 1) * SECOND)},
        "until more than a day after it was spent": {"until": format_instant((IAT + 86_401) * SECOND)},
        "by a party's name": {"iss": "south"},
        "of another agreement": {"aud": digest("another")},
        "with admit_by": {"admit_by": IAT + 600},
        "critical members": {"crit": ["party"]},
        "a jti of 127 bits": {"jti": "A" * 21},
    }
    for name, changed in refused.items():
        yield _bad(name, "a member is not as it must be", _signed(**changed))
    yield _bad("by the other party", "only the service counts", _signed("north"))
    yield _bad("by a stranger", "no enrolled key", _signed("stranger"))
    yield _bad("of type open", "typ is matched", _signed(typ=OPENING.typ))
    yield _bad("with a space", "not base64url", _signed() + " ")
    yield _bad("nothing", "three parts", "")
