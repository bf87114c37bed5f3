"""What an attack is, and how it is run: quiet, attack, aftermath, with the honest beside it all the while."""

import abc
import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import redis
from benchmarks import stage
from benchmarks.client import quantile, run
from benchmarks.stage import cpu_s, status_kib
from support.world import World

from .flights import danger
from .honest import SUBMITS_A_SECOND, Honest, Measured, honest
from .scene import Scene, scene
from .volley import Spent

DANGER_WITHIN_MS = 1_000
"""The promise: a receipted danger is at the other desk within a second."""

SILENT = ("NoticeEvent", "Picture", "Warned")
"""What the desk's process writes down that it was not told by another party."""

GIVES_WAY = 10
"""The priority of what has a machine of its own, elsewhere."""

LONGEST_MS = 15_000
"""For as long at most may a process that stands still hold everybody up."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a run is: ``small`` for tests, else as the figures are taken."""

    small: bool = False

    def of(self, small: float, whole: float) -> int:
        """Return the number for this run's size."""
        return int(small if self.small else whole)

    @property
    def quiet_s(self) -> float:
        """Seconds before the attack."""
        return 1.5 if self.small else 4.0

    @property
    def late_s(self) -> float:
        """Seconds for which dangers are waited for at the end; what has not come by then never came."""
        return 60.0 if self.small else 8.0  # a test is of whether, on whatever machine; a figure of when

    @property
    def after_s(self) -> float:
        """Seconds after it."""
        return 1.5 if self.small else 4.0


@dataclass(frozen=True, slots=True)
class Phase:
    """What the honest saw in a phase."""

    submits: list[float]
    others: list[float]
    dangers: list[float]
    """Milliseconds from when a danger was due to when the victim's desk had it; infinite where that never was."""
    refused: Counter[str]
    ready: Counter[str]
    late_and_told: int = 0
    """Dangers that were late, of which the desk said before a second was over that it may lack some: behind, or blind.
    They are among the times, and no fault."""
    told_at_once: int = 0
    """Statements that were refused at once with a code that says that nothing is taken now; not among the times."""


