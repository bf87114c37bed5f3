"""A line's log in memory, folded as a worker folds it, without a store."""

from typing import Any

from keepclear_protocol.alert import sign_alert
from keepclear_protocol.kinds import NOTICE, WITHDRAWAL
from keepclear_protocol.notice import Notice
from keepclear_protocol.withdrawal import open_withdrawal
from keepclear_service.decide.entry import ENDED, Entry, Outgoing
from keepclear_service.decide.fold import State, apply
from keepclear_service.decide.shown import alert_object

from support.world import World, now_us


class Log:
    """A log in memory: entries with their bodies, folded as a worker folds them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.entries: list[tuple[Entry, Any]] = []
        self.founding = world.agreement
        self.state = State(world.agreement)
        self.bodies: dict[str, str] = {}
        self.told: list[list[Outgoing]] = []

    def add(
        self, kind: str, party: str, id: str, revision: int, sha256: str, body: Any, at: int | None = None
    ) -> list[Outgoing]:
        entry = Entry(
            len(self.entries) + 1, kind, party, id, revision, sha256, "", at or now_us(), self.world.agreement.terms, ""
        )
        self.entries.append((entry, body))
        self.told.append(apply(self.state, entry, body))
        return self.told[-1]

    def notice(self, raw: str, at: int | None = None) -> tuple[Notice, list[Outgoing]]:
        notice = self.world.opened(raw)
        self.bodies[notice.sha256] = raw
        return notice, self.add(NOTICE.name, notice.party, notice.id, notice.revision, notice.sha256, notice, at)

    def withdrawal(self, raw: str, at: int | None = None) -> list[Outgoing]:
        ended = open_withdrawal(raw, None)
        self.bodies[ended.sha256] = raw
        return self.add(WITHDRAWAL.name, ended.claims.iss, ended.notice, ended.revision, ended.sha256, ended, at)

    def ended(self, at: int) -> None:
        """Let the timers that are due at ``at`` become entries, as the store does."""
        timers = {
            (item.ends, item.conflict, item.payload["version"]) for told in self.told for item in told if item.ends
        }
        done = {(entry.id, entry.revision) for entry, _ in self.entries if entry.kind == ENDED}
        for ends, conflict, version in sorted(timers):
            if ends < at and (conflict, version) not in done:
                self.add(ENDED, "", conflict, version, "", None, at)

    def beside(self, outgoing: Outgoing) -> dict[str, str | None]:
        """What travels beside an alert, from the stored statements."""
        jws = sign_alert(self.world.service, outgoing.payload)
        return alert_object(jws, outgoing.shows, self.bodies.get(outgoing.body))
