"""The revisions of the agreement in a desk's journal: those installed, and those staged for when they come into force.

Guaranteed: each revision is signed by everyone and follows on the one before it; what is staged binds nobody until the
desk goes over to it; what was once installed stays, since old statements stand under old terms. A revision that is
staged in the place of another one, which never came into force here, takes with it what was staged behind that.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.errors import KeepclearError, LocalError

_SAVE = "INSERT OR REPLACE INTO agreements (revision, raw, staged) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Revisions:
    """What a desk has of an agreement: ``installed`` newest first, the newest in use; ``staged`` in their order."""

    installed: tuple[Agreement, ...]
    staged: tuple[Agreement, ...]

    def before(self, agreement: Agreement) -> Agreement:
        """Return the revision that one which is to be staged follows, once it does.

        Raises ``LocalError`` with ``usage`` for one that is in use already or out of turn, ``Malformed`` with
        ``agreement_successor`` for one that does not follow.
        """
        if agreement.terms in [one.terms for one in self.installed]:
            raise LocalError("usage", f"revision {agreement.revision} is in use at this desk already")
        chain = (self.installed[0], *self.staged)
        before = next((one for one in chain if one.revision == agreement.revision - 1), None)
        if before is None:
            detail = f"this desk has revision {chain[-1].revision} of the agreement, not {agreement.revision - 1}"
            raise LocalError("usage", detail, hint="stage each revision in its turn, and never an older one")
        open_agreement(agreement.raw, before)
        return before


def read_revisions(db: sqlite3.Connection) -> Revisions:
    """Return what the journal has."""
    rows = db.execute("SELECT raw, staged FROM agreements ORDER BY revision").fetchall()
    kept = [(open_agreement(bytes(raw)), bool(staged)) for raw, staged in rows]
    installed = [agreement for agreement, staged in kept if not staged]
    return Revisions(tuple(reversed(installed)), tuple(agreement for agreement, staged in kept if staged))


def later_installed(journal: Path, agreement: Agreement) -> Agreement:
    """Return the revision in use in the journal at that path, if it is a later one of ``agreement``, else this.

    Only looks: a journal that cannot be read is told by whoever opens it.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)) as db:
            newest = read_revisions(db).installed[0]
    except (sqlite3.Error, KeepclearError, OSError, ValueError, IndexError):
        return agreement
    return newest if newest.id == agreement.id and newest.revision > agreement.revision else agreement


def install(db: sqlite3.Connection, agreement: Agreement) -> Revisions:
    """Begin with an agreement, or go on with what the journal has; a successor at hand is put in use at once.

    A revision that the desk has already, or has gone beyond, changes nothing: a folder remembers. One that is staged
    waits for its time. Raises ``LocalError`` with ``usage`` for one out of turn, ``Malformed`` for one that does not
    follow: its id alone is its own word.
    """
    kept = read_revisions(db)
    if agreement.terms in [one.terms for one in (*kept.installed, *kept.staged)]:
        return kept
    if kept.installed:
        newest = kept.installed[0]
        if agreement.revision != newest.revision + 1:
            detail = f"this desk has revision {newest.revision} of the agreement, not {agreement.revision - 1}"
            raise LocalError("usage", detail, hint="install each revision in its turn, and never an older one")
        open_agreement(agreement.raw, newest)
    db.execute("DELETE FROM agreements WHERE staged")
    db.execute(_SAVE, (agreement.revision, agreement.raw, 0))
    return read_revisions(db)


def stage(db: sqlite3.Connection, agreement: Agreement) -> Agreement | None:
    """Keep a revision for when it comes into force; return another one whose place it takes. Raises as ``before``."""
    kept = read_revisions(db)
    kept.before(agreement)
    standing = next((one for one in kept.staged if one.revision == agreement.revision), None)
    if standing is not None and standing.terms == agreement.terms:
        return None
    db.execute("DELETE FROM agreements WHERE staged AND revision >= ?", (agreement.revision,))
    db.execute(_SAVE, (agreement.revision, agreement.raw, 1))
    return standing


def go_over(db: sqlite3.Connection, terms: str) -> Revisions:
    """Put the staged revision of these ``terms`` in use, with those staged before it; return what is then."""
    kept = read_revisions(db)
    revision = next((one.revision for one in kept.staged if one.terms == terms), 0)
    db.execute("UPDATE agreements SET staged = 0 WHERE staged AND revision <= ?", (revision,))
    return read_revisions(db)
