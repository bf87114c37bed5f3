"""Budgets to agree on, as docs/budgets.md offers them: the defaults let a strike night through, these a quiet line."""

from dataclasses import replace

from keepclear_protocol.budgets import Budgets

DEFAULTS = Budgets()

QUIET = replace(
    DEFAULTS,
    live_notices=200,
    submits_a_minute=120,
    stored_bytes=100_000_000,
    pairs_an_hour=250_000,
    alerts_an_hour=4_000,
    volume_time_a_day=2_200_000,
    streams=16,
)
"""Some 40 flights and a few areas a day of each party: twice what such a day spends, and more of what costs nobody."""

STRICT = replace(QUIET, alerts_an_hour=4)
"""Also few alerts, which honest days on such a line have: twice their peak. What others file can use it up."""
