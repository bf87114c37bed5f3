"""The synthetic night: every claim of its story, held against what follows from the statements alone.

``CHECKS`` has one check for each kind of claim. It returns the facts as they must be, computed from the opened
statements by brute force, so a fact that is told and not checked fails the test, as does a claim that nobody checks.
"""

import json
import math
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from e2e.brute_force import instant
from e2e.levant_world import RANKS, SECOND, Notice, World, digest, unb64
from e2e.test_demo import Run, run_demo, started
from keepclear.cli.demo import demo
from keepclear.desk.picture import build_picture
from keepclear.journal.journal import Journal
from keepclear_demo.levant.claims import COLUMNS, Claim
from keepclear_demo.levant.night import ACTS, DUSK, night
from keepclear_demo.levant.setting import CATEGORIES, CENTRE, LIMITS, RADIUS_M
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.errors import LocalError
from support.ellipsoid import WGS84
from support.service import gone

Facts = dict[str, Any]
T4 = 34.5225, 37.6274
LINES = 45
INPUTS = sorted({act.file for act in ACTS})


@dataclass(frozen=True)
class Night:
    """One run: what it told, and what it left."""

    run: Run
    world: World

    @property
    def story(self) -> list[Facts]:
        story: list[Facts] = self.run.result["story"]
        return story

    def told(self, kind: str) -> list[Facts]:
        return [claim["facts"] for claim in self.story if claim["claim"] == kind]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:  # short: the store's socket lies in it
        kept = Path(folder) / "night"
        run = run_demo(tmp_path_factory.mktemp("levant"), "--scene", "levant", "--keep", str(kept))
        yield Night(run, World(kept))


def setting(world: World, told: Facts) -> Facts:
    agreement = world.agreement
    assert agreement["service"]["origin"] == f"http://{told['mediator']}.demo"
    assert (world.folder / told["mediator"] / "service.key").exists()
    assert "Synthetic" in agreement["name"]
    circle = agreement["area"]["outline_circle"]
    area = {**circle["center"], "radius_m": circle["radius"]["value"]}
    (remarks,) = {notice.properties["remarks"] for notice in world.notices}
    assert "SYNTHETIC" in remarks
    return {"parties": world.parties, "mediator": "azerbaijan", "area": area, "remarks": remarks}


def is_orbit(notice: Notice) -> bool:
    cores = [volume.core() for volume in notice.volumes]
    return any(radius > 5_000 or core.points[0] == core.points[-1] for core, radius in cores)


WHAT: dict[str, Callable[[Notice], bool]] = {
    "base near T4": lambda one: one.properties["category"] == "standing" and from_t4_m(one) < 1_000,
    "flight": lambda one: one.properties["category"] == "flight",
    "reconnaissance": lambda one: one.properties["category"] == "flight",
    "drone orbit": lambda one: one.properties["category"] == "drone" and is_orbit(one),
    "tanker orbit": lambda one: one.properties["category"] == "flight" and is_orbit(one),
    "convoy": lambda one: one.properties["category"] == "convoy" and one.volumes[0].band()[0] == 0,
    "humanitarian": lambda one: one.properties["category"] == "humanitarian",
    "strike": lambda one: one.properties["category"] == "strike",
}


def from_t4_m(notice: Notice) -> float:
    ((lat, lng),) = notice.volumes[0].core()[0].points
    return float(WGS84.inv(lng, lat, T4[1], T4[0])[2])


def filed(world: World, told: Facts) -> Facts:
    notice = world.notice(told["name"])
    assert WHAT[told["what"]](notice)
    assert set(notice.properties) == {"category", "callsign", "remarks", "manifest"}
    classes = world.agreement["lead_classes"]
    ahead = (notice.start - notice.at) / SECOND
    lead = "ROUTINE" if ahead >= classes["routine_s"] else "SHORT" if ahead >= classes["short_s"] else "LATE"
    lead = "IN_PROGRESS" if ahead <= 0 else lead
    assert notice.receipt["lead"] == lead
    assert (notice.receipt["sha256"], notice.receipt["party"]) == (digest(notice.jwt), notice.party)
    return {
        "at": notice.receipt["received_at"],
        "party": notice.party,
        "name": notice.name,
        "what": told["what"],
        "volumes": len(notice.volumes),
        "start": text(notice.start),
        "end": text(notice.end),
        "lead": lead,
    }


