"""Markup of a document that holds what others wrote: every text is escaped where it is put in, and nowhere else.

Guaranteed: a ``Html`` was made of literals of ours and of escaped texts alone. Texts of others stand between quotes,
isolated, with what is not seen written out, each number among letters from right to left isolated by itself; so no text
ends its place, changes how the one beside it reads, or is taken for ours.
"""

import html
import re
import unicodedata
from typing import Final

from keepclear.cli.plain import plain

MOST: Final = 600
"""Characters of a foreign text that are shown: a remark of a page, not of a book."""

_HANDLE = re.compile(r"[A-Za-z0-9._@-]+\Z")
_TAG = re.compile(r"<[^>]*>")
_NUMBERS = re.compile(r"(\\[xuU][0-9a-f]+|[+-]?\d(?:[\d.,:/\u2010-\u2015+-]*\d)?)")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = Html | str | None


def tag(name: str, *children: Child, **attributes: str | int | float | None) -> Html:
    """Return an element; ``class_`` and the like lose their last underscore, other underscores become hyphens."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: Child) -> Html:
    """Return children one after the other, texts escaped."""
    return Html("".join(child if isinstance(child, Html) else html.escape(child or "") for child in children))


def bare(markup: Html) -> str:
    """Return a text without its markup, for an attribute."""
    return html.unescape(_TAG.sub("", markup))


def figure(text: str, *, long: bool = False) -> Html:
    """Return a number, a range, a time or an id: left to right, and in one line unless it is ``long``."""
    return tag("bdi", text, dir="ltr", class_="figure long" if long else "figure")


def foreign(text: str | None, absent: Child = "") -> Html:
    """Return what others wrote, made harmless, or ``absent``: a plain handle as it is, all else between quotes."""
    if not text:
        return joined(absent)
    if _HANDLE.match(text):
        return figure(plain(text, MOST), long=True)
    shown = plain(text.replace("\\", "\\\\").replace('"', '\\"'), MOST, isolated=True)
    return tag("bdi", '"', *_parts(shown), '"', dir="auto", class_="foreign")


def _parts(shown: str) -> list[Child]:
    if not any(unicodedata.bidirectional(character) in ("R", "AL") for character in shown):
        return [shown]
    return [tag("bdi", part, dir="ltr") if at % 2 else part for at, part in enumerate(_NUMBERS.split(shown))]
