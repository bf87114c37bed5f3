"""A forge for notices, good and hostile: signs what ``build_notice`` never would, with reproducible salts.

Everything is drawn from counters under SHA-256, so that the same calls give the same bytes: the attack corpus in
``protocol/vectors/notices.json`` is made here and compared with the file in a test.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from keepclear_protocol.encoding import b64, digest, dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import NOTICE
from keepclear_protocol.statement import sign_statement

IAT = 1_763_820_000
"""2025-11-22T14:00:00Z."""

Payload = dict[str, Any]


def _draw(label: str, size: int) -> bytes:
    return hashlib.sha256(f"keepclear notice vectors {label}".encode()).digest()[:size]


KEY = PrivateKey(_draw("key", 32))
STRANGER = PrivateKey(_draw("stranger", 32))


def find_key(kid: str) -> Any:
    """Find the one enrolled key."""
    return KEY.public if kid == KEY.kid else None


def circle(minute: int = 0, *, lat: float = 48.7, radius_m: float = 900) -> dict[str, Any]:
    """Return an F3548 Volume4D: a circle of a minute's window, ``minute`` minutes after 15:00 of that day."""
    start, end = (f"2025-11-22T{15 + m // 60:02d}:{m % 60:02d}:00Z" for m in (minute, minute + 1))
    return {
        "volume": {
            "outline_circle": {
                "center": {"lat": round(lat + minute / 100, 6), "lng": 2.35},
                "radius": {"value": radius_m, "units": "M"},
            },
            "altitude_lower": {"value": 300, "reference": "W84", "units": "M"},
            "altitude_upper": {"value": 600, "reference": "W84", "units": "M"},
        },
        "time_start": {"value": start, "format": "RFC3339"},
        "time_end": {"value": end, "format": "RFC3339"},
    }


@dataclass
class Forge:
    """Disclosures, decoys and submissions of one case; ``label`` names its stream of salts."""

    label: str
    drawn: int = field(default=0)

    def random(self, size: int) -> str:
        """Return the next ``size`` drawn bytes as base64url."""
        self.drawn += 1
        return b64(_draw(f"{self.label} {self.drawn}", size))

    def element(self, value: object) -> str:
        """Return a disclosure of an array's element."""
        return b64(dump_json([self.random(16), value]))

    def property(self, name: object, value: object) -> str:
        """Return a disclosure of a property."""
        return b64(dump_json([self.random(16), name, value]))

    def manifest(self, sent: Sequence[str]) -> str:
        """Return a manifest's disclosure over ``sent``."""
        return self.property("manifest", digest("".join(f"{raw}~" for raw in sent)))

    def payload(self, elements: Sequence[str], properties: Sequence[str], **changes: Any) -> Payload:
        """Return a payload that signs these disclosures, padded; a change to ``None`` takes the member away."""
        volumes = [digest(raw) for raw in elements]
        volumes += [self.random(32) for _ in range(max(16, 1 << (len(elements) - 1).bit_length()) - len(elements))]
        members = [digest(raw) for raw in properties]
        members += [self.random(32) for _ in range(8 - len(members))]
        payload = {
            "iss": "blue",
            "aud": b64(_draw("agreement", 32)),
            "terms": b64(_draw("terms", 32)),
            "iat": IAT,
            "jti": b64(_draw("jti", 16)),
            "admit_by": IAT + 600,
            "notice": b64(_draw("notice", 16)),
            "revision": 1,
            "volumes": [{"...": sha256} for sha256 in volumes],
            "_sd": sorted(members),
            "_sd_alg": "sha-256",
        }
        return {name: value for name, value in (payload | changes).items() if value is not None}

    def sign(self, payload: Payload, sent: Sequence[str], *, key: PrivateKey = KEY, typ: str = NOTICE.typ) -> str:
        """Return the SD-JWT of ``payload`` followed by what is ``sent``."""
        return "~".join([sign_statement(key, typ, payload), *sent, ""])

    def submission(
        self,
        elements: Sequence[str],
        properties: Sequence[str],
        *,
        alter: Callable[[Payload], None] = lambda payload: None,
        **changes: Any,
    ) -> str:
        """Return a submission of these disclosures with its manifest; ``alter`` works on the payload to be signed."""
        sent = [*elements, *properties]
        manifest = self.manifest(sent)
        payload = self.payload(elements, [*properties, manifest], **changes)
        alter(payload)
        return self.sign(payload, [*sent, manifest])

    def parts(self) -> tuple[list[str], list[str]]:
        """Return the disclosures of the ordinary notice: two volumes; category, callsign and remarks."""
        elements = [self.element(circle(0)), self.element(circle(1))]
        properties = [
            self.property("category", "transport"),
            self.property("callsign", "BLUE-01"),
            self.property("remarks", "Relief flight, daylight only"),
        ]
        return elements, properties
