"""Whether what a page shows may be taken for whole, and every reason why not. Pure.

NOT DECONFLICTED stands wherever one reason is given. Nothing here ever says clear: that takes a fresh signed beat of
the hotline, which this line does not have yet; it is always named, and by itself is no reason to hatch the picture.
"""

from typing import Any

from keepclear_protocol.instant import SECOND

from keepclear.cli.board.blind import QUIET_S, is_quiet
from keepclear.cli.board.header import BLIND_MEANS
from keepclear.cli.notable import by_meaning, over_words, put_back_words
from keepclear.cli.words import clock, span
from keepclear.desk.link import Link
from keepclear.desk.picture import AHEAD_S, SET_BACK, Picture

NOT_YET_BEATS = "not_yet_beats"
"""The one reason that is told always and makes nothing less whole than it can be."""


def whole_json(picture: Picture, link: Link, trouble: tuple[str, str] | None, now: int) -> dict[str, Any]:
    """Return whether the picture is as whole as this line can tell, and why not; ``trouble`` is a code and words."""
    reasons: dict[str, str] = {}
    if picture.age_s is None:
        reasons["never_heard"] = "the hotline was never heard at this desk"
    elif picture.stale:
        reasons["stale"] = "the picture is too old to be relied on, or of no known age"
    if not link.up:
        since = f"since {clock(link.since)}" if link.heard_at is not None else "since this console began"
        reasons["link_down"] = f"not connected {since}: {BLIND_MEANS}"
    elif link.heard_at is not None and link.heard_at - now > AHEAD_S * SECOND:
        reasons["clock_set_back"] = f"{SET_BACK}: how long the hotline was silent is known at its next sign of life"
    elif is_quiet(link, now):
        # Seconds would change the text each second: whoever shows it has the instant.
        since = clock(link.heard_at or link.since)
        reasons["quiet"] = f"no sign of life since {since}, due every {span(QUIET_S)} at the latest"
    if link.unwritten_since is not None and not link.up:
        came = clock(link.unwritten_since)
        reasons["unwritten"] = f"what has come since {came} is not in this desk's journal: it is on no screen"
    if link.is_behind:
        reasons["behind"] = "more has come than is read: each party's is read by turns, its worst first"
    if link.hotline_slow_since is not None:
        slow = f"the hotline has been slow since {clock(link.hotline_slow_since)}"
        reasons["hotline_slow"] = f"{slow}: what was filed in the last seconds may not be told yet"
    over = [one for one in picture.over_budget if one.party != picture.party]
    if over:
        reasons["over_budget"] = "; ".join(over_words(one, picture.party, now) for one in by_meaning(over))
    if picture.put_back_at is not None:
        reasons["put_back"] = put_back_words(picture.put_back_at, now)
    if trouble is not None:
        reasons[trouble[0]] = trouble[1]
    whole = not reasons
    reasons[NOT_YET_BEATS] = "the hotline does not sign yet that nothing was kept back: silence is not safety"
    return {"is": whole, "reasons": [{"code": code, "text": text} for code, text in reasons.items()]}
