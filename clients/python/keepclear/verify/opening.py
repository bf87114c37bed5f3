"""Opening statements: those that arrive, once, with their signatures; those that were kept, by their bytes alone.

What was verified is remembered in the journal under its hash, so that nothing is verified a second time when it is
shown, compared or read back. Opened statements are held for a while, bounded by the bytes that they were read from.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from keepclear_protocol.acknowledgement import Acknowledgement, open_acknowledgement
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.alert import Alert, open_alert
from keepclear_protocol.encoding import digest
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError
from keepclear_protocol.geometry import SHOWN
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import ACKNOWLEDGE, NOTICE
from keepclear_protocol.notice import Notice, open_presentation, open_submission
from keepclear_protocol.spent import Spent, open_spent
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from ..wire.answers import AlertObject
from .verdicts import find_party_key, find_service_key, open_addressed

T = TypeVar("T")

HELD_BYTES = 16 * 1024 * 1024
"""Of raw statements whose opened forms are held; those take some ten times as much."""


@dataclass(frozen=True, slots=True)
class OpenedAlert:
    """An alert object that arrived: the service's alert to us, or why it is none."""

    object: AlertObject
    digest: str
    alert: Alert | None
    fault: EvidenceInvalid | None = None


@dataclass(frozen=True, slots=True)
class OpenedAcknowledgement:
    """An acknowledgement that arrived, or why it is none; ``objection`` says what is wrong with its signer."""

    raw: str
    acknowledgement: Acknowledgement | None
    objection: str = ""


@dataclass(frozen=True, slots=True)
class OpenedBudget:
    """The service's word that a party is over a budget, or why it is none."""

    raw: str
    spent: Spent | None
    fault: str = ""


class Opener:
    """Opens statements under the agreements of one desk, newest first, for its party. Any thread may ask."""

    def __init__(self, agreements: tuple[Agreement, ...], party: str) -> None:
        self.agreements = agreements
        self.party = party
        self._held: OrderedDict[str, tuple[int, object]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def party_key(self, kid: str) -> PublicKey | None:
        """Return the party key ``kid`` of any revision of the agreement that this desk had installed."""
        return find_party_key(self.agreements, kid)

    def arrived_alert(self, value: AlertObject) -> OpenedAlert:
        """Return an alert object that arrived, the signature of its alert verified."""
        try:
            alert = open_addressed(value.alert, self.agreements, self.party)
        except EvidenceInvalid as error:
            return OpenedAlert(value, value.digest, None, error)
        self._hold(alert.sha256, len(value.alert), alert)
        return OpenedAlert(value, value.digest, alert)

    def arrived_acknowledgement(self, raw: str) -> OpenedAcknowledgement:
        """Return an acknowledgement that arrived, its signature and its signer's role verified."""
        try:
            ack = open_acknowledgement(raw, self.party_key)
        except KeepclearError as error:
            return OpenedAcknowledgement(raw, None, f"an acknowledgement does not hold: {error.detail}")
        found = next((found for item in self.agreements if (found := item.find(ack.kid))), None)
        objection = ""
        if ack.claims.aud != self.agreements[0].id or found is None or found[0].id != ack.claims.iss:
            objection = "an acknowledgement is of another agreement, or of another party than its key's"
        elif ACKNOWLEDGE not in found[1].roles:
            objection = "an acknowledgement is signed by a key that may not acknowledge"
        return OpenedAcknowledgement(raw, ack, objection)

    def arrived_budget(self, raw: str) -> OpenedBudget:
        """Return the word that a party is over a budget, its signature verified."""
        try:
            return OpenedBudget(raw, open_spent(raw, partial(find_service_key, self.agreements), self.agreements[0]))
        except EvidenceInvalid as error:
            return OpenedBudget(raw, None, error.detail)

    def arrived_own(self, raw: str, kind: str) -> Notice | Withdrawal:
        """Return an own statement that came from elsewhere; raise ``KeepclearError`` if it is not one."""
        statement: Notice | Withdrawal
        is_notice = kind == NOTICE.name
        statement = (
            open_submission(raw, self.party_key, bounds=SHOWN) if is_notice else open_withdrawal(raw, self.party_key)
        )
        found = next((found for item in self.agreements if (found := item.find(statement.kid))), None)
        if found is None or found[0].id != statement.party or statement.party != self.party:
            raise EvidenceInvalid("evidence", "it is not signed by a key of ours")
        self._hold(statement.sha256, len(raw), statement)
        return statement

    def arrived_presentation(self, raw: str) -> Notice:
        """Return a counterpart's notice, its signature verified, or verified a while ago; raise ``KeepclearError``.

        One notice that meets many of ours comes with each of their alerts, often the same to the letter.
        """
        return self._open(f"arrived {digest(raw)}", raw, lambda: open_presentation(raw, self.party_key))

    def kept_alert(self, raw: str) -> Alert:
        """Return an alert that was verified when it came."""
        return self._open(digest(raw), raw, lambda: open_alert(raw, None))

    def kept_own(self, sha256: str, raw: str, kind: str) -> Notice | Withdrawal:
        """Return the own statement of the journal whose identity is ``sha256``."""

        def read() -> Notice | Withdrawal:
            return open_submission(raw, None, bounds=SHOWN) if kind == NOTICE.name else open_withdrawal(raw, None)

        return self._open(sha256, raw, read)

    def kept_presentation(self, raw: str) -> Notice:
        """Return a counterpart's notice that was verified when it came."""
        return self._open(f"presented {digest(raw)}", raw, lambda: open_presentation(raw, None))

    def kept_acknowledgement(self, raw: str) -> Acknowledgement:
        """Return an acknowledgement that was verified when it came."""
        return open_acknowledgement(raw, None)

    def _open(self, name: str, raw: str, read: Callable[[], T]) -> T:
        with self._lock:
            found = self._held.get(name)
            if found is not None:
                self._held.move_to_end(name)
                return found[1]  # type: ignore[return-value]  # held under the name of what it was read from
        opened = read()
        self._hold(name, len(raw), opened)
        return opened

    def _hold(self, name: str, size: int, opened: object) -> None:
        with self._lock:
            before = self._held.pop(name, None)
            self._bytes += size - (0 if before is None else before[0])
            self._held[name] = (size, opened)
            while self._bytes > HELD_BYTES and len(self._held) > 1:
                _, (gone, _) = self._held.popitem(last=False)
                self._bytes -= gone
