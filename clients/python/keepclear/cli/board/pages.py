"""The board's other pages: one conflict in full, and what signs, words and keys mean."""

from collections.abc import Sequence

from keepclear_protocol.separation import Severity

from keepclear.desk.picture import UNVERIFIED, ConflictView
from keepclear.verify.verdicts import Standing

from ..plain import foreign, plain
from .card import full
from .cells import BOLD, PLAIN, Line, Span, flow, wrap
from .look import Look

MEANS = {
    Severity.OVERLAP: "the volumes themselves meet",
    Severity.PROXIMITY: "closer than agreed",
    Severity.POSSIBLE: "heights of two kinds: cannot be excluded",
    UNVERIFIED: "or ALARM: what the hotline says of it does not hold; take it for open, call the other side",
    Standing.UNCONFIRMED: "closed by what their notice hides from this desk; not clear until their desk confirms it",
    Standing.PAST: "its time was over before it was told",
    Standing.CLOSED: "no conflict any more; leaves when it has stood on the screen for a minute",
}
SAID = (
    "LATE: told so shortly before its window that the agreement calls it late. IN PROGRESS: told when its window had"
    " begun. RETROACTIVE: its window was over. OVERDUE: no answer in the time that the agreement gives an officer.",
    "A conflict is listed as it was last told and verified here; what is worst and soonest stands first, what nobody of"
    " ours has answered before all else. What is closed leaves a minute after it has stood on the screen.",
    "CLOSED NOT CONFIRMED: the other side's new notice does not touch what this desk may see, and their desk has not"
    " confirmed that it keeps clear. It is not clear until the board says CONFIRMED.",
    "NOT SENT: filed here, never admitted by the hotline; nobody was told of it. LOST: receipted once, and the hotline"
    " has it no more. keepclear notices lists both.",
    "The bell: three strokes while danger is unanswered, every 15 s; two and two while the link is lost; two slow ones"
    " for what cannot be excluded, once, and again when its window is near. The screen's head is inverted while this"
    " desk hears nothing, and what stands below is what was true then.",
    "To acknowledge means: received, read, understood. It approves nothing, and it ends no conflict.",
)
KEYS = (
    ("j, k, arrows", "select; after a minute without a key the board is at its top again"),
    ("enter", "all of one conflict, and back; space and b leaf"),
    ("a, then y", "acknowledge what is selected, else what stands first"),
    ("s", "sound test"),
    ("?", "this page, and back"),
    ("q, then y; Ctrl-C", "end the watch: nobody watches then"),
)


def help_page(officer: str | None, look: Look, columns: int) -> list[Line]:
    """Return what the signs, the words and the keys mean."""
    lines: list[Line] = []
    for of, means in MEANS.items():
        sign, style = look.sign(of)
        named: Line = (Span(f"{sign} {str(of).upper()}:", style),)
        lines += flow([named, *((Span(word),) for word in means.split())], columns, " ", 1)
    lines += [()]
    for key, does in KEYS:
        lines += wrap(f"{key}: {does}", columns, BOLD, 1)
    nobody = "for nobody: name an officer with --officer HANDLE"
    who = f"acknowledges {f'as {foreign(officer)}' if officer else nobody}"
    lines += [(), *wrap(who, columns, BOLD, 1)]
    for text in SAID:
        lines += [(), *wrap(text, columns, indent=1)]
    return lines


def details(view: ConflictView, record: Sequence[str], now: int, look: Look, columns: int) -> list[Line]:
    """Return one conflict as it stands on the board, and under it the lines of its record, to be read to somebody."""
    lines = full(view, now, look, columns)
    for text in record:
        deep = len(text) - len(text.lstrip())
        lines += wrap(plain(text), columns, BOLD if not deep and text.isupper() else PLAIN, deep + 1) or [()]
    return lines
