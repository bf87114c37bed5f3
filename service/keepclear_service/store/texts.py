"""How entries, records and events stand in the store: words with one space between them, ``-`` where there is none.

Written so that a script finds what it needs by a pattern, and that a worker reads thousands a second. Instants are
milliseconds there and microseconds here.
"""

from ..decide.entry import Entry
from ..line.ports import Event, NoticeRow, Record, SignedAlert


def word(text: str) -> str:
    """Return a text as a word of the store's. Raises ``ValueError`` where it is not one: nobody could read it again."""
    if " " in text:
        raise ValueError("a word of the store's has no space")
    return text or "-"


def read_entry(text: bytes) -> Entry:
    """Return the entry that stands in ``text``."""
    seq, kind, party, id, revision, sha256, submission, at, terms, note, epoch = text.decode().split(" ")
    return Entry(
        int(seq),
        kind,
        "" if party == "-" else party,
        "" if id == "-" else id,
        int(revision),
        "" if sha256 == "-" else sha256,
        "" if submission == "-" else submission,
        int(at) * 1000,
        terms,
        "" if note == "-" else note,
        epoch,
    )


def read_notice(row: bytes, clock_ms: int) -> NoticeRow:
    """Return a party's notice as it stands at ``clock_ms``."""
    _, _, ends, _, withdrawn, entry = row.split(b" ", 5)
    state = "withdrawn" if withdrawn == b"1" else "ended" if int(ends) < clock_ms else "live"
    return NoticeRow(read_entry(entry), state)


def write_record(alert: SignedAlert) -> str:
    """Return an alert's record, as ``commit.lua`` describes it."""
    ends = "-" if alert.ends is None else -(-alert.ends // 1000)
    return (
        f"{alert.version} {alert.sha256} {alert.rank} {ends} {alert.keep // 1000} {alert.state} {word(alert.shows)} "
        f"{word(alert.body)} {alert.own[1]} {alert.other[0]} {alert.other[1]}"
    )


def read_record(to: str, conflict: bytes, record: bytes, answers: bytes) -> Record:
    """Return a conflict's newest alert to ``to``; ``answers`` of another version than that count for nothing."""
    version, sha256, rank, ends, _, state, shows, body, own, party, other = record.decode().split(" ")
    of_version, *given = answers.decode().split(";")
    answered: dict[tuple[str, str], tuple[str, ...]] = {}
    for answer in given if of_version == version else ():
        whose, stage, statement, _ = answer.split(" ")
        answered[whose, stage] = (*answered.get((whose, stage), ()), statement)
    return Record(
        to=to,
        conflict=conflict.decode(),
        version=int(version),
        own=(to, own),
        other=(party, other),
        state=state,
        sha256=sha256,
        shows="" if shows == "-" else shows,
        body="" if body == "-" else body,
        rank=rank,
        ends=None if ends == "-" else int(ends) * 1000,
        answers=answered,
    )


def read_event(at: bytes, text: bytes) -> Event:
    """Return the event at a position of a party's stream."""
    words = text.decode().split(" ")
    if words[0] == "alert":
        _, conflict, version, sha256, shows, body = words
        return Event(
            at=int(at),
            kind="alert",
            sha256=sha256,
            conflict=conflict,
            version=int(version),
            shows="" if shows == "-" else shows,
            body="" if body == "-" else body,
        )
    kind, seq, sha256 = words
    return Event(at=int(at), kind=kind, sha256="" if sha256 == "-" else sha256, seq=int(seq))
