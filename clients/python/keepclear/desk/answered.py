"""What one side has answered to one version of a conflict, with times, as its own signatures say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.instant import SECOND, format_instant

from ..journal.kept import KeptAcknowledgement


@dataclass(frozen=True, slots=True)
class Answers:
    """The first of each stage, as instants or None, and in whose name; ``after``: who else acknowledged, and when.

    ``earlier``: the newest version before this one that the side had acknowledged, if there is one, with its time and
    handle.
    """

    delivered_at: int | None = None
    displayed_at: int | None = None
    displayed_by: str | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    after: tuple[tuple[str, int], ...] = ()
    earlier: int | None = None
    earlier_at: int | None = None
    earlier_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the answers for scripts, times as RFC 3339."""
        return {
            "delivered_at": _told(self.delivered_at),
            "displayed_at": _told(self.displayed_at),
            "displayed_by": self.displayed_by,
            "acknowledged_at": _told(self.acknowledged_at),
            "acknowledged_by": self.acknowledged_by,
            "acknowledged_after": [{"officer": who, "at": format_instant(at)} for who, at in self.after],
            "acknowledged_version_before": self.earlier,
        }


NOBODY = Answers()


def answers_of(said: Sequence[KeptAcknowledgement], version: int, party: str) -> Answers:
    """Return what ``party`` has said of ``version``; ``said`` is of one conflict."""
    mine = sorted((ack for ack in said if ack.party == party), key=lambda ack: ack.signed_at)
    of_this = [ack for ack in mine if ack.version == version]
    first = {ack.stage: ack for ack in reversed(of_this)}
    before = [ack for ack in mine if ack.version < version and ack.stage == "acknowledged"]
    newest = max(before, key=lambda ack: ack.version, default=None)
    delivered, displayed, acknowledged = (first.get(stage) for stage in ("delivered", "displayed", "acknowledged"))
    after: dict[str, int] = {}
    for ack in of_this:
        if acknowledged is not None and ack.stage == "acknowledged" and ack.officer not in (None, acknowledged.officer):
            after.setdefault(ack.officer or "", ack.signed_at * SECOND)
    return Answers(
        delivered_at=_at(delivered),
        displayed_at=_at(displayed),
        displayed_by=None if displayed is None else displayed.officer,
        acknowledged_at=_at(acknowledged),
        acknowledged_by=None if acknowledged is None else acknowledged.officer,
        after=tuple(after.items()),
        earlier=None if newest is None else newest.version,
        earlier_at=_at(newest),
        earlier_by=None if newest is None else newest.officer,
    )


def _at(ack: KeptAcknowledgement | None) -> int | None:
    return None if ack is None else ack.signed_at * SECOND


def _told(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)
