"""``keepclear whoami``: in whose name this desk speaks, by which key, under which agreement, until when, from where."""

import click
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import format_instant

from . import out
from .context import DeskOptions, desk_options, officer_option
from .main import DONE


@click.command("whoami")
@officer_option("The handle that you go by.")
@desk_options
def whoami(settings: DeskOptions, officer: str | None) -> int:
    """Show in whose name this desk speaks: party, roles, key, agreement, until when, folder.

    Reads this machine's files alone. The key's 30 digits can be read to the other side over a telephone, and so can the
    agreement's 60.
    """
    agreement, key = settings.agreement(), settings.key()
    found = agreement.find(key.kid)
    if found is None:
        hint = "keepclear doctor says how it is registered"
        raise LocalError("key_file", "the key is not enrolled in this agreement", hint=hint)
    party, enrolled = found
    revoked = enrolled.revoked_at
    said = {
        "party": party.id,
        "names": dict(party.names),
        "officer": officer,
        "roles": sorted(enrolled.roles),
        "key": key.public.fingerprint,
        "valid_until": format_instant(enrolled.not_after if revoked is None else min(revoked, enrolled.not_after)),
        "agreement": {
            "name": agreement.name,
            "revision": agreement.revision,
            "fingerprint": agreement.fingerprint,
        },
        "hotline": settings.connect_to or agreement.service.origin,
        "desk": str(settings.place(agreement, key)),
    }
    if settings.as_json:
        out.write_json(said)
        return DONE
    names = ", ".join(f"{name} ({language})" for language, name in party.names.items())
    rows = (
        ("party", f"{party.id}: {names}"),
        ("officer", officer or "nobody is named; KEEPCLEAR_OFFICER names one"),
        ("roles", ", ".join(sorted(enrolled.roles))),
        ("key", key.public.fingerprint),
        ("valid until", said["valid_until"]),
        ("agreement", f"{agreement.name}, revision {agreement.revision}"),
        ("fingerprint", agreement.fingerprint),
        ("hotline", said["hotline"]),
        ("desk", said["desk"]),
    )
    out.say(*(f"{label:<12}{value}" for label, value in rows))
    return DONE
