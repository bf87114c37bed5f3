"""A file of wire vectors: its cases, and what stands above them."""

import json
from typing import Any

from support.wire_world import AGREEMENT, NAMES, keys_json

Case = dict[str, Any]

_KEYS = "keys: seeds of 32 bytes in base64url, for tests alone. agreements: the signed documents, oldest first."
_CODES = "A case with code is refused with that code, for the reason that why gives; one with expect reads so."


def document(about: str, *found: Case, **given: Any) -> str:
    """Return the text of a file of these cases."""
    head = {"about": f"{about} {_KEYS} {_CODES}", "keys": keys_json(*NAMES), "agreements": [AGREEMENT.raw.decode()]}
    return json.dumps({**head, **given, "cases": found}, indent=1, ensure_ascii=False) + "\n"


def reads(name: str, why: str, expect: Case, **given: Any) -> Case:
    """Return a case that reads as ``expect``."""
    return {"name": name, "why": why, **given, "expect": expect}


def fail(code: str, name: str, why: str, **given: Any) -> Case:
    """Return a case that is refused with ``code``."""
    return {"name": name, "why": why, **given, "code": code}
