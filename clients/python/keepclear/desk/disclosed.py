"""The counterpart's volumes that an alert brings, decoded: as values, and as F3548 JSON as its owner has signed it."""

from typing import Any

from keepclear_protocol.encoding import parse_json, unb64
from keepclear_protocol.errors import KeepclearError
from keepclear_protocol.instant import format_instant
from keepclear_protocol.notice import MAX_SUBMISSION_BYTES, DisclosedVolume, open_presentation
from keepclear_protocol.volume import Volume, outline_json


def disclosed(presentation: str | None) -> tuple[DisclosedVolume, ...]:
    """Return what a counterpart's notice discloses, nothing where it cannot be read. No signature is verified."""
    try:
        return () if presentation is None else open_presentation(presentation, None).volumes
    except KeepclearError:
        return ()


def disclosed_json(volumes: tuple[DisclosedVolume, ...]) -> list[dict[str, Any]]:
    """Return disclosed volumes for scripts: each the F3548 Volume4D as it was signed, with its digest."""
    return [{"digest": item.digest, **_value(item.disclosure)} for item in volumes]


def volume_json(volume: Volume | None) -> dict[str, Any] | None:
    """Return a volume for scripts, its outline as F3548 has it, altitudes in metres."""
    if volume is None:
        return None
    return {
        **outline_json(volume.outline),
        "altitude_lower_m": volume.lower_m,
        "altitude_upper_m": volume.upper_m,
        "reference": str(volume.reference),
        "time_start": format_instant(volume.start),
        "time_end": format_instant(volume.end),
    }


def _value(disclosure: str) -> dict[str, Any]:
    _, volume = parse_json(unb64(disclosure), max_bytes=MAX_SUBMISSION_BYTES)  # the salt, and what it hides
    return dict(volume)
