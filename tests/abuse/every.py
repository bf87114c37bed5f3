"""All attacks, in the order in which they are told."""

from .attack import Attack
from .flood import AlarmFlood, BlindTheDesk, FillTheStore, PastFlood

EVERY: tuple[type[Attack], ...] = (FillTheStore, AlarmFlood, PastFlood, BlindTheDesk)
