"""The store's scripts: loaded when first wanted, sent by their hash, always with their keys.

A cluster's client finds the shard by the keys; all keys of a line carry its hash tag, so there is one. Not sent twice:
only an answer that the script is not known, which means that nothing was done, is followed by loading it.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

import redis.exceptions
from keepclear_protocol.errors import Unavailable

from .connect import Client, store_faults

_INCLUDE = re.compile(r"^-- include (\w+)$", re.MULTILINE)
"""A line of a script in whose place another file stands."""


def _read(name: str) -> str:
    return files(__package__).joinpath(f"scripts/{name}.lua").read_text("utf-8")


class Script:
    """A script of the folder ``scripts``; ``even_full`` where a store without room is to run it, too."""

    def __init__(self, name: str, *, even_full: bool = False) -> None:
        self.name = name
        text = _INCLUDE.sub(lambda found: _read(found[1]), _read(name))
        self._text = f"#!lua flags=allow-oom\n{text}" if even_full else text
        self._sha1 = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: Client, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
        """Run it. Raises ``Unavailable``: ``store_unsafe`` where the store holds no such line, ``store_clock``."""
        with store_faults(), _verdicts():
            try:
                return await client.evalsha(self._sha1, len(keys), *keys, *args)
            except redis.exceptions.NoScriptError:
                await client.script_load(self._text)
                return await client.evalsha(self._sha1, len(keys), *keys, *args)


def no_such_line() -> Unavailable:
    """Return what is said of a store that does not hold the line: empty, another one, or one that lost it."""
    return Unavailable(
        "store_unsafe",
        "the store holds nothing of this agreement",
        hint="a new line is founded once, by keepclear-service found; one that was lost comes back from a backup",
    )


@contextlib.contextmanager
def _verdicts() -> Iterator[None]:
    """Turn what our own scripts refuse to do into ``Unavailable``."""
    try:
        yield
    except redis.exceptions.ResponseError as error:
        match str(error).split():
            case ["KEEPCLEAR", "no", *_]:
                raise no_such_line() from None
            case ["KEEPCLEAR", "clocks", apart, *_]:
                raise Unavailable(
                    "store_clock",
                    f"the store's clock is {int(apart) / 1000:+.0f} s from this worker's",
                    hint="set both by NTP; statements are stamped with the store's",
                ) from None
        raise