@dataclass
class Outcome:
    """All that was found of one attack."""

    name: str
    title: str
    phases: dict[str, Phase]
    spent: Spent
    told: Counter[str]
    log: Counter[str]
    refusals: Counter[str]
    peaks: dict[str, float]
    faults: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether nothing is open."""
        return not self.faults


class Attack(abc.ABC):
    """One attack, on a scene of its own; ``scene`` is what that is told."""

    name: ClassVar[str]
    title: ClassVar[str]
    excused: ClassVar[tuple[str, ...]] = ()
    """Codes by which everybody is told at once that nothing is taken: what was told so is late and no fault."""
    scene: ClassVar[dict[str, Any]] = {}

    halts: ClassVar[bool] = False
    """Whether nothing can be answered for a while, which no code can say: late is no fault then, never is."""
    quiet_times: ClassVar[float] = 1.0
    """How much longer than others it is quiet before the attack: a percentile to be compared wants many samples."""
    others_a_second: ClassVar[float] = SUBMITS_A_SECOND
    """What the other agreement files."""
    own_core: ClassVar[bool] = False
    """Whether the workers have a core of their own, where there are two: the attackers' work, and the desk's whose
    party is attacked, is that of machines of theirs, and what is measured is the service alone."""

    def danger(self, world: World, number: int) -> str:
        """Return what an honest party files that meets one of the victim's flights."""
        return danger(world, number)

    def prepare(self, scene: Scene, scale: Scale) -> Any:
        """Return what is signed beforehand."""
        return None

    @abc.abstractmethod
    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Attack; count in ``spent``."""

    def afterwards(self, scene: Scene, scale: Scale, spent: Spent) -> None:  # noqa: B027 - most have nothing to add
        """Look at what is left, with nobody beside."""

    def judge(self, outcome: Outcome) -> None:  # noqa: B027 - as above
        """Note what of the times does not hold, beyond what must hold of every attack."""


class Alone(Attack):
    """An attack that needs nobody beside it, and makes what scene it wants."""

    async def strike(self, scene: Scene, scale: Scale, spent: Spent, prepared: Any) -> None:
        """Nothing of it is done on the common scene."""

    @abc.abstractmethod
    def find(self, scale: Scale, spent: Spent) -> None:
        """Do all of it; note figures and faults in ``spent``."""


def attacked(attack: Attack, scale: Scale) -> Outcome:
    """Run one attack and return what was found."""
    if isinstance(attack, Alone):
        spent = Spent()
        began = time.monotonic()
        attack.find(scale, spent)
        spent.seconds = spent.seconds or time.monotonic() - began
        nothing: Counter[str] = Counter()
        return Outcome(attack.name, attack.title, {}, spent, nothing, nothing, nothing, {}, spent.faults)
    with scene(**attack.scene) as on:
        prepared = attack.prepare(on, scale)
        with honest(on, attack.others_a_second, attack.danger) as beside:
            if stage.urgent:
                for pid in (os.getpid(), *stage.children(os.getpid())):
                    stage.go_first(pid)
            if attack.own_core:
                _part(on, beside)
            outcome = _struck(attack, scale, on, prepared, beside)
        attack.judge(outcome)
        attack.afterwards(on, scale, outcome.spent)
    outcome.faults = _open(outcome, attack.halts) + outcome.spent.faults
    return outcome


def _part(on: Scene, beside: Honest) -> None:
    """Give the workers one core, and the store, the honest and the attackers the other, where the desk gives way."""
    mine, *others = sorted(stage.all_cores())
    if not others:
        return
    workers = on.pids()
    for pid in (os.getpid(), *stage.children(os.getpid())):
        stage.keep_on(pid, {mine} if pid in workers else set(others))
    os.setpriority(os.PRIO_PROCESS, beside.desk_pid, GIVES_WAY)


def _struck(attack: Attack, scale: Scale, on: Scene, prepared: Any, beside: Honest) -> Outcome:
    refused, logged, spent = on.refusals(), len(on.log()), Spent()
    time.sleep(1.0)  # the first statements of a process cost more
    with _peaks(on) as peaks:
        began = time.time()
        time.sleep(scale.quiet_s * (1.0 if scale.small else attack.quiet_times))
        struck, first = time.time(), _processor_s(on, beside)
        run(attack.strike(on, scale, spent, prepared))
        spent.seconds = spent.seconds or time.time() - struck
        over, last = time.time(), _processor_s(on, beside)
        time.sleep(scale.after_s)
        ended = time.time()
    deadline = ended + scale.late_s
    while time.time() < deadline and _missing(beside.measured(), ended):
        time.sleep(0.1)
    found = beside.measured()
    phases = {
        name: _phase(found, attack.excused, *span)
        for name, span in {"before": (began, struck), "during": (struck, over), "after": (over, ended)}.items()
    }
    busy = ", ".join(f"{who} {last[who] - first[who]:.1f}" for who in first)
    spent.facts["processor seconds"] = f"{busy} of {over - struck:.1f}"
    told = Counter(_said(line) for line in found.told if line["at"] >= struck and line["event"] not in SILENT)
    log = Counter(_event(line) for line in on.log()[logged:])
    with contextlib.suppress(Exception):
        refused = on.refusals() - refused
    return Outcome(attack.name, attack.title, phases, spent, told, log, refused, peaks)


def _processor_s(on: Scene, beside: Honest) -> dict[str, float]:
    """Return the processor seconds so far of who does the work: what a busy machine does not change."""
    used = {"workers": 0.0, "store": 0.0, "the victim's desk": 0.0}
    for who, pids in zip(used, (on.pids(), on.pids("store"), [beside.desk_pid]), strict=True):
        for pid in pids:
            with contextlib.suppress(OSError):
                used[who] += cpu_s(pid)
    return used


def _phase(found: Measured, excused: Sequence[str], begin: float, end: float) -> Phase:
    """Cut what was due in a phase out of it all; what has no answer yet counts as endless."""
    came = _came(found)
    mine = [line for line in found.samples if begin <= line["due"] < end]
    asked = {line["id"]: line for line in mine if line["what"] != "ready"}  # the later line of a statement stands
    times: dict[str, list[float]] = {"submit": [], "other": [], "danger": []}
    told_at_once = late_and_told = 0
    for line in asked.values():
        if line["codes"] and line["codes"][0] in excused:
            told_at_once += 1
            continue
        taken = line.get("status") in (200, 201)
        if line["what"] == "danger":
            at = came.get(line["id"])
            times["danger"].append((at - line["due"]) * 1000 if at else float("inf"))
            is_late = at is not None and times["danger"][-1] > DANGER_WITHIN_MS
            late_and_told += is_late and _warned(found, line["due"], line["due"] + DANGER_WITHIN_MS / 1000)
        else:
            times[line["what"]].append(line["ms"] if taken else float("inf"))
    refused = Counter(code for line in asked.values() for code in line["codes"])
    ready = Counter(line["words"] for line in mine if line["what"] == "ready")
    return Phase(times["submit"], times["other"], times["danger"], refused, ready, late_and_told, told_at_once)


def _came(found: Measured) -> dict[str, float]:
    """Return when the victim's desk first had each verified alert, by the other side's notice."""
    came: dict[str, float] = {}
    for line in found.told:
        if "other" in line and line.get("verdict") == "verified":
            came.setdefault(line["other"], line["at"])
    return came


def _warned(found: Measured, since: float, until: float) -> bool:
    """Whether the desk's screen said at some time within a span that something may be missing from it."""
    said = [line for line in found.told if line["event"] == "Warned" and line["at"] <= until]
    before = [line["warned"] for line in said if line["at"] <= since]
    return any(before[-1:]) or any(line["warned"] for line in said if line["at"] > since)


