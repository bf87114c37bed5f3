"""The hostile table: statements that are sound alone and do not follow from what was said before."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from keepclear_protocol.claims import new_jti
from keepclear_protocol.encoding import digest, unb64
from keepclear_protocol.withdrawal import build_withdrawal

from support.forge import NoticeForge
from support.hostile_statements import Case, good
from support.hostile_world import HostileLine
from support.world import box


def order_cases() -> Iterator[Case]:
    """Yield every case of withdrawals, acknowledgements and revisions out of step."""
    yield from _withdrawals()
    yield from _acknowledgements()
    yield from _revisions()


def _withdrawals() -> Iterator[Case]:
    def case(name: str, code: str, status: int = 409, **changed: Any) -> Case:
        return Case(name, "withdrawals", lambda line: good(line, "withdrawals", **changed), status, code)

    yield case("of nothing", "notice_unknown", notice=new_jti())
    yield Case(
        "of the other party's notice",
        "withdrawals",
        lambda line: build_withdrawal(
            line.world.parties["south"].key,
            **line.world.claims("south"),
            notice=line.standing.id,
            revision=2,
            prev=line.standing.sha256,
        ),
        409,
        "notice_unknown",
    )
    yield case("two revisions on", "revision_order", revision=3)
    yield case("2 to the 53 less one", "revision_order", revision=2**53 - 1)
    yield case("10 to the 14", "revision_order", revision=10**14)
    yield case("prev of another", "prev_mismatch", prev=digest("another"))
    yield Case(
        "of what is withdrawn",
        "withdrawals",
        lambda line: good(line, "withdrawals", notice=line.withdrawn.id, revision=3, prev=digest(line.last_words)),
        409,
        "notice_withdrawn",
    )
    yield Case(
        "a second one at the same revision",
        "withdrawals",
        lambda line: good(line, "withdrawals", notice=line.withdrawn.id, revision=2, prev=line.withdrawn.sha256),
        409,
        "revision_conflict",
        evidence=True,
    )
    for name, changed in (
        ("revision 1", {"revision": 1}),
        ("revision 0", {"revision": 0}),
        ("revision true", {"revision": True}),
        ("revision 2.0", {"revision": 2.0}),
        ("prev null", {"prev": None}),
        ("notice null", {"notice": None}),
        ("notice a path", {"notice": "../../../../etc/passwd"}),
        ("notice with the store's own sign", {"notice": "a:b:c|d{e}" + "A" * 12}),
    ):
        yield case(f"claims: {name}", "claims", 400, **changed)


def _acknowledgements() -> Iterator[Case]:
    def case(name: str, code: str, status: int = 409, **changed: Any) -> Case:
        return Case(name, "acknowledgements", lambda line: good(line, "acknowledgements", **changed), status, code)

    yield case("of no conflict", "conflict_unknown", conflict=digest("none"))
    yield case("of the other side's alert", "version_stale")
    yield case("of an older version", "version_stale", version=1)
    yield Case("of other notices than its alert's", "acknowledgements", _swapped, 409, "alert_mismatch")
    yield case("of a version to come", "version_stale", version=2**53 - 1)
    for name, changed in (
        ("stage", {"stage": "approved"}),
        ("verdict", {"verdict": "fine"}),
        ("verdict null", {"verdict": None}),
        ("version 0", {"version": 0}),
        ("version a text", {"version": "1"}),
        ("officer empty", {"officer": ""}),
        ("officer of 65", {"officer": "x" * 65}),
        ("officer with a control", {"officer": "duty\x1b[2J"}),
        ("officer turned round", {"officer": "duty\u202e"}),
        ("officer missing", {"officer": ...}),
        ("displayed by nobody", {"officer": None}),
        ("read_back", {"read_back": "heard"}),
        ("ours null", {"ours": None}),
        ("theirs of 42", {"theirs": "A" * 42}),
    ):
        yield case(f"claims: {name}", "claims", 400, **changed)


def _swapped(line: HostileLine) -> str:
    """South's own newest alert, with the two notices changed over."""
    said = json.loads(unb64(line.alert.split(".")[1]))
    return line.world.acknowledgement(
        "south",
        stage="displayed",
        alert=digest(line.alert),
        conflict=said["conflict"],
        version=said["version"],
        ours=said["other"]["sha256"],
        theirs=said["own"]["sha256"],
        ours_newest=said["own"]["sha256"],
        officer="duty-1",
    )


def _revisions() -> Iterator[Case]:
    def case(
        name: str, code: str, status: int, make: Callable[[HostileLine, Any], str], evidence: bool = False
    ) -> Case:
        return Case(name, "notices", lambda line: make(line, NoticeForge(line.world, "north")), status, code, evidence)

    yield case(
        "an amendment of nothing",
        "notice_unknown",
        409,
        lambda line, forge: forge.notice([box(11.0)], revision=2, prev=digest("nothing")),
    )
    yield case(
        "an amendment of the other party's",
        "notice_unknown",
        409,
        lambda line, forge: NoticeForge(line.world, "south").notice(
            [box(11.0)], notice=line.standing.id, revision=2, prev=line.standing.sha256
        ),
    )
    yield case(
        "two revisions on",
        "revision_order",
        409,
        lambda line, forge: forge.notice([box(11.0)], notice=line.standing.id, revision=3, prev=line.standing.sha256),
    )
    yield case(
        "prev of another",
        "prev_mismatch",
        409,
        lambda line, forge: forge.notice([box(11.0)], notice=line.standing.id, revision=2, prev=digest("another")),
    )
    yield case(
        "an amendment of what is withdrawn",
        "notice_withdrawn",
        409,
        lambda line, forge: forge.notice(
            [box(11.0)], notice=line.withdrawn.id, revision=3, prev=digest(line.last_words)
        ),
    )
    yield case(
        "a notice in the place of a withdrawal",
        "revision_conflict",
        409,
        lambda line, forge: forge.notice([box(11.0)], notice=line.withdrawn.id, revision=2, prev=line.withdrawn.sha256),
        evidence=True,
    )
    yield case(
        "other bytes at the same revision",
        "revision_conflict",
        409,
        lambda line, forge: forge.notice([box(11.0)], notice=line.standing.id),
        evidence=True,
    )
    yield case(
        "beyond the agreed revisions",
        "limit_revisions",
        422,
        lambda line, forge: forge.notice([box(11.0)], notice=line.standing.id, revision=101, prev=digest("100")),
    )
    yield case(
        "beyond all revisions",
        "limit_revisions",
        422,
        lambda line, forge: forge.notice([box(11.0)], notice=line.standing.id, revision=2**53 - 1, prev=digest("x")),
    )
