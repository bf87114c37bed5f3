"""How things are named at a terminal: conflicts and notices by id, its beginning or its code, officers by a handle."""

import re
from collections.abc import Iterable
from typing import Any

import click
from keepclear_protocol.errors import LocalError, Refused
from keepclear_protocol.speakable import read_speakable, speakable

from keepclear.desk.officers import check_handle

IDS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""For commands that take an id: one in 64 begins with a hyphen, and is no option, not even where an h follows. That
``-h`` alone asks for help all the same is seen to by ``Commands``."""

SHORTEST = 4
"""Characters of an id that name it: less is a slip, or a variable that was not set."""

_WHOLE = re.compile(r"[A-Za-z0-9_-]{22}([A-Za-z0-9_-]{21})?")


def pick(text: str, among: Iterable[str], what: str) -> str:
    """Return the one id that ``text`` means: the whole of it, its beginning, or its speakable code.

    A whole id that is not ``among`` them is returned for the hotline to judge. Raises ``LocalError`` with ``usage``
    where ``text`` is empty, too short or means several, ``Refused`` with ``conflict_unknown`` or ``notice_unknown``
    where it means none; ``what`` is "conflict" or "notice".
    """
    known = list(dict.fromkeys(among))
    found = named(text, known, what)
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"they are {', '.join(found[:5])}{' ...' if len(found) > 5 else ''}: give more of one"
        raise LocalError("usage", f"{len(found)} {what}s are meant by {text}", hint=hint)
    if _WHOLE.fullmatch(text):
        return text
    raise Refused(f"{what}_unknown", f"this desk knows no {what} of the code or beginning {text}")


def named(text: str, among: Iterable[str], what: str) -> list[str]:
    """Return the ids that ``text`` may mean; raise ``LocalError`` with ``usage`` where it is empty or too short."""
    code, known = read_speakable(text), list(among)
    if text in known:
        return [text]
    if code is None and len(text.strip()) < SHORTEST:
        said = f"{text.strip()} is too short for a {what}'s id" if text.strip() else f"the {what}'s id is empty"
        raise LocalError("usage", said, hint=f"give its code, or {SHORTEST} characters or more of its id")
    return [id for id in known if id.startswith(text) or (code is not None and speakable(id) == code)]


class Handle(click.ParamType[str]):
    """An officer's handle: what the party calls somebody on duty, by the rule of every desk."""

    name = "handle"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the handle, or fail with what one is."""
        try:
            return check_handle(str(value))
        except LocalError as error:
            self.fail(error.detail, param, ctx)


HANDLE = Handle()


class Commands(click.Group):
    """A group whose commands that take ids show their help for ``-h`` alone."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command and what is left of its words."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and command.context_settings.get("help_option_names") == IDS["help_option_names"]:
            options = rest.index("--") if "--" in rest else len(rest)
            rest = ["--help" if word == "-h" and at < options else word for at, word in enumerate(rest)]
        return name, command, rest
