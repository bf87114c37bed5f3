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
    """Return that a party is over some budgets, and what that means at the desk of ``party``: one line for each party.

    The last of them to come back says until when.
    """
    budgets = ", ".join(budget_words(one.budget) for one in over)
    until, whose = stamp(max(one.until for one in over), now), over[0].party
    if whose == party:
        return f"WE ARE OVER OUR AGREED BUDGET ({budgets}) until {until}: what we file may be refused, and is kept here"
    means = "what it wants to file now may be refused, so this line does not know it: NOT WHOLE"
    return f"{whose} IS OVER ITS AGREED BUDGET ({budgets}) until {until}: {means}"


def by_party(over: Iterable[OverNow]) -> list[tuple[OverNow, ...]]:
    """Return spent budgets by whose they are."""
    found: dict[str, list[OverNow]] = {}
    for one in over:
        found.setdefault(one.party, []).append(one)
    return [tuple(each) for each in found.values()]


def probing_words(probing: Probing, now: int) -> str:
    """Return what looks like probing, and from when to when."""
    lasted = span((probing.until - probing.since) / SECOND)
    did = f"{probing.party} filed and soon ended {counted(probing.notices, 'notice')} that met {probing.ours} of ours"
    return f"LOOKS LIKE PROBING: {did} within {lasted}, the last at {stamp(probing.until, now)}"


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
    for over in by_party(picture.over_budget):
        yield over_words(over, picture.party, now), over[0].party != picture.party
    for probing in picture.probing:
        yield probing_words(probing, now), False
