"""The report's tables: the timeline, the pairs, what was disclosed and shown, every signature, the keys."""

from collections.abc import Iterable, Sequence

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.claims import SERVICE

from keepclear.desk.happening import OURS, THEIRS, Happening, Revealed, Signature
from keepclear.desk.incident import Incident
from keepclear.desk.spans import Span
from keepclear.journal.kept import RECEIPTED
from keepclear.verify.anew import Signer

from .markup import Child, Html, figure, foreign, joined, tag
from .told import between, heights, instant, place, shape, short, window
from .words import Words


def timeline(incident: Incident, words: Words) -> Html:
    """Return what happened, the oldest first; where this desk was blind or unwatched stands among it."""
    rows: list[Sequence[Child]] = []
    gaps = [(span, "blind") for span in incident.blind] + [(span, "unwatched") for span in incident.unwatched]
    gaps.sort()
    for each in incident.timeline:
        while gaps and gaps[0][0][0] <= each.at:
            rows.append(_gap(*gaps.pop(0), words))
        rows.append(_happening(each, incident, words))
    heads = [words(key) for key in ("at", "clock", "who", "what", "statement")]
    return table(heads, rows, "timeline")


def _gap(span: Span, key: str, words: Words) -> Sequence[Child]:
    said = tag("strong", words(key, until=instant(span[1])))
    return [instant(span[0]), words("our_clock"), words("desk"), said, None]


def _happening(each: Happening, incident: Incident, words: Words) -> list[Child]:
    who = words("ours") if each.by == OURS else _party(incident, words) if each.by == THEIRS else words("hotline")
    clock = words({OURS: "our_clock", THEIRS: "their_clock"}.get(each.clock, "hotline_clock"))
    return [instant(each.at), clock, who, _what(each, words), short(each.sha256)]


def _party(incident: Incident, words: Words) -> Html:
    return foreign(incident.record.view.party)


def _what(each: Happening, words: Words) -> Html:
    said = each.details
    known: dict[str, Child | int] = {name: value for name, value in said.items() if value is not None}
    known["officer"] = foreign(_text(said.get("officer")))
    known["severity"] = word(words, "severity", _text(said.get("severity")))
    known["reason"] = word(words, "reason", _text(said.get("reason")))
    known["state"] = word(words, "state", _text(said.get("state")))
    known["lead"] = word(words, "lead", _text(said.get("lead")))
    kind = "ended_receipted" if each.kind == "receipted" and said.get("lead") is None else each.kind
    parts: list[Child] = [words(f"kind_{kind}", **known)]
    standing, status = _text(said.get("standing")), _text(said.get("status"))
    if each.kind == "closed" and standing != "CLOSED":
        parts.append(tag("strong", word(words, "state", standing or "unverified")))
    if status and status != RECEIPTED:
        parts.append(tag("strong", words("status", status=word(words, "status", status))))
    if (doubt := _text(said.get("said"))) and doubt != VERIFIED:
        parts.append(tag("strong", words("doubt", said=doubt)))
    if (verdict := _text(said.get("verdict"))) and verdict != VERIFIED:
        parts.append(joined(tag("strong", words("fails")), f" ({verdict})"))
    if each.came_at is not None and abs(each.came_at - each.at) >= 1_000_000:
        parts.append(words("came", at=instant(each.came_at)))
    return listed(parts)


def pairs(incident: Incident, words: Words) -> Html:
    """Return every pair of the newest alert that holds."""
    rows: list[Sequence[Child]] = []
    for number, pair in enumerate(incident.record.pairs, 1):
        start, end = window(pair.start, pair.end)
        ours = pair.ours and words("band_ours", band=heights(pair.ours.lower_m, pair.ours.upper_m, pair.ours.reference))
        theirs = pair.theirs and words(
            "band_theirs", band=heights(pair.theirs.lower_m, pair.theirs.upper_m, pair.theirs.reference)
        )
        met = heights(pair.lower_m, pair.upper_m, pair.reference) if ours is None or theirs is None else None
        rows.append([
            figure(str(number)), joined(word(words, "severity", pair.severity), ": ", between(pair, words)),
            words("window_is", start=start, end=end), listed([ours or None, theirs or None, met]),
            None if pair.where is None else place(*pair.where),
        ])  # fmt: skip
    heads = [words(key) for key in ("pair", "severity", "window", "heights", "place")]
    return table(heads, rows, "pairs")


