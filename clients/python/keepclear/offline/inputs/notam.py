"""NOTAM of ICAO's form: the circle of the Q line, in the band and the time that the fields say, one flight each.

Read are Q) position, radius and levels, B) and C), F) and G). The text E) is not read: the circle is drawn by its
author so that it holds the area of influence, whatever shape the text gives. A schedule D) is not read either: the
whole period is claimed. An end that is permanent or an estimate holds until another NOTAM says so, and is asked for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from keepclear_protocol.errors import LocalError
from keepclear_protocol.volume import circle_json

from .altitude import GROUND, band, parse_altitude
from .asked import asked_upper, asked_window
from .content import Content
from .coordinates import position
from .drawn import area, checked_volumes, wrapped
from .flight import Altitude, Flight, Options, unreadable
from .letters import any_text
from .moments import instant_of

NM_M = 1852.0
MAX_NOTAMS = 5_000
WHOLE_REGION = "999"

_Q = re.compile(r"Q\)\s*[A-Z]{4}\s*/", re.ASCII)
_HEAD = re.compile(r"\b([A-Z]\d{4}/\d{2})\s+(NOTAM[NRC])(?:\s+([A-Z]\d{4}/\d{2}))?", re.ASCII)
_FIELD = {letter: re.compile(rf"(?<![A-Z0-9]){letter}\)", re.ASCII) for letter in "ABCDEFG"}
_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\s*EST)?\Z", re.ASCII)
_CIRCLE = re.compile(r"(\d{4}[NS]\d{5}[EW])\s*(\d{3})?\Z", re.ASCII)
_LEVEL = re.compile(r"\d{3}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Notam:
    """One NOTAM: where it stands, what it is, and the texts of its fields."""

    line: int
    number: str
    kind: str
    replaces: str
    qualifier: list[str]
    fields: dict[str, str]

    @property
    def place(self) -> str:
        return f"line {self.line}, NOTAM {self.number}".rstrip()


def recognise(content: Content) -> bool:
    """Whether there is a Q line."""
    return not content.looks_like_json and _Q.search(any_text(content.data[:262_144]).upper()) is not None


def read(content: Content, options: Options) -> list[Flight]:
    """Return the NOTAM of a file; raise ``LocalError`` with ``input_file``."""
    return [_flight(notam, options) for notam in _notams(any_text(content.data).upper())]


def _notams(text: str) -> Iterator[_Notam]:
    starts = [match.start() for match in _Q.finditer(text)]
    if len(starts) > MAX_NOTAMS:
        raise unreadable("", f"more than {MAX_NOTAMS} NOTAM")
    before = line = 0
    for number, start in enumerate(starts):
        heads = list(_HEAD.finditer(text, before, start))
        end = starts[number + 1] if number + 1 < len(starts) else len(text)
        following = list(_HEAD.finditer(text, start, end)) if end < len(text) else []
        line += text.count("\n", starts[number - 1] if number else 0, start)
        body = text[start : following[-1].start() if following else end]
        head = heads[-1] if heads else None
        name, kind, replaces = (head[1], head[2], head[3] or "") if head else ("", "", "")
        yield _Notam(line + 1, name, kind, replaces, *_fields(body))
        before = end if not following else following[-1].start()


def _fields(body: str) -> tuple[list[str], dict[str, str]]:
    """Return the parts of the Q line and the other fields; what stands in the text E) begins no field."""
    marks: list[tuple[str, int, int]] = []
    at = 2
    for letter in "ABCDE":
        match = _FIELD[letter].search(body, at)
        # Fields come in order: a later letter that stands before this one means that this one is missing.
        later = [found.start() for other in "ABCDE" if other > letter if (found := _FIELD[other].search(body, at))]
        if match and not (later and min(later) < match.start()):
            marks.append((letter, match.start(), match.end()))
            at = match.end()
    lower = list(_FIELD["F"].finditer(body, at))
    if lower and (upper := _FIELD["G"].search(body, lower[-1].end())):
        marks += [("F", lower[-1].start(), lower[-1].end()), ("G", upper.start(), upper.end())]
    ends = [*(start for _, start, _ in marks), len(body)][1:]
    fields = {letter: body[begin:end].strip(" \n\t()") for (letter, _, begin), end in zip(marks, ends, strict=True)}
    qualifier = body[2 : marks[0][1] if marks else len(body)]
    return [part.strip() for part in "".join(qualifier.split()).split("/")], fields


def _flight(notam: _Notam, options: Options) -> Flight:
    place, fields = notam.place, notam.fields
    if notam.kind == "NOTAMC":
        raise unreadable(
            place, f"it cancels {notam.replaces or 'another'}: there is nothing to claim", hint="remove it"
        )
    if len(notam.qualifier) != 8:
        detail = f"the Q line has {len(notam.qualifier)} parts, not eight; without position and radius there is no area"
        raise unreadable(place, detail)
    region, subject, *_, lowest, highest, circle = notam.qualifier
    notes = [f"NOTAM {notam.number or 'without a number'}, {region:.4} {subject:.5}"]
    if notam.kind == "NOTAMR":
        notes.append(f"{place}: it replaces {notam.replaces or 'another'}, whose notice is not withdrawn by this")
    outline = _circle(circle, place)
    lower, upper = _limits(fields, lowest, highest, options, place, notes)
    found = band(lower, upper, options.uncertainty, place)
    if found.note:
        notes.append(f"{place}: {found.note}")
    window = _window(fields, options, place, notes)
    if fields.get("D"):
        notes.append(f"{place}: the schedule D) {fields['D']!r:.60} is not read, the whole period is claimed")
    notes.append(f"{place}: the text E) is not read, the circle of the Q line is claimed")
    return Flight(None, checked_volumes([area(outline, replace(found, note=None), window)], place), notes, place)


def _circle(text: str, place: str) -> dict[str, object]:
    match = _CIRCLE.match(text)
    if match is None or match[2] is None:
        raise unreadable(place, f"Q): {text!r:.30} is no position with a radius", hint="such as 4720N00832E005")
    if match[2] in ("000", WHOLE_REGION):
        meant = "the whole region" if match[2] == WHOLE_REGION else "no area"
        raise unreadable(place, f"Q): a radius of {match[2]} NM means {meant}")
    try:
        point = position(match[1])
    except LocalError as error:
        raise unreadable(f"{place}, Q)", error.detail) from None
    return circle_json(wrapped(point.lat, point.lng), float(match[2]) * NM_M)


def _limits(
    fields: dict[str, str], lowest: str, highest: str, options: Options, place: str, notes: list[str]
) -> tuple[Altitude, Altitude]:
    """Return the band of F) and G), else the levels of the Q line."""
    if "F" in fields and "G" in fields:
        lower = parse_altitude(_spoken(fields["F"]), f"{place}, F)")
        upper = parse_altitude(_spoken(fields["G"]), f"{place}, G)")
        if lower is None:
            raise unreadable(f"{place}, F)", "a lower limit cannot be unlimited")
    else:
        if not (_LEVEL.match(lowest) and _LEVEL.match(highest)):
            raise unreadable(place, f"Q): {lowest:.10}/{highest:.10} are no levels, such as 000/195")
        lower = GROUND if lowest == "000" else Altitude(float(lowest), "FL", "FL")
        upper = None if highest == "999" else Altitude(float(highest), "FL", "FL")
        notes.append(f"{place}: without F) and G) the levels of the Q line hold")
    if upper is None:
        upper = asked_upper(options, place, "its top is unlimited")
        notes.append(f"{place}: its top is unlimited and taken as the one that was given")
    return lower, upper


def _spoken(text: str) -> str:
    """Return a limit without the lines below it, which are no more of the NOTAM."""
    return text.split("\n")[0].strip(" )")


def _window(fields: dict[str, str], options: Options, place: str, notes: list[str]) -> tuple[int, int]:
    start = _time(fields.get("B", ""), f"{place}, B)")
    text = fields.get("C", "")
    if text.startswith("PERM") or text.endswith("EST"):
        what = "it is permanent" if text.startswith("PERM") else f"its end {text!r:.20} is an estimate"
        if options.end is None:
            raise unreadable(f"{place}, C)", f"{what}, so it needs --to", hint="it holds until another NOTAM says so")
        notes.append(f"{place}: {what}; claimed until the end that was given")
        end = options.end
    else:
        end = _time(text, f"{place}, C)")
    if start >= end:
        raise unreadable(place, "it must end after its start")
    return asked_window(replace(options, start=start, end=end), place)


def _time(text: str, place: str) -> int:
    match = _TIME.match(text)
    if match is None:
        raise unreadable(place, f"{text!r:.30} is not a time" if text else "missing", hint="ten digits: 2611221400")
    return instant_of(f"20{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}Z", place)
