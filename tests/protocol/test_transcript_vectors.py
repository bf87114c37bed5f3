"""``protocol/vectors/transcript.json``: the real desk plays the story to the letter, and no step of it is idle."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conform import same
from questions import Question, questions
from support.transcript_player import play
from support.transcript_vectors import DOCUMENTS

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "vectors"
QUESTIONS = [question for question in questions(FOLDER) if question.do == "transcript.play"]
STORIES = {case["name"]: case["steps"] for case in json.loads((FOLDER / "transcript.json").read_text("utf-8"))["cases"]}


def test_the_file_is_what_its_maker_makes() -> None:
    for name, make in DOCUMENTS.items():
        assert (FOLDER / name).read_text("utf-8") == make()


def played(question: Question, inputs: Any = None) -> list[str]:
    """Return the steps after which the desk is not as the story says."""
    pairs = zip(question.parts, play(inputs or question.inputs), strict=True)
    return [part.case.partition(": ")[2] for part, state in pairs if not same(part.expected["ok"], state)]


@pytest.mark.req(
    "R-015", "R-019", "R-029", "R-047", "R-052", "R-053", "R-059", "R-066", "R-070", "R-071", "R-072", "R-074",
    "R-075", "R-076", "R-077", "R-078", "R-079", "R-081", "R-082", "R-083", "R-085", "R-089", "R-092", "R-096",
    "R-098", "R-099", "R-100", "R-102", "R-104", "R-105", "R-106", "R-107",
)  # fmt: skip
@pytest.mark.parametrize("question", QUESTIONS, ids=list(STORIES))
def test_a_desk_is_after_each_step_as_the_story_says(question: Question) -> None:
    assert played(question) == []


@pytest.mark.parametrize("steps", STORIES.values(), ids=list(STORIES))
def test_each_step_names_what_it_holds_once(steps: list[dict[str, Any]]) -> None:
    assert len({step["name"] for step in steps}) == len(steps)
    for step in steps:
        assert step["why"] and all(re.fullmatch(r"R-\d{3}", number) for number in step["requirements"])
        assert len(step.keys() & {"connect", "stream", "read", "sent", "install", "wait"}) == 1
    assert [step["now"] for step in steps] == sorted(step["now"] for step in steps)


@pytest.mark.parametrize(
    "left_out",
    ["filed from another desk", "too much of ours was shown", "confirmed", "read again", "the new terms are installed",
     "the clock has come there"],
)  # fmt: skip
def test_a_desk_that_misses_a_step_is_seen(left_out: str) -> None:
    inputs = copy.deepcopy(QUESTIONS[0].inputs)
    at = next(at for at, step in enumerate(STORIES["an evening"]) if step["name"] == left_out)
    inputs["steps"][at] = {"now": inputs["steps"][at - 1]["now"], "wait": {}}
    assert played(QUESTIONS[0], inputs)[0] == left_out
