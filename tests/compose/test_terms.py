"""A new revision of the agreement, put in force by the words of docs/deploying.md, while both parties watch."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from keepclear.desk.events import LinkEvent, TermsEvent
from keepclear.desk.following import UNWRITTEN
from keepclear.keystore import load_private_key
from keepclear.transport.faults import SILENT
from keepclear_protocol.agreement import Agreement, open_agreement, sign_agreement
from keepclear_protocol.encoding import dump_json
from support.world import box

from compose.parties import NAMES, Outsider, next_place, until
from compose.stack import REPLICAS, REPOSITORY, Stack
from compose.test_backup import STORE

pytestmark = pytest.mark.timeout(1200)


def successor(stack: Stack, agreement: Agreement) -> Agreement:
    """Have everyone sign a revision with half the retention."""
    offline, service = stack.copy("offline"), stack.copy("service")
    roots = [load_private_key(offline / f"{name}-root.key") for name in NAMES]
    payload = json.loads(agreement.payload)
    payload |= {"revision": agreement.revision + 1, "prev": agreement.terms, "agreement": agreement.id}
    payload["retention_s"] //= 2
    signed = sign_agreement(dump_json(payload), [*roots, load_private_key(service / "service.key")])
    return open_agreement(signed, agreement)


def put(stack: Stack, place: str, umask: str, content: bytes) -> None:
    """Do as ``put`` of docs/deploying.md."""
    script = f"umask {umask}; cat > /volumes/{place}"
    words = stack.command("run", "--rm", "-T", "--entrypoint", "sh", "init", "-c", script)
    subprocess.run(
        words, cwd=REPOSITORY, env=stack.environment, input=content, capture_output=True, check=True, timeout=60
    )


async def story(stack: Stack, folder: Path) -> dict[str, list[Any]]:
    parties = [Outsider(stack, name) for name in NAMES]
    place = next_place()
    second = successor(stack, parties[0].agreement)
    seen: dict[str, list[Any]] = {party.name: [] for party in parties}

    async def watch(party: Outsider) -> None:
        async with party.desk(folder / party.name) as desk:
            desk.journal.stage(second)
            async for event in desk.watch(lambda: any(isinstance(one, TermsEvent) for one in seen[party.name])):
                seen[party.name].append(event)
            await desk.file([box(*place[:2], size=0.05, low=place.level, high=place.level + 5)], "flight")

    async def adopt() -> str:
        await until(lambda: all(any(isinstance(one, LinkEvent) for one in events) for events in seen.values()), 60.0)
        await asyncio.to_thread(put, stack, "service/agreement.json", "077", second.raw)
        words = ("run", "--rm", "-T", "service-a", "adopt", "--agreement", "/service/agreement.json", *STORE)
        return await asyncio.to_thread(stack.compose, *words)

    async with asyncio.timeout(180), asyncio.TaskGroup() as tasks:
        adopting = tasks.create_task(adopt())
        for party in parties:
            tasks.create_task(watch(party))
    assert "in force: " in adopting.result() and second.fingerprint in adopting.result()
    return seen


def test_a_new_revision_comes_into_force_by_the_documented_words(stack: Stack, tmp_path: Path) -> None:
    for events in asyncio.run(story(stack, tmp_path)).values():
        lost = [event.detail for event in events if isinstance(event, LinkEvent) and not event.up]
        # Where containers start beside it a desk may hear nothing for seconds, or write late: that is not the line's.
        assert [detail for detail in lost if not detail.startswith((SILENT, UNWRITTEN))] == [], "a stream was cut"
        assert [event.revision for event in events if isinstance(event, TermsEvent)] == [2]
    stack.compose("restart", REPLICAS[0])
    stack.wait_healthy(REPLICAS[0])
