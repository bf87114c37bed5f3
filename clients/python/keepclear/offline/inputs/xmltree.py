"""XML as a small tree in which every element knows its line.

Read by the standard library's expat, hardened: a document type is refused before any entity of it can be used, so that
nothing is expanded and nothing outside the file is looked at; depth and number of elements are bounded. Names lose
their prefix: files in the wild use ``gx:`` without declaring it. Not guaranteed: that the file keeps its schema.
"""

import xml.parsers.expat as expat
from collections.abc import Iterator
from dataclasses import dataclass, field

from .flight import unreadable

MAX_DEPTH = 64
"""Folders within folders: ten are many."""

MAX_ELEMENTS = 1_000_000
"""A track of a day, a point a second with four elements each, has a third of that."""

SNIFFED_BYTES = 65_536
"""As far as the first element is sought; comments and a licence may stand before it."""


@dataclass(slots=True)
class Element:
    """One element: its name without a prefix, its line, what stands in it."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def child(self, name: str) -> "Element | None":
        """Return the first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> list["Element"]:
        """Return the children of this name."""
        return [child for child in self.children if child.name == name]

    def said(self, name: str) -> str:
        """Return the text of the first child of this name, empty where there is none."""
        child = self.child(name)
        return "" if child is None else child.text.strip()

    def walk(self) -> Iterator["Element"]:
        """Yield the element and all below it."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))

    @property
    def place(self) -> str:
        """Where the element stands, for a person."""
        return f"line {self.line}, {self.name}"


class _Begun(Exception):
    """The first element was met."""


def root_name(data: bytes) -> str | None:
    """Return the name of the first element without its prefix, None where the bytes do not begin as XML does."""
    names: list[str] = []

    def begin(name: str, *_: object) -> None:
        names.append(name.rpartition(":")[2])
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = begin
    try:
        parser.Parse(_trimmed(data[:SNIFFED_BYTES])[0], False)
    except (_Begun, expat.ExpatError, ValueError, LookupError):
        pass
    return names[0] if names else None


def parse_xml(data: bytes) -> Element:
    """Return the tree's root; raise ``LocalError`` with ``input_file`` that names the line."""
    trimmed, skipped = _trimmed(data)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = Element("", 0, {})
    open_elements = [top]
    texts: list[list[str]] = [[]]
    count = 0

    def refuse(detail: str) -> None:
        raise unreadable(f"line {parser.CurrentLineNumber + skipped}", detail)

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            refuse(f"more than {MAX_ELEMENTS} elements")
        if len(open_elements) > MAX_DEPTH:
            refuse(f"elements nested more than {MAX_DEPTH} deep")
        element = Element(name.rpartition(":")[2], parser.CurrentLineNumber + skipped, attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)
        texts.append([])

    def end(_: str) -> None:
        open_elements.pop().text = "".join(texts.pop())

    def say(text: str) -> None:
        texts[-1].append(text)

    def doctype(*_: object) -> None:
        refuse("a document type is not taken: no format that is read here needs one")

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = say
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(trimmed, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise unreadable(f"line {error.lineno + skipped}, column {error.offset + 1}", f"not XML: {reason}") from None
    except (ValueError, LookupError) as error:
        raise unreadable("line 1", f"its encoding cannot be read: {error}") from None
    return top.children[0]


def _trimmed(data: bytes) -> tuple[bytes, int]:
    """Return the bytes without blanks before the declaration, where XML has none, and how many lines they were."""
    trimmed = data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    return (trimmed, data[: len(data) - len(trimmed)].count(b"\n")) if trimmed[:1] == b"<" else (data, 0)
