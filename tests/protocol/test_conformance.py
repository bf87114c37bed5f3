"""The conformance driver: our own answerer agrees in everything, and no program gets by that does not."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conform import VECTORS, main, run, same
from program import Program
from questions import questions
from support import conforming

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "protocol" / "conformance" / "conform.py"
ANSWERER = ROOT / "tests" / "support" / "conforming.py"
README = (DRIVER.parent / "README.md").read_text("utf-8")

Answer = dict[str, Any]


class Within:
    """The answerer in this process, each answer through JSON and altered by ``lie``."""

    def __init__(self, lie: Callable[[str, Answer], Answer]) -> None:
        self.lie = lie

    def ask(self, do: str, inputs: dict[str, Any]) -> Answer:
        given = json.loads(json.dumps({"do": do, **inputs}))
        told: Answer = json.loads(json.dumps(self.lie(do, conforming.answer(given))))
        return told

    def end(self) -> None:
        pass


def test_our_own_desk_and_protocol_agree_with_every_vector() -> None:
    command = [sys.executable, str(DRIVER), "--json", "--", sys.executable, str(ANSWERER)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["disagreements"] == [] and done.returncode == 0 and report["conforms"]
    assert report["operations"].keys() == conforming.OPERATIONS.keys()
    assert report["total"]["asked"] == report["total"]["agreed"] > 1200


def test_every_file_of_vectors_is_asked_and_every_operation_is_told_of() -> None:
    asked = list(questions(VECTORS))
    assert {question.file for question in asked} == {path.name for path in VECTORS.glob("*.json")}
    for operation in {question.do for question in asked}:
        assert f"`{operation}`" in README
    assert all(part.requirement for question in asked for part in question.parts)


def test_a_file_that_nobody_asks_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "later.json").write_text("{}")
    assert main(["--vectors", str(tmp_path), "--", "true"]) == 2
    assert "later.json" in capsys.readouterr().err


def swapped(do: str, told: Answer) -> Answer:
    codes = {"volume_extent": "volume_shape", "volume_shape": "volume_extent"}
    return {"code": codes.get(told["code"], told["code"])} if "code" in told else told


def further(do: str, told: Answer) -> Answer:
    """A metre added to every horizontal distance."""
    pair = told.get("ok")
    return {"ok": {**pair, "horizontal_m": pair["horizontal_m"] + 1}} if isinstance(pair, dict) else told


def more(do: str, told: Answer) -> Answer:
    return {"ok": {**told["ok"], "colour": "red"}} if isinstance(told.get("ok"), dict) else told


def whole(do: str, told: Answer) -> Answer:
    """Booleans told as numbers."""
    return {"ok": 1} if told.get("ok") is True else told


@pytest.mark.parametrize(
    ("lie", "group", "where"),
    [(swapped, "volumes", "volumes.read"), (further, "separation", "separation.judge"), (more, "keys", "keys.make"),
     (whole, "volumes", "volumes.read")],
)  # fmt: skip
def test_answers_that_are_a_little_wrong_are_found(
    lie: Callable[[str, Answer], Answer], group: str, where: str
) -> None:
    asked = [question for question in questions(VECTORS) if question.do.startswith(f"{group}.")]
    honest: Any = Within(lambda _, told: told)
    assert run(honest, asked).conforms(partial=False)
    lying: Any = Within(lie)
    report = run(lying, asked)
    assert not report.conforms(partial=False) and not report.conforms(partial=True)
    assert where in {item.do for item in report.disagreements}
    for item in report.disagreements:
        assert item.file and item.case and item.requirement.startswith("R-") and not same(item.expected, item.got)


def stranger(told: str) -> list[str]:
    """Return a program that says ``told``, a Python expression, to every question ``q``."""
    text = f"import json, sys\nfor line in sys.stdin:\n q = json.loads(line)\n print({told}, flush=True)"
    return [sys.executable, "-S", "-c", text]


ACCEPTS = 'json.dumps({"id": q["id"], "ok": True})'
REFUSES = 'json.dumps({"id": q["id"], "code": "key"})'


ESCAPED = "import subprocess, time; subprocess.Popen(['sleep', '20'], start_new_session=True); time.sleep(600)"
"""What it started holds its output open after it was ended itself."""


@pytest.mark.parametrize(
    ("program", "what"),
    [
        (stranger(ACCEPTS), ""),
        (stranger(REFUSES), ""),
        (stranger('json.dumps({"id": q["id"] + 1, "ok": True})'), "an answer to question"),
        (stranger('json.dumps({"id": q["id"], "ok": True, "code": "key"})'), "other members"),
        (stranger('json.dumps({"id": str(q["id"]), "ok": True})'), "an answer to question"),
        (stranger('json.dumps({"ok": True})'), "an answer to question"),
        (stranger('"<html>"'), "no JSON"),
        (stranger('"[" * 100000'), "no JSON"),
        (stranger('"x" * (5 << 20)'), "more than 4194304 bytes"),
        (stranger("sys.exit(3)"), "ended without an answer (exit status 3)"),
        ([sys.executable, "-S", "-c", "import os, sys; os.write(1, b'{'); sys.stdin.read()"], "no answer within 0.5 s"),
        ([sys.executable, "-S", "-c", "import time; time.sleep(600)"], "no answer within 0.5 s"),
        ([sys.executable, "-S", "-c", ESCAPED], "no answer within 0.5 s"),
    ],
)
def test_a_program_that_does_not_answer_never_agrees(program: list[str], what: str) -> None:
    hangs = "0.5 s" in what
    asked = [question for question in questions(VECTORS) if question.do in ("keys.make", "keys.text")]
    report = run(Program(program, 0.5 if hangs else 60.0), asked[: 2 if hangs else 14])
    assert not report.conforms(partial=True)
    # Whoever refuses everything agrees where refusing is right, and nowhere else.
    assert (report.total.agreed > 0) == (program == stranger(REFUSES))
    told = [item.got for item in report.disagreements if isinstance(item.got, str)]
    assert bool(told) == bool(what) and all(what in item or "too often" in item for item in told)
    assert hangs or not what or "not asked: the program has failed too often" in told


def test_an_answer_said_twice_is_not_taken_for_the_next_one() -> None:
    asked = [question for question in questions(VECTORS) if question.do == "volumes.read"][:4]
    report = run(Program(stranger(f'{ACCEPTS} + "\\n" + {ACCEPTS}'), 60.0), asked)
    assert "an answer to question '1' instead of 2" in str(report.disagreements[0].got)


def test_what_is_unsupported_is_counted_and_fails_unless_it_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    does = 'json.dumps({"id": q["id"], **({"ok": True} if q["do"] == "volumes.read" else {"unsupported": True})})'
    only = ["--only", "volumes", "--only", "withdrawals.read", "--only", "kinds"]
    assert main([*only, "--", *stranger('json.dumps({"id": q["id"], "unsupported": True})')]) == 1
    assert main([*only, "--partial", "--", *stranger('json.dumps({"id": q["id"], "unsupported": True})')]) == 1
    capsys.readouterr()
    assert main([*only, "--partial", "--", *stranger(does)]) == 1
    said = capsys.readouterr().out
    assert "volumes.json, volumes.read, " in said and "(R-030 to R-036)" in said and "does not conform" in said
    row = next(line.split() for line in said.splitlines() if line.startswith("withdrawals.read"))
    assert row[1] == row[4] != "0" and row[2:4] == ["0", "0"]


def test_a_program_that_goes_on_when_its_input_ends_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("program.END_S", 0.3)
    asked = [question for question in questions(VECTORS) if question.do == "volumes.read"][:1]
    [*command, text] = stranger(ACCEPTS)
    report = run(Program([*command, f"{text}\nimport time; time.sleep(600)"], 60.0), asked)
    assert report.total.agreed == 1 and "goes on" in report.fault and not report.conforms(partial=False)


def test_a_program_that_is_not_there_is_no_disagreement(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "kinds", "--", "no-such-program-anywhere"]) == 2
    assert main(["--only", "colours", "--", "true"]) == 2
    assert capsys.readouterr().err.count("conform.py: ") == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (0, False), (None, False), ("1", 1), ([1], [1, 1]), ({"a": 1}, {"a": 1, "b": 1}), ({"a": None}, {})],
)
def test_what_is_not_the_same(one: Any, other: Any) -> None:
    assert same(one, one) and same(1, 1.0) and not same(one, other) and not same(other, one)


def test_the_driver_needs_nothing_of_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-E", "-s", "-S", str(DRIVER), "--only", "kinds", "--", *stranger(ACCEPTS)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "kinds.read" in done.stdout and done.stderr == ""
