"""What travels beside an alert, put together from the one stored statement when the alert is sent.

Guaranteed: the same bytes on every worker and every time, as long as the statement is kept. What an alert discloses
stands in its signed payload, so nothing but the alert and the stored statement is needed. Where retention has let the
statement go, nothing is shown; neither where what the store holds in its place is another one: the alert itself comes
all the same, and a desk says loudly what is missing.
"""

import contextlib
from collections.abc import Collection
from functools import lru_cache

from keepclear_protocol.alert import disclosed_by
from keepclear_protocol.disclosure import disclosed_name
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import KeepclearError, Malformed

from .entry import SHOWS_CAUSE, SHOWS_NOTICE


def alert_object(jws: str, shows: str, body: str | None) -> dict[str, str | None]:
    """Return the alert object of a signed alert; ``shows`` is that of its ``Outgoing``, ``body`` the stored statement.

    A withdrawal is its own cause; an amendment shows only that it exists.
    """
    presentation = cause = None
    if body is not None and shows == SHOWS_NOTICE:
        with contextlib.suppress(KeepclearError):
            presentation = present_stored(body, disclosed_by(jws))
    elif body is not None and shows == SHOWS_CAUSE:
        presented, tilde, _ = body.partition("~")
        cause = presented + tilde
    return {"alert": jws, "presentation": presentation, "cause": cause}


def present_stored(submission: str, digests: Collection[str]) -> str:
    """Return what ``present`` returns of the notice that ``submission`` is, without reading its volumes.

    It is from the service's own store, where only what was verified is written. Raises ``Malformed`` as that does.
    """
    jwt, raws = _stored_parts(submission)
    wanted = set(digests)
    if not wanted:
        return f"{jwt}~"
    shown = [raw for name, raw in raws.items() if name in wanted]
    if len(shown) != len(wanted):
        raise Malformed("disclosure_unmatched", "this notice discloses no such volume")
    # From the end: the properties are usually sent last.
    category = next(raw for raw in reversed(raws.values()) if disclosed_name(raw) == "category")
    return "~".join([jwt, *shown, category, ""])


@lru_cache(maxsize=8)
def _stored_parts(submission: str) -> tuple[str, dict[str, str]]:
    """Return a submission's JWT and its disclosures by their hash: one notice is shown beside many alerts in a row."""
    jwt, *raws, _ = submission.split("~")
    return jwt, {digest(raw): raw for raw in raws}
