"""Whether an alert holds: both signatures, both hashes, its place in what this desk has seen, its figures, its cause.

Pure: what the desk remembers is handed in as ``Known``. Guaranteed of an alert that ``verify_alert`` lets pass: the
service signed it for this party; the presentation is the counterpart's own statement of exactly the named revision;
every figure is what the rules give; it follows on what was seen before; and what is CLOSED shows the signed cause or
the own act that it needs, or follows from the rules. Not guaranteed, because nobody can prove it: that nothing was
withheld, that something closed by a hidden amendment is clear (it stays ``CLOSED NOT CONFIRMED``), and that newer terms
are not in force yet where nothing under them was seen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from keepclear_protocol.agreement import SUBMIT, Agreement
from keepclear_protocol.alert import CLOSED, OPEN, Alert, alert_jti, conflict_id, open_alert
from keepclear_protocol.claims import MAX_AHEAD_S, Claims
from keepclear_protocol.errors import EvidenceInvalid, KeepclearError, LocalError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.notice import Notice, open_presentation
from keepclear_protocol.separation import RULES
from keepclear_protocol.withdrawal import Withdrawal, open_withdrawal

from ..wire.answers import AlertObject
from .recheck import check_figures, first_window, surely_ahead


class Standing(StrEnum):
    """What a conflict is to the desk."""

    OPEN = "OPEN"
    PAST = "PAST"
    CLOSED = "CLOSED"
    UNCONFIRMED = "CLOSED NOT CONFIRMED"
    """Closed by the mediator's word or by a hidden revision: not to be taken for clear."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest version of something, by number and hash."""

    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """The alert that the picture shows for a conflict, and the counterpart's notice that it disclosed, if any."""

    alert: Alert
    theirs: Notice | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the desk remembers about one alert's conflict and notices.

    ``agreements``: every revision that this desk had installed, newest first. ``own``: our statement that the alert
    names; ``own_gone``: it is not held, and the service, which has a later one, cannot give it. ``own_before``: our
    notice of the adopted alert. ``floor``: the conflict's newest version that this alert may not fall below.
    ``theirs_floor``: likewise the counterpart's revision. ``own_floor``: our revision that the service had receipted
    when it wrote the alert. ``followed``: no version since the adopted one can have been missed. ``now``: the instant
    by this desk's clock. ``in_force``: the newest terms that a verified alert was under, and since when at the latest.
    ``presented`` verifies a presentation, where there is a way that remembers which ones it has verified.
    """

    agreements: tuple[Agreement, ...]
    own: Notice | Withdrawal | None
    own_gone: bool
    own_before: Notice | None
    adopted: Adopted | None
    floor: Seen | None
    theirs_floor: Seen | None
    own_floor: Seen | None
    followed: bool
    now: int
    in_force: tuple[str, int] | None = None
    presented: Callable[[str], Notice] | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """An alert that holds: the counterpart's statement that came with it, what the conflict is now, and what to add."""

    theirs: Notice | Withdrawal | None
    standing: Standing
    detail: str = ""


def find_party_key(agreements: tuple[Agreement, ...], kid: str) -> PublicKey | None:
    """Return the party key ``kid`` of any installed revision: old notices were signed under old revisions."""
    return next((key for item in agreements if (key := item.party_key(kid)) is not None), None)


def find_service_key(agreements: tuple[Agreement, ...], kid: str) -> PublicKey | None:
    """Return the service key ``kid`` of any installed revision."""
    return next((key for item in agreements if (key := item.service_key(kid)) is not None), None)


def find_terms(agreements: tuple[Agreement, ...], terms: str) -> Agreement | None:
    """Return the installed revision whose terms these are."""
    return next((item for item in agreements if item.terms == terms), None)


def open_addressed(raw: str, agreements: tuple[Agreement, ...], party: str) -> Alert:
    """Return the alert ``raw`` if the service signed it, under this agreement, for ``party``, of a conflict of its own.

    Its key must be the service's by the terms that it names or by later ones, and valid at its time. Where those terms
    are not installed, by the newest that are. Raises ``EvidenceInvalid`` with ``evidence``.
    """
    alert = open_kept(raw, agreements, party)
    named = find_terms(agreements, alert.claims.terms) or agreements[0]
    keys = [key for item in agreements[: agreements.index(named) + 1] for key in item.service.keys]
    if not any(key.key.kid == alert.kid and key.not_before <= alert.at <= key.not_after for key in keys):
        raise EvidenceInvalid("evidence", "the alert is signed by a key that was not the service's at its time")
    return alert


