"""A small world for tests of every room: parties with keys, a signed agreement, and notices easily made."""

import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from keepclear_protocol.acknowledgement import build_acknowledgement
from keepclear_protocol.agreement import Agreement, open_agreement, sign_agreement
from keepclear_protocol.budgets import BUDGETS_AT_MOST
from keepclear_protocol.encoding import digest, dump_json, unb64
from keepclear_protocol.instant import format_instant
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import Notice, build_notice, open_submission
from keepclear_protocol.request import sign_request
from keepclear_protocol.withdrawal import build_withdrawal

DAY_US = 86_400_000_000
ORIGIN = "http://hotline.test"
ALL_ROLES = ("submit", "acknowledge", "watch")
UNBOUND = asdict(BUDGETS_AT_MOST)
"""Budgets for who measures something else: all that a protocol allows."""


def now_us() -> int:
    """Return the instant now."""
    return int(time.time() * 1_000_000)


def box(
    lat: float = 48.0,
    lng: float = 2.0,
    *,
    size: float = 0.1,
    low: float = 100,
    high: float = 200,
    start_s: float = 3600,
    last_s: float = 600,
    reference: str = "FL",
    at: int | None = None,
) -> dict[str, Any]:
    """Return a Volume4D: a square of ``size`` degrees; flight levels by default; seconds from now."""
    begin = (now_us() if at is None else at) + int(start_s * 1e6)
    units = "FL" if reference == "FL" else "M"
    corners = [(lat, lng), (lat, lng + size), (lat + size, lng + size), (lat + size, lng)]
    return {
        "volume": {
            "outline_polygon": {"vertices": [{"lat": round(y, 7), "lng": round(x, 7)} for y, x in corners]},
            "altitude_lower": {"value": low, "reference": reference, "units": units},
            "altitude_upper": {"value": high, "reference": reference, "units": units},
        },
        "time_start": {"value": format_instant(begin), "format": "RFC3339"},
        "time_end": {"value": format_instant(begin + int(last_s * 1e6)), "format": "RFC3339"},
    }


@dataclass
class PartyKeys:
    """A party's secrets, for tests only."""

    id: str
    root: PrivateKey = field(default_factory=PrivateKey.generate)
    key: PrivateKey = field(default_factory=PrivateKey.generate)


def terms_payload(parties: Sequence[PartyKeys], service: PrivateKey, **changed: Any) -> dict[str, Any]:
    """Return the first terms between ``parties``; ``changed`` replaces members."""
    valid = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z"}
    return {
        "name": "the agreement of the tests",
        "revision": 1,
        "prev": None,
        "parties": [
            {
                "id": party.id,
                "names": {"en": party.id.title()},
                "root": party.root.public.jwk,
                "keys": [{"key": party.key.public.jwk, "roles": list(ALL_ROLES), **valid}],
            }
            for party in parties
        ],
        "service": {"origin": ORIGIN, "keys": [{"key": service.public.jwk, **valid}]},
        "rules": "1",
        "area": None,
        "categories": {
            "transport": {"horizontal_m": 7408, "vertical_m": 213.36, "lead_s": 0, "tail_s": 0},
            "strike": {"horizontal_m": 20000, "vertical_m": 1000, "lead_s": 120, "tail_s": 1500},
        },
        "uncertainty": {"geoid_undulation_m": [-110, 90], "pressure_error_m": [-900, 600], "terrain_m": [-450, 8850]},
        "lead_classes": {"routine_s": 1800, "short_s": 600},
        "limits": {
            "area_km2": 1_000_000,
            "band_m": 20_000,
            "duration_s": 172_800,
            "horizon_s": 2_592_000,
            "volumes": 500,
            "vertices": 5000,
            "submission_bytes": 524_288,
            "revisions": 100,
        },
        "retention_s": 604_800,
        "deadlines": {"acknowledge_s": 120},
        **changed,
    }


def signed(payload: dict[str, Any], *keys: PrivateKey) -> bytes:
    """Return an agreement over ``payload`` with these signatures."""
    return sign_agreement(dump_json(payload), keys)


class World:
    """Parties, a service key and an agreement between them; statements in anyone's name."""

    def __init__(self, *names: str, **changed: Any) -> None:
        self.parties = {name: PartyKeys(name) for name in names or ("north", "south")}
        self.service = PrivateKey.generate()
        self.payload = terms_payload(list(self.parties.values()), self.service, **changed)
        roots = [party.root for party in self.parties.values()]
        self.agreement: Agreement = open_agreement(signed(self.payload, *roots, self.service))
        self._counter = itertools.count()

    def successor(self, **changed: Any) -> Agreement:
        """Return the next revision of the agreement, signed by all; it becomes this world's agreement."""
        self.payload = {
            **self.payload,
            "revision": self.agreement.revision + 1,
            "prev": self.agreement.terms,
            "agreement": self.agreement.id,
            **changed,
        }
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, self.service), self.agreement)
        return self.agreement

    def claims(self, party: str, **changed: Any) -> dict[str, Any]:
        """Return ``iss``, ``aud``, ``terms`` and ``iat`` of a statement of ``party`` made now."""
        now = int(time.time())
        return {"iss": party, "aud": self.agreement.id, "terms": self.agreement.terms, "iat": now, **changed}

    def submission(self, party: str, *volumes: dict[str, Any], **changed: Any) -> str:
        """Return a signed notice; ``changed`` are arguments of ``build_notice``."""
        key = changed.pop("key", self.parties[party].key)
        given = {"category": "transport", **self.claims(party), **changed}
        given.setdefault("admit_by", given["iat"] + 600)
        return build_notice(key, volumes=volumes or (box(),), **given)

    def amend(self, party: str, notice: Notice, *volumes: dict[str, Any], **changed: Any) -> str:
        """Return the next revision of a notice."""
        follows = {"notice": notice.id, "revision": notice.revision + 1, "prev": notice.sha256}
        return self.submission(party, *volumes, **{**follows, **changed})

    def withdrawal(self, party: str, notice: Notice, **changed: Any) -> str:
        """Return the withdrawal of a notice."""
        follows = {"notice": notice.id, "revision": notice.revision + 1, "prev": notice.sha256}
        return build_withdrawal(self.parties[party].key, **{**self.claims(party), **follows, **changed})

    def acknowledgement(self, party: str, **changed: Any) -> str:
        """Return an acknowledgement; the alert's names are the caller's to give."""
        return build_acknowledgement(self.parties[party].key, **{**self.claims(party), **changed})

    def answer(self, party: str, alert: str, stage: str = "acknowledged", **changed: Any) -> str:
        """Return a party's acknowledgement of an alert that it was told, of its newest revision."""
        said = json.loads(unb64(alert.split(".")[1]))
        own, other = said["own"]["sha256"], said["other"]["sha256"]
        named = {"alert": digest(alert), "conflict": said["conflict"], "version": said["version"]}
        ours = {"ours": own, "theirs": other, "ours_newest": own, "officer": "duty-1"}
        return self.acknowledgement(party, stage=stage, **named, **{**ours, **changed})

    def opened(self, raw: str) -> Notice:
        """Return a submission as the service opens it."""
        return open_submission(raw, self.agreement.party_key)

    def proof(self, party: str, target: str, **changed: Any) -> dict[str, str]:
        """Return the headers of a read by ``party``."""
        given = {**self.claims(party), "method": "GET", "origin": ORIGIN, "target": target, **changed}
        return {"Authorization": sign_request(self.parties[party].key, **given)}