def revealed(volumes: Iterable[Revealed], words: Words) -> Html:
    """Return volumes that one side was shown of the other's."""
    rows: list[Sequence[Child]] = []
    for each in volumes:
        volume = each.volume
        if volume is None:
            what: list[Child] = [words("unknown_volume"), None, None]
        else:
            start, end = window(volume.start, volume.end)
            band = heights(volume.lower_m, volume.upper_m, str(volume.reference))
            what = [shape(volume, words), words("window_is", start=start, end=end), band]
        rows.append([short(each.digest), *what, figure(str(each.revision)), instant(each.since)])
    heads = [words(key) for key in ("statement", "volume", "window", "heights", "revision", "since")]
    return table(heads, rows, "revealed")


def signatures(incident: Incident, words: Words) -> Html:
    """Return every signed statement with its verdict, whole hash and key."""
    letters = key_letters(incident)
    rows = [_signature(each, letters, words) for each in incident.signatures]
    return table([words(key) for key in ("kind", "signed", "signer", "finding", "statement")], rows, "signatures")


def _signature(each: Signature, letters: dict[str, str], words: Words) -> list[Child]:
    checked, signer = each.checked, each.checked.signer
    kind = words(f"sig_{each.kind}", number=figure("?" if each.number is None else str(each.number)))
    who = tag("strong", words("nobody")) if signer is None else joined(
        owner(signer, words), " ", tag("span", words("key", letter=letters[signer.key.kid]), class_="key")
    )  # fmt: skip
    if checked.verdict == VERIFIED:
        verdict: list[Child] = [words("holds")]
    else:
        verdict = [tag("strong", words("fails"), class_="fails"), joined(checked.verdict, ": ", checked.detail)]
    if each.noted is not None:
        verdict.append(words("noted", verdict=each.noted))
    whole = tag("bdi", checked.sha256, dir="ltr", class_="hash")
    return [kind, None if each.at is None else instant(each.at), who, listed(verdict), whole]


def keys(incident: Incident, words: Words) -> Html:
    """Return every key that a signature names, with the fingerprint that is read over a telephone."""
    found = {signer.key.kid: signer for each in incident.signatures if (signer := each.checked.signer) is not None}
    rows = [
        [
            words("key", letter=letter), owner(found[kid], words), figure(found[kid].key.fingerprint),
            words("key_of", revision=found[kid].revision),
        ]
        for kid, letter in key_letters(incident).items()
    ]  # fmt: skip
    return table([], rows, "keys")


def key_letters(incident: Incident) -> dict[str, str]:
    """Return a letter for each key, in the order in which they sign."""
    kids = [signer.key.kid for each in incident.signatures if (signer := each.checked.signer) is not None]
    return {kid: _letter(number) for number, kid in enumerate(dict.fromkeys(kids))}


def _letter(number: int) -> str:
    return chr(65 + number) if number < 26 else f"{chr(64 + number // 26)}{chr(65 + number % 26)}"


def owner(signer: Signer, words: Words) -> Html:
    """Return whose key it is."""
    return words("hotline") if signer.owner == SERVICE else foreign(signer.owner)


def word(words: Words, kind: str, value: str | None) -> Html:
    """Return the word for a code; the code itself, as a text of others, where there is none."""
    if not value:
        return Html("")
    return words.known(f"{kind}_{value.lower().replace(' ', '_')}") or foreign(value)


def table(heads: Sequence[Child], rows: Iterable[Sequence[Child]], name: str) -> Html:
    """Return a table; its head stands again on every page."""
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads))) if heads else None
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    return tag("table", head, body, class_=name)


def listed(parts: Iterable[Child]) -> Html:
    """Return parts one below the other."""
    return joined(*(tag("div", part) for part in parts if part))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
