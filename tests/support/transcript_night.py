"""The transcript's second story, told like the first in ``transcript_vectors``: how else a conflict ends.

Their withdrawal, our amendment in an answer and on the stream, a closing by time that comes too early and the true one,
and what was over when it was told.
"""

from keepclear_protocol.alert import CLOSED, PAST
from keepclear_protocol.instant import format_instant
from keepclear_protocol.withdrawal import open_withdrawal

from support.transcript_story import EPOCH, Object, Story, at, delivered, event, receipt, signed_anew
from support.wire_alerts import FARTHER, OURS, OWN, THEY_ENDED, WE_MOVED, told
from support.wire_world import IAT, circle, notice, submission

MOVED = notice(WE_MOVED)
LATE = submission("south", "south night", [circle(45.0)])
OWN_LATE, THEIR_LATE = notice(LATE), notice(submission("north", "north night", [circle(45.004)]))
SAID_AT = IAT + 8100
TOO_LATE = notice(
    signed_anew("north", submission("north", "north after", [circle(45.002)]), iat=SAID_AT - 5, admit_by=SAID_AT + 595)
)

OPENED = told(2, at=at(5.25))
FAR_OPENED = told(3, other=FARTHER, at=at(6))
WITHDRAWN = told(7, CLOSED, other=open_withdrawal(THEY_ENDED, None), reason="withdrawn", cause=THEY_ENDED, at=at(80))
WE_LEFT = told(10, CLOSED, own=MOVED, other=FARTHER, reason="amended", at=at(100))
LATE_OPENED = told(20, own=OWN_LATE, other=THEIR_LATE, at=at(200))
TOO_EARLY = told(21, CLOSED, own=OWN_LATE, other=THEIR_LATE, reason="ended", at=at(300))
ENDED = told(22, CLOSED, own=OWN_LATE, other=THEIR_LATE, reason="ended", at=at(8000))
WAS_PAST = told(23, PAST, own=OWN_LATE, other=TOO_LATE, at=at(8100),
                alter=lambda said: said["other"].update(received_at=format_instant(at(8100))))  # fmt: skip


def night() -> list[Object]:
    """Return the steps of the story."""
    story = Story()
    _acts(story)
    _time(story)
    return story.steps


def _acts(story: Story) -> None:
    story.at(0)
    story.step("nothing yet", "it begins", ["R-098"], 1, {"read": {"at": f"{EPOCH}-0", "conflicts": [], "notices": []}})
    story.at(3)
    story.filed(OWN.id, 1)
    story.holds(OPENED)
    story.holds(FAR_OPENED)
    filed = receipt(OURS, OWN.id, 1, 1, 3.25)
    text = event(1, "notice", {"notice": OURS, "receipt": filed})
    text += event(2, "alert", OPENED) + event(3, "alert", FAR_OPENED)
    story.step("two conflicts at once", "what comes together is judged in its order", ["R-074", "R-100", "R-104"], 7,
               story.connect(7, text, f"{EPOCH}-3"), signs=[delivered(OPENED), delivered(FAR_OPENED)])  # fmt: skip
    story.at(4)
    story.holds(WITHDRAWN, "CLOSED")
    story.step("they withdraw", "the cause is their signed statement: nothing is left to confirm", ["R-053", "R-076"],
               81, {"stream": {"text": event(4, "alert", WITHDRAWN)}}, signs=[delivered(WITHDRAWN)])  # fmt: skip
    story.filed(OWN.id, 2)
    story.holds(WE_LEFT, "CLOSED")
    moved = receipt(WE_MOVED, OWN.id, 2, 10, 100)
    story.step("we amend", "our own act is its cause, and recomputed it is clear of what they disclosed",
               ["R-072", "R-076", "R-089"], 101,
               {"sent": {"statement": WE_MOVED, "receipt": moved, "alerts": [WE_LEFT]}},
               signs=[delivered(WE_LEFT)])  # fmt: skip
    story.at(6)
    text = event(5, "notice", {"notice": WE_MOVED, "receipt": moved}) + event(6, "alert", WE_LEFT)
    story.step("and hear of it", "the stream brings what the answer had", ["R-089", "R-100"], 102,
               {"stream": {"text": text + "event: drain\nretry: 500\ndata: {}\n\n"}})  # fmt: skip


def _time(story: Story) -> None:
    story.at(8)
    story.filed(OWN_LATE.id, 1)
    story.holds(LATE_OPENED)
    text = event(7, "notice", {"notice": LATE, "receipt": receipt(LATE, OWN_LATE.id, 1, 19, 199)})
    story.step("behind a drain", "another connection goes on behind the position", ["R-096", "R-098"], 201,
               story.connect(201, text + event(8, "alert", LATE_OPENED), f"{EPOCH}-8"),
               signs=[delivered(LATE_OPENED)])  # fmt: skip
    story.at(9)
    story.newest(TOO_EARLY, "closed_without_cause")
    story.step("ended too early", "the overlap is hours ahead: the conflict stays open", ["R-074", "R-076"], 301,
               {"stream": {"text": event(9, "alert", TOO_EARLY)}}, alarms=["closed_without_cause"],
               signs=[delivered(TOO_EARLY, "closed_without_cause")])  # fmt: skip
    story.at(10)
    story.holds(ENDED, "CLOSED")
    story.step("ended", "recomputed, no pair of the last open alert that held is ahead", ["R-059", "R-076"], 8001,
               story.connect(8001, event(10, "alert", ENDED), f"{EPOCH}-10"), signs=[delivered(ENDED)])  # fmt: skip
    story.at(11)
    story.holds(WAS_PAST, "PAST")
    story.step("past when it was told", "filed when all was over: told once, and nothing is disclosed",
               ["R-047", "R-071", "R-076"], 8102, {"stream": {"text": event(11, "alert", WAS_PAST)}},
               signs=[delivered(WAS_PAST)])  # fmt: skip
