"""Whoever holds the store, without keys: puts an older one back, swaps bodies, takes entries and alerts out of it."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
from benchmarks.load import Volume, filed, submission
from keepclear_protocol.errors import KeepclearError
from support.service import running_service

from .attack import Alone, Scale
from .flights import HONEST, VICTIM, danger, flight
from .scene import Scene, scene
from .volley import Spent

WITHIN_S = 30.0
TRIES = 50
"""How often a worker is raced for an entry that it has admitted and not yet written the alerts of."""

STARTING = ("starting", "not_ready", "lagging")


class PutBack(Alone):
    """A copy of the store from an hour ago in its place, and the line goes on past where the desks have read."""

    name = "H7"
    title = "a store put back"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Put it back twice: with the service's own heads kept, and with all that the service has put back, too."""
        for what, forgets in (("the service has its heads", False), ("its heads are put back too", True)):
            with scene() as on:
                with on.desk(VICTIM) as desk:
                    desk.refresh()
                on.service.stop()
                store, copy = on.folder / "store", on.folder / "copy"
                shutil.copytree(store, copy, ignore=shutil.ignore_patterns("*.sock"))
                with _again(on, "log-2") as later, later.desk(VICTIM) as desk:
                    desk.file(flight(40), "transport")
                    later.file(*(danger(on.world, number) for number in range(2)))
                    desk.refresh()
                shutil.rmtree(store)
                copy.rename(store)
                if forgets:
                    for head in on.folder.rglob("*.head"):
                        head.unlink()
                with _again(on, "log-3") as later:
                    said = _said_by_the_service(later.url)
                    if forgets:
                        later.file(*(danger(on.world, number) for number in range(8)))
                    told = said or _said_by_the_desk(later)
                spent.facts[what] = told
                spent.require(bool(told), f"{what}: a receipted notice is gone, and nobody says so")


class Erased(Alone):
    """Bytes of the store swapped or taken out while the line runs, and its worker killed."""

    name = "H8"
    title = "a swapped body, an entry taken out of unmatched, an erased stream tail"

    def find(self, scale: Scale, spent: Spent) -> None:
        """Do each in a scene of its own; a true conflict must reach the desk, or the line say what is wrong."""
        for what, act in (("swapped body", _swap), ("erased tail", _erase), ("taken out of unmatched", _take_out)):
            with scene() as on:
                spent.facts[what] = told = act(on)
            spent.require(bool(told), f"{what}: the victim is not told of a true conflict, and nobody says so")


def _swap(on: Scene) -> str:
    """Put an unsigned body elsewhere in the place of the victim's flight, and its gists away; kill the worker."""
    mine = submission(on.world, VICTIM, _leg(41))
    on.file(mine)
    jwt, tilde, disclosed = submission(on.world, VICTIM, _leg(400)).partition("~")
    with on.store() as client:
        prefix = f"kc:{{{on.world.agreement.id}}}:"
        assert client.set(f"{prefix}body:{filed(mine).sha256}", jwt[:-8] + "AAAAAAAA" + tilde + disclosed, xx=True)
        client.delete(f"{prefix}snapshot:{VICTIM}")
    _kill_worker(on)
    if said := _said_by_the_service(on.url):
        return said
    on.file(submission(on.world, HONEST, _leg(41)))
    return _reaches(on, mine)


def _erase(on: Scene) -> str:
    """Erase the alerts and the end of the victim's stream as soon as they are written; no desk has read them."""
    mine = submission(on.world, VICTIM, _leg(42))
    on.file(mine, submission(on.world, HONEST, _leg(42)))
    with on.store() as client:
        prefix = f"kc:{{{on.world.agreement.id}}}:"
        stream = f"{prefix}stream:{VICTIM}"
        (newest, _), *_ = client.xrevrange(stream, count=1)
        assert client.xdel(stream, newest) == 1
        assert client.delete(f"{prefix}conflicts:{VICTIM}", f"{prefix}alerts") == 2
    return _said_by_the_service(on.url) or _reaches(on, mine)


def _take_out(on: Scene) -> str:
    """Take an entry out of ``unmatched`` before its alerts are written, and kill the worker that would write them."""
    unmatched = f"kc:{{{on.world.agreement.id}}}:unmatched"
    with on.store() as client, ThreadPoolExecutor(1) as filing:
        for number in range(43, 43 + TRIES):
            mine = submission(on.world, VICTIM, _leg(number))
            on.file(mine)
            (worker,) = on.pids()
            sent = filing.submit(on.file, submission(on.world, HONEST, _leg(number)))
            while not sent.done():
                if client.zremrangebyrank(unmatched, 0, -1):
                    os.kill(worker, signal.SIGKILL)
                    sent.exception()
                    return _said_by_the_service(on.url) or _reaches(on, mine)
    return ""


def _leg(number: int) -> Volume:
    """Return a place of its own for each number, far from all other flights."""
    return flight(number * 10, 1)[0]


def _kill_worker(on: Scene) -> None:
    (worker,) = on.pids()
    os.kill(worker, signal.SIGKILL)
    ended = time.monotonic() + WITHIN_S
    while on.pids() in ([], [worker]) and time.monotonic() < ended:
        time.sleep(0.02)


def _said_by_the_service(url: str) -> str:
    """Return why the service is not ready once it has begun, and nothing where it is."""
    ended = time.monotonic() + WITHIN_S
    while time.monotonic() < ended:
        with contextlib.suppress(httpx2.HTTPError):
            answer = httpx2.get(f"{url}/readyz", timeout=5)
            if answer.status_code == 200:
                return ""
            if not any(word in answer.text for word in STARTING):
                return f"/readyz: {answer.status_code} {answer.text.strip()[:90]}"
        time.sleep(0.05)
    return ""


def _said_by_the_desk(on: Scene) -> str:
    """Return what the victim's desk says of notices that the line had and has no more."""
    with on.desk(VICTIM) as desk:
        try:
            events = [event.to_json() for event in desk.refresh(within_s=WITHIN_S)]
        except KeepclearError as error:
            return f"the desk: {error.code}"
        said = {str(event.get("code") or event["event"]) for event in events}
        lost = desk.picture(everything=True).lost
        return f"the desk: {', '.join(sorted(said))}; {lost} of its notices lost" if lost else ""


def _reaches(on: Scene, flown: str) -> str:
    """Return that a new desk of the victim's shows a conflict of its notice ``flown``, as soon as one does."""
    ended = time.monotonic() + WITHIN_S
    while time.monotonic() < ended:
        with on.desk(VICTIM, f"new-{time.monotonic_ns()}") as desk:
            desk.refresh(within_s=WITHIN_S)
            if any(row.own == filed(flown).id for row in desk.picture().conflicts):
                return "the victim's desk shows the conflict"
        time.sleep(0.2)
    return ""


@contextlib.contextmanager
def _again(on: Scene, log: str) -> Iterator[Scene]:
    """Run the scene's service again, over what its store has become."""
    with running_service(on.folder / log, *on.words) as service:
        yield Scene(on.world, on.other, service, on.folder, on.words)
