"""What may stand in a log behind what, of one notice's id; and whether a notice has outlived its retention."""

from collections.abc import Callable, Iterable

from keepclear_protocol.agreement import Agreement
from keepclear_protocol.instant import SECOND
from keepclear_protocol.kinds import WITHDRAWAL
from keepclear_protocol.lead import read_note

from ..decide.entry import Entry
from .seal import unsealed


def outlived(
    entry: Entry, agreement: Agreement, clock: int, tail: Callable[[Iterable[int]], int] = max
) -> bool:
    """Whether a notice has ended longer ago than anything of it counts: then its bytes may have gone.

    ``tail``: of which of the categories. ``agreement`` is that which it came under: a later one may keep longer what
    had been let go of before.
    """
    _, last, _, _ = read_note(unsealed(entry.note))
    tail_s = tail(minima.tail_s for minima in agreement.categories.values())
    return last + (tail_s + agreement.retention_s) * SECOND < clock


def follows(entry: Entry, before: Entry, agreement: Agreement, clock: int) -> bool:
    """Whether an entry is of a later revision than ``before``, which came under ``agreement`` and is not withdrawn.

    Or of an id that the store may have let go of, and its party used again: ``before`` stays in the log for as long as
    an older entry counts.
    """
    if before.kind == WITHDRAWAL.name:
        return False
    return entry.revision > before.revision or outlived(before, agreement, clock, min)
