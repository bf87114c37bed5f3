"""What a desk is opened with, by variables: the command and a program take the same, and the page says them all."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from keepclear import AsyncDesk, Desk, EvidenceInvalid, KeepclearError, LocalError, Malformed, load_agreement
from keepclear.cli.main import COMMANDS, keepclear
from keepclear.desk.settings import VARIABLES
from support.line import write_files, write_key
from support.world import World

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    world = World()
    north = world.parties["north"]
    write_files(world, tmp_path)
    write_key(tmp_path / "desk.key", north.key)
    yield {
        "KEEPCLEAR_AGREEMENT": str(tmp_path / "agreement.json"),
        "KEEPCLEAR_KEY": str(tmp_path / "desk.key"),
        "KEEPCLEAR_DESK": str(tmp_path / "desk"),
        "KEEPCLEAR_ROOT": north.root.public.text,
        "ROOT_OF_SOUTH": world.parties["south"].root.public.text,
    }


@pytest.mark.parametrize("face", [Desk, AsyncDesk])
def test_a_desk_begins_with_its_root_and_goes_on_without(variables: dict[str, str], face: Any) -> None:
    blocking = Desk.from_environment(variables)
    assert blocking.party == "north"
    blocking.close()
    del variables["KEEPCLEAR_ROOT"]
    desk = face.from_environment(variables)
    assert desk.party == "north" and desk.picture().conflicts == ()


@pytest.mark.parametrize(
    ("name", "value", "kind", "code", "says"),
    [
        ("KEEPCLEAR_ROOT", "", LocalError, "usage", "without your party's own root"),
        ("KEEPCLEAR_KEY", "", LocalError, "usage", "KEEPCLEAR_KEY is not set"),
        ("KEEPCLEAR_AGREEMENT", "", LocalError, "usage", "KEEPCLEAR_AGREEMENT is not set"),
        ("KEEPCLEAR_DESK", "", LocalError, "usage", "KEEPCLEAR_DESK is not set"),
        ("KEEPCLEAR_KEY", "nowhere.key", LocalError, "key_file", "nowhere.key"),
        ("KEEPCLEAR_AGREEMENT", "nowhere.json", LocalError, "usage", "nowhere.json"),
        ("KEEPCLEAR_ROOT", "none", Malformed, "key", "public key"),
    ],
)
def test_what_is_missing_or_cannot_be_used_is_named(
    variables: dict[str, str], name: str, value: str, kind: type[KeepclearError], code: str, says: str
) -> None:
    with pytest.raises(kind, match=says) as wrong:
        Desk.from_environment({**variables, name: value})
    assert wrong.value.code == code


def test_another_partys_root_is_refused(variables: dict[str, str]) -> None:
    path, root = variables["KEEPCLEAR_AGREEMENT"], variables["ROOT_OF_SOUTH"]
    with pytest.raises(EvidenceInvalid) as wrong:
        Desk.from_environment({**variables, "KEEPCLEAR_ROOT": root})
    assert wrong.value.code == "agreement_signatures"
    # Of a program that names no key any party's root will do: whose desk it will be is not known.
    assert load_agreement(path, root).raw == Path(path).read_bytes()


def commands() -> Iterator[click.Command]:
    for name in COMMANDS:
        command = keepclear.get_command(click.Context(keepclear), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from command.commands.values()
        yield command


def test_every_variable_is_an_option_and_stands_in_the_page() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text("utf-8")
    desk = page[page.index("# Settings of a desk") :]
    options = {
        option.envvar: option.opts[-1]
        for command in commands()
        for option in command.params
        if isinstance(option, click.Option) and isinstance(option.envvar, str)
    }
    assert options.keys() >= VARIABLES.keys()
    for variable, option in options.items():
        assert f"`{variable}`" in desk and option in desk, variable
    rows = re.findall(r"^\| `(KEEPCLEAR_\w+)` \|", desk, re.MULTILINE)
    assert sorted(rows) == sorted(VARIABLES)