def conflict(world: World, told: Facts) -> Facts:
    one, other = world.notice(told["name"]), world.notice(told["with"])
    assert one.at > other.at and one.party != other.party
    pairs = world.pairs(other, one)
    worst = min(pairs, key=lambda pair: (RANKS.index(pair.severity), pair.horizontal_m, pair.vertical_m, pair.start))
    shown, acknowledged = {}, {}
    for mine, theirs in ((one, other), (other, one)):
        ((found, alert),) = world.alerts(mine.party, {one.id, other.id}, "open")
        side = "a" if theirs is other else "b"
        due = {getattr(pair, side).disclosure for pair in pairs}
        jwt, *disclosures = found["presentation"].rstrip("~").split("~")
        (category,) = (text for text in disclosures if text not in due)
        assert jwt == theirs.jwt and set(disclosures) - {category} == due, "shown are the volumes in conflict, no other"
        assert json.loads(unb64(category))[1:] == ["category", theirs.properties["category"]]
        assert set(alert["disclosed"]) == {digest(disclosure) for disclosure in due}
        shown[mine.party] = {"volumes": len(due), "of": len(theirs.volumes), "category": theirs.properties["category"]}
        acknowledged[mine.party] = text(world.answered(theirs.party, mine.party, alert["conflict"]))
        assert instant(alert["at"]) == one.at and alert["severity"] == worst.severity
        assert instant(acknowledged[mine.party]) >= one.at // SECOND * SECOND - SECOND
        lead = alert["lead"]
    minima = [world.agreement["categories"][notice.properties["category"]] for notice in (one, other)]
    assert told["horizontal_m"] <= worst.horizontal_m + 1 and told["horizontal_m"] >= 0.97 * worst.horizontal_m - 100
    return {
        "name": one.name,
        "with": other.name,
        "party": other.party,
        "severity": worst.severity,
        "lead": lead,
        "start": text(min(pair.start for pair in pairs)),
        "end": text(max(pair.end for pair in pairs)),
        "horizontal_m": told["horizontal_m"],
        "vertical_m": math.floor(worst.vertical_m),
        "agreed_horizontal_m": max(each["horizontal_m"] for each in minima),
        "agreed_vertical_m": max(each["vertical_m"] for each in minima),
        "references": [one.volumes[0].reference, other.volumes[0].reference],
        "shown": {party: shown[party] for party in world.parties},
        "acknowledged": {party: acknowledged[party] for party in world.parties},
    }


def tail(world: World, told: Facts) -> Facts:
    strike, flight = world.notice(told["name"]), world.notice(told["with"])
    pairs = world.pairs(strike, flight)
    assert pairs and not world.pairs(strike, flight, tails=False), "the tail alone makes it a conflict"
    there = min(pair.b.start for pair in pairs)
    over = strike.end + world.agreement["categories"]["strike"]["tail_s"] * SECOND
    assert strike.end < there < over and 50 < (strike.start - strike.at) / SECOND < 65 < (there - strike.end) / SECOND
    ends = {"ends": text(strike.end), "tail_ends": text(over), "there": text(there)}
    return {"name": strike.name, "with": flight.name, "what": strike.properties["category"], **ends}


def closed(world: World, told: Facts) -> Facts:
    one, other = world.notice(told["name"]), world.notice(told["with"])
    ((found, alert),) = world.alerts(other.party, {one.id, other.id}, "closed")
    if one.id in world.withdrawals:
        cause, receipt = world.withdrawals[one.id]
        reason, band = "withdrawn", None
    else:
        amended = world.notice(one.name, revision=2)
        assert not world.pairs(other, amended), "what was amended is clear"
        cause, receipt, reason = f"{amended.jwt}~", amended.receipt, "amended"
        band = "FL{:.0f} to FL{:.0f}".format(*(metres / 30.48 for metres in amended.volumes[0].band()))
    assert found["cause"] == cause and found["presentation"] is None and alert["reason"] == reason
    return {
        "at": receipt["received_at"],
        "party": one.party,
        "name": one.name,
        "band": band,
        "with": other.name,
        "standing": {party: standing(world, party, alert["conflict"]) for party in world.parties},
        "reason": reason,
        "holder": other.party,
        "has_cause": True,
    }


