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

from .words import counted, span, stamp


def over_words(over: Sequence[OverNow], party: str, now: int) -> str:
    """Return that a party was over some budgets, or found no room, and what that means at the desk of ``party``.

    That it is so still, nobody has said; the last of them to be covered says until when it may be.
    """
    since, until = stamp(max(one.since for one in over), now), stamp(max(one.until for one in over), now)
    whose, ours = over[0].party, over[0].party == party
    if over[0].is_room:
        did = f"THE HOTLINE HAD NO ROOM for a notice of {'ours' if ours else whose} at {since}"
    else:
        budgets = ", ".join(budget_words(one.budget) for one in over)
        did = f"{'WE WERE OVER OUR' if ours else f'{whose} WAS OVER ITS'} AGREED BUDGET ({budgets}) at {since}"
    kept = "what we file may be refused, and is kept here"
    lacks = "what it files may be refused, so this line need not know it: NOT WHOLE"
    return f"{did}: until {until} {kept if ours else lacks}"


def by_meaning(over: Iterable[OverNow]) -> list[tuple[OverNow, ...]]:
    """Return spent budgets by whose they are, and apart from them the hotline's own room."""
    found: dict[tuple[str, bool], list[OverNow]] = {}
    for one in over:
        found.setdefault((one.party, one.is_room), []).append(one)
    return [tuple(each) for each in found.values()]


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


def age_line(picture: Picture) -> str:
    """Return how old the picture is."""
    if picture.age_s is None:
        return "picture of no age: the hotline was never heard"
    if picture.age_s < 0:
        return f"picture of no known age, STALE: {SET_BACK}"
    return f"picture {picture.age_s:.0f} s old{', STALE' if picture.stale else ''}"


def notable_lines(picture: Picture, now: int) -> Iterator[tuple[str, bool]]:
    """Return what is to be said beside a picture, in lines, and of each whether the picture lacks something for it."""
    for over in by_meaning(picture.over_budget):
        yield over_words(over, picture.party, now), over[0].party != picture.party
    for probing in picture.probing:
        yield probing_words(probing, now), False
