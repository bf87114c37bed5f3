"""What ``keepclear`` gives to those who build on it: all of it typed and told, and nothing beside it needed."""

import dataclasses
import inspect
import json
import os
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any

import keepclear
import pytest
from keepclear import names
from support.service import UNMEASURED

OURS = ("keepclear", "keepclear_protocol")
INNER = {"AsyncClient", "Exchange", "Journal", "Watching", "DisclosedVolume"}
"""What a desk is made of: members that our own command line uses."""


WIRE = {"Acknowledgement", "Agreement", "Alert", "PrivateKey", "Receipt", "Summary", "Volume"}
"""Statements and what the wire is made of: protocol/SPEC.md tells of their members."""


def python(program: str) -> str:
    env = {**os.environ, **UNMEASURED}  # coverage loads modules of its own
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_alone_loads_nothing() -> None:
    loaded = json.loads(python("import json, sys, keepclear; print(json.dumps(list(sys.modules)))"))
    assert [name for name in loaded if name.startswith(OURS)] == ["keepclear"]
    assert not {"httpx2", "numpy", "sqlite3", "asyncio"} & set(loaded)


def test_a_star_gives_every_name() -> None:
    given = python("from keepclear import *; print(' '.join(sorted(name for name in dir() if name[0] != '_')))")
    assert given.split() == sorted(names.__all__)
    assert sorted(set(names.__all__)) == sorted(names.__all__)


def test_a_name_that_there_is_not_is_told() -> None:
    with pytest.raises(AttributeError, match="no attribute Dask"):
        keepclear.Dask  # noqa: B018


def test_every_name_is_told() -> None:
    for name in names.__all__:
        value = getattr(keepclear, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__ and not value.__doc__.startswith(f"{name}("), f"{name} has no docstring of its own"


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Give the public functions and properties of a class, as functions."""
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_"):
            found = member.fget if isinstance(member, property) else inspect.unwrap(getattr(member, "__func__", member))
            if inspect.isfunction(found):
                yield name, found


def classes(hint: object) -> Iterator[type]:
    """Give the classes that a type is made of."""
    if inspect.isclass(hint) and not isinstance(hint, types.GenericAlias):
        yield hint
    for part in typing.get_args(hint):
        yield from classes(part)


def needed(kind: type) -> Iterator[tuple[str, type]]:
    """Give, with where it stands, every class of ours that a public member of a class takes or gives."""
    hinted = [(name, typing.get_type_hints(member)) for name, member in members(kind)]
    if dataclasses.is_dataclass(kind):
        hinted.append(("fields", {f.name: typing.get_type_hints(kind)[f.name] for f in dataclasses.fields(kind)}))
    for name, hints in hinted:
        for hint in hints.values():
            for found in classes(hint):
                if found.__module__.split(".")[0] in OURS:
                    yield f"{kind.__name__}.{name}", found


def test_whatever_a_desk_takes_and_gives_is_exported() -> None:
    exported = {getattr(keepclear, name) for name in names.__all__ if inspect.isclass(getattr(keepclear, name))}
    missing: set[str] = set()
    seen: set[type] = set()
    waiting: list[type] = [keepclear.Desk, keepclear.AsyncDesk, keepclear.Flight]
    waiting += [kind for kind in exported if kind.__name__.endswith("Event")]
    while waiting:
        kind = waiting.pop()
        for where, found in needed(kind):
            if found.__name__ in INNER or found in seen:
                continue
            seen.add(found)
            if found not in exported:
                missing.add(f"{where}: {found.__name__}")
            elif found.__name__ not in WIRE:
                waiting.append(found)
    assert not missing
    assert keepclear.ConflictView in seen and keepclear.Answers in seen


def test_no_member_of_a_desk_is_untyped_or_untold() -> None:
    for kind in (keepclear.Desk, keepclear.AsyncDesk):
        for name, member in members(kind):
            assert member.__doc__, f"{kind.__name__}.{name} has no docstring"
            parameters = inspect.signature(member).parameters
            assert {*parameters} - {"self", "cls"} <= {*member.__annotations__}, f"{kind.__name__}.{name}"


def test_both_desks_have_the_same_face() -> None:
    def face(kind: type) -> dict[str, list[str]]:
        return {name: list(inspect.signature(member).parameters) for name, member in members(kind)}

    blocking, asyncio = face(keepclear.Desk), face(keepclear.AsyncDesk)
    alone = {"watching", "past"}
    assert {name for name in asyncio if name not in blocking} == alone
    assert {name: asyncio[name] for name in blocking if name in asyncio} == {
        name: parameters for name, parameters in blocking.items() if name in asyncio
    }
    assert {name for name in blocking if name not in asyncio} <= {"exchange", "journal"}


def test_what_is_exported_is_what_a_prompt_offers_and_no_environment_stands_in_a_signature() -> None:
    assert python("import keepclear; print(*dir(keepclear))").split() == sorted(names.__all__)
    for kind in (keepclear.Desk, keepclear.AsyncDesk):
        assert inspect.signature(kind.from_environment).parameters["environ"].default is None
