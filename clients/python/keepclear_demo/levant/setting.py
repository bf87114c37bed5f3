"""What the parties of the synthetic night have agreed: an area drawn with a compass, kinds of movement, and bounds."""

from keepclear_protocol.agreement import LeadClasses, Limits
from keepclear_protocol.separation import Minima, Uncertainty
from keepclear_protocol.volume import Circle

from ..setting import Setting

NM_M = 1_852
FT_M = 0.3048
MINUTE_S = 60
DAY_S = 86_400

CENTRE, RADIUS_M = (34.9, 38.0), 250_000
"""A circle, which follows no border."""

CATEGORIES = {
    "flight": Minima(5 * NM_M, 2_000 * FT_M, lead_s=0, tail_s=0),
    "drone": Minima(3 * NM_M, 1_500 * FT_M, lead_s=0, tail_s=0),
    "convoy": Minima(2 * NM_M, 1_500 * FT_M, lead_s=10 * MINUTE_S, tail_s=10 * MINUTE_S),
    "standing": Minima(3 * NM_M, 2_000 * FT_M, lead_s=0, tail_s=0),
    "strike": Minima(10 * NM_M, 5_000 * FT_M, lead_s=5 * MINUTE_S, tail_s=30 * MINUTE_S),
    "humanitarian": Minima(10 * NM_M, 3_000 * FT_M, lead_s=15 * MINUTE_S, tail_s=15 * MINUTE_S),
}
"""A strike's danger outlives it: its tail is longer than the 23 minutes after which, in 2018, an aircraft was lost."""

LIMITS = Limits(area_km2=6_000, band_m=10_000, duration_s=30 * DAY_S, horizon_s=7 * DAY_S, revisions=20)
"""Thirty days for what stands on the ground; all else no wider than such movements need."""

TERRAIN = Uncertainty(geoid_undulation_m=(10, 40), pressure_error_m=(-700, 700), terrain_m=(-250, 3_100))
"""Bounds of the region: its lowest ground lies at -212 m, its highest at 3 088 m; weather moves pressure altitude by
less than 700 m there."""

LEVANT = Setting(
    name="Synthetic agreement for a demonstration, not for duty",
    parties={
        "israel": {"en": "Israel", "he": "ישראל", "tr": "İsrail"},
        "turkiye": {"en": "Türkiye", "he": "טורקיה", "tr": "Türkiye"},
    },
    mediator="azerbaijan",
    categories=CATEGORIES,
    limits=LIMITS,
    area=Circle(CENTRE, RADIUS_M),
    uncertainty=TERRAIN,
    lead=LeadClasses(routine_s=30 * MINUTE_S, short_s=10 * MINUTE_S),
)
