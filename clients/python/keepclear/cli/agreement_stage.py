"""``keepclear agreement stage``: keep the next revision at a desk for when it comes into force.

The desk goes over to it by itself, a running ``watch`` too, once the hotline has it in force; until then it speaks
under the revision of before. Nothing is sent, and nothing that the hotline hands out is ever installed.
"""

import contextlib
import sys

import click
from keepclear_protocol.agreement import Agreement
from keepclear_protocol.errors import Refused
from keepclear_protocol.instant import format_instant
from keepclear_protocol.kinds import ROLES

from keepclear.agreements import read_agreement
from keepclear.transport.client import now_instant

from . import out
from .agreement_differences import differences_json, differences_text
from .context import DeskOptions, desk_options, write_json


@click.command("stage")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask whether to stage; off a terminal nothing is asked.")
@desk_options
def stage(settings: DeskOptions, file: str | None, yes: bool) -> None:
    """Stage the next revision of the agreement, signed by everyone, at this desk.

    Shows what it changes, and the 60 digits of its fingerprint: compare them by voice with every other party. The desk
    and its running watch go over to it by themselves when the hotline puts it in force. --agreement is the file of now.
    Without FILE, says which revision is in use here and which are staged.

    \b
    keepclear agreement stage r2.json
    """
    if file is None:
        _list(settings)
        return
    following = read_agreement(file)
    with contextlib.closing(settings.journal()) as journal:
        before = journal.before(following)
        said = differences_text(before, following)
        (out.talk if settings.as_json else out.say)(*said.splitlines())
        for line in _warnings(settings, following, journal.party):
            out.heading("warning", line)
        out.talk("fingerprint of the agreement, to be compared by voice with every other party:")
        out.talk(following.fingerprint)
        if not yes and sys.stdin.isatty() and not click.confirm("stage?", err=True):
            raise Refused("usage", "nothing was staged")
        replaced = journal.stage(following)
    if replaced is not None:
        out.talk(f"in the place of another revision {replaced.revision}, which never came into force here")
    if settings.as_json:
        write_json({"staged": following.revision, **differences_json(before, following)})
    out.talk(
        f"staged: revision {following.revision}; until the hotline has it in force this desk stays under "
        f"revision {journal.agreements[0].revision}, then it goes over by itself"
    )


def _list(settings: DeskOptions) -> None:
    with contextlib.closing(settings.journal()) as journal:
        rows = [("in use", journal.agreements[0]), *(("staged", one) for one in journal.staged)]
    for state, one in rows:
        if settings.as_json:
            named = {"revision": one.revision, "terms": one.terms, "fingerprint": one.fingerprint}
            write_json({"state": state, **named})
        else:
            out.say(f"{state}: {one.name}, revision {one.revision}; fingerprint {one.fingerprint}")


def _warnings(settings: DeskOptions, following: Agreement, party: str) -> list[str]:
    """Return what will be otherwise for this desk's own key."""
    key = settings.key()
    found = following.find(key.kid)
    if found is None:
        return [f"this desk's key is not enrolled in revision {following.revision}: this desk ends with the one before"]
    owner, enrolled = found
    said = []
    if not enrolled.is_valid(now_instant()):
        said.append(f"this desk's key is revoked, or not valid now, in revision {following.revision}")
    if enrolled.revoked_at is None and enrolled.not_after < now_instant() + 7 * 86_400_000_000:
        said.append(f"this desk's key ends {format_instant(enrolled.not_after)}")
    if lacking := [role for role in ROLES if role not in enrolled.roles and role != "admin"]:
        said.append(f"this desk's key has not the roles {', '.join(lacking)} there")
    if owner.id != party:
        said.append(f"this desk's key is one of {owner.id} there")
    return said
