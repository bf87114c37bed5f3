"""``keepclear formats``: which files can be read, what is read of each, and what is lost.

The words are those of the one table that reading itself goes by, so what stands here is what happens.
"""

import textwrap

import click

from keepclear.offline.inputs.formats import FORMATS

from . import out

_WIDTH = 100


@click.command("formats")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each format.")
def formats(as_json: bool) -> None:
    """List the formats of flights that submit, amend and check read, and what is lost of each.

    A file's format is seen from its content, never from its name.
    """
    for row in FORMATS:
        if as_json:
            members = {"name": row.name, "extensions": row.extensions, "reads": row.reads, "loses": row.loses}
            out.write_json(members)
            continue
        out.say(f"{row.name} ({' '.join(row.extensions)})")
        for label, lines in (("reads", row.reads), ("loses", row.loses)):
            for number, line in enumerate(lines):
                lead = f"  {label if number == 0 else '':<7}"
                out.say(*textwrap.wrap(line, _WIDTH, initial_indent=lead, subsequent_indent=" " * 11))
