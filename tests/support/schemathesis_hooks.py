"""What Schemathesis has to know of these doors: their media types, and how a read is signed.

Loaded by ``schemathesis run`` through ``SCHEMATHESIS_HOOKS``. ``HOSTILE_WORLD`` names a JSON file with north's ``key``
and its ``claims``. Most of the reads are signed; a stream is signed only where its cursor will be refused, since an
accepted one does not end.
"""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import requests
import schemathesis
from keepclear_protocol.claims import new_jti
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import REQUEST
from keepclear_protocol.statement import sign_statement

_WORLD = json.loads(Path(os.environ["HOSTILE_WORLD"]).read_text())
_KEY = PrivateKey.parse(_WORLD["key"])
_CURSOR = re.compile(r"[0-9a-f]{32}-")
_calls = 0


@schemathesis.serializer("application/sd-jwt", "application/jwt")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.hook
def before_call(_: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Sign two of three reads, for whatever target they have."""
    global _calls
    if case.method != "GET" or not case.operation.path.startswith("/v1/"):
        return
    _calls += 1
    if _calls % 3 == 0:  # as it was made up, or with none
        return
    if case.operation.path == "/v1/stream" and not _refused(case):
        return
    made = case.as_transport_kwargs(base_url=case.operation.base_url)
    try:
        prepared = requests.Request(made["method"], made["url"], params=made.get("params")).prepare()
    except (requests.exceptions.RequestException, UnicodeError):
        return
    payload = {
        **_WORLD["claims"],
        "iat": int(time.time()),
        "jti": new_jti(),
        "htm": "GET",
        "htu": _WORLD["origin"] + prepared.path_url,
    }
    case.headers = {**(case.headers or {}), "Authorization": "Keepclear " + sign_statement(_KEY, REQUEST.typ, payload)}


def _refused(case: Any) -> bool:
    cursor = (case.query or {}).get("cursor")
    last = {name.lower(): value for name, value in (case.headers or {}).items()}.get("last-event-id")
    said = last if last is not None else cursor
    return said is not None and not _CURSOR.match(str(said))
