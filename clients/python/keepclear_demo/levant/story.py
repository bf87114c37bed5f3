"""The night told as a story, from what happened: claims, and nothing else.

Their facts come from receipts, from what each desk's journal holds of its own and of the other side's, and from the
rules. Callsigns stand in them because the demo plays both sides; neither party is told the other's.
"""

from collections.abc import Mapping

from keepclear_protocol.errors import EvidenceInvalid
from keepclear_protocol.instant import SECOND, format_instant

from ..script import Script, Told
from ..tally import Conflict, Facts, Tally
from ..turn import AMEND, FILE, Turn
from .claims import Claim
from .nearby import close_within_parties, passing_over
from .night import ACTS, night
from .setting import CATEGORIES, CENTRE, LEVANT, RADIUS_M


def levant() -> Script:
    """Return the script of the night."""
    return Script(LEVANT, night, lambda _: [], _told)


def _told(turns: list[Turn], conflicts: list[Conflict], tally: Tally) -> Told:
    claims = [_setting(turns), *_course(turns, conflicts, tally), *_silence(turns, conflicts, tally)]
    lines = [line for claim in claims for line in claim.lines]
    story = [claim.to_json() for claim in claims]
    return Told(lines, {"scene": "levant", "synthetic": True, "story": story})


def _setting(turns: list[Turn]) -> Claim:
    area = {"lat": CENTRE[0], "lng": CENTRE[1], "radius_m": RADIUS_M}
    people = {"parties": list(LEVANT.parties), "mediator": LEVANT.mediator}
    return Claim("setting", {**people, "area": area, "remarks": turns[0].remarks})


def _course(turns: list[Turn], conflicts: list[Conflict], tally: Tally) -> list[Claim]:
    claims = []
    by_id = {conflict.id: conflict for conflict in conflicts}
    for turn, act in zip(turns, ACTS, strict=True):
        said = tally.filed[turn.number]
        facts = {"at": format_instant(said["received_at"]), "party": turn.party, "name": turn.name}
        if turn.does == FILE:
            window = {"start": format_instant(turn.start), "end": format_instant(turn.end), "lead": said["lead"]}
            claims.append(Claim("filed", {**facts, "what": act.what, "volumes": len(turn.volumes), **window}))
        for meeting in turn.meets or ():
            conflict = by_id[str(tally.conflict_of(turn.name, meeting.name))]
            claims += _conflict(turn, conflict, tally)
        for name in turn.closes:
            conflict = by_id[str(tally.conflict_of(turn.name, name))]
            closed = {party: tally.testimonies[party, conflict.id, "closed"] for party in LEVANT.parties}
            other = next(one for one in conflict.turns if one.party != turn.party)
            rest = {
                "with": name,
                "standing": {party: one["standing"] for party, one in closed.items()},
                "reason": closed[other.party]["reason"],
                "holder": other.party,
                "has_cause": closed[other.party]["has_cause"],
            }
            band = _band(turn) if turn.does == AMEND else None
            claims.append(Claim("closed", {**facts, "band": band, **rest}))
    return claims


def _conflict(turn: Turn, conflict: Conflict, tally: Tally) -> list[Claim]:
    other = next(one for one in conflict.turns if one.party != turn.party)
    seen = {party: tally.testimonies[party, conflict.id, "open"] for party in LEVANT.parties}
    for party, one in seen.items():
        if one["callsign"] is not None or one["remarks"] is not None:
            raise EvidenceInvalid("over_disclosed", f"{party} was shown a callsign or remarks")
    # The same pair is worst for both; each side is given the other's band.
    worst = seen[other.party]["worst"]
    minima = [CATEGORIES[one.category] for one in (turn, other)]
    facts = {
        "name": turn.name,
        "with": other.name,
        "party": other.party,
        "severity": conflict.severity,
        "lead": seen[other.party]["lead"],
        "start": format_instant(conflict.start),
        "end": format_instant(conflict.end),
        "horizontal_m": worst["horizontal_m"],
        "vertical_m": worst["vertical_m"],
        "agreed_horizontal_m": max(one.horizontal_m for one in minima),
        "agreed_vertical_m": max(one.vertical_m for one in minima),
        "references": [_reference(turn), _reference(other)],
        "shown": {
            party: {
                "volumes": one["shown_volumes"],
                "of": _filed_by_other(party, turn, other),
                "category": one["category"],
            }
            for party, one in seen.items()
        },
        "acknowledged": {party: _answer(seen, party) for party in LEVANT.parties},
    }
    claims = [Claim("conflict", facts)]
    tail_s = CATEGORIES[turn.category].tail_s
    if tail_s and other.start > turn.end:
        there = format_instant(seen[turn.party]["shown_start"])
        claims.append(
            Claim(
                "tail",
                {
                    "name": turn.name,
                    "with": other.name,
                    "what": turn.category,
                    "ends": format_instant(turn.end),
                    "tail_ends": format_instant(turn.end + tail_s * SECOND),
                    "there": there,
                },
            )
        )
    return claims


def _filed_by_other(party: str, *turns: Turn) -> int:
    return next(len(turn.volumes) for turn in turns if turn.party != party)


def _answer(seen: Mapping[str, Facts], party: str) -> str:
    """When ``party`` acknowledged, as the *other* side's desk holds it, signed."""
    (holder,) = (one for name, one in seen.items() if name != party)
    for answer in holder["answers"]:
        if answer["party"] == party and answer["stage"] == "acknowledged":
            return str(answer["at"])
    raise EvidenceInvalid("evidence", f"the other side holds no acknowledgement of {party}'s")


def _silence(turns: list[Turn], conflicts: list[Conflict], tally: Tally) -> list[Claim]:
    filings = [turn for turn in turns if turn.does == FILE]
    told = {turn.name for conflict in conflicts for turn in conflict.turns}
    silent = {
        party: [one.name for one in filings if one.party == party and one.name not in told] for party in LEVANT.parties
    }
    claims = [Claim("silent", {"names": silent})]
    claims += [
        Claim("own", {"name": a.name, "with": b.name, "party": a.party}) for a, b in close_within_parties(filings)
    ]
    claims += [
        Claim("over", {"name": a.name, "with": b.name, "party": b.party, "band": _band(a)})
        for a, b in passing_over(filings, told)
    ]
    filed = {party: sum(len(turn.volumes) for turn in turns if turn.party == party) for party in LEVANT.parties}
    shown = {
        party: sum(tally.testimonies[party, conflict.id, "open"]["shown_volumes"] for conflict in conflicts)
        for party in LEVANT.parties
    }
    return [*claims, Claim("totals", {"filed": filed, "shown": shown})]


def _band(turn: Turn) -> str:
    """The band of a movement in flight levels, as it was filed."""
    ends = [turn.volumes[0]["volume"][name] for name in ("altitude_lower", "altitude_upper")]
    return " to ".join(f"FL{end['value']:.0f}" for end in ends)


def _reference(turn: Turn) -> str:
    return str(turn.volumes[0]["volume"]["altitude_lower"]["reference"])
