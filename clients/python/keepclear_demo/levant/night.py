"""The synthetic night as data: who says what in which order, and what must come of it.

Each movement is an input file beside this module, in a format that ``keepclear submit`` reads. Their times count from
``DUSK``, which stands for the beginning of the play: all are moved by one constant.
"""

from dataclasses import dataclass
from importlib.resources import files

from keepclear.offline.inputs import Flight, Options, load
from keepclear_protocol.instant import SECOND, parse_instant

from ..turn import AMEND, FILE, WITHDRAW, Meeting, Turn, span

DUSK = parse_instant("2026-01-01T18:00:00Z")
REMARKS = "SYNTHETIC: invented for a demonstration"


@dataclass(frozen=True, slots=True)
class Act:
    """``party`` files, amends or withdraws the movement of ``file``; ``what`` says in a word or two what that is."""

    party: str
    what: str
    category: str
    file: str
    does: str = FILE
    meets: tuple[Meeting, ...] = ()
    closes: tuple[str, ...] = ()


ACTS = (
    Act("turkiye", "base near T4", "standing", "elm1.geojson"),
    Act("israel", "flight", "flight", "basalt1.geojson", meets=(Meeting("ELM1", "possible"),)),
    Act("turkiye", "drone orbit", "drone", "ash3.geojson"),
    Act("israel", "flight", "flight", "quartz2.geojson", meets=(Meeting("ASH3", "overlap"),)),
    Act("israel", "flight", "flight", "quartz2-amended.geojson", AMEND, closes=("ASH3",)),
    Act("turkiye", "convoy", "convoy", "rowan4.geojson"),
    Act("israel", "drone orbit", "drone", "onyx3.geojson", meets=(Meeting("ROWAN4", "proximity"),)),
    Act("israel", "drone orbit", "drone", "onyx3.geojson", WITHDRAW, closes=("ROWAN4",)),
    Act("turkiye", "tanker orbit", "flight", "oak2.geojson"),
    Act("turkiye", "flight", "flight", "larch6.geojson"),
    Act("israel", "humanitarian", "humanitarian", "opal5.jsonl"),
    Act("israel", "reconnaissance", "flight", "agate6.kml"),
    Act("turkiye", "reconnaissance", "flight", "birch5.geojson"),
    Act("israel", "strike", "strike", "flint4.geojson", meets=(Meeting("BIRCH5", "proximity"),)),
)


def night(begins: int) -> list[Turn]:
    """Return the turns of a night that begins at the whole second of the instant ``begins``; raise ``LocalError``."""
    filed: dict[str, int] = {}
    turns = []
    for number, act in enumerate(ACTS):
        flight = read(act.file, begins)
        name = str(flight.callsign)
        volumes = [] if act.does == WITHDRAW else flight.volumes
        of = filed.setdefault(name, number)
        turns.append(
            Turn(
                number,
                name,
                name,
                act.party,
                act.category,
                volumes,
                *span(flight.volumes),
                act.does,
                of,
                REMARKS,
                act.meets,
                act.closes,
            )
        )
    return turns


def read(file: str, begins: int) -> Flight:
    """Return the movement of a file in a night that begins at the instant ``begins``."""
    (flight,) = load(files(__package__).joinpath(file).read_bytes(), Options(shift_s=(begins - DUSK) // SECOND))
    return flight
