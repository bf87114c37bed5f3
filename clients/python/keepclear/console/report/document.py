"""The after-action report of one conflict, as HTML without a script: for the page, for a file, and for print.

Guaranteed: nothing is loaded for it from anywhere, nothing in it runs, and a text that others wrote is text. The file's
own policy says so too. One home: what the page shows is the body of what ``keepclear report`` writes.
"""

import html
from importlib.metadata import version
from importlib.resources import files

from keepclear_protocol.instant import SECOND
from keepclear_protocol.outline import Position
from keepclear_protocol.speakable import speakable
from keepclear_protocol.volume import Volume

from keepclear.desk.incident import Incident
from keepclear.desk.views import ConflictView

from ..said import spoken
from .chart import Drawn, chart
from .markup import Child, Html, figure, foreign, joined, tag
from .profile import Meeting, kinds, profile
from .tables import keys, pairs, revealed, signatures, timeline, word
from .told import between, heights, instant, place, span_words, window
from .words import Words

PAPERS = {"a4": "A4", "letter": "letter"}
"""What a file may be printed on; else it is whatever the printer has."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Of the file: its style stands in it, and nothing else is let in."""


def document(incident: Incident, words: Words, now: int, by: str | None, paper: str | None = None) -> str:
    """Return the report as a file of its own, made at the instant ``now`` in the name of ``by``.

    Each page of it bears the conflict's code beside its number.
    """
    code = speakable(incident.record.view.conflict)
    style = (files("keepclear.console") / "page" / "report" / "report.css").read_text("utf-8")
    head = joined(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", f"{code} {words('title')}"),
        tag("style", Html(f"{style}\n{_every_page(code, paper)}")),
    )
    made = tag("html", tag("head", head), tag("body", body(incident, words, now, by)),
               lang=words.language, dir=words.direction)  # fmt: skip
    return f"<!doctype html>\n{made}\n"


def _every_page(code: str, paper: str | None) -> str:
    size = "" if paper is None else f"size: {PAPERS[paper]};"
    return f'@page {{ {size} @bottom-left {{ content: "{code}"; }} }}'


def body(incident: Incident, words: Words, now: int, by: str | None) -> Html:
    """Return the report's article."""
    party = foreign(incident.record.view.party)
    count = len(incident.own)
    return tag(
        "article",
        _head(incident, words, now, by),
        _facts(incident, words, now),
        _section(words("chart"), _drawings(incident, words), name="drawings"),
        _section(words("timeline"), tag("p", words("timeline_says")), timeline(incident, words)),
        _section(words("pairs"), pairs(incident, words) if incident.record.pairs else tag("p", words("no_pairs"))),
        _section(
            words("disclosed"),
            tag("p", words("disclosed_says", party=party) if incident.disclosed else words("disclosed_none")),
            revealed(incident.disclosed, words) if incident.disclosed else None,
        ),
        _section(
            words("shown"),
            tag("p", words("shown_says", n=count) if incident.shown else words("shown_none")),
            revealed(incident.shown, words) if incident.shown else None,
        ),
        _section(words("signatures"), tag("p", words("signatures_says")), signatures(incident, words)),
        _section(words("keys"), tag("p", words("keys_says")), keys(incident, words)),
        class_="report", lang=words.language, dir=words.direction,
    )  # fmt: skip


