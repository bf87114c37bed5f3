"""One running service over one store with two agreements, and in the first of them a key for every way to be wrong."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.notice import Notice

from support.line import RunningLine, found_line, write_key
from support.notice_forge import KEY as CORPUS_KEY
from support.service import running_service
from support.snapshot import settle, wait_for_field
from support.world import ALL_ROLES, World, box, signed, terms_payload

LONG_AGO, PAST = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
FUTURE, FAR = "2089-01-01T00:00:00Z", "2090-01-01T00:00:00Z"

SPECIAL_KEYS: dict[str, dict[str, Any]] = {
    "submits": {"roles": ["submit"]},
    "acknowledges": {"roles": ["acknowledge"]},
    "watches": {"roles": ["watch"]},
    "administers": {"roles": ["admin"]},
    "expired": {"not_after": PAST},
    "to come": {"not_before": FUTURE},
    "revoked": {"revoked_at": PAST},
}
"""Further operational keys of north, by what is special about them."""

EUROPE = {"outline_circle": {"center": {"lat": 50, "lng": 5}, "radius": {"value": 900_000, "units": "M"}}}


class HostileWorld(World):
    """North and south, as in any world, with more keys for north, and a stranger's key that nobody enrolled."""

    def __init__(self) -> None:
        super().__init__("north", "south")
        self.keys = {name: PrivateKey.generate() for name in SPECIAL_KEYS}
        self.stranger = PrivateKey.generate()
        window = {"not_before": LONG_AGO, "not_after": FAR}
        self.payload["parties"][0]["keys"] += [
            {"key": key.public.jwk, "roles": list(ALL_ROLES), **window, **SPECIAL_KEYS[name]}
            for name, key in self.keys.items()
        ]
        # The attack corpus of protocol/vectors/notices.json is signed by a key of its own.
        corpus = {"key": CORPUS_KEY.public.jwk, "roles": ["submit"], **window}
        self.payload["parties"][0]["keys"].append(corpus)
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, self.service))


class OtherWorld(World):
    """East and west, under an agreement of their own with the same service, for an area of their own."""

    def __init__(self, service: PrivateKey) -> None:
        super().__init__("east", "west")
        self.service = service
        self.payload = terms_payload(list(self.parties.values()), service, area=EUROPE, name="the other agreement")
        roots = [party.root for party in self.parties.values()]
        self.agreement = open_agreement(signed(self.payload, *roots, service))


class HostileLine(RunningLine):
    """The doors, with what the cases need to be wrong about: notices that stand, one that ended, an open conflict."""

    world: HostileWorld

    def prepare(self, other: OtherWorld, store_url: str) -> None:
        """File what stands before the first attack."""
        self.store_url = store_url
        self.other = RunningLine(other, self.service)
        self.standing: Notice = self.world.opened(self.file("north", box(10.0))["sent"])
        gone = self.world.opened(self.file("north", box(12.0))["sent"])
        self.last_words = self.world.withdrawal("north", gone)
        assert self.post("withdrawals", self.last_words).status_code == 201
        self.withdrawn: Notice = gone
        self.conflicting: Notice = self.world.opened(self.file("north", box(14.0))["sent"])
        self.alert: str = self.file("south", box(14.0))["alerts"][0]["alert"]
        self.theirs: Notice = other.opened(self.other.file("east", box(48.0))["sent"])
        self.other.file("west", box(48.0))
        settle(store_url)
        # What an alert cost its party goes with the turn after the one that told it, up to a second later.
        for one, party, crossed in ((self.world, "south", "north"), (other, "west", "east")):
            wait_for_field(store_url, f"kc:{{{one.agreement.id}}}:spent:{party}", f"alerts:{crossed}")


def write_both(world: World, other: World, folder: Path) -> list[str]:
    """Write the one service key and both agreements; return the words of ``run`` that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["--key", str(folder / "service.key")]
    write_key(folder / "service.key", world.service)
    for number, one in enumerate((world, other)):
        path = folder / f"agreement-{number}.json"
        path.write_bytes(one.agreement.raw)
        words += ["--agreement", str(path)]
    return words


@contextlib.contextmanager
def hostile_line(folder: Path, store_url: str, *words: str) -> Iterator[HostileLine]:
    """Run the service of both agreements over a store until the block ends."""
    world = HostileWorld()
    other = OtherWorld(world.service)
    files = write_both(world, other, folder)
    for one in (world, other):
        found_line(one.agreement, store_url)
    with running_service(folder / "service.log", "run", *files, "--store", store_url, "--port", "0", *words) as service:
        line = HostileLine(world, service)
        line.prepare(other, store_url)
        try:
            yield line
        finally:
            line.other.http.close()
            line.http.close()
