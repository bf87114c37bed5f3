"""Makes ``protocol/vectors/statements.json``: statements to be accepted, and odd ones with the code of each refusal.

    python tests/support/statement_vectors.py > protocol/vectors/statements.json

A test compares the file with what this makes, and the protocol with the file.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from keepclear_protocol.encoding import digest
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, RECEIPT, REQUEST, WITHDRAWAL
from keepclear_protocol.statement import protected_header

from support.statement_forge import KEY, OTHER, compact, odd_statements

ABOUT = (
    "Compact JWS under the strict profile. keys: the enrolled keys. typ: the kind that the place expects. A case "
    "without code is accepted: kid names the signer, sha256 is the statement's identity, payload is what it says. One "
    "with code is refused with that code, for the reason that why gives; not_authenticated stands for everything that "
    "is wrong before a signature verified."
)


def document() -> str:
    """Return the file's text."""
    odd = [
        {"name": one.name, "typ": RECEIPT.typ, "jws": one.jws, "code": one.code, "why": one.why}
        for one in odd_statements()
    ]
    cases = [*_good(), *odd]
    assert len({case["name"] for case in cases}) == len(cases)
    keys = [key.public.jwk for key in (KEY, OTHER)]
    return json.dumps({"about": ABOUT, "keys": keys, "cases": cases}, indent=1, ensure_ascii=True) + "\n"


def _good() -> Iterator[dict[str, Any]]:
    for typ in (kind.typ for kind in (WITHDRAWAL, ACKNOWLEDGEMENT, ALERT, RECEIPT, REQUEST)):
        yield _accepted(f"a {typ}", typ, b'{"iss":"north"}')
    for name, payload in {
        "an empty object": b"{}",
        "blanks and line breaks, kept as signed": b' {\n "a" : [ 1 , 2 ]\t}\r\n',
        "escapes, kept as signed": b'{"\\u0061":"\\u05d0\\ud83d\\ude80\\/"}',
        "Hebrew": '{"a":"שלום"}'.encode(),
        "names that differ in case": b'{"a":1,"A":2}',
        "the largest integers": b'{"a":9007199254740991,"b":-9007199254740991}',
        "fractions": b'{"a":1.5,"b":-0.25,"c":1e-7}',
        "16 levels deep": b'{"a":' + b"[" * 15 + b"]" * 15 + b"}",
        "unknown members": b'{"iss":"north","future":{"x":null}}',
    }.items():
        yield _accepted(name, RECEIPT.typ, payload)
    yield _accepted("of another enrolled key", RECEIPT.typ, b"{}", OTHER)


def _accepted(name: str, typ: str, payload: bytes, key: Any = KEY) -> dict[str, Any]:
    raw = compact(protected_header(key.kid, typ), payload, key)
    expect = {"kid": key.kid, "sha256": digest(raw), "payload": json.loads(payload)}
    return {"name": name, "typ": typ, "jws": raw, "expect": expect}


if __name__ == "__main__":
    sys.stdout.write(document())
