"""The JSON Schemas: made from the code's own numbers, true of every good vector, and not true of everything."""

import copy
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from keepclear_protocol.kinds import EVERY_KIND
from keepclear_protocol.schema import read_schema, schema_names
from support.node import node_program
from support.schema_cases import Case, all_cases
from support.schema_files import FOLDER, documents

Require = Callable[[str, str], None]

SCHEMAS = {name: read_schema(name) for name in schema_names()}
TEXTS = {
    name: schema
    for whole in SCHEMAS.values()
    for name, schema in whole.get("$defs", {}).items()
    if schema.get("type") == "string"
}
"""Statements and other texts, which have no file of their own."""

VALIDATORS = {name: Draft202012Validator(schema) for name, schema in (TEXTS | SCHEMAS).items()}
CASES = list(all_cases())

REFUSED_AT_LEAST = {
    "acknowledgements": 28,
    "agreement": 367,
    "alerts": 5,
    "notices": 142,
    "openings": 13,
    "receipts": 4,
    "requests": 7,
    "statements": 107,
    "volumes": 56,
    "withdrawals": 5,
}
"""Bad cases of each file that a schema refuses already. The rest takes a signature, a clock, a memory or geometry."""


def faults(case: Case) -> list[str]:
    return [shape for shape, value in case.values if not VALIDATORS[shape].is_valid(value)]


def test_the_files_are_what_their_maker_makes() -> None:
    assert {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()} == documents()
    assert {kind.name for kind in EVERY_KIND} <= SCHEMAS.keys()
    with pytest.raises(KeyError):
        read_schema("../schema")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema_with_an_example_that_keeps_it(name: str) -> None:
    meta.validate(SCHEMAS[name])
    assert SCHEMAS[name]["$id"].endswith(f":{name}") and SCHEMAS[name]["examples"]
    for example in SCHEMAS[name]["examples"]:
        VALIDATORS[name].validate(example)


def test_every_good_vector_keeps_its_schema() -> None:
    good = [case for case in CASES if case.code is None]
    assert {case.file for case in good} == {case.file for case in CASES}
    assert {case.name: faults(case) for case in good if faults(case)} == {}
    seen = {shape for case in good for shape, _ in case.values}
    assert {kind.name for kind in EVERY_KIND} | {"volume", "disclosure", "submission", "presentation"} <= seen


def test_of_the_bad_vectors_what_is_a_matter_of_shape_is_refused() -> None:
    bad = [case for case in CASES if case.code is not None]
    refused = Counter(case.file for case in bad if faults(case))
    assert {file: refused[file] for file, least in REFUSED_AT_LEAST.items() if refused[file] < least} == {}
    assert [case.name for case in bad if case.code in ("volume_shape", "crit") and not faults(case)] == []


def spoilt(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield copies of an example, each with one member of one object taken away, or a member of no type there is."""
    places: list[list[str | int]] = [[]]
    while places:
        path = places.pop()
        inner = at(value, path)
        names: list[Any] = [*inner] if isinstance(inner, dict) else [0] if isinstance(inner, list) and inner else []
        for name in names:
            places.append([*path, name])
            other = copy.deepcopy(value)
            at(other, path)[name] = [[[]]]
            yield f"{places[-1]} of another type", other
            if isinstance(inner, dict):
                less = copy.deepcopy(value)
                del at(less, path)[name]
                yield f"{places[-1]} away", less


def at(value: Any, path: list[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


MAY_BE_AWAY = {
    # An agreement without one of its categories is another agreement, and as good.
    "agreement": {f"{['categories', name]} away" for name in ("transport", "strike")},
    "conflicts": {"['budgets'] away"},  # of all pages but the first
}


EMPTY = ("event-drain", "event-slow")
HAS_MEMBERS = [name for name, schema in SCHEMAS.items() if name not in EMPTY and schema.get("type") != "string"]


@pytest.mark.parametrize("name", HAS_MEMBERS)
def test_a_good_one_that_is_spoilt_keeps_it_no_more(name: str) -> None:
    (example, *_) = SCHEMAS[name]["examples"]
    made = dict(spoilt(example))
    taken = {way for way, spoilt_one in made.items() if VALIDATORS[name].is_valid(spoilt_one)}
    assert made and taken == MAY_BE_AWAY.get(name, set())


@pytest.mark.req("R-017", "R-102")
def test_unknown_members_are_ignored_but_where_members_are_exact() -> None:
    exact = {"notice", "pair", "alert-object", "agreement-document", "volume", "outline", "event-alert", "disclosure"}
    for name, schema in SCHEMAS.items():
        (example, *_) = schema["examples"]
        if isinstance(example, str):
            continue
        more = [*example, "x"] if isinstance(example, list) else {**example, "x-later": 1}
        assert VALIDATORS[name].is_valid(more) == (name not in exact), name


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for member in schema.values():
            yield from patterns(member)
    elif isinstance(schema, list):
        for item in schema:
            yield from patterns(item)


def test_patterns_are_javascripts_too(require: Require) -> None:
    """ECMA-262 with the flag u, as the draft has it."""
    found = sorted({pattern for schema in SCHEMAS.values() for pattern in patterns(schema)})
    assert len(found) > 20
    compiled = "for (const one of JSON.parse(require('fs').readFileSync(0))) new RegExp(one, 'u')"
    node = [node_program(require), "-e", compiled]
    subprocess.run(node, input=json.dumps(found), text=True, capture_output=True, check=True, timeout=60)
    foreign = subprocess.run(
        node, input=json.dumps([r"\A[0-9]\Z"]), text=True, capture_output=True, check=False, timeout=60
    )
    assert foreign.returncode != 0


def test_of_the_wire_no_schema_lets_a_critical_member_pass() -> None:
    for kind in EVERY_KIND:
        (example, *_) = SCHEMAS[kind.name]["examples"]
        assert not VALIDATORS[kind.name].is_valid({**example, "crit": ["x"]}), kind.name
