"""Members of an agreement's payload, read strictly.

Every reader takes a value of parsed JSON and its place (such as ``parties[0].root``, used in the message) and either
returns it in its one meaning or raises ``Malformed`` with ``agreement``. Nothing of the value itself is repeated in a
message: an agreement may come from a stranger, and messages end up on terminals and in logs.
"""

from typing import Any

from .characters import is_name
from .encoding import is_digest
from .errors import Malformed
from .instant import parse_instant
from .keys import PublicKey

MAX_NAME_CHARACTERS = 80
"""A name is a line on a console, not a text."""


def refusal(detail: str) -> Malformed:
    """Return the error of an agreement that cannot be read."""
    return Malformed("agreement", detail)


def exact(value: object, place: str, *names: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an object that has all of ``names``, perhaps some ``optional`` ones, and no other member."""
    if not isinstance(value, dict) or not set(names) <= set(value) <= {*names, *optional}:
        also = f" and perhaps {', '.join(optional)}" if optional else ""
        raise refusal(f"{place} must be an object with exactly {', '.join(names)}{also}")
    return value


def listed(value: object, place: str, most: int, *, least: int = 1) -> list[Any]:
    """Return a list of ``least`` to ``most`` items."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise refusal(f"{place} must be a list of {least} to {most} items")
    return value


def mapped(value: object, place: str, most: int) -> dict[str, Any]:
    """Return an object of 1 to ``most`` members."""
    if not isinstance(value, dict) or not 1 <= len(value) <= most:
        raise refusal(f"{place} must be an object of 1 to {most} members")
    return value


def whole(value: object, place: str, least: int, most: int) -> int:
    """Return a whole number within bounds, both included. JSON's true and 1.0 are not whole numbers."""
    if type(value) is not int or not least <= value <= most:
        raise refusal(f"{place} must be a whole number from {least} to {most}")
    return value


def number(value: object, place: str, least: float, most: float) -> float:
    """Return a number within bounds, both included, as a float."""
    # Written so that NaN fails.
    if type(value) not in (int, float) or not least <= value <= most:  # type: ignore[operator]
        raise refusal(f"{place} must be a number from {least:g} to {most:g}")
    return float(value) + 0.0  # type: ignore[arg-type]


def name(value: object, place: str) -> str:
    """Return a text of 1 to 80 characters, none of them unseen, not blank at either end."""
    if not is_name(value, MAX_NAME_CHARACTERS):
        detail = f"must be a text of 1 to {MAX_NAME_CHARACTERS} characters, none of them unseen, no blank at either end"
        raise refusal(f"{place} {detail}")
    return str(value)


def instant(value: object, place: str) -> int:
    """Return the instant of an RFC 3339 time with Z."""
    try:
        return parse_instant(value, code="agreement")
    except Malformed as error:
        raise refusal(f"{place}: {error.detail}") from None


def digest_text(value: object, place: str) -> str:
    """Return a SHA-256 in base64url."""
    if not is_digest(value):
        raise refusal(f"{place} must be a SHA-256 in base64url")
    return str(value)


def public_key(value: object, place: str) -> PublicKey:
    """Return an enrolled key: its JWK has no other member, and its point is a canonical one of the main subgroup."""
    try:
        return PublicKey.from_jwk(value)
    except Malformed as error:
        raise refusal(f"{place}: {error.detail}") from None
