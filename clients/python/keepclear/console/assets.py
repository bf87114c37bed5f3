"""The files of the page: the same for everybody, read as they stand, and nothing beside them.

Guaranteed: a path leads to a file below ``page`` whose kind is known, or nowhere. The words of a language are those
of all its rooms, joined.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

from keepclear_protocol.errors import Refused

PAGE = Path(__file__).parent / "page"

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
"""What a browser is told of a file; a file of another kind is not served."""

_PATH = re.compile(r"(?:[A-Za-z0-9_@-][A-Za-z0-9._@-]*/)*[A-Za-z0-9_@-][A-Za-z0-9._@-]*\Z")
_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_LANGUAGE = re.compile(r"[a-z]{2,3}\Z")


def file(path: str, page: Path = PAGE) -> tuple[bytes, str]:
    """Return a file of the page and its kind; raise ``Refused`` with ``not_found`` where there is none."""
    kind = KINDS.get(Path(path).suffix)
    if kind is None or not _PATH.match(path):
        raise Refused("not_found", "there is no such file")
    found = page / path
    if not found.is_file() or not found.resolve().is_relative_to(page.resolve()):
        raise Refused("not_found", "there is no such file")
    return found.read_bytes(), kind


def script_sources(page: Path = PAGE) -> str:
    """Return what may run in the page, as its policy says it: our files, and what stands in it itself."""
    inside = [hashlib.sha256(text).digest() for text in _SCRIPT.findall((page / "index.html").read_bytes())]
    return " ".join(("'self'", *(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in inside)))


def words(language: str, page: Path = PAGE) -> bytes:
    """Return the words of all rooms in a language as JSON; raise ``Refused`` where there are none."""
    folder = page / "words" / language
    if not _LANGUAGE.match(language) or not folder.is_dir():
        raise Refused("not_found", "the page does not speak this language")
    joined: dict[str, str] = {}
    for room in sorted(folder.glob("*.json")):
        joined |= json.loads(room.read_bytes())
    return json.dumps(joined, ensure_ascii=False, sort_keys=True).encode()


def tag(data: bytes) -> str:
    """Return the entity tag of what is served."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'
