"""Input of ``submit``, ``check`` and ``demo``: F3548 JSON, GeoJSON and recorded tracks, all as F3548 volumes."""

from .detect import MAX_INPUT_BYTES, load, read_bytes
from .flight import Flight, Options, VolumeJson

__all__ = ["MAX_INPUT_BYTES", "Flight", "Options", "VolumeJson", "load", "read_bytes"]
