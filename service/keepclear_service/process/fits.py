"""Whether what the agreements allow their parties to have kept finds room in the store."""

from collections.abc import Iterable

from keepclear_protocol.agreement import Agreement

from ..store.room import Room

MENDS = "give the store more memory, or agree on fewer stored_bytes"


def beyond(room: Room | None, agreements: Iterable[Agreement]) -> str:
    """Return in words by how much the parties' ``stored_bytes`` are more than the store takes; "" where they fit."""
    agreed = sum(len(agreement.parties) * agreement.budgets.stored_bytes for agreement in agreements)
    if room is None or not room.most or agreed <= room.mark:
        return ""
    mark = room.mark >> 20
    return f"{agreed >> 20} MiB are agreed as the parties' stored_bytes, and the store takes notices up to {mark}"
