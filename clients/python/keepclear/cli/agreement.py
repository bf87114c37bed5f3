"""``keepclear agreement``: draft, sign and look at the document that all parties sign.

What is to be signed is shown first: all the terms, or of a later revision what it changes in the one before. What was
shown is what is signed, those very bytes, whatever becomes of the file meanwhile. A signature is added only after the
fingerprint of every other party's root was given as it was heard by voice. It is never shown here, nor taken from the
file: whoever altered the file on its way could alter a fingerprint in it too.
"""

import sys
from collections.abc import Sequence

import click
from keepclear_protocol.agreement import Draft, Signer, add_signature, open_draft
from keepclear_protocol.encoding import parse_json
from keepclear_protocol.errors import Forbidden, LocalError, Refused
from keepclear_protocol.keys import PublicKey
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES
from keepclear_protocol.succession import check_succession
from keepclear_protocol.terms import Terms

from keepclear.agreements import read_agreement, read_draft
from keepclear.keystore import load_private_key

from . import out
from .agreement_differences import differences_json, differences_text
from .agreement_file import replace_document
from .agreement_init import init
from .agreement_stage import stage
from .agreement_text import agreement_text


@click.group("agreement")
def agreement() -> None:
    """Draft, sign and show the agreement between the parties and the service."""


agreement.add_command(init)
agreement.add_command(stage)