def open_kept(raw: str, agreements: tuple[Agreement, ...], party: str) -> Alert:
    """Return an alert that this desk took in before, by whichever key of the service it was signed."""
    alert = open_alert(raw, lambda kid: find_service_key(agreements, kid))
    own, other = (alert.own.party, alert.own.id), (alert.other.party, alert.other.id)
    if alert.claims.aud != agreements[0].id:
        raise EvidenceInvalid("evidence", "the alert is of another agreement")
    if alert.to != party or alert.own.party != party or alert.other.party == party:
        raise EvidenceInvalid("evidence", "the alert is not addressed to this party")
    if alert.conflict != conflict_id(alert.claims.aud, own, other):
        raise EvidenceInvalid("evidence", "the conflict's id is not that of the two notices")
    if alert.claims.jti != alert_jti(alert.conflict, alert.version, alert.to):
        raise EvidenceInvalid("evidence", "the alert's jti is not that of this alert")
    return alert


def verify_alert(alert: Alert, came: AlertObject, known: Known) -> Verified:
    """Return what ``alert`` proves together with what came beside it; ``alert`` is from ``open_addressed``.

    Raises ``EvidenceInvalid`` with ``rollback``, ``wrong_terms``, ``evidence``, ``recompute``, ``over_disclosed`` or
    ``closed_without_cause``; ``LocalError`` with ``clock`` for what holds, if only it were not dated ahead of this
    desk's clock: whoever dates ahead could end what is not over, but the slow clock may well be ours.
    """
    verified = _verify(alert, came, known)
    ahead = alert.at - known.now
    if ahead > MAX_AHEAD_S * SECOND:
        detail = f"CLOCK: the alert is dated {ahead // SECOND} s ahead of this desk's clock, which seems to be slow"
        raise LocalError("clock", detail, hint="set this machine's clock; the alert is judged again then")
    return verified


def _verify(alert: Alert, came: AlertObject, known: Known) -> Verified:
    check_order(alert, known)
    terms = find_terms(known.agreements, alert.claims.terms)
    if terms is None:
        detail = "the alert is under terms that this desk has not installed"
        raise EvidenceInvalid("wrong_terms", detail, hint="install the agreement's newest revision")
    _check_in_force(alert, known)
    if alert.rules != RULES or alert.claims.iat != alert.at // 1_000_000:
        raise EvidenceInvalid("evidence", "the alert is by other rules, or names two times")
    if alert.at < max(alert.own.received_at, alert.other.received_at):
        raise EvidenceInvalid("evidence", "the alert is older than a notice that it names")
    own = known.own
    if own is None and known.own_gone and alert.state != OPEN:
        return _verify_without_own(alert, came, known)
    if own is None or (own.revision, _id(own)) != (alert.own.revision, alert.own.id):
        raise EvidenceInvalid("evidence", "the alert names a revision of ours that this desk does not hold")
    if alert.state == OPEN:
        theirs = _presentation(alert, came, known)
        if not isinstance(own, Notice) or not theirs.volumes or came.cause is not None:
            raise EvidenceInvalid("evidence", "an open conflict is of two notices, and shows theirs")
        if {item.digest for item in theirs.volumes} != set(alert.disclosed):
            raise EvidenceInvalid("evidence", "the presentation discloses other volumes than the alert names")
        check_figures(alert, own, theirs, terms)
        return Verified(theirs, Standing.OPEN)
    _check_bare(alert)
    if alert.state == CLOSED:
        return _verify_closing(alert, came, known, own, terms)
    past = _past(alert, came, known)
    if not isinstance(own, Notice) or alert.at < first_window(own, terms):
        raise EvidenceInvalid("closed_without_cause", "called past, but nothing of ours had begun")
    # Otherwise "past" would be a closing that needs no cause.
    if _is_open(known) and not _is_over(alert, known, terms):
        raise EvidenceInvalid("closed_without_cause", "an open conflict was called past before it was over")
    return Verified(past, Standing.PAST)


def _verify_without_own(alert: Alert, came: AlertObject, known: Known) -> Verified:
    """What is not open names an old revision of ours, filed by another desk: only a withdrawal of theirs proves it."""
    _check_bare(alert)
    theirs = None
    if alert.state != CLOSED:
        theirs = _past(alert, came, known)
    elif (cause := _cause(alert, came)) is not None:
        return _their_act(alert, cause, known)
    detail = f"cannot be checked here: our revision {alert.own.revision} was another desk's, and is not to be had"
    return Verified(theirs, Standing.UNCONFIRMED, detail)