def _missing(found: Measured, ended: float) -> bool:
    """Whether a statement of before the end still waits for its answer, or a danger has not come."""
    came = _came(found)
    waiting = {line["id"]: line["ms"] is None for line in found.samples if "id" in line and line["due"] < ended}
    dangers = (line["id"] for line in found.samples if line["what"] == "danger" and line["due"] < ended)
    return any(waiting.values()) or any(danger not in came for danger in dangers)


def _said(line: dict[str, Any]) -> str:
    name = str(line["event"]).removesuffix("Event").lower()
    if "state" in line:
        return f"alert {line['state']}" + ("" if line["verdict"] == "verified" else f" ({line['verdict']})")
    if "up" in line:
        return "link up" if line["up"] else f"link down ({line['detail'][:60]})"
    return f"{name} {line.get('code') or line.get('reason') or line.get('budget') or ''}".strip()


def _event(line: dict[str, Any]) -> str:
    code = line.get("code") if line["event"] in ("refused", "refused_more") else None
    return f"{line['event']} {code}" if code else str(line["event"])


def _open(outcome: Outcome, halts: bool = False) -> list[str]:
    """Return in words where the promises to the honest were broken."""
    faults: list[str] = []
    for name in ("during", "after"):
        phase = outcome.phases[name]
        budgets = sum(count for code, count in phase.refused.items() if code.startswith("budget_"))
        if budgets:
            faults.append(f"{name}: {budgets} honest statements refused for a budget")
        within_ms = LONGEST_MS if halts and name == "during" else DANGER_WITHIN_MS
        late = [ms for ms in phase.dangers if ms > within_ms]
        untold = len(late) - (phase.late_and_told if within_ms == DANGER_WITHIN_MS else 0)
        if untold > 0:
            lost = sum(ms == float("inf") for ms in late)
            faults.append(f"{name}: {untold} of {len(phase.dangers)} dangers late, {lost} of them never came")
        for what, times in (("submits", phase.submits), ("submits of the other agreement", phase.others)):
            slow = [ms for ms in times if ms > within_ms]
            if slow:
                faults.append(
                    f"{name}: {len(slow)} of {len(times)} honest {what} took more than {within_ms / 1000:.0f} s"
                )
    if "fault" in outcome.log or "turn_fault" in outcome.log or (outcome.log["worker_died"] and not halts):
        faults.append("the service had a fault of its own, see its log's events")
    return faults


@contextlib.contextmanager
def _peaks(on: Scene) -> Iterator[dict[str, float]]:
    """Sample what the store and the workers hold; yields the growth of the store and the peaks, in MB, as they grow."""
    peaks: dict[str, float] = {"store +": 0.0, "store rss": 0.0, "worker rss": 0.0}
    ended = threading.Event()

    def look() -> None:
        first: float | None = None
        with on.store() as client:
            while not ended.wait(0.25):
                with contextlib.suppress(redis.RedisError, OSError, StopIteration):
                    used = int(client.info("memory")["used_memory"]) / 1e6
                    first = used if first is None else first
                    peaks["store +"] = max(peaks["store +"], used - first)
                for name, kind in (("store rss", "store"), ("worker rss", "worker")):
                    with contextlib.suppress(OSError, RuntimeError, ValueError):  # of one that ends just now
                        held = max(status_kib(pid, "VmRSS") for pid in on.pids(kind)) * 1024 / 1e6
                        peaks[name] = max(peaks[name], held)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def ms(times: list[float], part: float) -> str:
    """Return a quantile of milliseconds in three letters or so."""
    if not times:
        return "-"
    value = quantile(times, part)
    return "never" if value == float("inf") else f"{value:.0f}"
