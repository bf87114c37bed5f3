"""JSON Schemas (draft 2020-12) of what stands on the wire, for whoever writes a client and for the service's own page.

One file a shape in ``schemas``, each complete in itself. They are documentation: nothing is admitted by them, because
a schema cannot see a signature, a repeated name, ``1.0`` for ``1``, or a polygon that crosses itself. What they refuse
is refused by the code too; the tests hold both against the vectors.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

_FOLDER = files(__package__) / "schemas"


def schema_names() -> list[str]:
    """Return the names of all shapes, in order: a kind's payload goes by the kind's name."""
    return sorted(file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json"))


@cache
def _text(name: str) -> str:
    if name not in schema_names():
        raise KeyError(name)
    return (_FOLDER / f"{name}.json").read_text("utf-8")


def read_schema(name: str) -> dict[str, Any]:
    """Return the schema of a shape; raise ``KeyError`` where there is none."""
    schema: dict[str, Any] = json.loads(_text(name))
    return schema
