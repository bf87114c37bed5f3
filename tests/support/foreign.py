"""A reader of the wire that was written from SPEC.md alone: the standard library and PyNaCl, nothing of Keepclear.

It shows that the page and the vectors are enough for the other side to write its own. It reads statements, notices and
alerts, and judges circles; polygons and corridors need a geometry library, and the check of keys at enrolment PyNaCl.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

Object = dict[str, Any]
Keys = Mapping[str, bytes]

RADIUS_M = 6_371_010.0
SLACK_M = 0.000001
LIMITS = {"keepclear-alert+jws": 262_144, "keepclear-withdrawal+jws": 1_024, "keepclear-acknowledgement+jws": 2_048}
LIMITS |= dict.fromkeys(("keepclear-request+jws", "keepclear-open+jws", "keepclear-budget+jws"), 4_096)
CLAIMS = ("iss", "aud", "terms", "iat", "jti")
SEVERITIES = ("overlap", "proximity", "possible")


class Refused(Exception):
    """Refused, with the stable code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def need(condition: object, code: str) -> None:
    """Raise ``Refused`` with ``code`` unless the condition holds."""
    if not condition:
        raise Refused(code)


def encode(data: bytes) -> str:
    """R-001."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str, code: str) -> bytes:
    """R-001."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        raise Refused(code) from None
    need(encode(data) == text, code)
    return data


def digest(data: str | bytes) -> str:
    """R-002."""
    return encode(hashlib.sha256(data.encode() if isinstance(data, str) else data).digest())


def is_bits(value: object, size: int) -> bool:
    """Whether a value is the one spelling of so many bytes."""
    try:
        return isinstance(value, str) and len(decode(value, "")) == size
    except Refused:
        return False


def parse(data: bytes) -> Any:
    """R-003."""

    def members(pairs: list[tuple[str, Any]]) -> Object:
        need(len({name for name, _ in pairs}) == len(pairs), "json")
        return dict(pairs)

    def number(text: str) -> float:
        need(math.isfinite(float(text)), "json_number")
        return float(text)

    def whole(text: str) -> int:
        need(len(text) < 20 and abs(int(text)) < 2**53, "json_number")
        return int(text)

    def constant(text: str) -> None:
        raise Refused("json_number")

    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=members, parse_float=number, parse_int=whole, parse_constant=constant
        )
        json.dumps(value, ensure_ascii=False).encode()  # fails on a lone surrogate
    except (ValueError, RecursionError):
        raise Refused("json") from None
    need(depth(value) <= 16, "json")
    return value


def depth(value: Any) -> int:
    """R-003: levels of objects and arrays."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max((depth(item) for item in inner), default=0)


def kid(x: str) -> str:
    """R-010."""
    return digest(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}')


def enrol(jwk: object) -> tuple[str, bytes]:
    """R-007, R-009: a key's name and its bytes."""
    need(isinstance(jwk, dict) and jwk == {"kty": "OKP", "crv": "Ed25519", "x": jwk.get("x")}, "key")
    raw = decode(str(jwk["x"]), "key") if isinstance(jwk, dict) else b""
    need(len(raw) == 32 and crypto_core_ed25519_is_valid_point(raw), "key")
    return kid(encode(raw)), raw


def fingerprint(label: str, data: bytes, count: int) -> str:
    """R-012."""
    seed = hashlib.sha256(f"keepclear {label} ".encode() + data).digest()
    digits = str(int.from_bytes(hashlib.sha512(seed).digest(), "big") % 10**count).zfill(count)
    return " ".join(digits[at : at + 5] for at in range(0, count, 5))


def text_form(prefix: str, raw: bytes) -> str:
    """R-011, in capitals behind the prefix."""
    checksum = hashlib.sha256(prefix.encode() + raw).digest()[:4]
    return prefix + base64.b32encode(raw + checksum).decode().rstrip("=")


