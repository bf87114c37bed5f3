"""Makes ``protocol/keepclear_protocol/schemas``: one JSON Schema (draft 2020-12) for each shape on the wire.

    python tests/support/schema_files.py        writes them all anew

Each file is complete in itself: what it refers to stands in its ``$defs``, the same there in every file. Its examples
are those of the vectors. A test compares the files with what this makes, and the vectors with the files.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.schema_agreement import AGREEMENT
from support.schema_answers import ANSWERS, EVENTS, QUERIES
from support.schema_examples import examples
from support.schema_statements import PAYLOADS
from support.schema_volumes import VOLUMES
from support.schema_words import DEFINITIONS, Schema

FOLDER = Path(__file__).resolve().parents[2] / "protocol" / "keepclear_protocol" / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
URN = "urn:keepclear:schema:"

FILED = ("outline", "volume")
"""Of the volumes' words those that are a file of their own."""

SHAPES: dict[str, Schema] = {
    **{name: VOLUMES[name] for name in FILED},
    **PAYLOADS,
    **AGREEMENT,
    **QUERIES,
    **ANSWERS,
    **{f"event-{name}": schema for name, schema in EVENTS.items()},
}
_NAMED = {**DEFINITIONS, **VOLUMES, **SHAPES}


def documents() -> dict[str, str]:
    """Return each file's text by its name."""
    shown = examples()
    return {f"{name}.json": json.dumps(_document(name, shown.get(name, [])), indent=1) + "\n" for name in SHAPES}


def _document(name: str, shown: list[Any]) -> Schema:
    schema = SHAPES[name]
    needed = sorted(_needed(schema) - {name})
    return {
        "$schema": DRAFT,
        "$id": URN + name,
        "title": name,
        **schema,
        **({"examples": shown} if shown else {}),
        **({"$defs": {one: _NAMED[one] for one in needed}} if needed else {}),
    }


def _needed(schema: Schema) -> set[str]:
    found: set[str] = set()
    waiting = [*_references(schema)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(_NAMED[name])
    return found


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "$ref":
                yield member.rpartition("/")[2]
            else:
                yield from _references(member)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for file, made in documents().items():
        (FOLDER / file).write_text(made, "utf-8")
