"""What is asked of a desk's journal. Each question reads what is live or what it names, never the whole history."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from ..wire.answers import AlertObject
from .kept import KeptAcknowledgement, KeptAlert, KeptConflict, KeptTheirs, OwnStatement
from .noted import DAY_US, Noted
from .pictured import Pictured

_PARTY = f"json_extract(pictured, '$[{[field.name for field in fields(Pictured)].index('party')}]')"
_TURN = f"row_number() OVER (PARTITION BY {_PARTY} ORDER BY version)"
_BY_TURNS = f"SELECT conflict FROM conflicts WHERE delivered < version ORDER BY {_TURN}, version LIMIT ?"  # noqa: S608

_OF_ITS_KIND = "SELECT max(revision) FROM own AS o WHERE o.id = own.id AND o.status"
_HEAD = f"coalesce(({_OF_ITS_KIND} = 'receipted'), 0)"
_SHOWN = (
    f"revision = ({_OF_ITS_KIND} = own.status) AND status != 'refused' "
    f"AND (status = 'receipted' OR revision > {_HEAD}) ORDER BY filed_at, id"
)
"""Of each own notice the newest that the hotline has receipted, and what is above it: sent, not sent, or lost."""
_WAITING = "SELECT sha256 FROM own WHERE status IN ('unsent', 'lost')"
_MANY = 500
"""Names asked for in one query; SQLite takes some thousands."""


class Reads(Noted):
    """The questions, over one connection; any thread may ask."""

    # Own statements

    def own(self, sha256: str) -> OwnStatement | None:
        """Return the own statement of this hash."""
        rows = self._own("sha256 = ?", sha256)
        return rows[0] if rows else None

    def own_history(self, id: str) -> list[OwnStatement]:
        """Return what was not refused of one notice, newest revision first."""
        return self._own("id = ? AND status != 'refused' ORDER BY revision DESC", id)

    def own_heads(self) -> list[OwnStatement]:
        """Return what stands of each own notice, in the order of filing.

        That is the newest statement that was receipted, and above it what is not: one id may come more than once.
        """
        return self._own(_SHOWN)

    def own_live(self, now: int) -> list[OwnStatement]:
        """Return the heads whose last window is not over at ``now``, and all that is not known to be filed."""
        ahead = "SELECT sha256 FROM own WHERE last_end >= ? UNION SELECT sha256 FROM own WHERE status = 'unknown'"
        waiting = f"{_WAITING} AND (status = 'unsent' OR last_end IS NULL)"
        return self._own(f"sha256 IN ({ahead} UNION {waiting}) AND {_SHOWN}", now)

    def own_waiting(self) -> list[OwnStatement]:
        """Return what is not known to be filed, or is lost: the newest of each notice, in the order of filing."""
        waiting = f"SELECT sha256 FROM own WHERE status = 'unknown' UNION {_WAITING}"  # noqa: S608
        return self._own(f"status != 'receipted' AND sha256 IN ({waiting}) AND {_SHOWN}")

    def own_same(self, contents: Iterable[str], now: int) -> list[OwnStatement]:
        """Return the notices that say one of these contents, are not over at ``now`` and neither ended nor refused."""
        found = self._many("SELECT sha256 FROM own WHERE content IN", list(contents))
        rows = [row for (sha256,) in found if (row := self.own(sha256)) is not None]
        shown = {row.sha256 for row in self.own_live(now)} if rows else set()
        return [row for row in rows if row.sha256 in shown and (row.summary.last_end or 0) >= now]

    def own_unknown(self) -> list[OwnStatement]:
        """Return the statements whose outcome is not known, in the order of filing."""
        return self._own("status = 'unknown' ORDER BY filed_at, revision")

    def callsigns(self, ids: Sequence[str]) -> dict[str, str]:
        """Return, by notice id, the callsigns that these own notices were last filed with."""
        said = "SELECT id, callsign, revision FROM own WHERE callsign IS NOT NULL AND status != 'refused' AND id IN"
        rows = sorted(self._many(said, list(dict.fromkeys(ids))), key=lambda row: int(row[2]))
        return {id: callsign for id, callsign, _ in rows}

    def referenced(self, reference: str) -> str | None:
        """Return the id of the notice that was filed under a reference of ours."""
        rows = self._rows("SELECT id FROM filed_as WHERE reference = ?", reference)
        return str(rows[0][0]) if rows else None

    def references(self, ids: Sequence[str]) -> dict[str, str]:
        """Return, by notice id, the references that these own notices were filed under at this desk."""
        rows = self._many("SELECT id, reference FROM filed_as WHERE id IN", list(dict.fromkeys(ids)))
        return {id: reference for id, reference in rows}

    def own_known(self, hashes: Iterable[str]) -> set[str]:
        """Return which of these own statements are held as the hotline's, or may be: neither refused nor lost."""
        held = "SELECT sha256 FROM own WHERE status NOT IN ('refused', 'lost') AND sha256 IN"
        return {sha256 for (sha256,) in self._many(held, list(hashes))}

    # Alerts and conflicts

    def alert_object(self, digest: str) -> KeptAlert | None:
        """Return the alert object of this digest."""
        rows = self._alerts("digest = ?", digest)
        return rows[0] if rows else None

    def alert_objects(self, digests: Sequence[str]) -> dict[str, KeptAlert]:
        """Return, by their digests, those of some alert objects that are kept."""
        rows = self._many(f"SELECT {_ALERT} FROM objects WHERE digest IN", digests)  # noqa: S608
        return {kept.digest: kept for kept in map(_kept_alert, rows)}

    def alert_of(self, conflict: str, version: int) -> KeptAlert | None:
        """Return the first alert object that came of this version."""
        rows = self._alerts("conflict = ? AND version = ? ORDER BY rowid LIMIT 1", conflict, version)
        return rows[0] if rows else None

    def versions(self, conflict: str) -> list[KeptAlert]:
        """Return every alert object that came of a conflict, by version, oldest first."""
        return self._alerts("conflict = ? ORDER BY version, rowid", conflict)

    def came(self, conflict: str, version: int) -> tuple[int, int] | None:
        """Return when the first version of a conflict came, and when this one did; None of one that did not."""
        query = "SELECT received_at, version FROM objects WHERE conflict = ? ORDER BY version, rowid"
        rows = self._rows(query, conflict)
        at = next((at for at, number in rows if number == version), None)
        return None if at is None else (rows[0][0], at)

    def forged(self) -> list[KeptAlert]:
        """Return the alert objects that name no conflict because not even their signature or address held."""
        return self._alerts("conflict IS NULL ORDER BY rowid")

    def forged_count(self) -> int:
        """Return how many those are."""
        return int(self._rows("SELECT count(*) FROM objects WHERE conflict IS NULL")[0][0])

    def unreadable(self) -> list[KeptAlert]:
        """Return the alert objects under terms that were not installed, or signed by nobody known, as they came."""
        return self._alerts("conflict IS NULL OR verdict = 'wrong_terms' ORDER BY rowid")

    def dated_ahead(self) -> list[KeptAlert]:
        """Return the alert objects that were dated ahead of this desk's clock when they came."""
        return self._alerts("verdict = 'clock' ORDER BY rowid")

    def untold(self, conflicts: Sequence[str]) -> list[KeptAlert]:
        """Return the newest alert objects of some conflicts that came by another way than following."""
        wanted = "SELECT conflict, version FROM conflicts WHERE conflict IN"
        newest = {(conflict, version) for conflict, version in self._many(wanted, conflicts)}
        query = f"SELECT {_ALERT} FROM objects WHERE NOT told AND conflict IN"  # noqa: S608
        rows = [_kept_alert(row) for row in self._many(query, conflicts)]
        return [kept for kept in rows if (kept.conflict, kept.version) in newest]

    def conflict(self, conflict: str) -> KeptConflict | None:
        """Return what is known of a conflict."""
        rows = self._conflicts("conflict = ?", conflict)
        return rows[0] if rows else None

    def conflicts_named(self, conflicts: Sequence[str]) -> dict[str, KeptConflict]:
        """Return what is known of some conflicts."""
        rows = self._many("SELECT * FROM conflicts WHERE conflict IN", conflicts)
        return {kept.conflict: kept for kept in map(_kept_conflict, rows)}

    def conflicts(self) -> list[KeptConflict]:
        """Return what is known of every conflict there ever was, newest version first."""
        return self._conflicts("1 ORDER BY version DESC, conflict")

    def live_conflicts(self, now: int) -> list[KeptConflict]:
        """Return the conflicts that are open, of a flight that is not over, or unanswered for less than a day."""
        ahead = "until >= ? AND (until >= ? OR answered < version)"
        live = f"SELECT conflict FROM conflicts WHERE open UNION SELECT conflict FROM conflicts WHERE {ahead}"  # noqa: S608
        return self._conflicts(f"conflict IN ({live}) ORDER BY version DESC, conflict", now - DAY_US, now)

    def open_conflicts(self) -> list[KeptConflict]:
        """Return the conflicts that are not settled."""
        return self._conflicts("open ORDER BY version DESC, conflict")

    def newest_versions(self, conflicts: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return version and hash of the newest alert known of some conflicts."""
        query = "SELECT conflict, version, sha256 FROM conflicts WHERE conflict IN"
        return {conflict: (version, sha256) for conflict, version, sha256 in self._many(query, conflicts)}

    def undelivered(self, limit: int) -> list[KeptConflict]:
        """Return at most ``limit`` conflicts of whose newest version this desk has not said that it was delivered.

        The oldest, of each counterpart as many: of one's thousands another's are not the last.
        """
        return self._conflicts(f"conflict IN ({_BY_TURNS}) ORDER BY version", limit)

    def theirs(self, party: str, id: str) -> KeptTheirs | None:
        """Return the newest revision seen of a counterpart's notice."""
        rows = self._rows("SELECT * FROM theirs WHERE party = ? AND id = ?", party, id)
        return KeptTheirs(*rows[0]) if rows else None

    def theirs_of(self, ids: Sequence[str]) -> list[KeptTheirs]:
        """Return the newest revisions seen of counterparts' notices of these ids, whoever has filed them."""
        return [KeptTheirs(*row) for row in self._many("SELECT * FROM theirs WHERE id IN", ids)]

    # Acknowledgements

    def acknowledgement(self, sha256: str) -> KeptAcknowledgement | None:
        """Return the acknowledgement of this hash."""
        rows = self._rows(f"SELECT {_SAID} FROM acknowledgements WHERE sha256 = ?", sha256)  # noqa: S608
        return _kept_acknowledgement(rows[0]) if rows else None

    def acknowledgements(self, conflict: str, version: int) -> list[KeptAcknowledgement]:
        """Return what both sides acknowledged of one version, oldest first."""
        query = f"SELECT {_SAID} FROM acknowledgements WHERE conflict = ? AND version = ? ORDER BY rowid"  # noqa: S608
        return [_kept_acknowledgement(row) for row in self._rows(query, conflict, version)]

    def acknowledged(self, conflicts: Sequence[str]) -> list[KeptAcknowledgement]:
        """Return what both sides acknowledged of some conflicts, whatever the version, oldest first."""
        found = self._many(f"SELECT {_SAID}, rowid FROM acknowledgements WHERE conflict IN", conflicts)  # noqa: S608
        return [_kept_acknowledgement(row[:-1]) for row in sorted(found, key=lambda row: row[-1])]

    def acknowledgements_known(self, hashes: Sequence[str]) -> set[str]:
        """Return which of these acknowledgements are held."""
        return {sha256 for (sha256,) in self._many("SELECT sha256 FROM acknowledgements WHERE sha256 IN", hashes)}

    # Events

    def events(self, after: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """Return at most ``limit`` events behind number ``after``, oldest first."""
        query = "SELECT number, event FROM events WHERE number > ? ORDER BY number LIMIT ?"
        return [(number, json.loads(event)) for number, event in self._rows(query, after, limit)]

    def last_event(self) -> int:
        """Return the number of the newest event, 0 before the first."""
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
        return int(rows[0][0]) if rows else 0

    def handed(self) -> int:
        """Return the number up to which the desk's own watch has handed events out."""
        return int(self.noted("handed") or 0)

    def _own(self, where: str, *values: object) -> list[OwnStatement]:
        return [OwnStatement.read(row) for row in self._rows(f"SELECT * FROM own WHERE {where}", *values)]  # noqa: S608

    def _alerts(self, where: str, *values: object) -> list[KeptAlert]:
        rows = self._rows(f"SELECT {_ALERT} FROM objects WHERE {where}", *values)  # noqa: S608
        return [_kept_alert(row) for row in rows]

    def _conflicts(self, where: str, *values: object) -> list[KeptConflict]:
        return [_kept_conflict(row) for row in self._rows(f"SELECT * FROM conflicts WHERE {where}", *values)]  # noqa: S608

    def _many(self, query: str, names: Sequence[str]) -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(names), _MANY):
            some = names[start : start + _MANY]
            rows += self._rows(f"{query} ({', '.join('?' * len(some))})", *some)
        return rows



SAME_ROWS = 16_384
"""Rows of each kind that are read once and given as the same values again, a few kilobytes each: a board looks at all
of them every second, and most are as they were."""

_CONFLICT = [field.name for field in fields(KeptConflict)]
_ACKNOWLEDGEMENT = [field.name for field in fields(KeptAcknowledgement)]
_SAID = ", ".join(_ACKNOWLEDGEMENT)
_ALERT = "digest, conflict, version, object, verdict, detail, standing, told, received_at"


def _kept_alert(row: Sequence[Any]) -> KeptAlert:
    digest, conflict, version, came, verdict, detail, standing, told, received_at = row
    value = AlertObject(**json.loads(came))
    return KeptAlert(digest, conflict, version, value, verdict, detail, standing, bool(told), received_at)


@lru_cache(maxsize=SAME_ROWS)
def _kept_conflict(row: tuple[Any, ...]) -> KeptConflict:
    values = dict(zip(_CONFLICT, row, strict=True))
    pictured = values["pictured"]
    values["pictured"] = None if pictured is None else Pictured.read(json.loads(pictured))
    return KeptConflict(**values)


@lru_cache(maxsize=SAME_ROWS)
def _kept_acknowledgement(row: tuple[Any, ...]) -> KeptAcknowledgement:
    return KeptAcknowledgement(**dict(zip(_ACKNOWLEDGEMENT, row, strict=True)))
