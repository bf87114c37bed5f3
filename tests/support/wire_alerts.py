"""The cases of ``protocol/vectors/alerts.json``: what a desk of south is sent, and what it must make of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import CLOSED, OPEN, PAST, Side, alert_payload, conflict_id, sign_alert
from keepclear_protocol.encoding import b64, digest, unb64
from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.notice import Notice, present
from keepclear_protocol.recompute import findings, match_all, still_ahead
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from support.wire_world import AGREEMENT, AT, KEYS, START, SUCCESSOR, circle, notice, submission, withdrawal

Object = dict[str, Any]
Case = dict[str, Any]
Alter = Callable[[Object], None]

OURS = submission("south", "south one", [circle(48.0), circle(48.002, radius_m=500), circle(44.0)])
THEIRS = submission("north", "north one", [circle(48.005), circle(48.09), circle(51.0)])
OWN, OTHER = notice(OURS), notice(THEIRS)
NEARER = notice(submission("north", "north two", [circle(48.004)], id="north one", revision=2, prev=OTHER.sha256))
AWAY = notice(submission("north", "north away", [circle(51.5)], id="north one", revision=2, prev=OTHER.sha256))
WE_MOVED = submission("south", "south two", [circle(40.0)], id="south one", revision=2, prev=OWN.sha256)
WE_STAYED = submission("south", "south three", [circle(48.001)], id="south one", revision=2, prev=OWN.sha256)
WE_ENDED = withdrawal("south", "south ended", OWN)
THEY_ENDED = withdrawal("north", "north ended", OTHER)
FARTHER = notice(submission("north", "north far", [circle(48.09)]))
NEARER_SHOWN = f"{NEARER.jwt}~"
OVER = START + 800 * SECOND
"""After the last widened window: ten minutes of flight, two of tail, and some."""

NOW = OVER + 60 * SECOND
"""The desk's clock."""


FILED = {"south one": OURS, "moved": WE_MOVED, "stayed": WE_STAYED, "ended": WE_ENDED}
"""South's own statements, by the names that cases call them."""


@dataclass(frozen=True)
class Desk:
    """What the desk has filed after its first notice, with the seq of the receipt; cases it saw; revisions."""

    filed: tuple[str, int] | None = None
    seen: Sequence[str] = ()
    installed: int = 1


def side(statement: Notice | Withdrawal, received_at: int) -> Side:
    """Return a statement as an alert names it."""
    id = statement.notice if isinstance(statement, Withdrawal) else statement.id
    return Side(statement.party, id, statement.revision, statement.sha256, received_at)


def told(
    version: int,
    state: str = OPEN,
    *,
    own: Notice | Withdrawal = OWN,
    other: Notice | Withdrawal = OTHER,
    at: int = AT,
    reason: str | None = None,
    presentation: str | None = None,
    cause: str | None = None,
    agreement: Agreement = AGREEMENT,
    key: str = "service",
    alter: Alter | None = None,
    beside: Object | None = None,
) -> Object:
    """Return an alert object to south; ``alter`` changes the payload before it is signed, ``beside`` the rest."""
    members: Object = {"severity": None, "lead": None, "disclosed": [], "shown": [], "pairs": []}
    if state == OPEN and isinstance(own, Notice) and isinstance(other, Notice):
        members = dict(findings(still_ahead(match_all(own, other, agreement), at), at, agreement))
        presentation = presentation or present(other, members["disclosed"])
    if state == PAST:
        members["lead"] = "RETROACTIVE"
        presentation = f"{other.jwt}~" if isinstance(other, Notice) else None
    mine, theirs = side(own, AT - 2 * SECOND), side(other, AT - SECOND)
    payload = alert_payload(
        aud=agreement.id,
        terms=agreement.terms,
        to="south",
        conflict=conflict_id(AGREEMENT.id, ("south", mine.id), (theirs.party, theirs.id)),
        version=version,
        state=state,
        reason=reason,
        rules="1",
        at=at,
        own=mine,
        other=theirs,
        **members,
    )
    if alter is not None:
        alter(payload)
    sent = {"alert": sign_alert(KEYS[key], payload), "presentation": presentation, "cause": cause}
    return {**sent, **(beside or {})}


