"""The words of ``keepclear-service``. What they do is done elsewhere; here options become settings."""

import asyncio
import functools
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ..logs import configure_logging, log_event
from . import admin
from .asking import ask_service, opened_store, read_store
from .check import OK, WRONG, check
from .files import read_agreement
from .repair import repair_clock
from .settings import Settings, load_settings
from .status_text import status_text
from .supervisor import run as run_supervised
from .version import store_version, versions

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


def _options(*names: str) -> Callable[[Any], Any]:
    """Return a decorator that gives a command the named settings as options, with the settings' own help."""
    kinds: dict[str, dict[str, Any]] = {
        "key": {"type": _FILE},
        "agreement": {"type": _FILE, "multiple": True},
        "store_password_file": {"type": _FILE},
        "embedded": {"type": _FOLDER, "metavar": "DIR"},
        "store_memory_mib": {"type": int},
        "heads": {"type": _FOLDER, "metavar": "DIR"},
        "port": {"type": int},
        "workers": {"type": int},
        "drain_s": {"type": int},
        "tick_ms": {"type": int},
        "limit_connections": {"type": int},
        "limit_address": {"type": int},
        "limit_unproved_mb": {"type": int},
        "head_s": {"type": int},
        "body_s": {"type": int},
        "metrics_port": {"type": int},
        "proxy_names_requests": {"is_flag": True, "default": None},
        "volatile": {"is_flag": True, "default": None},
    }

    def decorate(function: Any) -> Any:
        for name in reversed(names):
            field = Settings.model_fields["agreements" if name == "agreement" else name]
            text = field.description or ""
            if isinstance(field.default, str | int) and not isinstance(field.default, bool):
                text = f"{text}  [default: {field.default}]"
            option = click.option(f"--{name.replace('_', '-')}", name, help=text, **kinds.get(name, {}))
            function = option(function)
        return function

    return decorate


def _settings(
    agreement: tuple[Path, ...], *, needs_agreement: bool = True, quiet: bool = False, **given: Any
) -> Settings:
    if given.get("store") is not None and given.get("embedded") is not None:
        raise _usage("--store and --embedded exclude each other")
    settings = load_settings(agreements=agreement, **given)
    if given.get("embedded") is not None and settings.store is not None:
        settings = settings.model_copy(update={"store": None})  # the word beats the variable
    if needs_agreement and not settings.agreements:
        raise _usage("name at least one --agreement")
    configure_logging("error" if quiet else settings.log_level)
    return settings


def _usage(detail: str) -> click.UsageError:
    """Return the error of words that do not go together; its context says whose help has more."""
    return click.UsageError(detail, click.get_current_context())


async def run_service(settings: Settings) -> None:
    """Run the service on a store that holds its lines; an embedded one is never begun here."""
    admin.check_embedded(settings)
    if settings.heads_folder() is None:
        log_event(logging.getLogger(__name__), logging.WARNING, "heads_not_kept")
    await run_supervised(settings, agreements=[read_agreement(path) for path in settings.agreements])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="keepclear", prog_name="keepclear-service")
def service() -> None:
    """Run the hotline: take signed notices, find conflicts, alert both sides.

    Every option can also be given as a variable, such as KEEPCLEAR_WORKERS; the option wins.
    """


@service.command()
@_options(
    "key",
    "agreement",
    "store",
    "store_password_file",
    "embedded",
    "store_memory_mib",
    "heads",
    "host",
    "port",
    "workers",
    "volatile",
    "drain_s",
    "tick_ms",
    "limit_connections",
    "limit_address",
    "limit_unproved_mb",
    "head_s",
    "body_s",
    "metrics_host",
    "metrics_port",
    "proxy_names_requests",
    "log_level",
)
def run(**given: Any) -> None:
    """Serve until SIGTERM; print one JSON line with the port once every worker answers."""
    settings = _settings(**given)
    if settings.key is None:
        raise _usage("name the service's --key")
    asyncio.run(run_service(settings))


@service.command()
@_options("agreement", "store", "store_password_file", "embedded", "log_level")
def found(**given: Any) -> None:
    """Found the line of each agreement in the store, once and on purpose; `run` never does.

    Says what was founded, and where. A store that lost its line is put back from a backup, not founded anew.
    """
    _say(asyncio.run(_with_store(_settings(**given), admin.found, begin=True)))


@service.command("new-epoch")
@_options("agreement", "store", "store_password_file", "embedded", "log_level")
def new_epoch(**given: Any) -> None:
    """After a restore of the store: begin a new epoch, so that every desk reads everything anew; also while it runs."""
    _say(asyncio.run(_with_store(_settings(**given), admin.new_epoch)))


