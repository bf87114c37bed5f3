"""The last events: each with the time at which it happened, and no word of our own desks that reads as the other's."""

from keepclear.cli.board.strip import Strip
from keepclear.desk.acknowledging import UNPROVEN
from keepclear.desk.events import AcknowledgementEvent, NoticeEvent
from keepclear.desk.notices import NoticeRecord
from keepclear.desk.views import NoticeView
from keepclear.journal.pictured import Heights
from keepclear_protocol.acknowledgement import VERIFIED, Acknowledgement
from keepclear_protocol.claims import Claims
from support.boards import NOW, SECOND, conflict
from support.world import World, box


def answer(iss: str, stage: str, verdict: str = VERIFIED, *, ago_s: int = 1, confirms: bool = False
           ) -> AcknowledgementEvent:  # fmt: skip
    claims = Claims(iss, "agreement", "terms", NOW // SECOND - ago_s, "jti", None)
    officer = "duty-1" if stage == "acknowledged" else None
    said = "raw", "sha256", "kid", claims, stage, "alert", VIEW.conflict, 3, "ours", "theirs", "newest", verdict
    return AcknowledgementEvent("raw", Acknowledgement(*said, officer, None), VERIFIED, "", confirms)


VIEW = conflict()


def said(event: AcknowledgementEvent) -> list[str]:
    strip = Strip(5, "north")
    strip.add(event, NOW, VIEW)
    return strip.last(5)


def test_an_event_that_is_learnt_of_later_has_both_times() -> None:
    assert said(answer("south", "acknowledged")) == [f"07:59:59Z {VIEW.code} NORTH12 acknowledged by south (duty-1)"]
    (late,) = said(answer("south", "acknowledged", ago_s=52))
    assert late.startswith(f"07:59:08Z (told here 08:00:00Z) {VIEW.code}")
    (older,) = said(answer("south", "acknowledged", ago_s=86_400))
    assert older.startswith("2027-01-14T08:00:00Z (told here 08:00:00Z) ")
    assert said(answer("south", "acknowledged", ago_s=-5))[0].startswith("08:00:00Z "), "of a clock that is ahead"


def test_a_closing_is_said_to_be_confirmed_and_our_own_desks_doubt_is_no_news() -> None:
    (confirmed,) = said(answer("south", "delivered", confirms=True))
    assert confirmed.endswith(f"CONFIRMED CLOSED {VIEW.code} NORTH12: signed by south's desk")
    assert said(answer("north", "delivered", UNPROVEN)) == []
    (theirs,) = said(answer("south", "delivered", UNPROVEN))
    assert theirs.endswith("and their desk cannot tell by itself that it is clear, until ours confirms it")
    (ours,) = said(answer("north", "delivered", "forged"))
    assert "another desk of ours says forged" in ours


def test_a_notice_of_ours_is_told_with_its_flight_window_and_heights() -> None:
    world = World()
    notice = world.opened(world.submission("north", box()))
    view = NoticeView("id", 1, "sha", "live", "NORTH12", "transport", NOW, NOW + 600 * SECOND, 1, "ABC-DEF")
    volumes = tuple(item.volume for item in notice.volumes)
    record = NoticeRecord(view, NOW, None, (Heights(5486.4, 5791.2, "FL"),), ((34.0, 37.0),), volumes)
    strip = Strip(5, "north")
    strip.add(NoticeEvent("notice", "id", 1, "sha"), NOW, record)
    (told,) = strip.last(5)
    assert told.startswith("08:00:00Z we filed ")
    assert told.endswith(" NORTH12 transport 08:00:00Z to 08:10:00Z FL180-FL190")
    strip.add(NoticeEvent("withdrawal", "id", 3, "sha"), NOW)
    assert strip.last(1)[0].startswith("08:00:00Z we withdrew ") and strip.last(1)[0].endswith(", revision 3")