FIRST = told(2)
AGAIN = "amended and still there"


def _case(name: str, why: str, shown: Object, desk: Desk | None = None) -> Case:
    desk = desk or Desk()
    return {
        "name": name,
        "why": why,
        "installed": desk.installed,
        "now": format_instant(NOW),
        "own": [
            {"statement": name, "seq": seq} for name, seq in [("south one", 1), *([desk.filed] if desk.filed else [])]
        ],
        "seen": list(desk.seen),
        "object": shown,
    }


def good(name: str, why: str, standing: str, shown: Object, desk: Desk | None = None) -> Case:
    """Return a case that verifies and makes the conflict ``standing``."""
    alert = digest(shown["alert"])
    return {**_case(name, why, shown, desk), "expect": {"standing": standing, "sha256": alert}}


def bad(code: str, name: str, why: str, shown: Object, desk: Desk | None = None) -> Case:
    """Return a case that is refused with ``code``."""
    return {**_case(name, why, shown, desk), "code": code}


def cases() -> Iterator[Case]:
    """Yield every case."""
    yield from _openings()
    yield from _closings()
    yield from _forged()
    yield from _figures()
    yield from _order()


def _openings() -> Iterator[Case]:
    yield good("opened", "two of three volumes of each side are shown; each pair is its volume's worst", "OPEN", FIRST)
    amsl = notice(submission("north", "north amsl", [circle(48.0, low=1555, high=1700, reference="AMSL")]))
    yield good("cannot be excluded", "305 m apart at one bound of the geoid and 295 m at the other, against 300 m",
               "OPEN", told(2, other=amsl))  # fmt: skip
    again = told(5, other=NEARER, at=AT + 60 * SECOND)
    yield good("opened at a distance", "within the minima and no nearer", "OPEN", told(2, other=FARTHER))
    yield good(AGAIN, "an alert is a snapshot, not a delta", "OPEN", again, Desk(seen=["opened"]))
    yield good("the same alert again", "sent at least once", "OPEN", FIRST, Desk(seen=["opened"]))
    beside = {"presentation": present(OTHER, [OTHER.volumes[0].digest])}
    yield bad("evidence", "the same alert beside another presentation", "each object is judged, also of an alert seen",
              told(2, beside=beside), Desk(seen=["opened"]))  # fmt: skip
    yield good("of another conflict", "versions are counted for each conflict, revisions for each notice", "OPEN",
               told(2, other=FARTHER), Desk(seen=[AGAIN]))  # fmt: skip
    yield good("past", "over when it was received: nothing is disclosed", "PAST", told(2, PAST, at=OVER))