@agreement.command("sign")
@click.argument("file", metavar="FILE")
@click.option("--key", "key_file", required=True, metavar="FILE", help="The secret root key, or the service's key.")
@click.option("--as", "as_name", metavar="NAME", help="Refuse unless the key is that of this party, or of 'service'.")
@click.option("--previous", metavar="FILE", help="The revision before this one, signed by everyone.")
@click.option(
    "--heard",
    multiple=True,
    metavar="PARTY=DIGITS",
    help="A root's 30 digits as heard by voice, for use in scripts; asked for on a terminal where not given.",
)
@click.option("--yes", is_flag=True, help="Do not ask whether to sign; off a terminal nothing is asked.")
@click.option("--json", "as_json", is_flag=True, help="Write what was signed as one JSON object.")
def sign(
    file: str,
    key_file: str,
    as_name: str | None,
    previous: str | None,
    heard: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Show what the agreement in FILE says, or changes in the revision before, and add one signature to it.

    Call every other party, have them read the fingerprint of their root key (keygen shows it), and give it here.

    \b
    keepclear agreement sign hotline.json --key root.key
    keepclear agreement sign hotline.json --key root.key \\
      --heard "south=12345 67890 ..."
    """
    draft = read_draft(file)
    key = load_private_key(key_file)
    signer = next((one for one in draft.terms.signers if one.key == key.public), None)
    if signer is None:
        raise LocalError("key_file", f"the key in {key_file} is not one that {file} asks to sign")
    if as_name is not None and signer.name != as_name:
        raise LocalError("key_file", f"the key in {key_file} signs as {signer.name}, not as {as_name}")
    before = _previous(draft.terms, file, previous)
    spoken = _heard_by_party(heard)
    said = agreement_text(draft) if before is None else differences_text(before, draft.terms)
    out.talk(*said.splitlines())
    out.talk(f"to be signed as {signer.name}: {draft.terms.name}, revision {draft.terms.revision}")
    _check_heard(draft.terms, signer, spoken)
    if not yes and sys.stdin.isatty() and not click.confirm("sign?", err=True):
        raise Refused("usage", "nothing was signed")
    signed = add_signature(draft.raw, key)
    if signed != draft.raw:
        replace_document(file, draft.raw, signed)
    _tell(open_draft(signed), signer, as_json)


@agreement.command("show")
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Write the agreement as one JSON object.")
def show(file: str, as_json: bool) -> None:
    """Verify the agreement in FILE and show what it says, and who has not signed yet.

    Compare the 60 digits with every other party over a telephone: the same digits are the same agreement.
    """
    draft = read_draft(file)
    if as_json:
        out.write_json(_draft_json(draft))
    else:
        out.say(*agreement_text(draft).splitlines())


@agreement.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--json", "as_json", is_flag=True, help="Write the differences as one JSON object.")
def diff(old: str, new: str, as_json: bool) -> None:
    """Show what the agreement in NEW adds, drops and changes in that of OLD, member by member.

    Either may be a draft. Nothing is printed of what is the same, and nothing that differs is left out.
    """
    before, after = read_draft(old).terms, read_draft(new).terms
    if as_json:
        out.write_json(differences_json(before, after))
    else:
        out.say(*differences_text(before, after).splitlines())


def _previous(terms: Terms, file: str, previous: str | None) -> Terms | None:
    """Return the revision before, once ``terms`` follow from it; ``None`` for a first one."""
    if terms.revision == 1:
        if previous is not None:
            raise click.UsageError(f"{file} is a first revision; there is none before it")
        return None
    if previous is None:
        raise click.UsageError(f"{file} is revision {terms.revision}: name the one before with --previous FILE")
    before = read_agreement(previous)
    check_succession(before, terms)
    return before


def _heard_by_party(heard: Sequence[str]) -> dict[str, str]:
    by_party: dict[str, str] = {}
    for item in heard:
        party, equals, digits = item.partition("=")
        if not equals or party in by_party:
            raise click.UsageError("--heard takes PARTY=DIGITS, each party once")
        by_party[party] = digits
    return by_party


def _check_heard(terms: Terms, signer: Signer, heard: dict[str, str]) -> None:
    """Raise ``Forbidden`` with ``fingerprint`` unless what was heard of every other root is that root's."""
    roots = {party.id: party.root for party in terms.parties}
    known = {**roots, "service": terms.service.keys[0].key}
    if unknown := sorted(set(heard) - set(known)):
        raise click.UsageError(f"--heard names {unknown[0]!r}, which is none of {', '.join(known)}")
    asked = [party for party in roots if party != signer.name and party not in heard]
    if asked and not sys.stdin.isatty():
        raise click.UsageError(f"say what was heard by voice with --heard PARTY=DIGITS, for {', '.join(asked)}")
    for party, digits in heard.items():
        _check_digits(party, known[party], digits)
    for party in asked:
        digits = click.prompt(f"fingerprint of {party}'s root key, as heard by voice", type=str, err=True)
        _check_digits(party, roots[party], digits)


def _check_digits(party: str, key: PublicKey, heard: str) -> None:
    # Digits of any script: an Arabic or Persian keyboard writes its own.
    digits = [str(int(character)) if character.isdecimal() else character for character in heard]
    if "".join(digit for digit in digits if digit not in " -") != key.fingerprint.replace(" ", ""):
        raise Forbidden(
            "fingerprint",
            f"what was heard is not the fingerprint of the key that the file names for {party}; nothing was signed",
            hint="have all 30 digits read once more; if they still differ, the file is not the one that they made",
        )


def _tell(draft: Draft, signer: Signer, as_json: bool) -> None:
    if as_json:
        out.write_json({"signed_as": signer.name, **_draft_json(draft)})
        return
    out.talk(f"signed as {signer.name}")
    if draft.missing:
        out.talk(f"not yet signed by {', '.join(one.name for one in draft.missing)}")
    else:
        out.talk("signed by everyone; compare the agreement's fingerprint by voice:")
        out.talk(draft.terms.fingerprint)


def _draft_json(draft: Draft) -> dict[str, object]:
    terms = draft.terms
    missing = [signer.name for signer in draft.missing]
    return {
        "name": terms.name,
        "agreement": terms.id,
        "terms": terms.terms,
        "revision": terms.revision,
        "fingerprint": terms.fingerprint,
        "complete": not missing,
        "signed_by": [signer.name for signer in terms.signers if signer.name not in missing],
        "missing": missing,
        "payload": parse_json(terms.payload, max_bytes=MAX_PAYLOAD_BYTES),
    }