def statement(raw: str, typ: str, keys: Keys) -> tuple[str, Object]:
    """R-013, R-014: the signer's ``kid`` and the payload."""
    code, limit = "not_authenticated", LIMITS.get(typ, 65_536)
    need(len(raw) <= limit * 4 // 3 + 400 and raw.isascii(), code)
    parts = raw.split(".")
    need(len(parts) == 3, code)
    header, body, signature = (decode(part, code) for part in parts)
    name = next((n for n in keys if header == f'{{"alg":"Ed25519","kid":"{n}","typ":"{typ}"}}'.encode()), None)
    if name is None or len(signature) != 64:
        raise Refused(code)
    try:
        VerifyKey(keys[name]).verify(raw.rpartition(".")[0].encode(), signature)
    except BadSignatureError:
        raise Refused(code) from None
    need(len(body) <= limit, "too_large")
    payload = parse(body)
    need(isinstance(payload, dict), "json")
    return name, payload


def claims(payload: Object, *, admit: bool) -> None:
    """R-017, R-018."""
    need("crit" not in payload, "crit")
    need(isinstance(payload.get("iss"), str) and 0 < len(payload["iss"]) <= 32, "claims")
    need(all(is_bits(payload.get(name), 32) for name in ("aud", "terms")) and is_bits(payload.get("jti"), 16), "claims")
    need(is_whole(payload.get("iat"), 0), "claims")
    need(is_whole(payload.get("admit_by"), payload["iat"]) if admit else "admit_by" not in payload, "claims")
    need(not admit or payload["admit_by"] <= payload["iat"] + 3600, "claims")


def is_whole(value: object, least: int) -> bool:
    """R-004."""
    return type(value) is int and value >= least


def agreement(text: str) -> tuple[Object, str, Keys, Keys]:
    """R-021, R-022: the payload, its digest, the keys of the parties and of the service."""
    document = json.loads(text)
    body = decode(document["payload"], "agreement")
    payload = parse(body)
    roots = [enrol(party["root"]) for party in payload["parties"]]
    service = dict(enrol(item["key"]) for item in payload["service"]["keys"])
    signers = [*roots, next(iter(service.items())), *(enrol(jwk) for jwk in payload.get("former_roots", []))]
    need(len(document["signatures"]) == len(signers), "agreement_signatures")
    for signature, (name, raw) in zip(document["signatures"], signers, strict=True):
        jws = f"{signature['protected']}.{document['payload']}.{signature['signature']}"
        statement(jws, "keepclear-agreement+jws", {name: raw})
    parties = dict(enrol(item["key"]) for party in payload["parties"] for item in party["keys"])
    return payload, digest(body), parties, service


def notice(raw: str, keys: Keys, *, submission: bool) -> Object:
    """R-037 to R-045: payload, identity, volumes by digest, properties."""
    jwt, tilde, tail = raw.partition("~")
    need(tilde, "not_authenticated")
    _, payload = statement(jwt, "keepclear-notice+sd-jwt", keys)
    need(len(raw) <= 524_288, "too_large")
    need(tail == "" or (tail.endswith("~") and tail.isascii()), "disclosure")
    claims(payload, admit=True)
    need(is_whole(payload.get("revision"), 1), "claims")
    first = payload["revision"] == 1
    names = {*CLAIMS, "admit_by", "notice", "revision", "volumes", "_sd", "_sd_alg", *(() if first else ("prev",))}
    need(payload.keys() == names, "notice")
    need(is_bits(payload["notice"], 16) and (first or is_bits(payload["prev"], 32)), "claims")
    listed = payload["volumes"]
    need(isinstance(listed, list) and len(listed) in (16, 32, 64, 128, 256, 512), "notice")
    need(all(isinstance(item, dict) and item.keys() == {"..."} for item in listed), "notice")
    elements, properties = [item["..."] for item in listed], payload["_sd"]
    need(isinstance(properties, list) and len(properties) == 8, "notice")
    need(all(is_bits(item, 32) for item in (*elements, *properties)), "notice")
    need(properties == sorted(properties) and payload["_sd_alg"] == "sha-256", "notice")
    need(len({*elements, *properties}) == len(elements) + 8, "disclosure_repeated")
    sent = tail.split("~")[:-1]
    read = _disclosures(sent, elements, properties)
    order = [name for name, _, _ in read]
    told: Object = {name: value for name, value, _ in read if name is not None}
    need(set(told) <= {"category", "callsign", "remarks", "manifest"} if submission else set(told) <= {"category"},
         "disclosure")  # fmt: skip
    if submission:
        need(order and order[-1] == "manifest" and order.count("manifest") == 1, "manifest")
        need(told["manifest"] == digest("".join(f"{item}~" for item in sent[:-1])), "manifest")
    need(all(order.count(name) == 1 for name in told), "disclosure_repeated")
    volumes = {name: value for kind, value, name in read if kind is None}
    need("category" in told or not (volumes or submission), "disclosure_missing")
    need(volumes or not submission, "disclosure_missing")
    return {**payload, "sha256": digest(jwt), "whole": digest(raw), "shown": volumes, **told}


def _disclosures(sent: list[str], elements: list[str], properties: list[str]) -> list[tuple[str | None, Any, str]]:
    """R-039, R-041: name (none for an element), value and digest of each, in the order of sending."""
    read: list[tuple[str | None, Any, str]] = []
    salts: set[str] = set()
    seen: set[str] = set()
    for raw in sent:
        name = digest(raw)
        need(name not in seen, "disclosure_repeated")
        seen.add(name)
        need(name in elements or name in properties, "disclosure_unmatched")
        try:
            item = parse(decode(raw, "disclosure"))
        except Refused:
            raise Refused("disclosure") from None
        need(isinstance(item, list) and len(item) == (2 if name in elements else 3), "disclosure")
        need(is_bits(item[0], 16) and item[0] not in salts and not _nested(item[-1]), "disclosure")
        need(len(item) == 2 or isinstance(item[1], str), "disclosure")
        salts.add(item[0])
        read.append((None if len(item) == 2 else item[1], item[-1], name))
    return read


def _nested(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name in ("_sd", "_sd_alg", "...") or _nested(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_nested, value))


def instant(text: str) -> int:
    """R-006, as far as it is needed here."""
    need(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z", text), "claims")
    return round(datetime.fromisoformat(text).timestamp() * 1_000_000)


def is_position(value: object) -> bool:
    """R-097."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}-(0|[1-9][0-9]{0,15})", value) is not None


def follow(cursor: str, text: str) -> Object:
    """R-096 to R-100, R-105: what a desk keeps of a stream, where it is then, and why it reads all again if so."""
    epoch, _, at = cursor.partition("-")
    number = int(at)
    kept: list[list[str]] = []
    blocks = [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":") and ": " in line)
        for block in text.split("\n\n")[:-1]
    ]
    said = [fields for fields in blocks if "data" in fields]
    if not said or said[0].get("event") != "open":
        return {"kept": [], "cursor": cursor, "gap": None, "lost": True}
    for fields in said[1:]:
        name, position = fields.get("event"), fields.get("id", "")
        if name == "gap":
            return {"kept": kept, "cursor": None, "gap": json.loads(fields["data"])["reason"], "lost": False}
        if not is_position(position):
            continue
        where, _, at = position.partition("-")
        if where != epoch or int(at) > number + 1:
            return {"kept": kept, "cursor": None, "gap": "epoch" if where != epoch else "hole", "lost": False}
        if int(at) == number + 1:
            number = int(at)
            kept += [[position, name]] if name in ("alert", "acknowledgement", "notice", "budget") else []
    return {"kept": kept, "cursor": f"{epoch}-{number}", "gap": None, "lost": False}


def judge(one: Object, mine: Object, two: Object, theirs: Object, uncertainty: Object) -> Object | None:
    """R-055 to R-061, for circles."""
    (place1, r1), (place2, r2) = _circle(one), _circle(two)
    gap = 0.994 * _arc_m(place1, place2) - r1 - r2
    (lo1, hi1, ref1), (lo2, hi2, ref2) = _band(one), _band(two)
    low, high = (0.0, 0.0) if ref1 == ref2 else _offset(ref1, ref2, uncertainty)
    least, greatest = max(lo1 + low - hi2, lo2 - hi1 - high), max(lo1 + high - hi2, lo2 - hi1 - low)
    across, up = (max(mine[name], theirs[name]) for name in ("horizontal_m", "vertical_m"))
    (begin1, end1), (begin2, end2) = _window(one, mine), _window(two, theirs)
    begin, end = max(begin1, begin2), min(end1, end2)
    if gap > across + SLACK_M or least > up + SLACK_M or begin > end:
        return None
    (bare1, over1), (bare2, over2) = (_window(item, {"lead_s": 0, "tail_s": 0}) for item in (one, two))
    meet = gap <= SLACK_M and greatest <= SLACK_M and bare1 <= over2 and bare2 <= over1
    severity = "possible" if greatest > up + SLACK_M else "overlap" if meet else "proximity"
    clip = ref1 == ref2
    return {
        "severity": severity,
        "horizontal_m": math.floor(max(0.0, gap)),
        "vertical_m": math.floor(max(0.0, least)),
        "time_start": begin,
        "time_end": end,
        "altitude_lower_m": math.floor(max(lo2, lo1 - up) if clip else lo2),
        "altitude_upper_m": math.ceil(min(hi2, hi1 + up) if clip else hi2),
        "reference": ref2,
    }


def worst(own: Object, other: Object, terms: Object, at: int) -> list[Object]:
    """R-062, R-065, R-070: for each volume shown, the worst of its pairs that are ahead."""
    mine, theirs = (terms["categories"][item["category"]] for item in (own, other))
    rows = []
    for theirs_name, volume in sorted(other["shown"].items()):
        found: list[Object] = []
        for name, ours in own["shown"].items():
            pair = judge(ours, mine, volume, theirs, terms["uncertainty"])
            if pair is not None and pair["time_end"] >= at:
                found.append({"own": name, "other": theirs_name, **pair})
        rows += sorted(found, key=_rank)[:1]
    return rows


def _rank(pair: Object) -> tuple[Any, ...]:
    figures = (pair[name] for name in ("horizontal_m", "vertical_m", "time_start", "time_end", "own"))
    return SEVERITIES.index(pair["severity"]), *figures


def _circle(volume: Object) -> tuple[tuple[float, float], float]:
    circle = volume["volume"]["outline_circle"]
    return (circle["center"]["lat"], circle["center"]["lng"]), circle["radius"]["value"]


def _arc_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat1, lng1), (lat2, lng2) = (tuple(map(math.radians, place)) for place in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lng2 - lng1) / 2) ** 2
    return 2 * RADIUS_M * math.asin(math.sqrt(h))


def _band(volume: Object) -> tuple[float, float, str]:
    lower, upper = (volume["volume"][name] for name in ("altitude_lower", "altitude_upper"))
    unit: Callable[[Object], float] = lambda level: (  # noqa: E731
        level["value"]
        * {"M": 1, "FT": 1, "FL": 100}[level["units"]]
        * {"M": 1, "FT": 0.3048, "FL": 0.3048}[level["units"]]
    )
    return unit(lower), unit(upper), lower["reference"]


def _window(volume: Object, minima: Object) -> tuple[int, int]:
    begin, end = (instant(volume[name]["value"]) for name in ("time_start", "time_end"))
    return begin - minima["lead_s"] * 1_000_000, end + minima["tail_s"] * 1_000_000


def _offset(one: str, two: str, uncertainty: Object) -> tuple[float, float]:
    """R-058: the table, as sums of what takes each reference to AMSL."""
    geoid, pressure, terrain = (uncertainty[n] for n in ("geoid_undulation_m", "pressure_error_m", "terrain_m"))
    to_sea = {"AMSL": (0, 0), "W84": (-geoid[1], -geoid[0]), "FL": pressure, "AGL": terrain}
    return to_sea[one][0] - to_sea[two][1], to_sea[one][1] - to_sea[two][0]
