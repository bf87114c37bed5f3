"""Examples for the JSON Schemas, drawn from the vectors: what is shown is what every reader of them can verify.

All are of one story: south's notice meets north's, is told of it, acknowledges, and is withdrawn.
"""

import json
from pathlib import Path
from typing import Any

from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.errors import CODES
from keepclear_protocol.instant import parse_instant
from keepclear_protocol.kinds import ACKNOWLEDGEMENT, ALERT, BUDGET, NOTICE, OPENING, RECEIPT, REQUEST, WITHDRAWAL
from keepclear_protocol.request import SCHEME
from keepclear_protocol.separation import Severity, severity_rank

CHECKS = ("store", "clock", "lines", "rules")
VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors"


def vectors(name: str) -> dict[str, Any]:
    """Return a file of vectors."""
    read: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return read


def payload(statement: str) -> dict[str, Any]:
    """Return the payload of a compact JWS, or of a notice's JWT part."""
    read: dict[str, Any] = json.loads(unb64(statement.split("~")[0].split(".")[1]))
    return read


def _first_good(name: str, member: str) -> Any:
    return next(case[member] for case in vectors(name)["cases"] if "expect" in case)


def _receipt_of(kind: str) -> str:
    good = (case for case in vectors("receipts")["cases"] if "expect" in case and case["kind"] == kind)
    return str(next(good)["receipt"])


def statements() -> dict[str, str]:
    """Return a statement of each kind as text, by the kind's name."""
    return {
        NOTICE.name: next(iter(vectors("alerts")["statements"].values())),
        WITHDRAWAL.name: _first_good("withdrawals", "statement"),
        ACKNOWLEDGEMENT.name: _first_good("acknowledgements", "statement"),
        REQUEST.name: _first_good("requests", "authorization").removeprefix(SCHEME),
        ALERT.name: _first_good("alerts", "object")["alert"],
        RECEIPT.name: _receipt_of(NOTICE.name),
        OPENING.name: _first_good("openings", "opening"),
        BUDGET.name: _first_good("budgets", "statement"),
    }


def examples() -> dict[str, list[Any]]:
    """Return by a shape's name what it looks like."""
    said = statements()
    shown = _first_good("alerts", "object")
    alert, receipt, opening = (payload(said[kind.name]) for kind in (ALERT, RECEIPT, OPENING))
    at = opening["at"]
    disclosed = [json.loads(unb64(part)) for part in said[NOTICE.name].split("~")[1:-1]]
    volumes = [value for _, value in (item for item in disclosed if len(item) == 2)]
    outline = {name: value for name, value in volumes[0]["volume"].items() if name.startswith("outline_")}
    document = json.loads(vectors("alerts")["agreements"][0])
    row = {name: receipt[name] for name in ("id", "revision", "sha256", "submission", "received_at", "seq")}
    first = min(parse_instant(pair["time_start"]) for pair in alert["pairs"])
    conflict = {name: alert[name] for name in ("conflict", "version")}
    return {
        "volume": volumes[:1],
        "outline": [outline],
        "disclosure": disclosed[-4:],
        **{name: [payload(statement)] for name, statement in said.items()},
        "authorization": [_first_good("requests", "authorization")],
        "after": [f"{severity_rank(Severity(alert['severity']))}{first // 1000:015d}.{alert['conflict']}"],
        "also": ["all"],
        "conflict-ids": [alert["conflict"]],
        "pair": alert["pairs"][:1],
        "agreement": [json.loads(unb64(document["payload"]))],
        "agreement-document": [document],
        "alert-object": [shown],
        "filed": [{"receipt": said[RECEIPT.name], "alerts": [shown]}],
        "filed-before": [{"receipt": said[RECEIPT.name]}, {"receipt": None}],
        "notices": [{"at": at, "notices": [{**row, "state": "live"}], "next": None}],
        "own-notice": [
            {"at": at, NOTICE.name: said[NOTICE.name], WITHDRAWAL.name: None, "receipt": said[RECEIPT.name]}
        ],
        "conflicts": [
            {
                "at": at,
                "conflicts": [
                    {
                        **conflict,
                        "party": alert["other"]["party"],
                        "alert": digest(said[ALERT.name]),
                        "state": alert["state"],
                        "acknowledgements": [digest(said[ACKNOWLEDGEMENT.name])],
                    }
                ],
                "next": None,
                "budgets": [said[BUDGET.name]],
            }
        ],
        "named-conflicts": [
            {
                "at": at,
                "conflicts": [{**conflict, **shown, "acknowledgements": [said[ACKNOWLEDGEMENT.name]]}],
                "more": False,
            }
        ],
        "alive": [{"status": "ok"}],
        "ready": [{"status": "ready", "state": "ok", "checks": dict.fromkeys(CHECKS, "ok")}],
        "problem": [problem("version_stale")],
        "event-open": [{OPENING.name: said[OPENING.name]}],
        "event-alert": [shown],
        "event-acknowledgement": [{ACKNOWLEDGEMENT.name: said[ACKNOWLEDGEMENT.name]}],
        "event-notice": [
            {NOTICE.name: said[NOTICE.name], "receipt": said[RECEIPT.name]},
            {WITHDRAWAL.name: said[WITHDRAWAL.name], "receipt": _receipt_of(WITHDRAWAL.name)},
        ],
        "event-budget": [{BUDGET.name: said[BUDGET.name]}],
        "event-superseded": [conflict],
        "event-gap": [{"reason": "trimmed", "resume_at": at}],
        "event-drain": [{}],
        "event-slow": [{}],
    }


def problem(code: str) -> dict[str, Any]:
    """Return the problem document of a code, without a detail of its own (R-094)."""
    known = CODES[code]
    said = {"title": known.meaning, "status": known.status, "detail": known.meaning, "code": code}
    return {"type": f"urn:keepclear:problem:{code}", **said}
