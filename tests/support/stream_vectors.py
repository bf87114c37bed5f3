"""Makes ``protocol/vectors/kinds.json`` and ``streams.json``: the table of kinds, and streams as a desk follows them.

    python tests/support/stream_vectors.py        writes protocol/vectors/<name>.json

A test compares the files with what this makes; a desk's follower and a foreign reader are held against them.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.kinds import EVERY_KIND, Kind

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
EPOCH, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2
OPEN = 'event: open\ndata: {"open": "a.b.c"}\n\n'
ACK = {"acknowledgement": "a.b.c"}
SPENT = json.dumps({"budget": "a.b.c"})

Case = dict[str, Any]

_KINDS = (
    "The kinds of statement (R-013, R-088): what each is called in log and receipts, its typ, the role of a party's "
    "key that signs it (null: no operational key), its largest payload in bytes; for what parties file the door, its "
    "media type and the precondition of its admission; and the stream event that tells it."
)
_STREAMS = (
    "Streams (R-096 to R-100) as a desk follows them that has kept cursor: text is the body as sent, in UTF-8. kept: "
    "position and name of each event to be kept, in order. cursor in expect: where the desk is then, or null where it "
    "has to read everything again; gap: why, as gap events say it, hole for a jump in the numbers, else null. What "
    "follows a gap counts for nothing until then. lost: nothing of it counts, since it does not begin as it must "
    "(R-105). The data of events here are not real statements; openings.json says what that of open must hold."
)


def kinds() -> str:
    """Return the text of ``kinds.json``."""
    return json.dumps({"about": _KINDS, "cases": [_row(kind) for kind in EVERY_KIND]}, indent=1) + "\n"


def streams() -> str:
    """Return the text of ``streams.json``."""
    return json.dumps({"about": _STREAMS, "cases": list(_streams())}, indent=1, ensure_ascii=True) + "\n"


def _row(kind: Kind) -> Case:
    return {
        "name": kind.name,
        "typ": kind.typ,
        "role": kind.role or None,
        "max_payload_bytes": kind.max_payload_bytes,
        "media_type": kind.media_type or None,
        "door": kind.door or None,
        "precondition": str(kind.precondition),
        "event": kind.event or None,
    }


def _event(number: int | None, name: str = "acknowledgement", data: str | None = None, epoch: str = EPOCH) -> str:
    id = "" if number is None else f"id: {epoch}-{number}\n"
    return f"{id}event: {name}\ndata: {json.dumps(ACK) if data is None else data}\n\n"


def _streams() -> Iterator[Case]:
    def case(
        name: str, why: str, text: str, kept: list[int], after: int | None, gap: str | None = None, start: int = 4
    ) -> Case:
        events = [[f"{EPOCH}-{number}", "acknowledgement"] for number in kept]
        cursor = None if after is None else f"{EPOCH}-{after}"
        expect = {"kept": events, "cursor": cursor, "gap": gap, "lost": False}
        return {"name": name, "why": why, "cursor": f"{EPOCH}-{start}", "text": OPEN + text, "expect": expect}

    def lost(name: str, why: str, text: str) -> Case:
        expect: Case = {"kept": [], "cursor": f"{EPOCH}-4", "gap": None, "lost": True}
        return {"name": name, "why": why, "cursor": f"{EPOCH}-4", "text": text, "expect": expect}

    def told(reason: str, at: int) -> str:
        data = json.dumps({"reason": reason, "resume_at": f"{EPOCH}-{at}"})
        return _event(at, "gap", data)

    unknown = "a later version's event is passed over, and its position counts"
    yield case("in order", "each follows the one before", _event(5) + _event(6), [5, 6], 6)
    yield case("again", "what is at or below the cursor is dropped", _event(4) + _event(5) + _event(5), [5], 5)
    yield case("only comments", "a sign of life is no event", ": keep-alive\n\n", [], 4)
    yield case("an unknown event", unknown, _event(5, "heartbeat", "{}"), [], 5)
    yield case("an unknown event between", unknown, _event(5) + _event(6, "escalation", "{}") + _event(7), [5, 7], 7)
    yield case(
        "an unknown event, not JSON", "nobody looks into it", _event(5, "log", "tree head 7") + _event(6), [6], 6
    )
    yield case(
        "an unknown event without a position", "nothing happens", _event(None, "heartbeat", "{}") + _event(5), [5], 5
    )
    yield case("an unknown event again", "dropped like any other", _event(4, "heartbeat", "{}") + _event(5), [5], 5)
    yield case(
        "an unknown event behind a hole",
        "the hole counts, not the event",
        _event(6, "heartbeat", "{}"),
        [],
        None,
        "hole",
    )
    spent = case("a spent budget", "an event of the table", _event(5) + _event(6, "budget", SPENT), [5, 6], 6)
    spent["expect"]["kept"][1][1] = "budget"
    yield spent
    yield case("a drain", "it has no position", "event: drain\nretry: 500\ndata: {}\n\n" + _event(5), [5], 5)
    yield case(
        "a hole", "a number left out may have been an alert", _event(5) + _event(7) + _event(8), [5], None, "hole"
    )
    yield case("another epoch", "the numbers count from anew", _event(5, epoch=OTHER), [], None, "epoch")
    for reason in ("trimmed", "epoch", "ahead"):
        yield case(f"told: {reason}", "the desk reads everything again", told(reason, 9) + _event(10), [], None, reason)
    yield case("another open", "the first one counts", _event(5) + OPEN + _event(6), [5, 6], 6)
    yield lost("without open", "nobody has said who speaks", _event(5))
    yield lost("a comment alone", "nobody has said who speaks", ": keep-alive\n\n")
    yield lost("a comment before an event", "nobody has said who speaks", ": keep-alive\n\n" + _event(5))
    yield lost("open behind an event", "it comes first", _event(5) + OPEN)
    yield lost("a drain before open", "it comes first", "event: drain\nretry: 500\ndata: {}\n\n" + OPEN)
    yield lost("half an open", "it must come whole", OPEN.removesuffix("\n"))
    yield lost("nothing", "nobody has said who speaks", "")
    yield lost("a login page", "no event is in it", "<html>\n<body>\n: please sign in\n</body>\n</html>\n")
    yield case("from the beginning", "positions begin with 1", _event(1) + _event(2), [1, 2], 2, start=0)


DOCUMENTS: dict[str, Callable[[], str]] = {"kinds.json": kinds, "streams.json": streams}

if __name__ == "__main__":
    for name, make in DOCUMENTS.items():
        (FOLDER / name).write_text(make(), "utf-8")