def _closings() -> Iterator[Case]:
    seen = Desk(seen=["opened"])
    gone, they_gone = open_withdrawal(WE_ENDED, None), open_withdrawal(THEY_ENDED, None)
    moved, stayed = notice(WE_MOVED), notice(WE_STAYED)
    closed = told(5, CLOSED, other=they_gone, reason="withdrawn", cause=THEY_ENDED)
    yield good("closed by their withdrawal", "the cause is their own signed statement", "CLOSED", closed, seen)
    closed = told(5, CLOSED, own=gone, reason="withdrawn")
    yield good("closed by our withdrawal", "one's own act needs no cause", "CLOSED", closed,
               Desk(("ended", 5), ["opened"]))  # fmt: skip
    away = told(5, CLOSED, other=AWAY, reason="amended", cause=f"{AWAY.jwt}~")
    yield good("closed by their amendment", "a hidden revision cannot prove that it is clear", "CLOSED NOT CONFIRMED",
               away, seen)  # fmt: skip
    closed = told(5, CLOSED, own=moved, reason="amended")
    yield good("closed by our amendment", "recomputed: our revision is clear of what they disclosed", "CLOSED", closed,
               Desk(("moved", 5), ["opened"]))  # fmt: skip
    yield good("closed by the end of time", "the last widened overlap is over", "CLOSED",
               told(9, CLOSED, at=OVER, reason="ended"), seen)  # fmt: skip
    never = "no open alert of these two revisions was seen"
    yield good("ended, as we are told", f"{never}, and `at` is not behind the longest tail of any category",
               "CLOSED NOT CONFIRMED", told(9, CLOSED, at=OVER, reason="ended"))  # fmt: skip
    closed = told(5, CLOSED, own=moved, reason="amended")
    yield good("amended by us, as we are told", never, "CLOSED NOT CONFIRMED", closed, Desk(("moved", 5)))
    closed = told(7, CLOSED, other=FARTHER, reason="terms", agreement=SUCCESSOR, at=AT + 60 * SECOND)
    yield good("new terms, as we are told", never, "CLOSED NOT CONFIRMED", closed, Desk(installed=2))
    newer: Object = {"reason": "terms", "agreement": SUCCESSOR, "at": AT + 60 * SECOND}
    yield good("closed by new terms", "recomputed under the terms that the desk has installed", "CLOSED",
               told(7, CLOSED, other=FARTHER, **newer), Desk(seen=["opened at a distance"], installed=2))  # fmt: skip
    code = "closed_without_cause"
    yield bad(code, "withdrawn by nobody", "no withdrawal is shown", told(5, CLOSED, reason="withdrawn"), seen)
    closed = told(5, CLOSED, other=AWAY, reason="withdrawn", cause=f"{AWAY.jwt}~")
    yield bad(code, "an amendment as cause of a withdrawal", "another kind of statement", closed, seen)
    closed = told(5, CLOSED, other=they_gone, reason="amended", cause=THEY_ENDED)
    yield bad(code, "a withdrawal as cause of an amendment", "another kind of statement", closed, seen)
    flipped = THEY_ENDED[:-10] + ("A" if THEY_ENDED[-10] != "A" else "B") + THEY_ENDED[-9:]
    closed = told(5, CLOSED, other=they_gone, reason="withdrawn", cause=flipped)
    yield bad("evidence", "their withdrawal altered", "their key does not verify it", closed, seen)
    closed = told(5, CLOSED, other=AWAY, reason="withdrawn", cause=THEY_ENDED)
    yield bad("evidence", "another withdrawal than named", "its hash is not that of other", closed, seen)
    closed = told(5, CLOSED, other=AWAY, reason="amended", cause=NEARER_SHOWN)
    yield bad("evidence", "another amendment than named", "its hash is not that of other", closed, seen)
    closed = told(5, CLOSED, other=NEARER, reason="amended", cause=present(NEARER, [NEARER.volumes[0].digest]))
    yield bad(code, "an amendment that discloses", "R-076: nothing disclosed", closed, seen)
    yield bad(code, "amended by nobody", "no higher revision is shown", told(5, CLOSED, reason="amended"), seen)
    closed = told(5, CLOSED, own=stayed, reason="amended")
    yield bad(code, "our amendment did not clear it", "recomputed: still in conflict", closed,
              Desk(("stayed", 5), ["opened"]))  # fmt: skip
    yield bad(code, "ended before its time", "the overlap is not over", told(5, CLOSED, reason="ended"), seen)
    yield bad(code, "past before its time", "an open conflict closes with a reason or by time", told(5, PAST), seen)
    closed = told(5, CLOSED, reason="terms")
    yield bad(code, "new terms that are not new", "the alert is under the same terms as the opening", closed, seen)
    closed = told(7, CLOSED, **newer)
    yield bad(
        code, "new terms that do not clear it", "recomputed: they overlap", closed, Desk(seen=["opened"], installed=2)
    )
    both = told(5, CLOSED, other=AWAY, reason="amended", cause=f"{AWAY.jwt}~", presentation=f"{AWAY.jwt}~")
    yield bad("clock", "ended ahead of the desk's clock", "61 s; a future date could end anything",
              told(9, CLOSED, at=NOW + 61 * SECOND, reason="ended"), seen)  # fmt: skip
    yield bad(code, "past before it began", "nothing of ours can be over before our first widened window",
              told(2, PAST))  # fmt: skip
    shown = told(2, PAST, at=OVER, beside={"presentation": present(OTHER, [OTHER.volumes[0].digest])})
    yield bad("evidence", "past with a disclosure", "nothing of what is over is disclosed", shown)
    yield bad("evidence", "a closing with a presentation", "a closing shows its cause alone", both, seen)
    closed = told(9, CLOSED, at=OVER, reason="ended", cause=THEY_ENDED)
    yield bad("evidence", "a cause for the end of time", "time needs none", closed, seen)


