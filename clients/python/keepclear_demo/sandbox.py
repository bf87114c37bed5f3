"""``keepclear-service sandbox``: a hotline to write a client against, with sample keys and a counterpart that answers.

Everything stands in one folder: keys of two parties and of the service, the agreement that all have signed, the store.
A kept folder begins again with the same keys, agreement and port. Guaranteed: the keys are said to be samples; the
settings are printed once the line answers and the counterpart hears; service, store and counterpart are processes that
end with this one, in order on SIGINT and SIGTERM, and also if it is killed. It listens on loopback alone.
"""

import argparse
import asyncio
import contextlib
import json
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from keepclear.transport.client import now_instant
from keepclear_protocol.agreement import Limits
from keepclear_protocol.errors import KeepclearError, LocalError, Unavailable
from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Minima
from keepclear_protocol.volume import circle_json, volume4d_json

from .children import Reports, ServiceProcess, running_program, running_service
from .scene import Scene, kept_scene, set_scene
from .setting import Setting

GUEST, COUNTERPART = "guest", "counterpart"
VALID_S = 90 * 86_400
START_WITHIN_S = 60.0

SANDBOX = Setting(
    name="Sandbox with sample keys, not for duty",
    parties={GUEST: {"en": "Guest"}, COUNTERPART: {"en": "Counterpart"}},
    mediator="sandbox",
    categories={
        "flight": Minima(9_260, 300, lead_s=0, tail_s=0),
        "strike": Minima(18_520, 1_500, lead_s=300, tail_s=1_800),
    },
    limits=Limits(),
    watchers=(GUEST,),
)

HEAD = """\
SANDBOX. Its keys are samples, made by a program on this machine: to write a client against, never for duty.

The hotline listens on {origin}. Ask whether it is ready:
  curl -s {origin}/readyz
What its operator sees, each refusal too:
  curl -s http://127.0.0.1:{operator}/status
  tail -f {log}
"""

PARTY = """
Settings of {party}, to be pasted into a shell:
  export KEEPCLEAR_AGREEMENT={agreement}
  export KEEPCLEAR_KEY={key}
  export KEEPCLEAR_ROOT={root}
  export KEEPCLEAR_DESK={desk}
  # its root key, as one would hear it said: {fingerprint}
"""

TAIL = """
You are guest. Whatever guest files, counterpart files across it and answers the alert. A flight to begin with:
  keepclear submit {flight} --category flight
  keepclear watch --once

{kept}
Ctrl-C ends it.
"""

REMOVED = "Keys, journals and store are removed at the end; --embedded DIR keeps them."


async def run(port: int | None, folder: Path, *, stays: bool) -> None:
    """Run the sandbox in ``folder`` until cancelled; ``stays``: the folder is not removed then.

    Raises ``KeepclearError`` where it cannot begin or go on.
    """
    sys.stderr.write("starting a hotline, its store and a counterpart\n")
    scene = _scene(folder, port)
    origin = scene.agreement.service.origin
    reports: Reports = asyncio.Queue()
    async with contextlib.AsyncExitStack() as stack:
        listens_on = urlsplit(origin).port or 80
        service = await stack.enter_async_context(running_service(scene, folder / "service.log", port=listens_on))
        setup = {
            "agreement": str(scene.agreement_file),
            "key": str(scene.desk_keys[COUNTERPART]),
            "watch_key": str(scene.watch_keys[GUEST]),
            "folder": str(folder / COUNTERPART),
        }
        log = folder / COUNTERPART / "desk.log"
        await stack.enter_async_context(running_program("counterpart", log, setup, COUNTERPART, reports))
        await _ready(reports)
        say(HEAD.format(origin=origin, operator=service.listening["metrics_port"], log=_quoted(folder / "service.log")))
        say(_settings(scene, stays=stays))
        ended = asyncio.create_task(_ended(service))
        try:
            while True:
                told = asyncio.create_task(reports.get())
                await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    ended.result()
                say(_words(told.result()[1]))
        finally:
            ended.cancel()


async def _ended(service: ServiceProcess) -> None:
    await service.ended()
    raise Unavailable("unreachable", "the service has ended by itself", hint="service.log in its folder may say why")


