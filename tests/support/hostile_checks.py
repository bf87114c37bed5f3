"""The hostile table: statements that are wrong in many ways at once, which shows the order of the checks (R-046).

Each case is wrong in its own step and in every later one that a statement of its kind can also fail. Whatever was
looked at first is what is told.
"""

import functools
import time
from collections.abc import Iterator
from typing import Any

from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import digest, dump_json
from keepclear_protocol.keys import PrivateKey

from support.forge import NoticeForge
from support.hostile_statements import Case, signed, statement_payload
from support.hostile_world import HostileLine
from support.world import box

STATUS = {
    "too_large": 413,
    "claims": 400,
    "crit": 400,
    "not_authenticated": 401,
    "disclosure": 422,
    "manifest": 422,
    "category": 422,
    "limit_revisions": 422,
}
"""Of codes that are not 403 (about the signer) or 409 (about what was said before)."""

SIGNER = ("wrong_party", "wrong_agreement", "wrong_role")
KEY = ("key_revoked", "key_not_valid")

NOTICES = (
    "not_authenticated",
    "claims",
    *SIGNER,
    "jti_conflict",
    *KEY,
    "wrong_terms",
    "category",
    "manifest",
    "limit_revisions",
    "admitted_too_late",
    "revision_order",
)
OTHERS = ("not_authenticated", "claims", *SIGNER, "jti_conflict", *KEY, "wrong_terms", "admitted_too_late")
LAST = {"withdrawals": "revision_order", "acknowledgements": "version_stale"}
KEYS = {"wrong_role": "administers", "key_revoked": "revoked", "key_not_valid": "expired"}


def check_order_cases() -> Iterator[Case]:
    """Yield for each door and step a statement that fails in this step and in those behind it."""
    for code in NOTICES:
        yield Case(f"{code} and more", "notices", functools.partial(_notice, code=code), _status(code), code)
    for door, last in LAST.items():
        for code in (*OTHERS, last):
            make = functools.partial(_other, door=door, code=code)
            yield Case(f"{code} and more", door, make, _status(code), code)


def _status(code: str) -> int:
    return STATUS.get(code, 403 if code in (*SIGNER, *KEY) else 409)


def _key(line: HostileLine, code: str, steps: tuple[str, ...]) -> PrivateKey:
    """The key that fails in this step, or in the next one in which a key can fail."""
    if code == "not_authenticated":
        return line.world.stranger
    ahead = [KEYS[step] for step in steps[steps.index(code) :] if step in KEYS]
    return line.world.keys[ahead[0]] if ahead else line.world.parties["north"].key


def _claims(line: HostileLine, code: str, steps: tuple[str, ...]) -> dict[str, Any]:
    """The claims that fail in this step and in all later ones."""
    ahead = steps[steps.index(code) :]
    iat = int(time.time()) - 3600
    wrong: dict[str, dict[str, Any]] = {
        "claims": {"iat": -1},
        "wrong_party": {"iss": "south"},
        "wrong_agreement": {"aud": digest("another agreement")},
        "jti_conflict": {"jti": line.standing.claims.jti},
        "wrong_terms": {"terms": digest("other terms")},
        "admitted_too_late": {"iat": iat, "admit_by": iat + 600},
    }
    changed: dict[str, Any] = {"jti": new_jti()}
    for step in reversed(ahead):
        changed |= wrong.get(step, {})
    return changed


def _notice(line: HostileLine, code: str) -> str:
    ahead = NOTICES[NOTICES.index(code) :]
    revision = 101 if "limit_revisions" in ahead else 7  # beyond the agreement's hundred, or no successor
    raw = NoticeForge(line.world, "north", key=_key(line, code, NOTICES)).notice(
        [box(11.0)],
        category="unknown" if "category" in ahead else "transport",
        notice=line.standing.id,
        revision=revision,
        prev=digest("another"),
        **_claims(line, code, NOTICES),
    )
    if "manifest" not in ahead:
        return raw
    first, _, rest = raw.partition("~")
    volume, _, others = rest.partition("~")  # the volume is kept back, so the manifest is over more than was sent
    assert volume and others
    return f"{first}~{others}"


def _other(line: HostileLine, door: str, code: str) -> str:
    steps = (*OTHERS, LAST[door])
    changed: dict[str, Any] = {"revision": 7} if door == "withdrawals" else {}
    payload = statement_payload(line, door, **changed, **_claims(line, code, steps))
    return signed(line, door, dump_json(payload), _key(line, code, steps))

