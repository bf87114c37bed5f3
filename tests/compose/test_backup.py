"""A backup while the line runs, and its restore: what was in it is there, and every desk hears that time went back."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from keepclear import Client, Tls
from keepclear.desk.events import AlertEvent, GapEvent
from keepclear_protocol.acknowledgement import VERIFIED

from compose.parties import Outsider, Place, next_place
from compose.stack import LASTING, REPLICAS, REPOSITORY, Stack

pytestmark = pytest.mark.timeout(1200)

STORE = ("--store", "redis://service@redis:6379/0", "--store-password-file", "/service/store-password")


def file(stack: Stack, party: Outsider, place: Place) -> str:
    with Client(party.agreement, party.key, connect_to=stack.url, tls=Tls(ca=stack.authority)) as client:
        return str(client.submit(party.notice(place)).receipt.id)


def back_up(stack: Stack, to: Path) -> None:
    with to.open("wb") as archive:
        words = ["docker", "exec", stack.container("redis"), "tar", "-C", "/data", "-c", "appendonlydir"]
        done = subprocess.run(
            words, env=stack.environment, stdin=subprocess.DEVNULL, stdout=archive, stderr=subprocess.PIPE, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    # The log grew meanwhile, which tar tells by 1: also without a submit, since the store notes what has expired.
    assert done.returncode == 0 or (done.returncode == 1 and "file changed as we read it" in done.stderr), done.stderr


def restore(stack: Stack, archive: Path) -> None:
    """Do as docs/deploying.md says."""
    stack.compose("stop", "proxy", *REPLICAS, "redis")
    script = "rm -rf /data/appendonlydir && tar -C /data -x"
    words = stack.command("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", "redis", "-c", script)
    with archive.open("rb") as content:
        subprocess.run(
            words, cwd=REPOSITORY, env=stack.environment, stdin=content, capture_output=True, check=True, timeout=60
        )
    stack.compose("up", "-d", "--no-build", "redis")
    stack.compose("run", "--rm", "-T", "service-a", "new-epoch", "--agreement", "/service/agreement.json", *STORE)
    stack.compose("up", "-d", "--no-build")
    stack.wait_healthy(*LASTING)


def lose(stack: Stack) -> None:
    """Start the store again without its files."""
    stack.compose("stop", "proxy", *REPLICAS, "redis")
    stack.compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", "redis", "-c", "rm -rf /data/appendonlydir")
    stack.compose("up", "-d", "--no-build", "redis")


async def watch(stack: Stack, party: Outsider, folder: Path, enough: Any) -> list[Any]:
    shown: list[Any] = []
    async with asyncio.timeout(60), party.desk(folder) as desk:
        async for event in desk.watch(stop=lambda: enough(shown)):
            shown.append(event)
    return shown


def opened(shown: list[Any], own: str) -> bool:
    alerts = (event for event in shown if isinstance(event, AlertEvent) and event.verdict == VERIFIED)
    return any(event.alert is not None and event.alert.own.id == own for event in alerts)


def gaps(shown: list[Any]) -> list[str]:
    return [event.reason for event in shown if isinstance(event, GapEvent)]


def test_a_restored_backup_is_whole_and_announced(stack: Stack, tmp_path: Path) -> None:
    israel, turkiye = Outsider(stack, "israel"), Outsider(stack, "turkiye")
    place = next_place()
    kept = file(stack, israel, place), file(stack, turkiye, place)
    asyncio.run(watch(stack, israel, tmp_path / "israel", lambda shown: opened(shown, kept[0])))
    back_up(stack, tmp_path / "backup.tar")
    lost = file(stack, israel, next_place())
    restore(stack, tmp_path / "backup.tar")
    held = asyncio.run(israel.live())
    assert kept[0] in held
    assert lost not in held
    shown = asyncio.run(watch(stack, israel, tmp_path / "israel", gaps))
    assert gaps(shown) == ["epoch"]


def test_a_store_that_lost_its_line_is_refused_until_the_backup_is_back(stack: Stack, tmp_path: Path) -> None:
    israel = Outsider(stack, "israel")
    kept = file(stack, israel, next_place())
    back_up(stack, tmp_path / "backup.tar")
    lose(stack)
    assert "found: the line was founded before" in stack.compose("run", "--rm", "-T", "found")
    refused = stack.compose("run", "--rm", "-T", "--no-deps", "service-a", check=False)
    assert "store_unsafe" in refused and "found" in refused
    restore(stack, tmp_path / "backup.tar")
    assert kept in asyncio.run(israel.live())
