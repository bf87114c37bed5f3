"""docs/formats.md, made from the table of formats.

python tests/support/format_page.py        writes docs/formats.md
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from keepclear.offline.inputs.formats import FORMATS
from keepclear.offline.inputs.geojson_properties import PROPERTIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"

HEAD = """# What can be read

`keepclear submit`, `amend` and `check` read the formats below, from a file or from standard input (`-`). Which format a
file is in is seen from its content, never from its name; `keepclear formats` prints the same list. What is changed or
left out on the way is said in a note before anything is signed, and what a file does not say is never guessed: it is
asked for by the name of an option. Anything else is refused with this list.

"""

OPTIONS = """## What a file does not say

Each is asked for where it is missing; an option fills a gap and overrides nothing that the file says.

| option | says | such as |
|---|---|---|
| `--from`, `--to` | the window, in UTC | `2026-11-22T14:05Z` |
| `--lower`, `--upper` | the band | `FL245`, `'4500ft AMSL'`, `'300m AGL'`, `GND` |
| `--half-width` | how far to either side of a line or track is claimed | `2NM`, `3.7km`, `3700m` |
| `--time-margin` | how many minutes early or late a flight may be | `15` |
| `--altitude-reference` | what the altitudes of a table count from | `FL`, `AMSL`, `W84`, `AGL` |
| `--points` | a table (CSV) of a plan's named points | a file with `name,latitude,longitude` |

Where the two ends of a band count from different references, both are brought to the upper one's, outward by the
bounds of the agreement (of the whole world where `check` has none): the ground below an FL is taken as low as it can
be.

"""

POSITIONS = """## Positions written as text

In tables, flight plans and on the command line a position may be written in any of these ways:

| written | means |
|---|---|
| `47.3683, 8.5408` | decimal degrees, latitude first |
| `47.3683N 8.5408E` | decimal degrees; with letters the order does not matter |
| `47°22'06"N 008°32'27"E`, `47:22:06N 8:32:27E`, `47 22 06 N 8 32 27 E` | degrees, minutes, seconds |
| `N47 22.1 E8 32.45` | degrees and minutes with decimals |
| `472206N0083227E`, `4722N00832E` | in one word as in aviation: 2 digits of latitude, 3 of longitude, then minutes |
| `32T MT 65331 46271`, `ZAH 00000 00000` | MGRS; the middle of the square, whose size a note says; above 1 km refused |

What could be two places is refused with the reason: decimal commas, an O for east or west, digits that could be cut in
two ways, a sign and a letter at once.

"""


def document() -> str:
    """Return the page."""
    text = HEAD
    for row in FORMATS:
        ends = " ".join(f"`{end}`" for end in row.extensions)
        text += f"## {row.name}\n\nFiles usually end in {ends}.\n\n"
        for label, lines in (("Read", row.reads), ("Lost", row.loses)):
            text += f"{label}:\n\n" + "".join(f"- {_escaped(line)}\n" for line in lines) + "\n"
        if row.name == "GeoJSON":
            text += "| property | value |\n|---|---|\n"
            text += "".join(f"| `{name}` | {value} |\n" for name, value in PROPERTIES.items()) + "\n"
    return (text + OPTIONS + POSITIONS).rstrip() + "\n"


def _escaped(line: str) -> str:
    return line.replace("_", r"\_").replace("[", r"\[").replace("*", r"\*").replace("<", r"\<")


if __name__ == "__main__":
    PAGE.write_text(document(), "utf-8")
