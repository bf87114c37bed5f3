"""What a flight would meet of what this desk knows, in words; and that most of the other side is not known."""

from keepclear.desk.whatif import Meeting, WhatIf

from .plain import foreign
from .words import apart, band, window


def what_if_lines(said: WhatIf, now: int) -> list[str]:
    """Return what a flight would meet, one line each, the worst first, and last what this cannot know."""
    return [*(f"{'WHAT IF':<9}{_line(meeting, now)}" for meeting in said.meets), f"{'WHAT IF':<9}{said.unknown}"]


def _line(meeting: Meeting, now: int) -> str:
    other = f"{meeting.party}'s {meeting.category or 'notice'} {meeting.code}"
    if meeting.whose == "ours":
        other = f"our own {foreign(meeting.callsign, 'notice')} {meeting.code}, of which the hotline tells nobody"
    head = f"{'CONFLICT' if meeting.whose == 'theirs' else 'near'} {str(meeting.severity).upper()} with {other}"
    heights = band(meeting.other.lower_m, meeting.other.upper_m, str(meeting.other.reference))
    facts = [head, window(meeting.start, meeting.end, now), heights]
    if meeting.severity != "overlap":
        facts.append(apart(meeting.severity, meeting.horizontal_m, meeting.vertical_m))
    return "; ".join(facts + ([f"{meeting.pairs} pairs of volumes"] if meeting.pairs > 1 else []))
