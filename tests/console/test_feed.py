"""What pages are fed, by real consoles on a real line: the whole, then changes, in step with the desk."""

import json
import signal
import time
from pathlib import Path

import pytest
from support.consoles import Listening, running_console
from support.nursery import Lifeline
from support.officer import Officer
from support.world import World, box


def test_a_browser_keeps_connections_for_its_deeds(tmp_path: Path) -> None:
    with running_console(World(), tmp_path, "north", "http://127.0.0.1:9") as console:
        caller, other = console.enter(console.links[0]), console.enter()
        pages = [Listening(caller) for _ in range(4)]
        for page in pages:
            page.until(lambda heard: heard.picture)
        refused = caller.http.get("/api/stream", headers=caller.headers)
        assert (refused.status_code, refused.json()["code"]) == (503, "browser_pages")
        pages.append(Listening(other))  # another browser is none the worse for it
        pages[-1].until(lambda heard: heard.picture)
        pages.pop(0).close()
        deadline = time.monotonic() + 10
        while True:  # the console learns of a page that has left when it next writes to it
            with caller.http.stream("GET", "/api/stream", headers=caller.headers) as answer:
                if answer.status_code == 200:
                    break
            assert time.monotonic() < deadline
        for page in pages:
            page.close()


def test_an_alert_comes_to_a_page_is_answered_and_seen_by_both_sides(line: Lifeline, tmp_path: Path) -> None:
    with (
        running_console(line.world, tmp_path, "north", line.url) as north,
        running_console(line.world, tmp_path, "south", line.url, "--wall", "--officer", "duty-9") as south,
    ):
        ours, theirs = north.enter(north.links[0]), south.enter(south.links[0])
        page, other = Listening(ours), Listening(theirs)
        first = page.until(lambda heard: heard.picture and heard.picture["link"]["up"] and heard.picture)
        assert first["party"] == "north" and first["conflicts"] == [] and first["whole"]["is"]
        assert abs(first["link"]["clock_ahead_s"]) <= 2
        other.until(lambda heard: heard.picture and heard.picture["link"]["up"])
        assert other.picture["session"] == {"role": "officer", "officer": None, "named": "duty-9", "watch": None}

        mine = Officer(line.world, tmp_path, "north", line.url, desk="north-2")
        code, _, _ = mine.type("submit", "-", "--category", "transport", "--callsign", "N1", stdin=json.dumps([box()]))
        assert code == 0
        line.file("south", box(48.05), box(55.0))
        view = page.until(lambda heard: heard.picture["conflicts"] and heard.picture["conflicts"][0])
        assert (view["phase"], view["severity"], view["overdue"]) == ("new", "overlap", False)
        assert view["pairs_shown"][0]["ours"]["shape"] == "polygon" and len(view["their_extents"]) == 1
        assert page.picture["notices"][0]["extents"][0]["reference"] == "FL"
        theirs_view = other.until(lambda heard: heard.picture["conflicts"] and heard.picture["conflicts"][0])
        assert theirs_view["spoken"] == view["spoken"]

        named = {"conflict": view["conflict"], "version": view["version"]}
        assert ours.post("/api/acknowledge", named).json()["code"] == "no_watch"
        assert ours.post("/api/watch/begin", {"officer": "duty 1"}).json()["code"] == "usage"
        assert ours.post("/api/watch/begin", {"officer": "duty-1"}).json()["officer"] == "duty-1"
        assert ours.post("/api/acknowledge", named).json()["code"] == "too_fresh"
        assert ours.post("/api/shown", {"conflicts": [[view["conflict"], view["version"]]]}).status_code == 200
        assert ours.post("/api/acknowledge", named).json()["code"] == "too_fresh"
        other.until(lambda heard: heard.picture["conflicts"][0]["theirs"]["displayed_by"] == "duty-1")
        beats = len(page.told("beat"))
        page.until(lambda heard: len(heard.told("beat")) > beats + 1)  # two seconds of the clock: one has passed
        stale = ours.post("/api/acknowledge", {**named, "version": named["version"] + 1})
        assert (stale.status_code, stale.json()["code"]) == (409, "version_stale")
        answer = ours.post("/api/acknowledge", {**named, "read_back": "K7D, overlap"})
        assert answer.status_code == 200, answer.text
        page.until(lambda heard: heard.picture["conflicts"][0]["phase"] == "acknowledged")
        assert page.picture["counts"]["unanswered"] == 0
        other.until(lambda heard: heard.picture["conflicts"][0]["theirs"]["acknowledged_by"] == "duty-1")
        assert {"danger"} <= {ring["rhythm"] for ring in page.told("ring")}
        again = Listening(ours)
        assert again.until(lambda heard: heard.picture)["conflicts"] == page.picture["conflicts"]
        assert any("acknowledged by" in event["text"] for event in other.told("event"))

        assert north.stop(signal.SIGHUP) == 0
        page.until(lambda heard: heard.ended)
        for listening in (page, other, again):
            listening.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stays_up_without_a_hotline_and_ends_by_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with running_console(World(), tmp_path, "north", "http://127.0.0.1:9") as console:
        caller = console.enter(console.links[0])
        page = Listening(caller)
        page.until(lambda heard: heard.picture)
        assert {reason["code"] for reason in page.picture["whole"]["reasons"]} >= {"never_heard", "link_down"}
        assert not page.picture["whole"]["is"]
        page.until(lambda heard: heard.told("ring"))
        assert page.told("ring")[0]["rhythm"] == "blind"
        assert console.stop(number) == 0
        page.until(lambda heard: heard.ended)
        page.close()
