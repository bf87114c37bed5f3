"""What an officer must know beside a picture, in one line each: its age, spent budgets, probing, how far behind it is.

Each face shows these with the picture: what a party that is over its budget wants to file is on no screen.
"""

from collections.abc import Iterable, Iterator, Sequence

from keepclear_protocol.instant import SECOND

from keepclear.desk.budgets import budget_words
from keepclear.desk.link import Link
from keepclear.desk.picture import SET_BACK, Picture
from keepclear.desk.probing import Probing
from keepclear.journal.kept import OverNow

from .words import clock, counted, span, stamp, times

PUT_BACK_MEANS = "what others filed before may be missing until they send it again: ask them"


def over_words(over: Sequence[OverNow], party: str, now: int) -> str:
    """Return that a party was over some budgets, or who finds no room, and what that means at the desk of ``party``.

    That it is so still, nobody has said but of the hotline's room; of the others the last says until when it may be.
    """
    if over[0].is_end:
        return ended_words(over[0], party, now)
    since, until = stamp(max(one.since for one in over), now), stamp(_up(max(one.until for one in over)), now)
    ours = all(one.party == party for one in over)
    if over[0].is_room:
        did = f"THE HOTLINE HAS NO ROOM for {_whose(over, party)}, as of {since}"
        lasts = "what is filed now" if len(over) > 1 else "what we file" if ours else "what it files"
    else:
        budgets = ", ".join(budget_words(one.budget) for one in over)
        whose = "WE WERE OVER OUR" if ours else f"{over[0].party} WAS OVER ITS"
        did = f"{whose} AGREED BUDGET ({budgets}) at {since}"
        lasts = f"until {until} what {'we file' if ours else 'it files'}"
    means = "is kept here" if ours else "this line need not know it: NOT WHOLE"
    return f"{did}: {lasts} may be refused, {'and' if ours else 'so'} {means}"


def _up(at: int) -> int:
    return -(-at // SECOND) * SECOND


def ended_words(over: OverNow, party: str, now: int) -> str:
    """Return that a party is over a budget no more, or finds room, and what may be missing all the same."""
    at, ours = stamp(over.until, now), over.party == party
    if over.is_end and not over.is_room:
        whose = "we are within our agreed budget again" if ours else f"{over.party} is within its agreed budget again"
        return f"{whose} ({budget_words(over.budget)}) since {at}: what was refused for it has been filed"
    if over.is_end:
        did = f"THE HOTLINE HAS ROOM AGAIN for {_whose([over], party)} since {at}"
    else:
        budget = "the hotline's room" if over.is_room else budget_words(over.budget)
        did = f"{'we' if ours else over.party} need not be refused any more ({budget}) since {at}"
    return f"{did}: {_unfiled(ours, over.party)}"


def before_words(over: Sequence[OverNow], party: str, now: int) -> str:
    """Return who was over a budget or found no room lately, so that what was refused then may be missing still."""
    until = stamp(max(one.until for one in over), now)
    ours = all(one.party == party for one in over)
    return f"{_whose(over, party)} may have been refused until {until}: {_unfiled(ours, 'them')}"


def _whose(over: Sequence[OverNow], party: str) -> str:
    names = " and ".join(dict.fromkeys(one.party for one in over if one.party != party))
    if not names:
        return "our notices"
    return f"notices of {names}{' and ours' if any(one.party == party for one in over) else ''}"


def _unfiled(ours: bool, whom: str) -> str:
    if ours:
        return "what was NOT SENT is sent by keepclear send --all"
    return f"what was refused may be unfiled still, and on no screen: ask {whom}"


def by_meaning(over: Iterable[OverNow]) -> list[tuple[OverNow, ...]]:
    """Return spent budgets by whose they are, and apart from them the hotline's own room, which is one for all."""
    found: dict[str, list[OverNow]] = {}
    for one in over:
        found.setdefault("" if one.is_room else one.party, []).append(one)
    return [tuple(each) for each in found.values()]


def gap_words(reason: str) -> str:
    """Return that the stream could not go on, and what that means."""
    again = f"GAP ({reason}): the picture was read again"
    return f"{again}; THE HOTLINE'S STORE WAS PUT BACK: {PUT_BACK_MEANS}" if reason == "epoch" else again


def put_back_words(at: int, now: int) -> str:
    """Return that the hotline's store has begun another life, and what that means."""
    return f"THE HOTLINE'S STORE WAS PUT BACK, told here {stamp(at, now)}: {PUT_BACK_MEANS}: NOT WHOLE"


def probing_words(probing: Probing, now: int) -> str:
    """Return what looks like probing, and from when to when."""
    lasted = span((probing.until - probing.since) / SECOND)
    did = f"{counted(probing.notices, 'notice')} of {probing.party} met {probing.ours} of ours and soon went away"
    return f"LOOKS LIKE PROBING: {did}, all within {lasted}, the last at {stamp(probing.until, now)}"


def behind_words(link: Link) -> str:
    """Return how far behind the hotline a desk is, and what that means."""
    of = ", ".join(f"{count:,} of {party}".replace(",", " ") for party, count in link.behind_of)
    whose = f" ({of})" if of else ""
    waiting = f"BEHIND: {counted(link.behind, 'event')} not read yet{whose}, so this is NOT WHOLE"
    return f"{waiting}; each party's are read by turns, its worst first"


def slow_words(since: int) -> str:
    """Return that the hotline is slow, since when, and what that means."""
    means = "what was filed in the last seconds may not be told yet, so this is NOT WHOLE"
    return f"HOTLINE SLOW since {clock(since)}: {means}"


def was_slow_words(spans: Sequence[tuple[int, int]]) -> str:
    """Return from when to when the hotline was slow, each time, and what that means."""
    return f"the hotline was slow {times(spans)}: what was filed then came late"


def age_line(picture: Picture) -> str:
    """Return how old the picture is."""
    if picture.age_s is None:
        return "picture of no age: the hotline was never heard"
    if picture.age_s < 0:
        return f"picture of no known age, STALE: {SET_BACK}"
    return f"picture {picture.age_s:.0f} s old{', STALE' if picture.stale else ''}"


class Ends:
    """Whose time of being over a budget runs out while somebody looks; nobody says so, unless the hotline does."""

    def __init__(self) -> None:
        self._over: set[str] = set()

    def new(self, picture: Picture) -> list[OverNow]:
        """Return those that have run out since it was last asked."""
        ended = [one for one in picture.over_before if one.raw in self._over]
        self._over = {one.raw for one in picture.over_budget}
        return ended


def notable_lines(picture: Picture, now: int) -> Iterator[tuple[str, bool]]:
    """Return what is to be said beside a picture, in lines, and of each whether the picture lacks something for it."""
    if picture.put_back_at is not None:
        yield put_back_words(picture.put_back_at, now), True
    for over in by_meaning(picture.over_budget):
        yield over_words(over, picture.party, now), any(one.party != picture.party for one in over)
    if picture.over_before:
        yield before_words(picture.over_before, picture.party, now), False
    for probing in picture.probing:
        yield probing_words(probing, now), False
