"""What runs out: the keys of an agreement, and with them what a party, the service or all of them can no longer do.

Pure: the agreement and ``now`` are handed in. An agreement itself has no end; it runs out with the first of the keys
without which the hotline no longer does what it is for. A key that another one follows in time ends nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keepclear_protocol.agreement import ACKNOWLEDGE, SUBMIT, WATCH, Agreement, PartyKey
from keepclear_protocol.instant import SECOND, format_instant

from .span import span

DAY = 86_400 * SECOND

STAGES_DAYS = (30, 7, 1)
"""Days before the end at which it is said: time to meet and sign, time to hurry, time to telephone."""

_ACTS = {SUBMIT: "file", ACKNOWLEDGE: "acknowledge", WATCH: "read"}
"""Roles without which a party takes no part."""

_MEND = "sign a revision of the agreement with a new key, and put it in force by keepclear-service adopt"


@dataclass(frozen=True, slots=True)
class RunsOut:
    """The end of a key: of a party's, or the service's (``party`` is ""), at an instant.

    ``roles`` are those that nobody of the party has from then on; for the service's last key ``("sign",)``.
    """

    party: str
    kid: str
    roles: tuple[str, ...]
    at: int

    def days(self, now: int) -> int:
        """Return the whole days that are left; below 0 once it is over."""
        return (self.at - now) // DAY

    def stage(self, now: int) -> int | None:
        """Return the least of ``STAGES_DAYS`` that is reached, 0 once it is over, None while it is far off."""
        if now > self.at:
            return 0
        return min((days for days in STAGES_DAYS if self.at - now <= days * DAY), default=None)

    def words(self, now: int) -> str:
        """Return in plain words what ends, when, and what mends it."""
        over = now > self.at
        days = self.days(now)
        left_s = (self.at - now) / SECOND
        left = f" (in {span(left_s)})" if days < 1 else " (in 1 day)" if days == 1 else f" (in {days} days)"
        left = "" if over else left
        when = f"{format_instant(self.at)[:16].replace('T', ' ')} UTC{left}"
        whose = f"{self.party or 'the service'}'s key {self.kid[:8]}"
        if not self.roles:
            return f"{whose} {'ended' if over else 'ends'} {when}; other keys go on"
        what = " or ".join(_ACTS.get(role, role) for role in self.roles) if self.party else "sign"
        who = self.party or "the service"
        can = "cannot" if over else "can no longer"
        return f"{who} {can} {what} since {when}: {_MEND}" if over else f"{who} {can} {what} after {when}: {_MEND}"


def all_ends(agreement: Agreement, now: int) -> list[RunsOut]:
    """Return the end of each key that is in use or that nothing followed, the soonest first."""
    found = list(_service_ends(agreement, now))
    for party in agreement.parties:
        ends = {role: _covered(party.keys, role, now) for role in sorted({r for key in party.keys for r in key.roles})}
        for key in party.keys:
            at = _end(key)
            last = tuple(role for role in sorted(key.roles) if at == ends[role])
            if last or at >= now:
                found.append(RunsOut(party.id, key.key.kid, last, at))
    return sorted(found, key=lambda end: (end.at, end.party, end.kid))


def role_end(agreement: Agreement, party: str, role: str, now: int) -> int | None:
    """Return the instant after which a party has no valid key of a role; None where none of its keys ever had it."""
    keys = next(item.keys for item in agreement.parties if item.id == party)
    return _covered(keys, role, now) if any(role in key.roles for key in keys) else None


def agreement_end(agreement: Agreement, now: int) -> int:
    """Return the instant after which the agreement no longer does what it is for."""
    ends = [max(key.not_after for key in agreement.service.keys)]
    for party in agreement.parties:
        found = [role_end(agreement, party.id, role, now) for role in _ACTS]
        ends += [end for end in found if end is not None]
    return min(ends)


def _service_ends(agreement: Agreement, now: int) -> Iterator[RunsOut]:
    last = max(key.not_after for key in agreement.service.keys)
    for key in agreement.service.keys:
        if key.not_after == last or key.not_after >= now:
            yield RunsOut("", key.key.kid, ("sign",) if key.not_after == last else (), key.not_after)


def _end(key: PartyKey) -> int:
    return key.not_after if key.revoked_at is None else min(key.not_after, key.revoked_at)


def _covered(keys: Sequence[PartyKey], role: str, now: int) -> int:
    """Return until when keys of a role follow one another without a gap; where none is valid now, when the last was."""
    able = [key for key in keys if role in key.roles]
    until = now
    while True:
        further = max((_end(key) for key in able if key.not_before <= until + SECOND and _end(key) > until), default=0)
        if further <= until:
            break
        until = further
    if until > now:
        return until
    return max((_end(key) for key in able if key.not_before <= now), default=now)
