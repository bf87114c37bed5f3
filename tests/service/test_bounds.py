"""What a worker grants, by the settings and the memory of its container; and what counts as one place."""

import struct

import pytest
from keepclear_service.process import bounds, memory
from keepclear_service.process.blocks import block_of, is_loopback
from keepclear_service.process.settings import Settings


def test_the_settings_become_limits_of_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "machine_bytes", lambda: 512 * 2**20)
    usual = bounds.limits(Settings())
    behind = bounds.limits(Settings(proxy_names_requests=True, workers=8))
    asked = bounds.limits(Settings(limit_address=7, limit_unproved_mb=3))
    assert (usual.connections, usual.unproved_bytes) == (4096, 64 * 2**20)
    assert (usual.of_address, usual.loopback, usual.head_s, usual.body_s) == (256, False, 10, 60)
    assert (behind.of_address, behind.connections, behind.unproved_bytes) == (None, 512, 16 * 2**20)
    assert (asked.of_address, asked.loopback, asked.unproved_bytes) == (7, True, 3 * 2**20)


def test_each_party_of_all_agreements_has_an_equal_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "machine_bytes", lambda: 512 * 2**20)
    assert bounds.volumes_of_a_party(Settings(), 2) == 65_536
    assert bounds.volumes_of_a_party(Settings(workers=2), 4) == 16_384


@pytest.mark.parametrize(("held_mib", "volumes"), [(None, 65_536), (64, 114_688), (900, 32_768)])
def test_an_embedded_store_has_its_part_of_the_same_memory(
    monkeypatch: pytest.MonkeyPatch, held_mib: int | None, volumes: int
) -> None:
    for module in (bounds, memory):
        monkeypatch.setattr(module, "machine_bytes", lambda: 2**30)
    settings = Settings(store_memory_mib=held_mib)
    assert bounds.volumes_of_a_party(settings, 2) == 131_072
    assert bounds.volumes_of_a_party(settings, 2, embedded=True) == volumes


def test_blocks_of_addresses() -> None:
    assert block_of("192.0.2.7") == block_of("::ffff:192.0.2.7") == bytes((192, 0, 2, 7))
    assert block_of("2001:db8:1:2::1") == block_of("2001:db8:1:2:ffff::9%eth0") != block_of("2001:db8:1:3::1")
    assert block_of("") is None and block_of("testclient") is None
    assert is_loopback(b"\x7f\x01\x02\x03") and is_loopback(block_of("::1") or b"")
    assert not is_loopback(struct.pack("!I", 0xC0000201))
