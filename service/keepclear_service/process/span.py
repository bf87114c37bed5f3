"""A length of time in words for a tired operator: the two units that matter, never rounded up."""

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def span(seconds: float) -> str:
    """Return a length of time; what is below two minutes in seconds, for there each of them counts."""
    whole = max(0, int(seconds))
    if whole < 2 * MINUTE_S and whole != MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min"
    if whole < DAY_S:
        return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"
    return f"{whole // DAY_S} d {whole % DAY_S // HOUR_S} h"
