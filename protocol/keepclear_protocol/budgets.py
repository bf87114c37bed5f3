"""Budgets: how much each party may ask of the line, so that no party can hurt another. Agreed, the same for all.

They stand in the agreement's payload as its optional member ``budgets``; without it ``Budgets()`` holds. Guaranteed of
what ``read_budgets`` returns: every member is a whole number from 1 to the protocol's own maximum. What is spent is
counted by the service (R-112); withdrawals spend nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .fields import exact, whole

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Budgets:
    """What each party may spend.

    ``live_notices``: notices whose last window has not ended, at once. ``submits_a_minute``: notices, all revisions.
    ``acknowledgements_a_minute``. ``stored_bytes``: of what the service still keeps of notices, and of the alerts that
    they caused, ``KEPT_COUNTED`` conflicts for each time. ``pairs_an_hour``: volumes of others that the rules looked at
    for a notice, ``PAIRS_COUNTED`` at most for each of its own volumes.
    ``alerts_an_hour``: alerts to each one counterpart that a notice caused, ``ALERTS_COUNTED`` at most for each
    revision. ``volume_time_a_day``: km2 x km x h of the volumes of all revisions that end on one day. ``streams``: open
    at once.

    What a volume costs of ``volume_time_a_day`` at least: an area of ``least_area_m2``, a band of ``least_band_m``, and
    ``least_duration_s`` or as long as a flight through all of it takes at ``speed_m_s``.
    """

    live_notices: int = 1_500
    submits_a_minute: int = 1_200
    acknowledgements_a_minute: int = 12_000
    stored_bytes: int = 500_000_000
    pairs_an_hour: int = 5_000_000
    alerts_an_hour: int = 80_000
    volume_time_a_day: int = 80_000_000
    streams: int = 64
    least_area_m2: int = 600_000_000
    least_band_m: int = 2_000
    least_duration_s: int = 450
    speed_m_s: int = 250


BUDGETS_AT_MOST = Budgets(
    live_notices=1_000_000,
    submits_a_minute=1_000_000,
    acknowledgements_a_minute=1_000_000,
    stored_bytes=1_000_000_000_000,
    pairs_an_hour=1_000_000_000_000,
    alerts_an_hour=1_000_000_000,
    # A thousand times the air of the whole earth for a day.
    volume_time_a_day=1_000_000_000_000_000,
    streams=10_000,
    least_area_m2=1_000_000_000,
    least_band_m=10_000,
    least_duration_s=DAY_S,
    speed_m_s=100_000,
)
"""The protocol's own maxima: more than any party could use, and small enough to be counted exactly."""

NAMES = tuple(one.name for one in fields(Budgets))

SPENT = NAMES[: NAMES.index("least_area_m2")]
"""Those that a party spends and is refused for; the others are what a volume costs at least."""

PAIRS_COUNTED, ALERTS_COUNTED = 64, 8
"""Pairs of each volume, alerts of each revision to each counterpart, that are counted; alerts further only as far as
own volumes are in conflict: what others file must not spend a party's budget for it."""

ALERT_BYTES, PAIR_BYTES = 1_200, 160
"""What an alert takes of a store, and each of the pairs that it tells: some 2.7 KB for both sides of a conflict."""

KEPT_COUNTED, KEPT_TIME_S = 4, 450
"""Conflicts with each counterpart whose alerts count, for each time in which any of them is over: what lies in one
place at one time is the other's doing, what a notice meets one after the other is its own."""

PERIOD_S: Mapping[str, int] = {
    "submits_a_minute": MINUTE_S,
    "acknowledgements_a_minute": MINUTE_S,
    "pairs_an_hour": HOUR_S,
    "alerts_an_hour": HOUR_S,
}
"""Seconds in which all of a budget comes back, evenly. The others come back with what they are of."""


def read_budgets(value: object) -> Budgets:
    """Return the budgets of an agreement's member; raise ``Malformed`` with ``agreement``."""
    members: dict[str, Any] = exact(value, "budgets", *NAMES)
    return Budgets(**{one: whole(members[one], f"budgets.{one}", 1, getattr(BUDGETS_AT_MOST, one)) for one in NAMES})