def standing(world: World, party: str, conflict: str) -> str:
    """What a desk's picture says of a conflict, read from its journal."""
    agreement = open_agreement((world.folder / "agreement.json").read_bytes())
    journal = Journal(world.folder / party / "journal", agreement, party)
    try:
        views = build_picture(journal, instant(text(world.notices[-1].at)), None, everything=True).conflicts
    finally:
        journal.close()
    return next(view.state for view in views if view.conflict == conflict)


def silent(world: World, told: Facts) -> Facts:
    met = {name for names in world.between for name in names}
    first = [notice for notice in world.notices if notice.revision == 1]
    quiet = [notice for notice in first if notice.name not in met]
    for notice in quiet:
        (other,) = (party for party in world.parties if party != notice.party)
        held = world.held(other)
        for secret in (notice.id, notice.name, notice.jwt, *notice.raw.rstrip("~").split("~")[1:]):
            assert secret.encode() not in held
    return {"names": {party: [one.name for one in quiet if one.party == party] for party in world.parties}}


def own(world: World, told: Facts) -> Facts:
    assert {(told["with"], told["name"])} == world.within
    party = world.notice(told["name"]).party
    for name in world.parties:
        both = {world.notice(told["name"]).id, world.notice(told["with"]).id}
        assert world.alerts(name, both, "open") == []
    return {**told, "party": party}


def over(world: World, told: Facts) -> Facts:
    high, low = world.notice(told["name"]), world.notice(told["with"])
    assert high.party != low.party and not world.pairs(low, high)
    ((lat, lng),), radius = low.volumes[0].core()[0].points, low.volumes[0].core()[1]
    nearest = min(WGS84.inv(lng, lat, x, y)[2] for volume in high.volumes for y, x in volume.core()[0].points)
    assert nearest < radius, "it passes over"
    assert low.start <= high.start and high.end <= low.end
    band = "FL{:.0f} to FL{:.0f}".format(*(metres / 30.48 for metres in high.volumes[0].band()))
    return {"name": high.name, "with": low.name, "party": low.party, "band": band}


def totals(world: World, told: Facts) -> Facts:
    counted, shown = dict.fromkeys(world.parties, 0), dict.fromkeys(world.parties, 0)
    pairs = [pair for found in world.between.values() for pair in found]
    due = {volume.disclosure for pair in pairs for volume in (pair.a, pair.b)}
    for notice in world.notices:
        (other,) = (party for party in world.parties if party != notice.party)
        held = world.held(other).decode("latin-1")
        counted[notice.party] += len(notice.volumes)
        for volume in notice.volumes:
            assert (volume.disclosure in held) == (volume.disclosure in due)
            shown[other] += volume.disclosure in held
        names = [text for text in notice.raw.rstrip("~").split("~")[1:] if len(json.loads(unb64(text))) == 3]
        hidden = [text for text in names if json.loads(unb64(text))[1] != "category"]
        assert len(hidden) == 3 and not any(text in held for text in hidden), "callsign, remarks, manifest"
        assert notice.name not in held
    return {"filed": counted, "shown": shown}


CHECKS: dict[str, Callable[[World, Facts], Facts]] = {
    check.__name__: check for check in (setting, filed, conflict, tail, closed, silent, own, over, totals)
}


def text(at: int) -> str:
    moment = datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{at % SECOND:06d}".rstrip("0").rstrip(".") + "Z"


def test_every_claim_of_the_story_holds(played: Night) -> None:
    assert {claim["claim"] for claim in played.story} == set(CHECKS)
    for claim in played.story:
        facts = CHECKS[claim["claim"]](played.world, claim["facts"])
        assert claim["facts"] == facts, claim["claim"]
        assert claim["lines"] == Claim(claim["claim"], facts).lines


def test_nothing_is_left_out_of_the_story(played: Night) -> None:
    world = played.world
    assert [one["name"] for one in played.told("filed")] == [one.name for one in world.notices if one.revision == 1]
    assert {(one["with"], one["name"]) for one in played.told("conflict")} == set(world.between)
    assert {one["severity"] for one in played.told("conflict")} == set(RANKS)
    assert len(played.told("closed")) == sum(one.revision == 2 for one in world.notices) + len(world.withdrawals) == 2
    assert len(played.told("tail")) == len(played.told("over")) == len(world.within) == 1
    result = played.run.result
    assert (result["notices"], result["alerts"], result["unverified"]) == (12, 12, 0)
    assert result["parties"] == {notice.name: notice.party for notice in world.notices}
    assert result["synthetic"] is True and result["scene"] == "levant"


