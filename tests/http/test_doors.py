"""The doors of a running service: what a party sends and what comes back, on each real store."""


import pytest
from keepclear_protocol.alert import open_alert
from keepclear_protocol.encoding import digest
from keepclear_protocol.notice import open_presentation
from keepclear_protocol.receipt import open_receipt
from support.line import payload
from support.nursery import Lifeline
from support.world import box


@pytest.mark.req("R-065", "R-067", "R-081", "R-089", "R-096")
def test_a_conflict_reaches_both_streams_and_is_acknowledged_to_the_other_side(line: Lifeline) -> None:
    world = line.world
    first = line.file("north")
    assert first["alerts"] == []
    receipt = open_receipt(first["receipt"], world.agreement.service_key)
    assert receipt.seq == 1 and receipt.submission == digest(first["sent"]) and receipt.lead == "ROUTINE"
    second = line.file("south")
    (told,) = second["alerts"]
    for party in ("north", "south"):
        own, alert = line.events(party, 2)
        assert own["event"] == "notice" and alert["event"] == "alert"
        opened = open_alert(alert["data"]["alert"], world.agreement.service_key)
        assert (opened.to, opened.state, opened.severity, opened.version) == (party, "open", "overlap", 2)
        shown = open_presentation(alert["data"]["presentation"], world.agreement.party_key)
        assert shown.sha256 == opened.other.sha256
        assert [item.digest for item in shown.volumes] == list(opened.disclosed)
        listed = line.conflicts(party)
        assert [item["alert"] for item in listed] == [alert["data"]["alert"]]
    assert told["alert"] == line.conflicts("south")[0]["alert"]

    ack = world.answer("south", told["alert"])
    assert line.post("acknowledgements", ack).status_code == 201
    assert line.post("acknowledgements", ack).status_code == 200
    relayed = line.events("north", 3)[-1]
    assert relayed["event"] == "acknowledgement" and relayed["data"] == {"acknowledgement": ack}
    assert line.conflicts("north")[0]["acknowledgements"] == [ack]


@pytest.mark.req("R-016", "R-084", "R-090")
def test_sending_again_gives_the_same_receipt_and_nothing_new(line: Lifeline) -> None:
    first = line.file("north")
    again = line.post("notices", first["sent"])
    assert (again.status_code, again.json()) == (200, {"receipt": first["receipt"]})
    assert len(line.events("north", 1)) == 1


@pytest.mark.req("R-053", "R-071")
def test_amending_and_withdrawing_close_the_conflict_with_their_cause(line: Lifeline) -> None:
    world = line.world
    ours = world.opened(line.file("north")["sent"])
    line.file("south")
    amended = world.amend("north", ours, box(10.0))
    assert line.post("notices", amended).status_code == 201
    closed = line.events("south", 3)[-1]["data"]
    assert payload(closed["alert"])["state"] == "closed" and closed["cause"] == amended.partition("~")[0] + "~"
    withdrawal = world.withdrawal("north", world.opened(amended))
    assert line.post("withdrawals", withdrawal).status_code == 201
    assert line.read("north", "/v1/notices")["notices"] == []
    (row,) = line.read("north", "/v1/notices?state=all")["notices"]
    assert (row["revision"], row["state"]) == (3, "withdrawn")
    one = line.get("north", f"/v1/notices/{ours.id}").json()
    assert one["withdrawal"] == withdrawal and one["notice"] is None
    assert line.get("south", f"/v1/notices/{ours.id}").status_code == 404


@pytest.mark.req("R-097", "R-098", "R-099", "R-100")
def test_a_cursor_resumes_exactly_behind_it_and_a_strange_one_is_a_gap(line: Lifeline) -> None:
    for _ in range(3):
        line.file("north")
    events = line.events("north", 3)
    assert [event["id"].split("-")[1] for event in events] == ["1", "2", "3"]
    assert line.events("north", 1, cursor=events[1]["id"]) == [events[2]]
    epoch = events[0]["id"].split("-")[0]
    for beyond in (4, 99, 2**53, 10**16 - 1):  # however large, it is a position that is not there
        (ahead,) = line.events("north", 1, cursor=f"{epoch}-{beyond}")
        assert (ahead["event"], ahead["data"]) == ("gap", {"reason": "ahead", "resume_at": f"{epoch}-3"})
    (other,) = line.events("north", 1, cursor=f"{'0' * 32}-2")
    assert other["data"] == {"reason": "epoch", "resume_at": f"{epoch}-3"}


@pytest.mark.req("R-027", "R-087")
def test_the_agreement_can_be_read_by_a_desk_with_older_terms(line: Lifeline) -> None:
    answer = line.get("north", "/v1/agreement", terms=digest("older"))
    assert answer.status_code == 200 and answer.content == line.world.agreement.raw
    assert line.get("north", "/v1/notices", terms=digest("older")).json()["code"] == "wrong_terms"
