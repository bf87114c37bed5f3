"""``keepclear doctor``: what may be wrong between this desk and the hotline, each with the command that mends it."""

import asyncio

import click
from keepclear_protocol.errors import LocalError

from keepclear.desk.settings import make_tls
from keepclear.transport.client import ClientOptions

from .. import out
from ..context import DeskOptions, desk_options
from ..main import DONE, exit_code
from . import line, local
from .finding import WRONG, Finding, wrong


@click.command("doctor")
@desk_options
def doctor(settings: DeskOptions) -> int:
    """Look for what is wrong with this machine, this desk's files and the line; each ends with what mends it.

    Looks at the key's file, its place in the agreement, the desk's folder and the console's parts; then asks the
    hotline: way, TLS, the time to the first event of a stream, the clock against the signed time, the terms in force,
    the store's durability as the service says it. Files and acknowledges nothing. Exit 0: nothing is wrong. Otherwise
    the exit code is that of the first thing that is.
    """
    return asyncio.run(_examine(settings))


async def _examine(settings: DeskOptions) -> int:
    desk, first = local.Desk(settings), DONE

    def tell(finding: Finding) -> None:
        nonlocal first
        if settings.as_json:
            out.write_json(finding.to_json())
        else:
            out.say(finding.line)
        if finding.verdict == WRONG and first == DONE:
            first = finding.code

    for finding in local.examine(desk):
        tell(finding)
    if desk.agreement is None or desk.key is None or desk.agreement.find(desk.key.kid) is None:
        out.note("the hotline was not asked: that needs a key and the agreement that has it")
        return first
    try:
        tls = make_tls(settings.ca, settings.tls_cert, settings.tls_key)
    except LocalError as error:
        tell(wrong("tls", error, line.SHOWN, exit_code))
        return first
    options: ClientOptions = {"connect_to": settings.connect_to, "tls": tls, "read_s": line.WITHIN_S}
    async for finding in line.examine(desk.agreement, desk.key, options):
        tell(finding)
    return first
