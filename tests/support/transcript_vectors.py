"""Makes ``protocol/vectors/transcript.json``: the stream of one desk over time, and the desk's state after each step.

    python tests/support/transcript_vectors.py        writes protocol/vectors/transcript.json

The states are written here by hand, from SPEC; no desk was asked. A test compares the file with what this makes, and
plays it through the real desk.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.alert import CLOSED
from keepclear_protocol.encoding import digest

from support.transcript_night import night
from support.transcript_story import (
    EPOCH,
    OTHER_EPOCH,
    Object,
    Story,
    acknowledgement,
    at,
    delivered,
    event,
    in_answer,
    payload,
    receipt,
    signed_anew,
)
from support.wire_alerts import FARTHER, NEARER, OURS, OWN, told
from support.wire_world import (
    AGREEMENT,
    IAT,
    NAMES,
    SUCCESSOR,
    circle,
    keys_json,
    notice,
    submission,
    withdrawal,
)

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"

_ABOUT = (
    "A desk of south over time: what comes to it, step by step, and its state after each step. It begins with nothing "
    "but the first of agreements; key names the one that it holds. now: the desk's clock. A step does one thing "
    "(connect, stream, read, sent, install or wait); protocol/conformance/README.md says what each is, and what the "
    "members of expect mean. requirements: what the step holds. keys: seeds of 32 bytes in base64url, for tests alone."
)
_EVENING = "alerts, answers, a hole, a closing that must be confirmed, new terms, a restored store"
_NIGHT = "every other way in which a conflict ends: by either side's act, by time, too early, and past when it was told"

MOVED_AWAY = notice(submission("north", "north three", [circle(51.5)], id="north one", revision=3, prev=NEARER.sha256))


LATE = signed_anew("south", submission("south", "south late", [circle(45.0)]), terms=SUCCESSOR.terms)
OWN_LATE = notice(LATE)
THEIR_LATE = notice(signed_anew("north", submission("north", "north late", [circle(45.004)]), terms=SUCCESSOR.terms))
LAST_WORD: Object = {"terms": SUCCESSOR.terms, "iat": IAT + 510, "admit_by": IAT + 1110}
WE_ENDED = withdrawal("south", "south ended at last", OWN, **LAST_WORD)


def evening() -> list[Object]:
    """Return the steps of the story."""
    story = Story()
    _opened(story)
    _answered(story)
    _not_believed(story)
    _missed(story)
    _confirmed(story)
    _new_terms(story)
    _dated_ahead(story)
    _restored(story)
    return story.steps


OPENED = told(2, at=at(5.25))
FAR_OPENED = told(5, other=FARTHER, at=at(40))
OVER_DISCLOSED = told(8, at=at(50), alter=lambda said: said.update(shown=sorted(v.digest for v in OWN.volumes)))
STAYED = told(9, other=NEARER, at=at(70))
FAR_AGAIN = told(13, other=FARTHER, at=at(90))
LEFT = told(22, CLOSED, other=MOVED_AWAY, reason="amended", cause=f"{MOVED_AWAY.jwt}~", at=at(120))
UNDER_NEW_TERMS = told(40, CLOSED, other=FARTHER, reason="terms", agreement=SUCCESSOR, at=at(240))
AHEAD = told(50, own=OWN_LATE, other=THEIR_LATE, agreement=SUCCESSOR, at=at(420.25))
CONFLICT = payload(OPENED)["conflict"]

FILED = receipt(OURS, OWN.id, 1, 1, 3.25)
RESTORED = "a store restored from yesterday has lost what came since"


def _opened(story: Story) -> None:
    story.at(0)
    story.step("it reads everything", "a desk that has no position reads all, and goes on from there",
               ["R-092", "R-098"], 1, {"read": {"at": f"{EPOCH}-0", "conflicts": [], "notices": []}})  # fmt: skip
    story.step("a recording", "the first word answers another request: nothing of this connection counts",
               ["R-105", "R-106"], 2, story.connect(2, event(1, "alert", OPENED), f"{EPOCH}-1",
                                                    request=digest("somebody else's proof")), lost=True)  # fmt: skip
    story.step("the hotline", "the first word answers this request; a comment is a sign of life and nothing more",
               ["R-104", "R-105", "R-106"], 3, story.connect(3, ": keep-alive\n\n", f"{EPOCH}-0"))  # fmt: skip
    story.at(1)
    story.filed(OWN.id, 1)
    story.step("filed from another desk", "an own notice comes with its receipt, whichever desk has filed it",
               ["R-083", "R-085", "R-096"], 4,
               {"stream": {"text": event(1, "notice", {"notice": OURS, "receipt": FILED})}})  # fmt: skip
    story.at(2)
    story.holds(OPENED)
    story.step("an alert", "everything is computed anew; the desk says by itself that it came",
               ["R-070", "R-074", "R-075", "R-082"], 6, {"stream": {"text": event(2, "alert", OPENED)}},
               signs=[delivered(OPENED)])  # fmt: skip
    story.at(3)
    story.step("an event of a later version", "passed over, and the position moves behind it", ["R-100", "R-102"], 8,
               {"stream": {"text": event(3, "weather", {"wind": "calm"})}})  # fmt: skip


def _answered(story: Story) -> None:
    came = acknowledgement("delivered 2", OPENED, "delivered", 8)
    story.at(4)
    story.answered(OPENED, delivered="verified")
    story.step("their desk has it", "the other side's desk signs that it came", ["R-081", "R-082"], 9,
               {"stream": {"text": event(4, "acknowledgement", {"acknowledgement": came})}})  # fmt: skip
    read = acknowledgement("acknowledged 2", OPENED, "acknowledged", 20)
    story.at(5)
    story.answered(OPENED, acknowledged="verified")
    story.step("their officer answers", "received, read, understood", ["R-079", "R-081"], 21,
               {"stream": {"text": event(5, "acknowledgement", {"acknowledgement": read})}})  # fmt: skip
    other = acknowledgement("displayed of another", OPENED, "displayed", 22, theirs=digest("another notice"))
    story.at(6)
    story.step("an answer to something else", "theirs is no notice of this alert: a desk does not read it", ["R-082"],
               23, {"stream": {"text": event(6, "acknowledgement", {"acknowledgement": other})}})  # fmt: skip
    story.step("sent again", "at least once: what is at the position or below it is dropped", ["R-100"], 24,
               {"stream": {"text": event(2, "alert", OPENED) + event(6, "acknowledgement",
                                                                     {"acknowledgement": other})}})  # fmt: skip


def _not_believed(story: Story) -> None:
    story.at(7)
    story.step("an alert of a stranger", "no key of the service has signed it: said loudly, and of no conflict",
               ["R-015", "R-074"], 30, {"stream": {"text": event(7, "alert", told(3, key="stranger", at=at(29)))}},
               alarms=["evidence"])  # fmt: skip
    story.at(8)
    story.holds(FAR_OPENED)
    story.step("another conflict", "within the minima at a distance", ["R-066", "R-074"], 41,
               {"stream": {"text": event(8, "alert", FAR_OPENED)}}, signs=[delivered(FAR_OPENED)])  # fmt: skip
    story.at(9)
    story.newest(OVER_DISCLOSED, "over_disclosed")
    story.step("too much of ours was shown", "MEDIATOR OVER-DISCLOSED; what held before stands, and the desk says so "
               "of the new one", ["R-074", "R-075", "R-082"], 51,
               {"stream": {"text": event(9, "alert", OVER_DISCLOSED)}},
               alarms=["over_disclosed"], signs=[delivered(OVER_DISCLOSED, "over_disclosed")])  # fmt: skip
    story.at(10)
    story.step("what held before, as new", "version 2 behind version 8, also of an alert that did not hold: ROLLBACK",
               ["R-074", "R-078"], 60, {"stream": {"text": event(10, "alert", OPENED)}},
               alarms=["rollback"])  # fmt: skip
    story.at(11)
    story.holds(STAYED)
    story.step("amended and still there", "a snapshot, not a delta: nobody has answered the new version",
               ["R-071", "R-074", "R-081"], 71, {"stream": {"text": event(11, "alert", STAYED)}},
               signs=[delivered(STAYED)])  # fmt: skip


def _missed(story: Story) -> None:
    story.position = None
    behind = acknowledgement("delivered 9, unread", STAYED, "delivered", 90)
    story.step("a hole", "a number left out may have been an alert: everything is to be read again, and what is behind "
               "the hole waits for that", ["R-099", "R-100"], 91,
               {"stream": {"text": event(13, "acknowledgement", {"acknowledgement": behind})}}, gap="hole")  # fmt: skip
    came = acknowledgement("delivered 9", STAYED, "delivered", 72)
    story.at(13)
    story.holds(FAR_AGAIN)
    story.answered(STAYED, delivered="verified")
    whole = [in_answer(STAYED, came), in_answer(FAR_AGAIN)]
    listed = [{"notice": OURS, "receipt": FILED}]
    story.step("read again", "what the hole hid is in the answers: a newer version, and an answer to the other",
               ["R-074", "R-081", "R-092", "R-099"], 92,
               {"read": {"at": f"{EPOCH}-13", "conflicts": whole, "notices": listed}},
               signs=[delivered(FAR_AGAIN)])  # fmt: skip


def _confirmed(story: Story) -> None:
    story.at(14)
    story.holds(LEFT, "CLOSED NOT CONFIRMED")
    story.step("closed by a hidden revision", "it cannot prove that it is clear: the desk signs closed_without_cause",
               ["R-071", "R-076", "R-077"], 121, {"stream": {"text": event(14, "alert", LEFT)}},
               signs=[delivered(LEFT, "closed_without_cause")])  # fmt: skip
    unsure = acknowledgement("delivered 22, unsure", LEFT, "delivered", 122, verdict="closed_without_cause")
    story.at(15)
    story.answered(LEFT, delivered="closed_without_cause")
    story.step("they cannot say either", "two desks that could not recompute it do not confirm each other", ["R-077"],
               123, {"stream": {"text": event(15, "acknowledgement", {"acknowledgement": unsure})}})  # fmt: skip
    moved = acknowledgement("acknowledged 22, newer", LEFT, "acknowledged", 124, ours_newest=digest("a newer one"))
    story.at(16)
    story.answered(LEFT, acknowledged="verified")
    story.step("they have filed anew", "ours_newest is not ours: what they have confirmed is not their newest",
               ["R-077"], 125,
               {"stream": {"text": event(16, "acknowledgement", {"acknowledgement": moved})}})  # fmt: skip
    sure = acknowledgement("displayed 22", LEFT, "displayed", 130)
    story.at(17)
    story.answered(LEFT, displayed="verified")
    story.conflicts[CONFLICT]["state"] = "CLOSED"
    story.step("confirmed", "their desk has recomputed it, and names nothing newer", ["R-077"], 131,
               {"stream": {"text": event(17, "acknowledgement", {"acknowledgement": sure})}})  # fmt: skip


def _new_terms(story: Story) -> None:
    story.at(18)
    story.newest(UNDER_NEW_TERMS, "wrong_terms")
    story.step("under terms not installed", "it waits for them; the conflict stays open. What is signed under the old "
               "terms is not admitted", ["R-019", "R-074"], 241,
               {"stream": {"text": event(18, "alert", UNDER_NEW_TERMS)}},
               alarms=["wrong_terms"])  # fmt: skip
    story.holds(UNDER_NEW_TERMS, "CLOSED")
    story.step("the new terms are installed", "judged again: under them no pair is ahead", ["R-029", "R-074", "R-076"],
               250, {"install": {"agreement": SUCCESSOR.raw.decode()}}, signs=[delivered(UNDER_NEW_TERMS)])  # fmt: skip


def _dated_ahead(story: Story) -> None:
    story.filed(OWN_LATE.id, 1)
    story.newest(AHEAD, "clock")
    filed = receipt(LATE, OWN_LATE.id, 1, 50, 420.25)
    story.step("filed, and the answer is dated ahead", "120 s ahead of the desk's clock: CLOCK, and nothing is signed "
               "of it", ["R-074", "R-083", "R-089"], 300,
               {"sent": {"statement": LATE, "receipt": filed, "alerts": [AHEAD]}}, alarms=["clock"])  # fmt: skip
    story.holds(AHEAD)
    story.step("the clock has come there", "it is judged again, and holds", ["R-074"], 421, {"wait": {}},
               signs=[delivered(AHEAD)])  # fmt: skip
    story.at(20)
    text = event(19, "notice", {"notice": LATE, "receipt": filed}) + event(20, "alert", AHEAD)
    story.step("the stream brings it too", "the same statements by the other way say nothing new", ["R-078", "R-089"],
               422, {"stream": {"text": text}})  # fmt: skip


def _restored(story: Story) -> None:
    story.position = None
    story.step("another epoch", f"{RESTORED}: the first word alone says that everything is to be read again",
               ["R-099", "R-107"], 500,
               story.connect(500, "", f"{OTHER_EPOCH}-3", terms=SUCCESSOR.terms), gap="epoch")  # fmt: skip
    story.at(3, OTHER_EPOCH)
    story.filed(OWN_LATE.id, 1, "lost")
    kept = [in_answer(LEFT), in_answer(UNDER_NEW_TERMS)]
    story.step("what the restored store has", "a receipted notice is gone, and an open conflict with it: ROLLBACK, "
               "twice; the conflict stays open", ["R-078", "R-099"], 502,
               {"read": {"at": f"{OTHER_EPOCH}-3", "conflicts": kept, "notices": [{"notice": OURS, "receipt": FILED}]}},
               alarms=["rollback", "rollback"])  # fmt: skip
    gap = json.dumps({"reason": "epoch", "resume_at": f"{OTHER_EPOCH}-3"})
    story.step("the gap that was told already", "the hotline's own, behind the first word, says nothing more",
               ["R-107"], 503, {"stream": {"text": f"id: {OTHER_EPOCH}-3\nevent: gap\ndata: {gap}\n\n"}})  # fmt: skip
    story.filed(OWN.id, 2, "withdrawn")
    ended = {"statement": WE_ENDED, "receipt": receipt(WE_ENDED, OWN.id, 2, 41, 510, epoch=OTHER_EPOCH), "alerts": []}
    story.step("withdrawn", "it ends the id for ever", ["R-052", "R-053"], 511, {"sent": ended})


def transcript() -> str:
    """Return the text of ``transcript.json``."""
    desk = {"party": "south", "key": "south", "installed": 1}
    cases = [
        {"name": "an evening", "why": _EVENING, **desk, "steps": evening()},
        {"name": "a night", "why": _NIGHT, **desk, "steps": night()},
    ]
    agreements = [AGREEMENT.raw.decode(), SUCCESSOR.raw.decode()]
    document = {"about": _ABOUT, "keys": keys_json(*NAMES), "agreements": agreements, "cases": cases}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {"transcript.json": transcript}

if __name__ == "__main__":
    for name, make in DOCUMENTS.items():
        (FOLDER / name).write_text(make(), "utf-8")
