"""Ask a foreign implementation every question of the vectors, and say where its answers are others than theirs.

    python protocol/conformance/conform.py -- node clients/javascript/bin/conformance.js

README.md says how a program is asked. Plain Python 3.11, nothing installed. Guaranteed: what was not answered, or not
in the shape demanded, never counts as agreed; the exit status is 0 only if everything that was asked agreed and nothing
was unsupported (with ``--partial``: all that is supported agreed, and something was). 1 is for any disagreement, 2 for
a run that could not be.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from program import Answer, Failed, Program
from questions import Part, Question, questions

VECTORS = Path(__file__).resolve().parent.parent / "vectors"

MOST_FAILURES = 10
"""Times that a program is started anew: one that hangs must not cost a minute for each of a thousand questions."""

SHOWN = 10
"""Disagreements of one operation that are printed; ``--json`` has all."""


@dataclass
class Tally:
    """How often an operation was asked and what came of it."""

    asked: int = 0
    agreed: int = 0
    disagreed: int = 0
    unsupported: int = 0


@dataclass(frozen=True)
class Disagreement:
    """One case whose answer was another one than expected."""

    file: str
    do: str
    case: str
    requirement: str
    expected: Answer
    got: Answer | str


@dataclass
class Report:
    """What came of a whole run."""

    operations: dict[str, Tally] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)
    fault: str = ""
    """What is wrong with the program beside its answers, if anything."""

    @property
    def total(self) -> Tally:
        """All operations together."""
        rows = [asdict(tally) for tally in self.operations.values()]
        return Tally(**{name: sum(row[name] for row in rows) for name in asdict(Tally())})

    def conforms(self, *, partial: bool) -> bool:
        """Whether all agreed; ``partial``: of what is supported."""
        total = self.total
        whole = total.unsupported == 0 or (partial and total.agreed > 0)
        return total.asked > 0 and total.asked == total.agreed + total.unsupported and whole and not self.fault


def main(argv: Sequence[str] | None = None) -> int:
    """Run the driver; return its exit status."""
    parser = argparse.ArgumentParser(prog="conform.py", description="ask a foreign client what the vectors hold")
    parser.add_argument("--partial", action="store_true", help="unsupported operations do not fail the run")
    parser.add_argument("--only", action="append", metavar="NAME", help="ask this operation, or those of this group")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="seconds for one answer")
    parser.add_argument("--vectors", type=Path, default=VECTORS, metavar="DIR", help="the folder of the vectors")
    parser.add_argument("--json", action="store_true", help="report as one JSON object")
    parser.add_argument("program", nargs="+", help="the program and its arguments, behind --")
    args = parser.parse_args(argv)
    try:
        asked = [item for item in questions(args.vectors) if _is_wanted(item.do, args.only)]
        if not asked:
            raise ValueError("there is nothing to ask: no such vectors, or no such operation")
        report = run(Program(args.program, args.timeout), asked)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"conform.py: {error}\n")
        return 2
    conforms = report.conforms(partial=args.partial)
    sys.stdout.write(_as_json(report, conforms) if args.json else _as_text(report, conforms))
    return 0 if conforms else 1


def run(program: Program, asked: Iterable[Question]) -> Report:
    """Ask everything, one after the other."""
    report, failures = Report(), 0
    for question in asked:
        try:
            if failures > MOST_FAILURES:
                raise Failed("not asked: the program has failed too often")
            got: Answer | str = program.ask(question.do, question.inputs)
        except Failed as failed:
            failures += 1
            got = str(failed)
        tally = report.operations.setdefault(question.do, Tally())
        for part in question.parts:
            tally.asked += 1
            said = got if isinstance(got, str) else _picked(got, part)
            if isinstance(said, dict) and "unsupported" in said:
                tally.unsupported += 1
            elif isinstance(said, dict) and same(part.expected, said):
                tally.agreed += 1
            else:
                tally.disagreed += 1
                told = said if isinstance(said, str) else _told(part, said)
                what = question.file, question.do, part.case, part.requirement
                report.disagreements.append(Disagreement(*what, part.expected, told))
    try:
        program.end()
    except Failed as failed:
        report.fault = str(failed)
    return report


def _is_wanted(do: str, only: Sequence[str] | None) -> bool:
    return only is None or any(do == name or do.startswith(f"{name}.") for name in only)


def _picked(got: Answer, part: Part) -> Answer | str:
    """Return what a part looks for in an answer."""
    if part.pick is None or "ok" not in got:
        return got
    states = got["ok"]
    if not isinstance(states, list) or len(states) <= part.pick:
        return f"a reading without a state {part.pick + 1}"
    return {"ok": states[part.pick]}


def _told(part: Part, got: Answer) -> Answer:
    """Return of a state only what differs: the whole of it would hide that."""
    state = got.get("ok")
    if part.pick is None or not isinstance(state, dict):
        return got
    expected = part.expected["ok"]
    differ = [name for name in {**expected, **state} if not same(expected.get(name, ...), state.get(name, ...))]
    return {"ok": {name: state.get(name, "(missing)") for name in differ}}


def same(expected: Any, got: Any) -> bool:
    """Whether two JSON values are the same: numbers by value, and a boolean is no number."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return expected == got
    if type(expected) is not type(got):
        return False
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(same(value, got[name]) for name, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return bool(expected == got)


def _as_json(report: Report, conforms: bool) -> str:
    return json.dumps({"conforms": conforms, "total": asdict(report.total), **asdict(report)}, indent=1) + "\n"


def _as_text(report: Report, conforms: bool) -> str:
    lines = []
    left = dict.fromkeys(report.operations, SHOWN)
    for item in report.disagreements:
        left[item.do] -= 1
        if left[item.do] >= 0:
            lines += [f"{item.file}, {item.do}, {item.case} ({item.requirement})"]
            lines += [f"  expected {_short(item.expected)}", f"  got      {_short(item.got)}"]
    lines += [f"{do}: {-count} more of this operation" for do, count in left.items() if count < 0]
    lines += ["", f"{'operation':24}{'asked':>8}{'agreed':>8}{'disagreed':>11}{'unsupported':>13}"]
    for do, row in [*sorted(report.operations.items()), ("all", report.total)]:
        lines.append(f"{do:24}{row.asked:>8}{row.agreed:>8}{row.disagreed:>11}{row.unsupported:>13}")
    if report.fault:
        lines += ["", f"the program: {report.fault}"]
    return "\n".join([*lines, "", "conforms" if conforms else "does not conform"]) + "\n"


def _short(value: Answer | str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]}… ({len(text)} characters)"


if __name__ == "__main__":
    sys.exit(main())