def _head(incident: Incident, words: Words, now: int, by: str | None) -> Html:
    code = figure(speakable(incident.record.view.conflict))
    made = words(
        "made", at=instant(now // SECOND * SECOND), by=foreign(by, words("made_by_desk")),
        party=foreign(incident.party), version=version("keepclear"),
    )  # fmt: skip
    return tag(
        "header", tag("p", words("title"), class_="title"), tag("h1", words("conflict", code=code)),
        tag("p", made, class_="made"), tag("p", words("scope"), class_="scope"),
    )  # fmt: skip


def _facts(incident: Incident, words: Words, now: int) -> Html:
    view, terms = incident.record.view, incident.agreement
    said = joined(word(words, "state", view.state), " ", word(words, "severity", view.severity))
    state = said if view.alarm is None else words("said_to_be", state=said)
    rows: list[tuple[str, Child]] = [
        ("state", tag("strong", state)),
        ("verdict", _soundness(incident, words, now)),
    ]
    if view.alarm:
        rows.append(("alarm", tag("strong", f"{view.alarm}: {view.alarm_detail or ''}")))
    rows += [
        ("sides", _sides(view, words)),
        *_when(view, words),
        *_how(incident, words),
        ("spoken", spoken(view.conflict)),
        ("id", figure(view.conflict, long=True)),
        ("agreement", words("agreement_is", name=foreign(terms.name), revision=terms.revision)),
        ("fingerprint", figure(terms.fingerprint, long=True)),
        ("service", figure(terms.service.origin, long=True)),
    ]
    return tag("dl", *(joined(tag("dt", words(key)), tag("dd", said)) for key, said in rows), class_="facts")


def _soundness(incident: Incident, words: Words, now: int) -> Html:
    said: dict[str, Child | int] = {"n": len(incident.signatures), "at": instant(now // SECOND * SECOND)}
    if not incident.unsound:
        return words("all_hold", **said)
    return tag("strong", words("some_do_not", unsound=incident.unsound, **said), class_="fails")


def _sides(view: ConflictView, words: Words) -> Html:
    return words(
        "sides_are", own=foreign(view.own_callsign, words("no_callsign")), notice=figure(speakable(view.own)),
        revision=view.own_revision, party=foreign(view.party), other_revision=view.other_revision,
        category=foreign(view.category, words("no_category")),
    )  # fmt: skip


def _when(view: ConflictView, words: Words) -> list[tuple[str, Child]]:
    if view.start is None or view.end is None:
        return []
    start, end = window(view.start, view.end)
    rows: list[tuple[str, Child]] = [("window", words("window_is", start=start, end=end))]
    if view.received_at is not None:
        ahead = (view.start - view.received_at) / SECOND
        lead = word(words, "lead", view.lead or "ROUTINE")
        key = "told_ahead" if ahead > 0 else "told_after"
        rows.append(("told", words(key, lead=lead, span=span_words(abs(ahead)))))
    return rows


def _how(incident: Incident, words: Words) -> list[tuple[str, Child]]:
    """How high and how far apart the worst pair is, and where."""
    view, worst = incident.record.view, next(iter(incident.record.pairs), None)
    sides = (("band_ours", view.our_heights), ("band_theirs", view.their_heights))
    bands = [words(key, band=heights(*band)) for key, band in sides if band is not None]
    rows: list[tuple[str, Child]] = []
    if bands:
        rows.append(("bands", joined(*(tag("div", each) for each in bands))))
    if worst is not None:
        rows.append(("distance", between(worst, words)))
    if view.where is not None:
        rows.append(("place", place(*view.where)))
    return rows


def _drawings(incident: Incident, words: Words) -> Html:
    met = incident.record.pairs
    ours = _different([pair.ours for pair in met] or [each.volume for each in incident.shown])
    theirs = _different([pair.theirs for pair in met] or [each.volume for each in incident.disclosed])
    if not ours or not theirs:
        return tag("p", words("no_chart"))
    aside = [each for each in incident.own if each not in ours]
    drawn = [Drawn(each.outline, True, False) for each in aside]
    drawn += [Drawn(each.outline, True) for each in ours] + [Drawn(each.outline, False) for each in theirs]
    places: list[Position] = [pair.where for pair in met if pair.where is not None]
    meetings = [Meeting(pair.start, pair.end, pair.lower_m, pair.upper_m) for pair in met]
    mixed = kinds([*ours, *theirs])
    return joined(
        tag("figure", chart(drawn, places, words)),
        tag("figure", profile(ours, theirs, meetings, words), tag("figcaption", words("legend"))),
        tag("p", words("mixed", kinds=", ".join(mixed))) if len(mixed) > 1 else None,
    )


def _different(volumes: list[Volume | None]) -> list[Volume]:
    found: list[Volume] = []
    for each in volumes:
        if each is not None and each not in found:
            found.append(each)
    return found


def _section(title: Child, *children: Child, name: str | None = None) -> Html:
    return tag("section", tag("h2", title), *children, class_=name)
