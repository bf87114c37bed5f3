"""What one payload of an agreement changes in another, member by member. Pure, and of the documents alone.

Guaranteed: no changes exactly where the bytes are the same. Members that this version does not know are compared like
all others, and an order that changed is a change: whatever differs between the documents is named. Parties are told
apart by their id and keys by themselves, so that one more desk is one key added, and not a list that became another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear_protocol.encoding import parse_json
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES

ORDER = "order"
"""Said of a list whose members stand in another order."""

SPELLING = "spelling"
"""Said of the whole payload where no member differs: the same document in other bytes."""

_WHOLE = ("area", "names", "roles", "root")
"""Members that are said as they were and as they are, and not piece by piece."""


class Absent:
    """In the place of a member that one of the documents does not have."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Change:
    """A member that differs, by its steps from the top of the payload; either side may be ``ABSENT``.

    ``aspect`` is "" where the value itself differs, else ``ORDER`` or ``SPELLING``.
    """

    path: tuple[str, ...]
    old: Any
    new: Any
    aspect: str = ""

    @property
    def kind(self) -> str:
        """Return ``added``, ``dropped``, ``revoked`` or ``changed``."""
        of_key = self.path[:1] + self.path[2:3] + self.path[4:]
        if of_key == ("parties", "keys", "revoked_at") and self.new is not ABSENT:
            return "revoked"
        if self.old is ABSENT:
            return "added"
        return "dropped" if self.new is ABSENT else "changed"

    def to_json(self) -> dict[str, Any]:
        """Return the change for scripts; a side that is absent is left out."""
        sides = {name: side for name, side in (("old", self.old), ("new", self.new)) if side is not ABSENT}
        aspect = {"aspect": self.aspect} if self.aspect else {}
        return {"change": self.kind, "path": list(self.path), **aspect, **sides}


def changes(old: bytes, new: bytes) -> list[Change]:
    """Return what differs between two payloads, in the order of the old one; raise ``Malformed`` for no JSON."""
    if old == new:
        return []
    before, after = (parse_json(payload, max_bytes=MAX_PAYLOAD_BYTES) for payload in (old, new))
    return list(_differences((), before, after)) or [Change((), _text(old), _text(new), SPELLING)]


def _differences(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Change]:
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and not (path and path[-1] in _WHOLE):
        yield from _members(path, old, new)
    elif isinstance(old, list) and isinstance(new, list) and (names := _names(old, new)) is not None:
        yield from _members(path, *names)
        ours, theirs = ([name for name in side if all(name in other for other in names)] for side in names)
        if ours != theirs:
            yield Change(path, list(names[0]), list(names[1]), ORDER)
    else:
        yield Change(path, old, new)


def _members(path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, ABSENT), new.get(name, ABSENT)
        if before is ABSENT or after is ABSENT:
            yield Change((*path, name), before, after)
        else:
            yield from _differences((*path, name), before, after)


def _names(*lists: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Return lists of parties or of keys as mappings by what tells their members apart; ``None`` for other lists."""
    named = []
    for members in lists:
        by_name = {name: member for member in members if (name := _name(member)) is not None}
        if len(by_name) != len(members):
            return None
        named.append(by_name)
    return named


def _name(member: Any) -> str | None:
    if not isinstance(member, dict):
        return None
    name = member["key"].get("x") if isinstance(member.get("key"), dict) else member.get("id")
    return name if isinstance(name, str) else None


def _same(old: Any, new: Any) -> bool:
    """Whether two values are the same in JSON: 1, 1.0 and true are three."""
    if type(old) is not type(new):
        return False
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_same(old[name], new[name]) for name in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)


def _text(payload: bytes) -> str:
    return payload.decode(errors="replace")
