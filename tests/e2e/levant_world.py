"""What the night's folder holds, read without the project's own readers, and what follows from it by brute force.

Statements are taken apart by base64 and JSON, signatures verified by ``cryptography`` under the keys that the agreement
names, distances are ``pyproj``'s by ``support.ellipsoid``, heights and times plain arithmetic. Where a pair of volumes
lies so near a limit that the declared widening of the rules could decide it, the test fails: the night is not to stand
on an edge.
"""

import base64
import hashlib
import json
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from e2e.brute_force import instant
from support.ellipsoid import Core, core_gaps

SECOND = 1_000_000
FEET = {"M": 1.0, "FT": 0.3048, "FL": 30.48}
RANKS = ("overlap", "proximity", "possible")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Volume:
    """One volume as it was filed; ``disclosure`` are the exact bytes that would show it to somebody."""

    disclosure: str
    json: dict[str, Any]

    @property
    def start(self) -> int:
        return instant(self.json["time_start"]["value"])

    @property
    def end(self) -> int:
        return instant(self.json["time_end"]["value"])

    @property
    def reference(self) -> str:
        return str(self.json["volume"]["altitude_lower"]["reference"])

    def band(self) -> tuple[float, float]:
        ends = (self.json["volume"][name] for name in ("altitude_lower", "altitude_upper"))
        low, high = (end["value"] * FEET[end["units"]] for end in ends)
        return low, high

    def core(self) -> tuple[Core, float]:
        shape = self.json["volume"]
        if circle := shape.get("outline_circle"):
            return Core(((circle["center"]["lat"], circle["center"]["lng"]),), closed=False), circle["radius"]["value"]
        path = shape["outline_corridor"]
        points = tuple((point["lat"], point["lng"]) for point in path["path"])
        return Core(points, closed=False), path["half_width"]["value"]


@dataclass(frozen=True)
class Notice:
    """A revision of a notice with all its disclosures, and the receipt's payload."""

    party: str
    id: str
    revision: int
    raw: str
    jwt: str
    properties: dict[str, str]
    volumes: list[Volume]
    receipt: dict[str, Any]

    @property
    def name(self) -> str:
        return self.properties["callsign"]

    @property
    def at(self) -> int:
        return instant(self.receipt["received_at"])

    @property
    def start(self) -> int:
        return min(volume.start for volume in self.volumes)

    @property
    def end(self) -> int:
        return max(volume.end for volume in self.volumes)


@dataclass(frozen=True)
class Pair:
    """Two volumes in conflict."""

    a: Volume
    b: Volume
    severity: str
    horizontal_m: float
    vertical_m: float
    start: int
    end: int