def _altered(name: str, value: object) -> Object:
    def alter(payload: Object) -> None:
        payload[name] = value

    return told(2, alter=alter)


def _without(name: str) -> Object:
    def alter(payload: Object) -> None:
        del payload[name]

    return told(2, alter=alter)


def _forged() -> Iterator[Case]:
    code = "evidence"
    for name in ("reason", "severity", "lead"):
        yield bad(code, f"without {name}", "where null may stand, something stands", _without(name))
    yield bad(code, "open without a severity", "null is for what is not open", _altered("severity", None))
    yield bad(code, "another jti", "it follows from conflict, version and receiver", _altered("jti", "A" * 22))
    pairs = findings(match_all(OWN, OTHER, AGREEMENT), AT, AGREEMENT)["pairs"]
    more = [{**pair, "lead": "SHORT"} for pair in pairs]
    yield bad(code, "a pair with a member too many", "exactly those of R-070", _altered("pairs", more))
    less = [{name: value for name, value in pair.items() if name != "reference"} for pair in pairs]
    yield bad(code, "a pair with a member too few", "exactly those of R-070", _altered("pairs", less))
    half = [{**pair, "vertical_m": 0.5} for pair in pairs]
    yield bad(code, "a pair with half a metre", "its figures are whole metres", _altered("pairs", half))
    turned = sorted((item.digest for item in OWN.volumes[:2]), reverse=True)
    yield bad(code, "shown out of order", "digests are sorted", _altered("shown", turned))
    yield bad(code, "signed by a party", "alerts are the service's to sign", told(2, key="north"))
    yield bad(code, "signed by a stranger", "the key is in no agreement", told(2, key="stranger"))
    yield bad(code, "another issuer", "iss must be service", _altered("iss", "north"))
    yield bad(code, "to another party", "the alert is north's", _altered("to", "north"))
    yield bad(code, "of another agreement", "aud differs", _altered("aud", digest("another agreement")))
    yield bad(code, "another conflict's id", "the id follows from the two notices", _altered("conflict", digest("x")))
    yield bad(code, "two times", "iat is the whole second of at", _altered("iat", AT // SECOND + 1))
    yield bad(code, "other rules", "only version 1 can be recomputed", _altered("rules", "2"))
    yield bad(code, "a reason for an opening", "a reason belongs to a closing", _altered("reason", "ended"))
    yield bad(code, "a closing without a reason", "each closing has one", told(5, CLOSED), Desk(seen=["opened"]))
    yield bad(code, "critical members", "none are understood", _altered("crit", ["urgent"]))
    yield bad(code, "a version that is no whole number", "1.0 is not 1", _altered("version", 2.0))
    yield bad(code, "of a revision that we never filed", "own names a hash that the desk does not hold",
              told(2, own=notice(WE_STAYED)))  # fmt: skip
    unknown = told(2, alter=lambda payload: payload.update(terms=digest("unknown terms")))
    yield bad("wrong_terms", "under unknown terms", "the desk installs the new revision first", unknown)
    yield bad(code, "no presentation", "an open conflict shows their notice", told(2, beside={"presentation": None}))
    shown = present(OTHER, [item.digest for item in OTHER.volumes[:2]])
    jwt, tail = shown.split("~", 1)
    header, body, signature = jwt.split(".")
    flipped = b64(bytes([unb64(signature)[0] ^ 1]) + unb64(signature)[1:])
    broken = f"{header}.{body}.{flipped}~{tail}"
    yield bad(code, "their signature altered", "their key does not verify it", told(2, presentation=broken))
    elsewhere = submission("north", "north elsewhere", [circle(48.005), circle(48.09)])
    bait = notice(elsewhere)
    other = present(bait, [item.digest for item in bait.volumes])
    yield bad(code, "another notice than named", "its hash is not that of other", told(2, presentation=other))
    yield bad(code, "a volume less than named", "the presentation lacks one of disclosed",
              told(2, presentation=present(OTHER, [OTHER.volumes[0].digest])))  # fmt: skip
    callsign = THEIRS.split("~")[5]
    yield bad(code, "their callsign shown", "volumes and category alone",
              told(2, presentation=f"{shown}{callsign}~"))  # fmt: skip
    watcher = submission("south", "south watcher", [circle(48.0)], key="south watch")
    planted = notice(watcher)
    yield bad(code, "our own notice as theirs", "other must be of another party",
              told(2, other=planted, presentation=present(planted, [planted.volumes[0].digest])))  # fmt: skip


def _figures() -> Iterator[Case]:
    def pair(index: int, name: str, value: object) -> Object:
        def alter(payload: Object) -> None:
            payload["pairs"][index][name] = value

        return told(2, alter=alter)

    code = "recompute"
    first = findings(match_all(OWN, OTHER, AGREEMENT), AT, AGREEMENT)
    metres = [row["horizontal_m"] for row in first["pairs"]]
    far = metres.index(max(metres))
    yield bad(code, "one metre off", "a distance altered", pair(far, "horizontal_m", max(metres) + 1))
    yield bad(code, "a height altered", "no grace reaches a metre", pair(far, "vertical_m", 1))
    yield bad(code, "a time altered", "times have no grace", pair(far, "time_end", "2026-11-22T15:11:59Z"))
    yield bad(code, "a band altered", "the band is that of the rules", pair(far, "altitude_upper_m", 1299))
    yield bad(code, "a reference altered", "the band is told in theirs", pair(far, "reference", "AMSL"))
    yield bad(code, "a pair's severity altered", "proximity is no overlap", pair(far, "severity", "overlap"))
    yield bad(code, "the severity altered", "that of the worst pair", _altered("severity", "possible"))
    yield bad(code, "the lead class altered", "it follows from their first window", _altered("lead", "LATE"))
    yield bad(code, "a pair left out", "one for each disclosed volume", _altered("pairs", first["pairs"][:1]))
    rival = next(item.digest for item in OWN.volumes[:2] if item.digest != first["pairs"][far]["own"])
    yield bad(code, "not the worst pair", "another own volume is closer", pair(far, "own", rival))
    yield bad(code, "a volume of ours left out", "shown lists all of ours that are in conflict",
              _altered("shown", first["shown"][:1]))  # fmt: skip
    everything = sorted(item.digest for item in OTHER.volumes)
    shown = told(2, presentation=present(OTHER, everything), alter=lambda payload: payload.update(disclosed=everything))
    yield bad(code, "their volume that is not in conflict", "the mediator showed us too much of theirs", shown)
    strange = sorted([*first["shown"], digest("a volume of nobody's")])
    yield bad("over_disclosed", "a volume of nobody's in shown", "a digest that is no volume of ours in conflict",
              _altered("shown", strange))  # fmt: skip
    ours = sorted(item.digest for item in OWN.volumes)
    yield bad(
        "over_disclosed", "our volume that is not in conflict", "MEDIATOR OVER-DISCLOSED", _altered("shown", ours)
    )


def _order() -> Iterator[Case]:
    code = "rollback"
    yield bad(code, "an older version", "version 2 after version 5", FIRST, Desk(seen=[AGAIN]))
    later = told(2, at=AT + SECOND)
    yield bad(code, "another alert of the same version", "two statements of one number", later, Desk(seen=["opened"]))
    yield bad(code, "an older revision of theirs", "revision 1 after revision 2", told(6), Desk(seen=[AGAIN]))
    twin = notice(submission("north", "north twin", [circle(48.004)], id="north one", revision=2, prev=OTHER.sha256))
    yield bad(code, "another revision of the same number", "two statements as their revision 2",
              told(6, other=twin, at=AT + 90 * SECOND), Desk(seen=[AGAIN]))  # fmt: skip
    desk = Desk(("stayed", 4))
    yield bad(code, "an older revision of ours", "revision 2 was receipted before", told(6), desk)
