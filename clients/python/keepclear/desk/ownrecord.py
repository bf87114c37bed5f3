"""A party's own statements, as its desks filed them: opened, kept, and held against what the service says of them."""

from collections.abc import Callable, Generator
from typing import Any

from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, Unavailable
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.notice import Notice, open_submission
from keepclear_protocol.receipt import Receipt
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from ..journal.journal import RECEIPTED, REFUSED, UNKNOWN, Journal, OwnStatement
from ..verify.verdicts import find_party_key
from ..wire.answers import Notices, NoticeView
from ..wire.exchange import Call, Exchange

NOTICE, WITHDRAWAL = "notice", "withdrawal"
MOST_OPENED = 512
"""Own statements held opened: reading 60 volumes takes milliseconds, and every alert needs one of ours."""


def notice_id(statement: Notice | Withdrawal) -> str:
    """Return the id of the notice that ``statement`` files or ends."""
    return statement.notice if isinstance(statement, Withdrawal) else statement.id


class OwnRecord:
    """The own statements of one desk's journal."""

    def __init__(self, exchange: Exchange, journal: Journal, clock: Callable[[], int]) -> None:
        self._exchange = exchange
        self._journal = journal
        self._clock = clock
        self._opened: dict[str, Notice | Withdrawal] = {}

    def party_key(self, kid: str) -> PublicKey | None:
        """Return the party key ``kid`` of any revision of the agreement that this desk had installed."""
        return find_party_key(self._journal.agreements, kid)

    def open(self, raw: str, kind: str) -> Notice | Withdrawal:
        """Return an own statement, verified again; raise ``KeepclearError`` if it is not one."""
        statement: Notice | Withdrawal
        statement = open_submission(raw, self.party_key) if kind == NOTICE else open_withdrawal(raw, self.party_key)
        found = next((found for item in self._journal.agreements if (found := item.find(statement.kid))), None)
        if found is None or found[0].id != statement.party or statement.party != self._exchange.party:
            raise EvidenceInvalid("evidence", "it is not signed by a key of ours")
        return statement

    def statement(self, sha256: str) -> Notice | Withdrawal | None:
        """Return the kept statement of this hash, opened."""
        opened = self._opened.get(sha256)
        if opened is None and (kept := self._journal.own(sha256)) is not None:
            opened = self.open(kept.raw, kept.kind)
            if len(self._opened) >= MOST_OPENED:
                self._opened.clear()
            self._opened[sha256] = opened
        return opened

    def receive(self, raw: str, kind: str, receipt: str) -> tuple[Notice | Withdrawal, str]:
        """Keep a statement with its receipt, filed from any desk; return it and what is wrong with it, or nothing.

        Raises ``KeepclearError`` if statement or receipt do not hold.
        """
        statement = self.open(raw, kind)
        whole = statement.submission_sha256 if isinstance(statement, Notice) else None
        told = self._exchange.check_receipt(receipt, kind, statement.sha256, whole)
        with self._journal.transaction():
            return statement, self._keep(statement, kind, raw, told)

    def _keep(self, statement: Notice | Withdrawal, kind: str, raw: str, told: Receipt) -> str:
        id, journal = notice_id(statement), self._journal
        known = journal.own(statement.sha256)
        # A refused statement counts as not filed. It may yet have been admitted by an attempt whose answer was lost.
        if known is None or known.status == REFUSED:
            rival = next((r for r in journal.own_history(id) if r.revision == statement.revision), None)
            if rival is not None and rival.status == RECEIPTED:
                return f"ROLLBACK: two different statements are receipted as revision {statement.revision} of {id}"
            if rival is not None:
                journal.refuse_own(rival.sha256, "revision_conflict")
        if known is None:
            row = (statement.sha256, id, statement.revision, kind, raw, UNKNOWN, None, None, None, None, self._clock())
            journal.save_own(OwnStatement(*row))
        journal.settle_own(statement.sha256, told.raw, told.seq, told.epoch)
        return ""

    def fetch(self, id: str) -> Generator[Call[Any], Any, int | None]:
        """Ask for an own notice that another desk filed, and keep it if it holds.

        Returns the newest revision that the service has, 0 if it has none, ``None`` if that was not to be learnt.
        """
        try:
            view: NoticeView = yield self._exchange.notice(id)
            kind = NOTICE if view.withdrawal is None else WITHDRAWAL
            statement, _ = self.receive(view.withdrawal or view.notice or "", kind, view.receipt)
        except Unavailable:
            raise
        except KeepclearError as error:
            return 0 if error.code == "not_found" else None  # whoever needed it will miss it, and say so
        return statement.revision if notice_id(statement) == id else None

    def missing(self, notices: Notices, asked_at: int) -> list[str]:
        """Return, in words, what the service receipted before ``asked_at`` and no longer has."""
        rows = {row.id: row for row in notices.notices}
        said = []
        for head in self._journal.own_heads():
            if head.status != RECEIPTED or head.filed_at > asked_at:
                continue
            row = rows.get(head.id)
            if row is None:
                if self._must_be_there(head, asked_at):
                    said.append(f"ROLLBACK: the hotline no longer has our notice {head.id}, which it receipted")
            elif row.revision < head.revision:
                was = f"revision {row.revision} of our notice {head.id}, and had receipted {head.revision}"
                said.append(f"ROLLBACK: the hotline has {was}")
            elif row.revision == head.revision and row.sha256 != head.sha256:
                said.append(f"ROLLBACK: the hotline has another revision {row.revision} of our notice {head.id}")
        return said

    def _must_be_there(self, head: OwnStatement, at: int) -> bool:
        statement = self.open(head.raw, head.kind)
        retention = self._exchange.agreement.retention_s * 1_000_000
        return isinstance(statement, Notice) and statement.last_end + retention > at
