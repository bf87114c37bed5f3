"""How the report tells instants, distances, heights, volumes and who: figures alike in every language."""

from keepclear_protocol.instant import SECOND, format_instant
from keepclear_protocol.outline import Circle, Corridor
from keepclear_protocol.volume import Volume

from keepclear.cli.words import apart, band, feet_band, metric_band, miles, position, span
from keepclear.desk.record import PairRecord
from keepclear.journal.nearest import middle

from .markup import Html, figure, joined
from .words import Words

__all__ = ["apart", "between", "distance", "heights", "instant", "place", "shape", "short", "span_words", "window"]


def instant(at: int) -> Html:
    """Return an instant to the millisecond where it has any, else to the second, with its date."""
    told = format_instant(at // 1000 * 1000)
    return figure(told.replace("T", " "))


def window(start: int, end: int) -> tuple[Html, Html]:
    """Return both ends of a window, rounded outward to whole seconds."""
    return instant(start // SECOND * SECOND), instant(-(-end // SECOND) * SECOND)


def span_words(seconds: float) -> Html:
    """Return how long something lasts."""
    return figure(span(seconds))


def heights(lower_m: float, upper_m: float, reference: str) -> Html:
    """Return a band in pilots' units, and in metres."""
    said = [band(lower_m, upper_m, reference), metric_band(lower_m, upper_m)]
    said += [feet_band(lower_m, upper_m)] if reference == "FL" else []
    first, *rest = map(figure, said)
    return joined(first, *(joined(", ", each) for each in rest))


def distance(metres: float) -> Html:
    """Return a length in nautical miles, rounded down, and in metres."""
    whole = int(metres)
    return figure(f"{miles(whole)} ({whole} m)" if whole < 10_000 else f"{miles(whole)} ({whole // 100 / 10:.1f} km)")


def between(pair: PairRecord, words: Words) -> Html:
    """Return how far apart the volumes of a pair are."""
    if pair.severity == "overlap":
        return words("meet")
    vertical = figure(f"{int(pair.vertical_m / 0.3048)} ft ({pair.vertical_m} m)")
    return words("apart", horizontal=distance(pair.horizontal_m), vertical=vertical)


def place(lat: float, lng: float) -> Html:
    """Return a position as it is read out."""
    return figure(position(lat, lng))


def shape(volume: Volume, words: Words) -> Html:
    """Return what a volume's outline is, and where."""
    match volume.outline:
        case Circle(center, radius_m):
            said, at = words("circle", radius=distance(radius_m)), words("middle", position=place(*center))
        case Corridor(path, half_width_m):
            said = words("corridor", n=len(path), radius=distance(half_width_m))
            at = words("first_point", position=place(*path[0]))
        case polygon:
            said = words("polygon", n=len(polygon.vertices))
            at = words("middle", position=place(*middle(volume)))
    return joined(said, ", ", at)


def short(sha256: str | None) -> Html:
    """Return the beginning of a hash, which names it within one report."""
    return figure("" if sha256 is None else sha256[:8])