def check_order(alert: Alert, known: Known) -> None:
    """Raise ``EvidenceInvalid`` with ``rollback`` where something newer, or something else, was seen before."""
    floor, theirs, ours = known.floor, known.theirs_floor, known.own_floor
    if floor is not None and alert.version < floor.number:
        detail = f"version {alert.version} was sent as current; version {floor.number} was seen before"
        raise EvidenceInvalid("rollback", f"ROLLBACK: {detail}")
    if floor is not None and alert.version == floor.number and alert.sha256 != floor.sha256:
        raise EvidenceInvalid("rollback", f"ROLLBACK: two different alerts of version {alert.version}")
    for who, seen, side in (("their", theirs, alert.other), ("our", ours, alert.own)):
        if seen is not None and side.revision < seen.number:
            detail = f"{who} revision {side.revision} was sent as current; {seen.number} was seen before"
            raise EvidenceInvalid("rollback", f"ROLLBACK: {detail}")
        if seen is not None and side.revision == seen.number and side.sha256 != seen.sha256:
            raise EvidenceInvalid("rollback", f"ROLLBACK: two different statements as {who} revision {seen.number}")


def _check_in_force(alert: Alert, known: Known) -> None:
    """Raise unless the alert's terms may have been in force: none newer were before it, as far as this desk saw."""
    adopted, own, seen = known.adopted, known.own, known.in_force
    if adopted is not None and adopted.alert.version < alert.version and _outdated(alert, adopted.alert.claims, known):
        raise EvidenceInvalid("rollback", "ROLLBACK: a newer version under older terms than the version before it")
    late = seen is not None and seen[1] < alert.at and _older(alert.claims.terms, seen[0], known)
    if late or (own is not None and _outdated(alert, own.claims, known)):
        raise EvidenceInvalid("evidence", "the alert is under terms that newer ones had replaced before")


def _outdated(alert: Alert, claims: Claims, known: Known) -> bool:
    return _older(alert.claims.terms, claims.terms, known)


def _older(terms: str, than: str, known: Known) -> bool:
    order = [item.terms for item in known.agreements]
    return terms in order and than in order and order.index(terms) > order.index(than)


def _check_bare(alert: Alert) -> None:
    """What is not open shows nothing and claims nothing."""
    if alert.disclosed or alert.shown or alert.pairs or alert.severity is not None:
        raise EvidenceInvalid("evidence", "only an open conflict has figures and disclosures")


def _check_lead(alert: Alert) -> None:
    if alert.lead != (None if alert.state == CLOSED else "RETROACTIVE"):
        raise EvidenceInvalid("recompute", "the lead class does not go with the state")


def _presentation(alert: Alert, came: AlertObject, known: Known) -> Notice:
    if came.presentation is None:
        raise EvidenceInvalid("evidence", "the counterpart's notice is missing")
    return _their_notice(came.presentation, alert, known)


def _past(alert: Alert, came: AlertObject, known: Known) -> Notice | None:
    """Return their notice that comes, with nothing disclosed, beside what is past, unless the service let it go."""
    past = _presentation(alert, came, known) if came.presentation is not None else None
    if past is not None and (past.volumes or past.category):
        raise EvidenceInvalid("evidence", "what is past comes without disclosures")
    _check_lead(alert)
    if came.cause is not None:
        raise EvidenceInvalid("evidence", "what is past has no cause")
    return past


def _cause(alert: Alert, came: AlertObject) -> str | None:
    """Return what stands beside a closing as its cause, if it may."""
    if came.presentation is not None:
        raise EvidenceInvalid("evidence", "a closing shows nothing of the counterpart but its cause")
    _check_lead(alert)
    if came.cause is not None and alert.reason not in ("withdrawn", "amended"):
        raise EvidenceInvalid("evidence", "neither the end of time nor new terms have a signed cause")
    return came.cause


def _their_notice(raw: str, alert: Alert, known: Known) -> Notice:
    try:
        presented = known.presented or (lambda raw: open_presentation(raw, partial(find_party_key, known.agreements)))
        notice = presented(raw)
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the counterpart's notice does not hold: {error.detail}") from None
    _check_theirs(notice, alert, known)
    return notice


def _check_theirs(theirs: Notice | Withdrawal, alert: Alert, known: Known) -> None:
    """Raise unless ``theirs`` is the statement that the alert's ``other`` names, by a key that might sign it."""
    what = (theirs.claims.aud, theirs.party, _id(theirs), theirs.revision, theirs.sha256)
    other = alert.other
    if what != (alert.claims.aud, other.party, other.id, other.revision, other.sha256):
        raise EvidenceInvalid("evidence", "the counterpart's statement is another one than the alert names")
    if _outdated(alert, theirs.claims, known):
        raise EvidenceInvalid("evidence", "the alert is under older terms than the counterpart's statement")
    enrolled = next((found for item in known.agreements if (found := item.find(theirs.kid)) is not None), None)
    if enrolled is None or enrolled[0].id != theirs.party:
        raise EvidenceInvalid("evidence", "the counterpart's statement is signed by a key of somebody else")
    try:
        enrolled[1].check(SUBMIT, other.received_at)
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the counterpart's key might not sign this: {error.detail}") from None
    before = known.theirs_floor
    if before is not None and theirs.revision == before.number + 1 and theirs.prev != before.sha256:
        raise EvidenceInvalid("evidence", "the counterpart's revision does not follow the one that was seen before")


