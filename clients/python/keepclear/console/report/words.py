"""The words of the report in the page's languages: those of ``page/words/<language>/report.json``, else English.

A placeholder takes markup or a text of ours, which is escaped and isolated from left to right.
"""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from .markup import Child, Html, figure, joined

LANGUAGES = ("en", "he", "ar", "tr", "ru")
_LEFTWARD = ("he", "ar")
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str
    said: dict[str, str]

    @classmethod
    def of(cls, language: str) -> Self:
        """Return the words of a language that the console speaks, else the English ones."""
        chosen = language if language in LANGUAGES else "en"
        return cls(chosen, _read("en") | _read(chosen))

    @property
    def direction(self) -> str:
        """In which direction the language is written."""
        return "rtl" if self.language in _LEFTWARD else "ltr"

    def __call__(self, key: str, **values: Child | int) -> Html:
        """Return what a key of the report says."""
        parts = _PLACE.split(self.said[f"report.{key}"])
        return joined(*(_value(values[part]) if at % 2 else part for at, part in enumerate(parts)))

    def known(self, key: str, **values: Child | int) -> Html | None:
        """Return what a key says, None where the report has no word for it: a code of a later version."""
        return self(key, **values) if f"report.{key}" in self.said else None


def _value(value: Child | int) -> Html:
    return value if isinstance(value, Html) else figure(str(value if value is not None else ""))


def _read(language: str) -> dict[str, str]:
    file = files("keepclear.console") / "page" / "words" / language / "report.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found