async def _ready(reports: Reports) -> None:
    try:
        async with asyncio.timeout(START_WITHIN_S):
            while (report := (await reports.get())[1])["report"] != "ready":
                if report["report"] == "ended":
                    raise Unavailable("unreachable", f"the counterpart has ended: {report['detail']}")
    except TimeoutError:
        raise Unavailable("unreachable", f"the counterpart hears nothing for {START_WITHIN_S:g} s") from None


def _scene(folder: Path, port: int | None) -> Scene:
    """Return the folder's scene, or a new one on ``port``, where 0 or None is any that is free."""
    kept = kept_scene(folder, SANDBOX)
    if kept is None:
        if any(folder.iterdir()):
            raise LocalError("usage", f"the folder {folder} is not empty and no sandbox's", hint="name a new one")
        address = f"http://127.0.0.1:{port or _free_port()}"
        return set_scene(folder, replace(SANDBOX, address=address), now_instant(), valid_s=VALID_S)
    origin = kept.agreement.service.origin
    if port and urlsplit(origin).port != port:
        detail = f"the agreement in {folder} names {origin}, and a kept sandbox stays where it is"
        raise LocalError("usage", detail, hint="leave --port out, or name a new folder")
    return kept


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _settings(scene: Scene, *, stays: bool) -> str:
    parts = []
    for party in scene.agreement.parties:
        files = {"agreement": scene.agreement_file, "key": scene.desk_keys[party.id]}
        paths = {**files, "desk": scene.folder / party.id / "desk"}
        quoted = {name: _quoted(path) for name, path in paths.items()}
        parts.append(PARTY.format(party=party.id, root=party.root.text, fingerprint=party.root.fingerprint, **quoted))
    flight = scene.folder / GUEST / "flight.json"
    flight.write_text(json.dumps([_flight()], indent=1) + "\n", "utf-8")
    kept = f"All of it stays in {scene.folder}, and begins again from there." if stays else REMOVED
    return "".join([*parts, TAIL.format(flight=_quoted(flight), kept=kept)])


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _flight() -> dict[str, Any]:
    """Return the sample flight: a volume that begins in two hours."""
    start = (now_instant() // SECOND + 7200) * SECOND
    return volume4d_json(circle_json((46.5, 6.6), 5_000), 1_500, 2_500, "AMSL", "M", start, start + 1800 * SECOND)


def _words(report: dict[str, Any]) -> str:
    match report:
        case {"report": "filed", "code": code, "across": across}:
            return f"counterpart filed {code} across {across} of guest\n"
        case {"report": "alert", "code": code, "state": state, "verdict": verdict}:
            return f"counterpart was told of conflict {code}: {state}, {verdict}\n"
        case {"report": "acknowledged", "code": code}:
            return f"counterpart acknowledged conflict {code}\n"
        case {"report": "heard", "code": code, "stage": stage}:
            return f"counterpart heard from guest of conflict {code}: {stage}\n"
        case {"report": "ended", "detail": detail}:
            raise Unavailable("unreachable", f"the counterpart has ended: {detail}")
    return f"counterpart: {report.get('detail', report['report'])}\n"


def say(text: str) -> None:
    """Write to whoever started the sandbox, who may have gone."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text)
        sys.stdout.flush()


async def _until_ended(port: int | None, folder: Path, *, stays: bool) -> None:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped and task is not None:  # a second signal must not cut the ending short
            stopped = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await run(port, folder, stays=stays)
    except asyncio.CancelledError:
        if not stopped:
            raise
    say("the sandbox has ended\n")


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield a folder that is removed at the end, or ``keep``, which stays."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="keepclear-sandbox-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError("usage", f"the folder {keep} cannot be used: {error.strerror}") from None
    yield keep.resolve()


def main(words: Sequence[str] | None = None) -> int:
    """Run the sandbox; return 0 after a signal, else 1, or 2 for words that do not fit."""
    parser = argparse.ArgumentParser(prog="keepclear-service sandbox")
    parser.add_argument("--port", type=int)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args(words)
    try:
        with _folder(args.folder) as folder:
            asyncio.run(_until_ended(args.port, folder, stays=args.folder is not None))
    except KeepclearError as error:
        sys.stderr.write(f"keepclear-service: error: {error.detail} ({error.code})\n")
        if error.hint:
            sys.stderr.write(f"keepclear-service: hint: {error.hint}\n")
        return 2 if error.code == "usage" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
