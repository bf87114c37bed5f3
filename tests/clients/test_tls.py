"""Mutual TLS: a door that asks for a certificate, and what a desk says where it does not get the right one."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from keepclear import AlertEvent, Desk, LocalError, NotSent, Tls, Unavailable
from keepclear.transport.client import AsyncClient
from support.embedded import embedded_line
from support.line import RunningLine
from support.officer import Officer
from support.tls import Authority, tls_door
from support.world import World, box


@pytest.fixture(scope="module")
def line() -> Iterator[RunningLine]:
    with embedded_line(World()) as running:
        yield running


@dataclass
class Room:
    """A door with mutual TLS before a line, and the files of who may come."""

    line: RunningLine
    authority: Authority
    url: str
    mine: tuple[Path, Path]

    def desk(self, folder: Path, tls: Tls, party: str = "north") -> Desk:
        world = self.line.world
        return Desk(world.agreement, world.parties[party].key, folder, connect_to=self.url, tls=tls)


@pytest.fixture(autouse=True)
def attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what is wrong after one attempt: that there are more is held elsewhere."""
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def room(line: RunningLine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Room]:
    authority = Authority(tmp_path, "authority")
    server = authority.issue("hotline")
    with tls_door(line.service.url, server, authority.file, highest=request.param) as url:
        yield Room(line, authority, url, authority.issue("desk"))


def test_a_desk_with_its_certificate_files_watches_and_reads(room: Room, tmp_path: Path) -> None:
    both = Tls(ca=room.authority.file, cert=room.mine[0], key=room.mine[1])
    in_one = tmp_path / "both.pem"
    in_one.write_bytes(room.mine[0].read_bytes() + room.mine[1].read_bytes())
    one = Tls(room.authority.file, in_one)
    with room.desk(tmp_path / "n", both) as north, room.desk(tmp_path / "s", one, "south") as south:
        south.file([box()], "transport")
        assert north.file([box(48.05)], "transport").in_conflict
        alert = next(event for event in south.watch() if isinstance(event, AlertEvent))
        assert alert.verdict == "verified" and alert.their_volumes
        for view in north.picture().notices:
            north.withdraw(view.id)


def test_the_command_takes_the_same_by_its_variables(room: Room, tmp_path: Path) -> None:
    north = Officer(room.line.world, tmp_path, "north", room.url)
    cert, key = room.mine
    assert north.type("notices", "--ca", str(room.authority.file))[0] == 6
    north.env |= {"KEEPCLEAR_CA": str(room.authority.file), "KEEPCLEAR_TLS_CERT": str(cert)}
    north.env["KEEPCLEAR_TLS_KEY"] = str(key)
    assert north.type("notices")[0] == 0
    with Desk.from_environment(north.env) as desk:
        desk.refresh()
    del north.env["KEEPCLEAR_TLS_CERT"]
    code, _, talk = north.type("notices")
    assert code == 2 and "a TLS key without its certificate" in talk and "KEEPCLEAR_TLS_CERT" in talk


@pytest.mark.parametrize(
    ("shown", "says"), [("none", "asks for a certificate"), ("strange", "does not take"), ("over", "does not take")]
)
def test_a_wrong_or_missing_certificate_is_told_and_nothing_was_sent(
    room: Room, tmp_path: Path, shown: str, says: str
) -> None:
    (tmp_path / "strange").mkdir()
    strange = Authority(tmp_path / "strange", "another")
    pair = {"none": (None, None), "strange": strange.issue("desk"), "over": room.authority.issue("old", days=-1)}[shown]
    with room.desk(tmp_path / "n", Tls(room.authority.file, *pair)) as north:
        with pytest.raises(NotSent) as refused:
            north.file([box()], "transport")
        assert refused.value.certain and refused.value.code == "client_certificate"
        assert says in refused.value.detail.replace("or for another", "does not take")
        assert [view.state for view in north.picture().notices] == ["not sent"]


def test_the_hint_names_the_variables(room: Room, tmp_path: Path) -> None:
    with room.desk(tmp_path / "n", Tls(room.authority.file)) as north:
        with pytest.raises(Unavailable) as refused:
            north.refresh()
        assert refused.value.code == "client_certificate" and "KEEPCLEAR_TLS_CERT" in refused.value.hint
        with pytest.raises(NotSent) as kept:
            north.file([box()], "transport")
        assert "keepclear send" in kept.value.hint and "KEEPCLEAR_TLS_CERT" in kept.value.hint


def test_a_door_of_another_authority_is_not_trusted(room: Room, tmp_path: Path) -> None:
    (tmp_path / "strange").mkdir()
    strange = Authority(tmp_path / "strange", "another")
    with room.desk(tmp_path / "n", Tls(strange.file, *room.mine)) as north, pytest.raises(NotSent) as refused:
        north.file([box()], "transport")
    assert refused.value.code == "unreachable" and "its certificate is not trusted" in refused.value.detail


def test_files_that_cannot_be_used_are_named_before_anything_is_sent(tmp_path: Path) -> None:
    world = World()
    authority = Authority(tmp_path, "authority")
    cert, key = authority.issue("desk")
    other = authority.issue("other")[1]
    locked = tmp_path / "locked.key"
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(secret.private_bytes(pem, form, serialization.BestAvailableEncryption(b"word")))
    none = tmp_path / "none.pem"
    none.write_text("no certificate")
    for tls, says in (
        (Tls(cert=tmp_path / "nowhere.crt", key=key), "nowhere.crt cannot be read"),
        (Tls(cert=cert, key=tmp_path / "nowhere.key"), "nowhere.key cannot be read"),
        (Tls(cert=cert, key=other), "is not that of the certificate"),
        (Tls(cert=cert, key=locked), "is encrypted"),
        (Tls(cert=none, key=none), "no certificate and secret key"),
        (Tls(cert=cert), "no certificate and secret key"),
    ):
        north = AsyncClient(world.agreement, world.parties["north"].key, connect_to="https://127.0.0.1:9", tls=tls)
        with pytest.raises(LocalError, match=says) as wrong:
            _ = north._http
        assert wrong.value.code == "usage" and wrong.value.hint
    with pytest.raises(LocalError, match="without its certificate"):
        Tls(key=key)