def _verify_closing(
    alert: Alert, came: AlertObject, known: Known, own: Notice | Withdrawal, terms: Agreement
) -> Verified:
    if (cause := _cause(alert, came)) is not None:
        return _their_act(alert, cause, known)
    if alert.reason == "withdrawn":
        if not isinstance(own, Withdrawal):
            raise EvidenceInvalid("closed_without_cause", "closed as withdrawn, but nobody's withdrawal was shown")
        return Verified(None, Standing.CLOSED)
    if alert.reason == "amended":
        if not _own_act(alert, known) or not isinstance(own, Notice):
            raise EvidenceInvalid("closed_without_cause", "closed as amended, but no higher revision was shown")
        before = known.adopted.theirs if known.adopted is not None else None
        if before is None or before.sha256 != alert.other.sha256:
            return Verified(None, Standing.UNCONFIRMED)
        if surely_ahead(own, before, terms, alert.at):
            raise EvidenceInvalid("closed_without_cause", "our own revision is still in conflict with theirs")
        return Verified(None, Standing.CLOSED)
    if alert.reason == "ended":
        return _verify_end(alert, known, own, terms)
    if not _is_open(known):
        return Verified(None, Standing.UNCONFIRMED)
    if known.adopted is not None and known.adopted.alert.claims.terms == alert.claims.terms:
        raise EvidenceInvalid("closed_without_cause", "closed by new terms, but the terms are the same")
    if not _is_over(alert, known, terms):
        raise EvidenceInvalid("closed_without_cause", "under the new terms the pair is still in conflict")
    return Verified(None, Standing.CLOSED if _same_notices(alert, known) else Standing.UNCONFIRMED)


def _their_act(alert: Alert, cause: str, known: Known) -> Verified:
    theirs = _their_notice(cause, alert, known) if "~" in cause else _their_withdrawal(cause, alert, known)
    if isinstance(theirs, Notice) != (alert.reason == "amended"):
        raise EvidenceInvalid("closed_without_cause", f"closed as {alert.reason}, but the cause is of another kind")
    if isinstance(theirs, Withdrawal):
        return Verified(theirs, Standing.CLOSED)
    before = known.adopted.alert.other.revision if known.adopted is not None else 1
    if theirs.volumes or theirs.category or theirs.revision <= before:
        raise EvidenceInvalid("closed_without_cause", "the cause must be a higher revision, with no disclosure")
    return Verified(theirs, Standing.UNCONFIRMED)


def _their_withdrawal(raw: str, alert: Alert, known: Known) -> Withdrawal:
    try:
        withdrawal = open_withdrawal(raw, lambda kid: find_party_key(known.agreements, kid))
    except KeepclearError as error:
        raise EvidenceInvalid("evidence", f"the withdrawal does not hold: {error.detail}") from None
    _check_theirs(withdrawal, alert, known)
    return withdrawal


def _verify_end(alert: Alert, known: Known, own: Notice | Withdrawal, terms: Agreement) -> Verified:
    if _is_open(known):
        over, same = _is_over(alert, known, terms), _same_notices(alert, known)
        if over and same:
            return Verified(None, Standing.CLOSED)
        if not over and (same or known.followed):
            raise EvidenceInvalid("closed_without_cause", "closed as ended, but the overlap is not over")
    # The opening of these revisions was never seen: only the end of all that we filed could prove this one.
    tail_s = max(minima.tail_s for minima in terms.categories.values())
    over = isinstance(own, Notice) and own.last_end + tail_s * SECOND < alert.at
    return Verified(None, Standing.CLOSED if over else Standing.UNCONFIRMED)


def _is_open(known: Known) -> bool:
    return known.adopted is not None and known.adopted.alert.state == OPEN


def _is_over(alert: Alert, known: Known, terms: Agreement) -> bool:
    """Whether the notices of the adopted alert are, under ``terms``, in no conflict that is ahead at the alert."""
    if known.adopted is None or known.adopted.theirs is None or known.own_before is None:
        return False
    return not surely_ahead(known.own_before, known.adopted.theirs, terms, alert.at)


def _same_notices(alert: Alert, known: Known) -> bool:
    if known.adopted is None:
        return False
    before = known.adopted.alert
    return (before.own.sha256, before.other.sha256) == (alert.own.sha256, alert.other.sha256)


def _own_act(alert: Alert, known: Known) -> bool:
    before = known.adopted.alert.own.revision if known.adopted is not None else 1
    return alert.own.revision > before


def _id(statement: Notice | Withdrawal) -> str:
    return statement.notice if isinstance(statement, Withdrawal) else statement.id
