"""What happened, as facts: a page that speaks another language than the desk makes its own sentence of them.

``what`` names the sentence, the rest is what stands in it, names as their writers wrote them. Where there is none, only
the desk's English says it all: of what does not verify, and of what is rare.
"""

from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.speakable import speakable

from keepclear.cli.board.strip import Of
from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.budgets import budget_words
from keepclear.desk.events import AcknowledgementEvent, AlertEvent, BudgetEvent, Event, LinkEvent, NoticeEvent
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.views import ConflictView

from .said import told


def facts_of(event: Event, now: int, of: Of, party: str) -> dict[str, Any] | None:
    """Return the facts of an event that ``party``'s desk was told, or ``None`` where words of the desk must do."""
    callsign = of.own_callsign if isinstance(of, ConflictView) else None
    match event:
        case AlertEvent(alert=alert, verdict=verdict) if alert is not None and verdict == VERIFIED:
            return {
                "what": "open" if alert.state == "open" else "over",
                "when": told(min(alert.at, now)),
                "code": speakable(alert.conflict),
                "callsign": callsign,
                "party": alert.other.party,
                "state": event.standing,
                "severity": alert.severity,
                "lead": alert.lead,
                "reason": alert.reason,
            }
        case AcknowledgementEvent(acknowledgement=ack) if ack is not None and event.verdict == VERIFIED:
            doubted = ack.verdict != VERIFIED and not (ack.claims.iss == party and ack.verdict == UNPROVEN)
            # That a desk sees a closing as not proven by itself is no reproach: ours confirms it.
            doubt = "unproven" if ack.verdict == UNPROVEN and ack.stage == "delivered" else "doubted"
            what = "confirmed" if event.confirms else ack.stage
            return {
                "what": f"{what}_{doubt}" if doubted and not event.confirms else what,
                "when": told(min(ack.claims.iat * SECOND, now)),
                "code": speakable(ack.conflict),
                "callsign": callsign,
                "party": ack.claims.iss,
                "officer": ack.officer,
            }
        case NoticeEvent(verdict=verdict) if verdict == VERIFIED:
            own = of.view.callsign if isinstance(of, NoticeRecord) else None
            return {
                "what": "filed" if event.kind == NOTICE.name else "withdrawn",
                "when": told(now),
                "code": speakable(event.id),
                "callsign": own,
                "revision": event.revision,
            }
        case BudgetEvent(is_end=True):
            return None
        case BudgetEvent(party=whose, budget=budget, since=since, until=until):
            what = "no_room" if event.is_room else "over_own" if whose == party else "over_budget"
            times = {"when": told(min(since, now)), "until": told(until)}
            return {"what": what, **times, "party": whose, "budget": budget_words(budget)}
        case LinkEvent(up=up):
            return {"what": "connected" if up else "link_lost", "when": told(now)}
    return None
