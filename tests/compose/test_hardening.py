"""Each row of the hardening table in docs/deploying.md, by the check from inside that stands there."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from compose.stack import LASTING, REPLICAS, Stack

pytestmark = pytest.mark.timeout(1200)

USERS = {"service-a": 10001, "service-b": 10001, "redis": 10002, "proxy": 10003}
MEMORY_MIB = {"service-a": 1024, "service-b": 1024, "redis": 2560, "proxy": 512}
CONNECT = """
import socket
try:
    socket.create_connection(({host!r}, {port}), timeout=1.5).close()
    print("connected")
except OSError as error:
    print("refused" if isinstance(error, ConnectionRefusedError) else "unreachable")
"""
RESOLVE = """
import socket
for name in {names!r}:
    try:
        print(name, socket.gethostbyname(name))
    except OSError:
        print(name, "unknown")
"""


def status(stack: Stack, service: str) -> dict[str, str]:
    """Return /proc/1/status of a container by its names."""
    lines = stack.inside(service, "cat", "/proc/1/status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("service", LASTING)
def test_the_root_cannot_be_written(stack: Stack, service: str) -> None:
    for path in ("/x", "/etc/x", "/usr/bin/x", "/var/x"):
        assert "Read-only file system" in stack.inside(service, "touch", path, check=False)
    assert stack.inside(service, "touch", "/tmp/x") == ""  # noqa: S108 - the container's own tmpfs
    assert "noexec" in stack.inside(service, "grep", " /tmp ", "/proc/mounts")


@pytest.mark.parametrize("service", LASTING)
def test_no_capability_is_left_and_none_can_be_gained(stack: Stack, service: str) -> None:
    held = status(stack, service)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(held[name], 16) == 0, name
    assert held["NoNewPrivs"] == "1"
    assert held["Seccomp"] == "2"
    assert held["Uid"].split() == [str(USERS[service])] * 4


@pytest.mark.parametrize("service", LASTING)
def test_memory_and_processes_are_limited(stack: Stack, service: str) -> None:
    host = stack.inspect(service)["HostConfig"]
    assert host["Memory"] == MEMORY_MIB[service] << 20
    assert host["PidsLimit"] == 64
    assert not host["Privileged"]
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"]["max-size"] == "10m"


@pytest.mark.parametrize("service", REPLICAS)
def test_secrets_are_in_files_alone(stack: Stack, service: str) -> None:
    secrets = [
        line
        for path in [*stack.copy("service").iterdir(), *stack.copy("offline").iterdir()]
        if path.suffix != ".json" and path.name != "founded"
        for line in path.read_text().splitlines()
        if line and not line.startswith(("#", "---"))
    ]
    assert len(secrets) >= 4
    known = stack.docker("inspect", *(stack.container(name) for name in (*LASTING, "init"))) + stack.compose("logs")
    known += stack.inside(service, "cat", "/proc/1/environ") + stack.inside(service, "cat", "/proc/1/cmdline")
    assert not [secret for secret in secrets if secret in known]


def test_each_container_sees_its_own_secrets_alone(stack: Stack) -> None:
    seen = {
        name: {mount["Destination"]: mount["RW"] for mount in stack.inspect(name)["Mounts"]}
        for name in LASTING
    }
    config = "/etc/keepclear"
    assert seen["service-a"] == seen["service-b"] == {"/service": False, "/heads": True}
    assert seen["redis"] == {"/data": True, "/access": False, f"{config}/redis.conf": False}
    files = ("nginx.conf", "clients.conf", "known.conf")
    assert seen["proxy"] == {"/tls": False, **{f"{config}/{file}": False for file in files}}
    assert "Read-only file system" in stack.inside("service-a", "touch", "/service/x", check=False)


@contextmanager
def host_listener(stack: Stack) -> Iterator[tuple[str, int]]:
    """Listen on the host, at its address on the network ``outside``; yield that address and a port."""
    network = json.loads(stack.docker("network", "inspect", f"{stack.project}_outside"))[0]
    host = network["IPAM"]["Config"][0]["Gateway"]
    with socket.create_server((host, 0)) as listener:
        listener.settimeout(0.2)
        done = threading.Event()

        def accept() -> None:
            while not done.is_set():
                try:
                    listener.accept()[0].close()
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield host, listener.getsockname()[1]
        finally:
            done.set()
            thread.join()


def test_neither_store_nor_service_has_a_way_out(stack: Stack) -> None:
    with host_listener(stack) as (host, port):
        program = CONNECT.format(host=host, port=port)
        found = {name: stack.beside(name, program) for name in ("proxy", "redis", "service-a")}
    assert found == {"proxy": "connected", "redis": "unreachable", "service-a": "unreachable"}
    for network in ("store", "line"):
        assert json.loads(stack.docker("network", "inspect", f"{stack.project}_{network}"))[0]["Internal"] is True


def test_each_meets_only_whom_it_needs(stack: Stack) -> None:
    def met(service: str) -> set[str]:
        lines = stack.beside(service, RESOLVE.format(names=LASTING)).splitlines()
        return {name for name, _, address in (line.partition(" ") for line in lines) if address != "unknown"}

    assert met("redis") == {"redis", "service-a", "service-b"}
    assert met("proxy") == {"proxy", "service-a", "service-b"}
    assert met("service-a") == set(LASTING)


def test_one_port_is_published_and_on_the_loopback(stack: Stack) -> None:
    for name in LASTING:
        published = [bound for bound in stack.inspect(name)["NetworkSettings"]["Ports"].values() if bound]
        expected = [[{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]] if name == "proxy" else []
        assert published == expected


def redis_cli(stack: Stack, user: str, password: str, *commands: str) -> list[str]:
    """Run commands in the store's container as one of its users; the password goes through standard input."""
    said = subprocess.run(
        ["docker", "exec", "-i", stack.container("redis"), "redis-cli"], env=stack.environment, check=True, text=True,
        input="\n".join((f"AUTH {user} {password}", *commands)), capture_output=True,
    )  # fmt: skip
    return [line for line in said.stdout.splitlines() if line]


def test_the_stores_users_are_in_force(stack: Stack) -> None:
    password = (stack.copy("service") / "store-password").read_text().strip()
    denied = ("FLUSHALL", "CONFIG SET appendonly no", "CONFIG SET tls-port 1", "KEYS *", "DEBUG SLEEP 0", "SHUTDOWN")
    said = redis_cli(stack, "service", password, *denied, "CONFIG GET appendfsync")
    assert said[0] == "OK"
    assert all(re.match("NOPERM|ERR DEBUG", line) for line in said[1:-2]), said
    assert said[-2:] == ["appendfsync", "always"]
    assert redis_cli(stack, "service", "wrong", "PING") == [
        "WRONGPASS invalid username-password pair or user is disabled.", "NOAUTH Authentication required.",
    ]  # fmt: skip
    backup = (stack.copy("offline") / "backup-password").read_text().strip()
    said = redis_cli(stack, "backup", backup, "FLUSHALL", "SET kc:x 1", "GET kc:x")
    assert said[0] == "OK"
    assert all(line.startswith("NOPERM") for line in said[1:])


def test_the_image_carries_no_installer_and_no_build_tool(stack: Stack) -> None:
    program = "import importlib.util as u; print([n for n in ('pip', 'setuptools', 'hatchling') if u.find_spec(n)])"
    assert stack.inside("service-a", "/opt/keepclear/bin/python", "-c", program).strip() == "[]"
