"""The tally: what the desks have reported, and what follows from it. No I/O.

A conflict counts when both parties' desks were alerted of it and have verified the alert; flights go by the demo's own
names, found by the ids of the notices that the demo's desks filed. A conflict may close only by a turn that was to
close it. ``faults`` say what is wrong, ``missing`` what is still to come, of all or of one turn; the demo has shown
what it claims when both are nothing. ``stopped`` says which desk ended, and why.
"""

import math
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.acknowledgement import VERIFIED
from keepclear_protocol.instant import format_instant

from .turn import FILE, Turn

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One conflict: its flights as ``turns`` in the order of filing; ``alerts`` by party, as its desk reported them.

    ``start`` and ``end`` span the pairs of both alerts.
    """

    id: str
    turns: tuple[Turn, Turn]
    alerts: dict[str, Facts]
    severity: str
    start: int
    end: int

    def to_json(self) -> dict[str, Any]:
        """Return it as the result file has it."""
        return {
            "callsigns": [turn.name for turn in self.turns],
            "severity": self.severity,
            "time_start": format_instant(self.start),
            "time_end": format_instant(self.end),
        }


class Tally:
    """Takes in reports and counts."""

    def __init__(self, turns: list[Turn], parties: tuple[str, ...]) -> None:
        self._turns = turns
        self._parties = parties
        self.filed: dict[int, Facts] = {}
        self.alerts: dict[tuple[str, str], Facts] = {}
        self.closings: dict[tuple[str, str], Facts] = {}
        self.acknowledged: set[tuple[str, str]] = set()
        self.heard: set[tuple[str, str]] = set()
        self.delivered: set[tuple[str, str, int]] = set()
        self.finished: dict[str, Facts] = {}
        self.testimonies: dict[tuple[str, str, str], Facts] = {}
        self.links_up: set[str] = set()
        self.links_lost = 0
        self.resent = 0
        self.unverified = 0
        self.stopped = ""
        self.faults: list[str] = []

    def take(self, party: str, said: Facts) -> None:
        """Take in one report of ``party``'s desk."""
        match said["report"]:
            case "filed":
                self.filed[said["number"]] = said
            case "alert":
                self._alert(party, said)
            case "acknowledged":
                self.acknowledged.add((party, said["conflict"]))
            case "heard" if said["stage"] == "acknowledged":
                self.heard.add((party, said["conflict"]))
            case "heard":
                self.delivered.add((party, said["conflict"], said["version"]))
            case "unverified":
                self._unverified(f"{party}: {said['detail']}")
            case "gap":
                self.faults.append(f"{party}'s stream had a gap ({said['reason']})")
            case "link":
                self._link(party, up=said["up"])
            case "resending":
                self.resent += 1
            case "finished":
                self.finished[party] = said
                self._finished(party, said)
            case "testimony":
                self.testimonies[party, said["conflict"], said["state"]] = said
            case "failed" | "ended":
                self.stopped = self.stopped or f"{party}'s desk ended: {said['detail']}"

    def missing(self) -> str:
        """Return in words what is still to come before all is filed, told, answered and checked, or nothing."""
        if left := len(self._turns) - len(self.filed):
            return f"{left} notices without a receipt"
        if left := len(self._parties) - len(self.finished):
            return f"{left} desks that have not caught up"
        if left := len(self.alerts.keys() - self.acknowledged):
            return f"{left} alerts that are not acknowledged"
        if left := sum(not self._is_heard(*key) for key in self.acknowledged):
            return f"{left} acknowledgements that have not come to the other side"
        return ""

    def id_of(self, name: str) -> str | None:
        """Return the id of the notice of a flight, as soon as it is receipted."""
        turn = next(turn for turn in self._turns if turn.name == name and turn.does == FILE)
        return self.filed[turn.number]["id"] if turn.number in self.filed else None

    def conflict_of(self, one: str, other: str) -> str | None:
        """Return the id of the conflict between two flights, as soon as a desk was alerted of it."""
        ids = {self.id_of(one), self.id_of(other)}
        return next((said["conflict"] for said in self.alerts.values() if {said["own"], said["other"]} == ids), None)

    def missing_of(self, turn: Turn) -> str:
        """Return in words what is still to come of a turn before all that must come of it is told and answered."""
        if turn.number not in self.filed:
            return f"a receipt for {turn.name}"
        for meeting in turn.meets or ():
            conflict = self.conflict_of(turn.name, meeting.name)
            keys = {(party, conflict) for party in self._parties}
            if not keys <= self.alerts.keys():
                return f"an alert of {turn.name} with {meeting.name}"
            if not keys <= self.acknowledged & self.heard:
                return f"an answer to the conflict of {turn.name} with {meeting.name}"
        for name in turn.closes:
            conflict = self.conflict_of(turn.name, name)
            closed = {party: self.closings.get((party, str(conflict))) for party in self._parties}
            if not all(closed.values()):
                return f"the closing of {turn.name} with {name}"
            others = [
                (party, conflict, said["version"]) for party, said in closed.items() if said and party != turn.party
            ]
            # The other side counts a closing as certain once the desk that caused it has confirmed it.
            if not self.delivered.issuperset(others):
                return f"word that the closing of {turn.name} with {name} has arrived"
        return ""

    def conflicts(self) -> list[Conflict]:
        """Return the conflicts that both sides were alerted of, by start; note as faults what was not to come."""
        turn_of = {said["id"]: self._turns[self._turns[number].of] for number, said in self.filed.items()}
        by_conflict: dict[str, dict[str, Facts]] = {}
        for (party, conflict), said in self.alerts.items():
            by_conflict.setdefault(conflict, {})[party] = said
        found = []
        for id, alerts in by_conflict.items():
            told = next(iter(alerts.values()))
            pair = [turn_of.get(told["own"]), turn_of.get(told["other"])]
            turns = sorted((turn for turn in pair if turn is not None), key=lambda turn: turn.number)
            if len(turns) != 2 or {turn.party for turn in turns} != alerts.keys():
                self.faults.append(f"conflict {id} was told to {' and '.join(sorted(alerts))} alone")
                continue
            if len({alert["severity"] for alert in alerts.values()}) != 1:
                self.faults.append(f"conflict {id} was told with two severities")
            starts = [alert["start"] for alert in alerts.values()]
            ends = [alert["end"] for alert in alerts.values()]
            found.append(Conflict(id, (turns[0], turns[1]), alerts, told["severity"], min(starts), max(ends)))
        self._foreseen(found)
        return sorted(found, key=lambda one: (one.start, [turn.number for turn in one.turns]))

    def latencies_ms(self) -> list[float]:
        """Return for each alert to the side that did not cause it the time from submit to verified, ascending."""
        submitted = {said["seq"]: (self._turns[number].party, said) for number, said in self.filed.items()}
        found = []
        for (party, _), alert in self.alerts.items():
            filer, said = submitted.get(alert["version"], (party, alert))
            if filer != party:
                found.append((alert["verified_ns"] - said["submitted_ns"]) / 1e6)
        return sorted(found)

    def _alert(self, party: str, said: Facts) -> None:
        if said["verdict"] != VERIFIED:
            self._unverified(f"{party}: {said['detail']}")
        if said["state"] == "closed" and self._is_to_close(said) and (party, said["conflict"]) not in self.closings:
            self.closings[party, said["conflict"]] = said
            return
        if said["state"] != "open" or said["start"] is None:
            self.faults.append(f"{party} was told of a conflict that is {said['state']}")
        if (party, said["conflict"]) in self.alerts:
            self.faults.append(f"{party} was told twice of conflict {said['conflict']}")
        self.alerts[party, said["conflict"]] = said

    def _is_to_close(self, said: Facts) -> bool:
        """Whether a turn was to close the conflict between these notices."""
        ids = {said["own"], said["other"]}
        return any(ids == {self.id_of(turn.name), self.id_of(name)} for turn in self._turns for name in turn.closes)

    def _foreseen(self, conflicts: list[Conflict]) -> None:
        """Hold the conflicts against those that were foreseen, where the turns foresee any."""
        if any(turn.meets is None for turn in self._turns):
            return
        foreseen = {
            (*sorted((turn.name, meeting.name)), meeting.severity)
            for turn in self._turns
            for meeting in turn.meets or ()
        }
        came = {(*sorted(turn.name for turn in one.turns), one.severity) for one in conflicts}
        self.faults += [f"{one} with {other}: {how} was not foreseen" for one, other, how in sorted(came - foreseen)]
        self.faults += [f"{one} with {other}: {how} has not come" for one, other, how in sorted(foreseen - came)]

    def _link(self, party: str, *, up: bool) -> None:
        if up:
            self.links_up.add(party)
        elif party in self.links_up:
            self.links_up.discard(party)
            self.links_lost += 1

    def _unverified(self, detail: str) -> None:
        self.unverified += 1
        self.faults.append(detail)

    def _finished(self, party: str, said: Facts) -> None:
        for name, meaning in (
            ("repeated", "statements stand twice in the stream"),
            ("missed", "alerts were not watched"),
            ("strange", "alerts were watched that the stream does not have"),
        ):
            if said[name]:
                self.faults.append(f"{party}: {said[name]} {meaning}")

    def _is_heard(self, party: str, conflict: str) -> bool:
        return any((other, conflict) in self.heard for other in self._parties if other != party)


def percentile(ascending: list[float], share: float) -> float | None:
    """Return the least of ``ascending`` values that is not below ``share`` of them; None where there is none."""
    if not ascending:
        return None
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
