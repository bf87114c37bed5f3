"""What ``init`` makes, without an engine: usable, private, never overwritten."""

import importlib
import stat
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import redis
from cryptography import x509
from keepclear.keystore import load_private_key
from keepclear_protocol.agreement import open_agreement

from compose.stack import REPOSITORY

SAMPLE = REPOSITORY / "deploy" / "sample"
ORIGIN = "https://localhost:8443"
VOLUMES = ("service", "store", "store-access", "proxy", "offline", "heads", "desk-israel", "desk-turkiye")


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SAMPLE))
    for name in ("prepare", "access", "certificates", "found"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("prepare")


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    for name in VOLUMES:
        (tmp_path / name).mkdir()
    return tmp_path


def prepare(sample: ModuleType, volumes: Path) -> list[str]:
    made: list[str] = sample.prepare(volumes, ORIGIN, time.time_ns() // 1000)
    return made


def contents(volumes: Path) -> dict[str, bytes]:
    return {str(path.relative_to(volumes)): path.read_bytes() for path in volumes.rglob("*") if path.is_file()}


def test_the_sample_is_a_signed_agreement_with_its_keys(sample: ModuleType, volumes: Path) -> None:
    assert len(prepare(sample, volumes)) == 3
    agreement = open_agreement((volumes / "service" / "agreement.json").read_bytes())
    assert agreement.service.origin == ORIGIN
    assert "not for duty" in agreement.name
    assert agreement.service_key(load_private_key(volumes / "service" / "service.key").kid) is not None
    for party in ("israel", "turkiye"):
        found = agreement.find(load_private_key(volumes / f"desk-{party}" / "desk.key").kid)
        assert found is not None
        assert found[0].id == party
        assert found[0].root == load_private_key(volumes / "offline" / f"{party}-root.key").public


def test_a_line_is_founded_once_in_the_life_of_the_volumes(
    sample: ModuleType, volumes: Path, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(sample, volumes)
    found, store = importlib.import_module("found"), ("--store", store_url)
    unreachable = f"unix://{volumes}/nowhere.sock"
    assert found.found(volumes / "service", ("--store", unreachable)) != 0
    assert not (volumes / "service" / "founded").exists()
    assert found.found(volumes / "service", store) == 0
    with redis.Redis.from_url(store_url) as client:
        assert client.keys("kc:*")
        client.flushall()
        assert found.found(volumes / "service", store) == 0
        assert not client.keys("kc:*"), "a store that lost its line was given an empty one"
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("found: ")]
    assert said == ["found: the line is founded", "found: the line was founded before"]


def test_nothing_is_for_others_and_no_password_stands_with_the_store(sample: ModuleType, volumes: Path) -> None:
    prepare(sample, volumes)
    for path in volumes.rglob("*"):
        if path.is_file():
            shared = path.parent.name in ("proxy", "store-access")
            assert stat.S_IMODE(path.stat().st_mode) == (0o640 if shared else 0o600), path
    access = (volumes / "store-access" / "users.acl").read_text()
    for holder in ("service/store-password", "offline/backup-password"):
        password = (volumes / holder).read_text().strip()
        assert len(password) >= 40
        assert password not in access


def test_the_certificates_are_the_authoritys(sample: ModuleType, volumes: Path) -> None:
    prepare(sample, volumes)
    authority = x509.load_pem_x509_certificate((volumes / "proxy" / "authority.pem").read_bytes())
    server = x509.load_pem_x509_certificate((volumes / "proxy" / "server.pem").read_bytes())
    client = x509.load_pem_x509_certificate((volumes / "desk-israel" / "client.pem").read_bytes())
    for certificate in (server, client):
        certificate.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "proxy"]

def test_a_desk_has_its_root_to_check_and_not_to_sign(sample: ModuleType, volumes: Path) -> None:
    prepare(sample, volumes)
    root = load_private_key(volumes / "offline" / "israel-root.key")
    assert (volumes / "desk-israel" / "root.pub").read_text().strip() == root.public.text
    for path in (*(volumes / "desk-israel").iterdir(), *(volumes / "service").iterdir()):
        assert root.text not in path.read_text()



def test_a_second_run_changes_nothing(sample: ModuleType, volumes: Path) -> None:
    prepare(sample, volumes)
    before = contents(volumes)
    assert prepare(sample, volumes) == []
    assert contents(volumes) == before


def test_what_an_operator_put_there_is_kept(sample: ModuleType, volumes: Path) -> None:
    (volumes / "service" / "agreement.json").write_bytes(b"the operator's own")
    (volumes / "proxy" / "server.pem").write_bytes(b"the operator's own")
    assert prepare(sample, volumes) == ["the store's users, with random passwords"]
    assert (volumes / "service" / "agreement.json").read_bytes() == b"the operator's own"
    assert not (volumes / "service" / "service.key").exists()


def test_half_of_a_set_is_not_completed(sample: ModuleType, volumes: Path) -> None:
    (volumes / "service" / "service.key").write_bytes(b"the operator's own")
    with pytest.raises(FileExistsError):
        prepare(sample, volumes)
    assert (volumes / "service" / "service.key").read_bytes() == b"the operator's own"
    assert not (volumes / "service" / "agreement.json").exists()
