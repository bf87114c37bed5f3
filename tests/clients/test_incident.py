"""One conflict whole: what happened, by whose clock, and every signature verified anew from its kept bytes."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keepclear.desk.incident import Incident
from keepclear.journal.journal import JOURNAL
from keepclear.verify.anew import acknowledgement_anew, own_anew, receipt_anew, signer_of, theirs_anew
from keepclear_protocol.alert import conflict_id
from keepclear_protocol.instant import SECOND
from keepclear_protocol.outline import Polygon
from msgspec.structs import replace as anew
from support.desks import MINUTE_US, Lied
from support.world import World, box


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def conflict(line: Lied) -> str:
    return conflict_id(line.world.agreement.id, line.us, line.them)


def incident(line: Lied) -> Incident:
    found: Incident | None = line.south.incident(conflict(line))
    assert found is not None
    return found


def answers(line: Lied, **changed: Any) -> None:
    """North's officer acknowledges the newest version."""
    version = line.south.picture(everything=True).conflicts[0].version
    ours, theirs = (line.mediator.filed[key].side.sha256 for key in (line.them, line.us))
    given = {"stage": "acknowledged", "officer": "n-1", "alert": "A" * 43, "conflict": conflict(line)}
    given |= {"ours": ours, "theirs": theirs, "ours_newest": ours, "verdict": "verified"}
    said = {**given, "iat": line.now // SECOND, "version": version, **changed}
    raw = line.world.acknowledgement("north", **said)
    line.mediator.tell("south", "acknowledgement", {"acknowledgement": raw})
    line.watched(line.south)


def lived(line: Lied) -> None:
    """The conflict is answered by both, changed, and over."""
    line.now += MINUTE_US
    line.south.acknowledge(conflict(line), officer="s-1")
    answers(line)
    line.now += MINUTE_US
    line.amend(box(48.06), box(52.0))
    line.watched(line.south)
    line.now += MINUTE_US
    line.withdraw()
    line.watched(line.south)


def test_the_timeline_tells_both_sides_and_whose_clock_says_so(line: Lied) -> None:
    lived(line)
    told = [(each.kind, each.by, each.clock) for each in incident(line).timeline if each.kind != "delivered"]
    assert told == [
        ("filed", "ours", "ours"), ("filed", "theirs", "hotline"), ("receipted", "hotline", "hotline"),
        ("alert", "hotline", "hotline"), ("acknowledged", "ours", "ours"), ("acknowledged", "theirs", "theirs"),
        ("amended", "theirs", "hotline"), ("alert", "hotline", "hotline"),
        ("withdrawn", "theirs", "hotline"), ("closed", "hotline", "hotline"),
    ]  # fmt: skip
    assert [each.details["officer"] for each in incident(line).timeline if each.kind == "acknowledged"] == [
        "s-1", "n-1",
    ]  # fmt: skip


def test_every_signature_holds_and_names_its_key_and_its_signer(line: Lied) -> None:
    lived(line)
    found = incident(line)
    assert found.unsound == 0 and {each.noted for each in found.signatures} == {None}
    kinds = {(each.kind, each.checked.signer and each.checked.signer.owner) for each in found.signatures}
    assert kinds == {
        ("notice", "south"), ("receipt", "service"), ("alert", "service"), ("presentation", "north"),
        ("cause", "north"), ("delivered", "south"), ("acknowledged", "south"), ("acknowledged", "north"),
    }  # fmt: skip
    keys = {each.checked.signer.key for each in found.signatures if each.checked.signer}
    party = {line.world.parties[name].key.public for name in ("south", "north")}
    assert keys == {*party, line.world.service.public}


def test_it_tells_what_was_disclosed_and_what_of_ours_was_shown_and_nothing_else(line: Lied) -> None:
    lived(line)
    found = incident(line)
    assert [each.revision for each in found.disclosed] == [1, 2]
    assert len(found.shown) == 1 and len(found.own) == 2
    for each in (*found.disclosed, *found.shown):
        outline = each.volume.outline if each.volume is not None else None
        assert isinstance(outline, Polygon) and outline.vertices[0][0] < 49


@pytest.mark.parametrize(
    ("table", "column", "where", "kind", "code"),
    [
        ("acknowledgements", "raw", "party = 'north'", "acknowledged", "not_authenticated"),
        ("acknowledgements", "receipt", "stage = 'acknowledged' AND party = 'south'", "receipt", "evidence"),
        ("own", "receipt", "1", "receipt", "evidence"),
        ("own", "raw", "1", "notice", "not_authenticated"),
    ],
)
def test_bytes_that_were_changed_on_the_disk_are_found_whatever_was_noted(
    line: Lied, tmp_path: Path, table: str, column: str, where: str, kind: str, code: str
) -> None:
    lived(line)
    line.south.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "south" / JOURNAL)) as db:
        for rowid, raw in db.execute(f"SELECT rowid, {column} FROM {table} WHERE {where}").fetchall():  # noqa: S608
            signed, _, rest = raw.partition("~")
            head, body, signature = signed.split(".")
            forged = f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
            changed = forged + ("~" + rest if "~" in raw else "")
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))  # noqa: S608
        db.commit()
    line.south = line.desk("south")
    unsound = [each for each in incident(line).signatures if each.checked.verdict != "verified"]
    assert unsound and {(each.kind, each.checked.verdict) for each in unsound} == {(kind, code)}


