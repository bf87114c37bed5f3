"""How much of what a notice claims is margin: what a reader of recorded tracks added on each axis of each volume.

A share is of all volumes together: of their half-widths, of their bands, of their windows. A high one says that shorter
legs would gain nothing; a low one that legs are long, wide or steep beside what was asked for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keepclear_protocol.instant import SECOND
from keepclear_protocol.volume import Volume

from .inputs import Margins

FOOT_M = 0.3048


@dataclass(frozen=True, slots=True)
class MarginShare:
    """The margins, and which part they are of the half-widths, the bands and the windows (0 to 1)."""

    margins: Margins
    width: float
    band: float
    window: float

    def as_json(self) -> dict[str, float]:
        """Return the margins and their shares as one flat object with units in its names."""
        return {
            "half_width_m": self.margins.half_width_m,
            "band_ft": self.margins.band_ft,
            "time_s": self.margins.time_s,
            "width_share": round(self.width, 3),
            "band_share": round(self.band, 3),
            "window_share": round(self.window, 3),
        }

    def text(self) -> list[str]:
        """Return the lines of a read-back."""
        margins = self.margins
        return [
            f"{margins.half_width_m:g} m to each side, {margins.band_ft:g} ft below and above, {margins.time_s:g} s"
            " before and after",
            f"it is {self.width:.0%} of the width, {self.band:.0%} of the bands, {self.window:.0%} of the windows",
        ]


def margin_share(volumes: Sequence[Volume], margins: Margins) -> MarginShare:
    """Return the share of ``margins`` in one volume or more, each of which bears them."""
    widths_m = math.fsum(volume.shape.radius_m for volume in volumes)
    bands_m = math.fsum(volume.upper_m - volume.lower_m for volume in volumes)
    windows_s = math.fsum((volume.end - volume.start) / SECOND for volume in volumes)
    count = len(volumes)
    return MarginShare(
        margins,
        count * margins.half_width_m / widths_m,
        count * 2 * margins.band_ft * FOOT_M / bands_m,
        count * 2 * margins.time_s / windows_s,
    )