def test_the_story_is_what_stands_on_the_terminal_and_can_be_read_in_a_minute(played: Night) -> None:
    lines = [line for claim in played.story for line in claim["lines"]]
    out = played.run.stdout.splitlines()
    assert out[1 : 1 + len(lines)] == lines and len(lines) <= LINES
    assert max(map(len, out)) <= COLUMNS and lines[0].startswith("A SYNTHETIC night")
    assert re.match(r"12 notices, 4 conflicts, 12 alerts: all verified, acknowledged, heard in \d+\.\d s$", out[-1])
    assert sum(len(line.split()) for line in lines) < 480


def test_the_windows_of_the_story_are_rounded_outward() -> None:
    """A strike that ends at 14:36:39 was told as one to 14:36."""
    at = DUSK - DUSK % (60 * SECOND)
    facts = {"at": text(at), "party": "israel", "name": "FLINT4", "what": "strike", "volumes": 1, "lead": "SHORT"}
    (line,) = Claim("filed", {**facts, "start": text(at + SECOND), "end": text(at + 61 * SECOND)}).lines
    whole = f"{text(at)[11:16]} to {text(at + 120 * SECOND)[11:16]}"
    assert f"1 volume, {whole}, SHORT" in line
    (line,) = Claim("filed", {**facts, "start": text(at), "end": text(at + 120 * SECOND)}).lines
    assert f"1 volume, {whole}, SHORT" in line


def test_each_fact_that_is_told_stands_in_the_words(played: Night) -> None:
    """A line that forgot its fact would be the same with another one."""
    for before, claim in zip([{}, *played.story], played.story, strict=False):
        facts, said = claim["facts"], " ".join(claim["lines"])
        for name, value in facts.items():
            if name in ("at", "start", "end", "ends", "tail_ends", "there"):
                later = text(instant(value) + 90_061 * SECOND)
                assert Claim(claim["claim"], {**facts, name: later}).lines != claim["lines"], (claim["claim"], name)
            elif name == "name" and claim["claim"] in ("conflict", "tail"):
                assert before["facts"]["name"] == value, "it stands under the filing that brought it about"
            elif name in ("name", "with", "what", "mediator", "holder") or (name == "band" and value):
                assert value in said


def test_the_inputs_are_files_that_users_write_marked_as_synthetic(played: Night) -> None:
    begins = {}
    for name in INPUTS:
        raw = files("keepclear_demo.levant").joinpath(name).read_text("utf-8")
        assert "SYNTHETIC: invented" in raw and len(raw) < 4_096
        notice = played.world.notice(re.split(r"[.-]", name)[0].upper(), 2 if "amended" in name else 1)
        begins[name] = notice.start - first_time(name, raw)
    (shift,) = set(begins.values())
    assert 0 <= played.world.notices[0].at - (DUSK + shift) < 5 * SECOND, "the night begins when all is up"
    assert {name.partition(".")[2] for name in INPUTS} == {"geojson", "jsonl", "kml"}


def first_time(name: str, raw: str) -> int:
    """When a movement begins as its file says; a recorded track claims half a minute before its first point."""
    if name.endswith("jsonl"):
        return int(json.loads(raw)["points"][0][0] - 30) * SECOND
    return min(map(instant, re.findall(r'(?:"time_start": "|<begin>)([^"<]+)', raw)))


def test_the_agreement_is_as_narrow_as_the_night_allows() -> None:
    assert (CENTRE, RADIUS_M, LIMITS.duration_s) == ((34.9, 38.0), 250_000, 30 * 86_400)
    assert CATEGORIES["strike"].tail_s > 23 * 60
    turns = night(DUSK)
    assert [turn.of for turn in turns if turn.of != turn.number] == [3, 6]
    assert max(turn.end - turn.start for turn in turns) == 21 * 86_400 * SECOND


@pytest.mark.parametrize("words", [["--limit", "3"], ["--flights", "x.jsonl"], ["--disturb"]])
def test_what_belongs_to_the_recorded_flights_is_refused(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(demo, ["--scene", "levant", *words])
    assert isinstance(done.exception, LocalError) and "--scene recorded" in done.exception.detail
    assert not os.listdir(tmp_path)


@pytest.mark.long
def test_an_interrupted_night_leaves_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        with started(folder, "--scene", "levant") as (process, pids):
            process.send_signal(signal.SIGINT)
            assert process.wait(40) == 130
            assert gone(pids, 40)
        assert os.listdir(folder) == []