def test_an_alert_that_does_not_hold_is_found_anew_and_discloses_nothing(line: Lied) -> None:
    line.next_version()
    line.told(line.mediator.opened(line.us, line.them, severity="possible"))
    found = incident(line)
    alerts = [each for each in found.signatures if each.kind == "alert"]
    assert [each.checked.verdict for each in alerts] == ["verified", "recompute"]
    assert alerts[1].noted is None and found.unsound == 1


def test_a_conflict_that_is_not_known_is_none(line: Lied) -> None:
    assert line.south.incident("A" * 43) is None


def test_a_statement_is_held_against_what_it_is_kept_as_and_whether_its_key_might_sign_it(line: Lied) -> None:
    agreements = line.south.journal.agreements
    (row,) = line.south.journal.own_history(line.mine.id)
    filed = line.mediator.filed[line.us].side
    good = own_anew(row.raw, "notice", filed, agreements)
    assert (good.verdict, good.sha256) == ("verified", row.sha256)
    for other in (anew(filed, revision=2), anew(filed, id="A" * 22), anew(filed, party="north")):
        assert own_anew(row.raw, "notice", other, agreements).verdict == "evidence"
    assert own_anew(row.raw, "notice", anew(filed, received_at=1), agreements).verdict == "key_not_valid"
    named = ("notice", "south", row.sha256, 1)
    assert row.receipt is not None and receipt_anew(row.receipt, named, agreements)[0].verdict == "verified"
    found, receipt = receipt_anew(row.receipt, (*named[:3], 2), agreements)
    assert (found.verdict, found.detail, receipt) == ("evidence", "it is for another statement", None)
    assert receipt_anew(row.raw, named, agreements)[0].verdict == "evidence"
    assert signer_of("x.y.z", agreements) is None and signer_of("e30.y.z", agreements) is None


def test_a_stranger_s_statement_says_that_nobody_known_signed_it(line: Lied) -> None:
    agreements = line.south.journal.agreements
    elsewhere = World()
    stranger = elsewhere.submission("north", box())
    alert = line.first.alert
    assert alert is not None
    found = theirs_anew(stranger.partition("~")[0] + "~", alert, agreements, shown=True)
    assert found.signer is None and found.verdict != "verified" and "no revision of the agreement" in found.detail
    presented = line.first.object.presentation
    assert presented is not None and theirs_anew(presented, alert, agreements, shown=True).verdict == "verified"
    more = replace(alert, disclosed=(*alert.disclosed, "A" * 43))
    assert "other volumes" in theirs_anew(presented, more, agreements, shown=True).detail
    ack = line.world.acknowledgement("north", alert="A" * 43, conflict=alert.conflict, version=alert.version,
                                     stage="delivered", ours="A" * 43, theirs="A" * 43, ours_newest="A" * 43,
                                     verdict="verified")  # fmt: skip
    assert "other notices" in acknowledgement_anew(ack, alert, "south", agreements).detail
    assert "does not have" in acknowledgement_anew(ack, None, "south", agreements).detail