class World:
    """The folder that ``keepclear demo --scene levant --keep`` left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        envelope = json.loads((folder / "agreement.json").read_bytes())
        self.agreement = json.loads(unb64(envelope["payload"]))
        self.parties = [party["id"] for party in self.agreement["parties"]]
        roots = [party["root"] for party in self.agreement["parties"]]
        self.service = [key["key"] for key in self.agreement["service"]["keys"]]
        self.keys = {party["id"]: [key["key"] for key in party["keys"]] for party in self.agreement["parties"]}
        for jwk, signature in zip([*roots, *self.service], envelope["signatures"], strict=True):
            signed = f"{signature['protected']}.{envelope['payload']}".encode()
            _key(jwk).verify(unb64(signature["signature"]), signed)

    def opened(self, jws: str, keys: list[dict[str, str]]) -> dict[str, Any]:
        """The payload of a compact JWS that one of ``keys`` has signed."""
        head, payload, signature = jws.split(".")
        (key,) = keys
        _key(key).verify(unb64(signature), f"{head}.{payload}".encode())
        value: dict[str, Any] = json.loads(unb64(payload))
        return value

    def rows(self, party: str, query: str) -> list[Any]:
        with sqlite3.connect(self.folder / party / "journal" / "journal.sqlite") as db:
            return db.execute(query).fetchall()

    def held(self, party: str) -> bytes:
        """Every byte that a party's desk keeps."""
        return b"".join(path.read_bytes() for path in sorted((self.folder / party / "journal").iterdir()))

    @cached_property
    def notices(self) -> list[Notice]:
        """All revisions in the order in which they were received."""
        found = []
        for party in self.parties:
            for raw, receipt in self.rows(party, "SELECT raw, receipt FROM own WHERE kind = 'notice'"):
                jwt, *disclosures = raw.rstrip("~").split("~")
                claims = self.opened(jwt, self.keys[party])
                values = [(text, json.loads(unb64(text))) for text in disclosures]
                volumes = [Volume(text, value[1]) for text, value in values if len(value) == 2]
                properties = {value[1]: value[2] for _, value in values if len(value) == 3}
                told = self.opened(receipt, self.service)
                found.append(Notice(party, claims["notice"], claims["revision"], raw, jwt, properties, volumes, told))
        return sorted(found, key=lambda notice: notice.at)

    def notice(self, name: str, revision: int = 1) -> Notice:
        (found,) = (one for one in self.notices if one.name == name and one.revision == revision)
        return found

    @cached_property
    def withdrawals(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Withdrawals by the notice's id: the statement and its receipt's payload."""
        found = {}
        for party in self.parties:
            for id, raw, receipt in self.rows(party, "SELECT id, raw, receipt FROM own WHERE kind = 'withdrawal'"):
                assert self.opened(raw, self.keys[party])["notice"] == id
                found[id] = raw, self.opened(receipt, self.service)
        return found

    def alerts(self, party: str, conflict: set[str], state: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The alert objects of a party's journal about two notices, each with the alert's payload."""
        found = []
        for (text,) in self.rows(party, "SELECT object FROM objects"):
            value = json.loads(text)
            alert = self.opened(value["alert"], self.service)
            assert alert["to"] == party
            if {alert["own"]["id"], alert["other"]["id"]} == conflict and alert["state"] == state:
                found.append((value, alert))
        return found

    def answered(self, holder: str, by: str, conflict: str) -> int:
        """When ``by`` signed that it acknowledges, as the journal of ``holder`` has it."""
        query = "SELECT raw FROM acknowledgements WHERE party = '{}' AND conflict = '{}' AND stage = 'acknowledged'"
        ((raw,),) = self.rows(holder, query.format(by, conflict))
        return int(self.opened(raw, self.keys[by])["iat"]) * SECOND

    def pairs(self, a: Notice, b: Notice, *, tails: bool = True) -> list[Pair]:
        """Every pair of volumes that comes too close, worst first."""
        minima = [self.agreement["categories"][one.properties["category"]] for one in (a, b)]
        every = list(product(a.volumes, b.volumes))
        gaps = core_gaps([(x.core()[0], y.core()[0]) for x, y in every])
        found = [self._judge(x, y, float(gap), minima, tails) for (x, y), gap in zip(every, gaps, strict=True)]
        worst = sorted(
            (pair for pair in found if pair), key=lambda pair: (RANKS.index(pair.severity), pair.horizontal_m)
        )
        return worst

    def _judge(self, a: Volume, b: Volume, apart_m: float, minima: list[dict[str, float]], tails: bool) -> Pair | None:
        lead, tail = ([int(one[name]) * SECOND * tails for one in minima] for name in ("lead_s", "tail_s"))
        start, end = max(a.start - lead[0], b.start - lead[1]), min(a.end + tail[0], b.end + tail[1])
        if start > end:
            return None
        horizontal_m, vertical_m = (max(one[name] for one in minima) for name in ("horizontal_m", "vertical_m"))
        gap_m = apart_m - a.core()[1] - b.core()[1]
        assert not horizontal_m < gap_m < 1.03 * horizontal_m + 500, "the night stands on an edge"
        least, most = self._heights(a, b)
        if gap_m > horizontal_m or least > vertical_m:
            return None
        meet = gap_m <= 0 and most <= 0 and a.start <= b.end and b.start <= a.end
        severity = "possible" if most > vertical_m else "overlap" if meet else "proximity"
        return Pair(a, b, severity, max(0.0, gap_m), max(0.0, least), start, end)

    def _heights(self, a: Volume, b: Volume) -> tuple[float, float]:
        """The least and the most by which two bands can be apart."""
        bounds = {"AMSL": (0.0, 0.0), "AGL": self.agreement["uncertainty"]["terrain_m"]}
        bounds["FL"] = self.agreement["uncertainty"]["pressure_error_m"]
        if a.reference == b.reference:
            bounds = dict.fromkeys(bounds, (0.0, 0.0))
        (low_a, high_a), (low_b, high_b) = a.band(), b.band()
        (down_a, up_a), (down_b, up_b) = bounds[a.reference], bounds[b.reference]
        offsets = down_a - up_b, up_a - down_b
        gaps = [max(low_a + offset - high_b, low_b - high_a - offset) for offset in offsets]
        inside = low_a + offsets[0] <= high_b and low_b <= high_a + offsets[1]
        return (min(0.0, *gaps) if inside else min(gaps)), max(gaps)

    @cached_property
    def between(self) -> dict[tuple[str, str], list[Pair]]:
        """Conflicts of first revisions between the parties, by callsigns in the order of filing."""
        return {names: pairs for names, pairs in self._met(same_party=False).items() if pairs}

    @cached_property
    def within(self) -> set[tuple[str, str]]:
        """Pairs of one party's movements that would be a conflict between two."""
        return {names for names, pairs in self._met(same_party=True).items() if pairs}

    def _met(self, *, same_party: bool) -> dict[tuple[str, str], list[Pair]]:
        first = [notice for notice in self.notices if notice.revision == 1]
        met = [(a, b) for a, b in combinations(first, 2) if (a.party == b.party) == same_party]
        return {(a.name, b.name): self.pairs(a, b) for a, b in met}


def _key(jwk: dict[str, str]) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(unb64(jwk["x"]))
