"""Input of ``submit``, ``check`` and ``demo``: every format that can be read, all as F3548 volumes."""

from .content import MAX_INPUT_BYTES
from .detect import load, read_bytes
from .flight import Flight, Margins, Options, VolumeJson

__all__ = ["MAX_INPUT_BYTES", "Flight", "Margins", "Options", "VolumeJson", "load", "read_bytes"]