@service.command("repair-clock")
@_options("agreement", "store", "store_password_file", "embedded", "log_level")
@click.option(
    "--utc",
    required=True,
    type=click.DateTime(["%Y-%m-%dT%H:%MZ"]),
    metavar="YYYY-MM-DDTHH:MMZ",
    help="The time now, as read from another clock than this machine's.",
)
@click.option("--behind-receipts", is_flag=True, help="Even where a party holds a receipt dated in the future.")
def repair_clock_command(utc: datetime, *, behind_receipts: bool, **given: Any) -> None:
    """A line whose newest stamp is in the future: put that back to the time now, and match everything again.

    For a service that says `clock: the line's newest stamp is N s ahead` when the clocks are right; while it runs, too.
    """
    act = functools.partial(repair_clock, read=utc.replace(tzinfo=UTC), behind_receipts=behind_receipts)
    _say(asyncio.run(_with_store(_settings(**given), act)))


@service.command()
@_options("agreement", "store", "store_password_file", "embedded", "log_level")
def adopt(**given: Any) -> None:
    """Bring a new revision of an agreement into force, while the service runs or when it does not.

    Running workers go over to it at once and in order, that of an embedded store too; no stream ends but those of keys
    that are revoked or dropped. Give the service the new file for its next start.
    """
    _say(asyncio.run(_with_store(_settings(**given), admin.adopt)))


@service.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on, on loopback  [default: a free one]")
@click.option("--embedded", type=_FOLDER, metavar="DIR", help="Keep everything here, and begin again from it.")
def sandbox(port: int | None, embedded: Path | None) -> None:
    """A hotline to write a client against: sample keys, and a counterpart that answers. Never for duty.

    Prints both parties' settings as shell lines. Whatever the guest files, the counterpart files across it and
    acknowledges the alert.
    """
    words = [*(["--port", str(port)] if port else []), *(["--folder", str(embedded)] if embedded else [])]
    # Its desks are the clients', which this package does not know: a program of its own, in this one's place.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "keepclear_demo.sandbox", *words])  # noqa: S606 - ours


async def _with_store(
    settings: Settings, act: Callable[[Settings], Awaitable[list[str]]], *, begin: bool = False
) -> list[str]:
    async with opened_store(settings, begin=begin) as url:
        return await act(settings.with_store(url))


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


@service.command("status")
@_options(
    "agreement", "store", "store_password_file", "embedded", "host", "port", "metrics_host", "metrics_port", "volatile"
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole state as JSON.")
@click.pass_context
def status_command(context: click.Context, /, as_json: bool, **given: Any) -> None:
    """Say how the service here stands: lines, conflicts, parties, keys, store, workers. Exit 0 if all is well, else 1.

    Asks the running service at its operator's address; where it is down, reads the store named, and says so.
    """
    settings = _settings(**given, needs_agreement=False, quiet=True)
    state, down = ask_service(settings)
    if state is None:
        state = asyncio.run(read_store(settings, down))
    _say([json.dumps(state, indent=2)] if as_json else status_text(state))
    context.exit(1 if state["wrong"] else 0)


@service.command("check")
@_options(
    "key",
    "agreement",
    "store",
    "store_password_file",
    "embedded",
    "host",
    "port",
    "metrics_host",
    "metrics_port",
    "volatile",
)
@click.pass_context
def check_command(context: click.Context, /, **given: Any) -> None:
    """Check all of the configuration without serving. Exit 1 where a line is WRONG; it ends with what mends it."""
    found = asyncio.run(check(_settings(**given, quiet=True)))
    for finding in found:
        mend = f"; {finding.mend}" if finding.mend and finding.level != OK else ""
        line = f"{finding.level:<5}  {finding.what}{mend}"
        click.echo(click.style(line, fg="red") if finding.level == WRONG else line)
    wrong = sum(finding.level == WRONG for finding in found)
    click.echo(f"{wrong} wrong" if wrong else "nothing is wrong")
    context.exit(1 if wrong else 0)


@service.command("version")
@_options("store", "store_password_file")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def version_command(as_json: bool, **given: Any) -> None:
    """Say the versions of what runs here, and of the store: the one named, or the embedded one's program."""
    found = {**versions(), "store": asyncio.run(store_version(load_settings(**given)))}
    _say([json.dumps(found)] if as_json else [f"{name} {version}" for name, version in found.items()])
