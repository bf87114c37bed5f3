"""What travels beside an alert, put together from the one stored statement when the alert is sent.

Guaranteed: the same bytes on every worker and every time, as long as the statement is kept. What an alert discloses
stands in its signed payload, so nothing but the alert and the stored statement is needed. Where retention has let the
statement go, nothing is shown; neither where what the store holds in its place is another one: the alert itself comes
all the same, and a desk says loudly what is missing.
"""

import contextlib

from keepclear_protocol.encoding import parse_json, unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.kinds import ALERT
from keepclear_protocol.notice import present_stored

from .entry import SHOWS_CAUSE, SHOWS_NOTICE


def alert_object(jws: str, shows: str, body: str | None) -> dict[str, str | None]:
    """Return the alert object of a signed alert; ``shows`` is that of its ``Outgoing``, ``body`` the stored statement.

    A withdrawal is its own cause; an amendment shows only that it exists.
    """
    presentation = cause = None
    if body is not None and shows == SHOWS_NOTICE:
        payload = parse_json(unb64(jws.split(".")[1]), max_bytes=ALERT.max_payload_bytes)
        with contextlib.suppress(KeepclearError):
            presentation = present_stored(body, payload["disclosed"])
    elif body is not None and shows == SHOWS_CAUSE:
        presented, tilde, _ = body.partition("~")
        cause = presented + tilde
    return {"alert": jws, "presentation": presentation, "cause": cause}
