"""The after-action report: everything that it must say, nothing that runs, and nothing that is not this desk's."""

import re
import shutil
import stat
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from keepclear.console.report import chart, coast
from keepclear.console.report.document import PAPERS, document
from keepclear.console.report.markup import foreign
from keepclear.console.report.pdf import printed
from keepclear.console.report.words import LANGUAGES, Words
from keepclear_protocol.alert import conflict_id
from keepclear_protocol.errors import LocalError
from keepclear_protocol.notice import Notice
from keepclear_protocol.outline import Position
from keepclear_protocol.volume import circle_json, corridor_json, polygon_json, volume4d_json
from support.desks import MINUTE_US, Lied, Line
from support.officer import Officer

HOSTILE = '</td><script>alert(1)</script><img src=x onerror=alert(1)> "q" \u05e9\u05dc 12-34'


class Read(HTMLParser):
    """What a document holds: its elements with their attributes, its text, and what was left open."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def lied(tmp_path: Path) -> Iterator[Lied]:
    made = Lied(tmp_path)
    yield made
    for desk in made.open:
        desk.close()


def made(lied: Lied, language: str = "en", by: str | None = "duty-1") -> str:
    incident = lied.south.incident(conflict_id(lied.world.agreement.id, lied.us, lied.them))
    return document(incident, Words.of(language), lied.now, by)


def hostile_answer(lied: Lied) -> None:
    version = lied.south.picture().conflicts[0].version
    ours, theirs = (lied.mediator.filed[key].side.sha256 for key in (lied.them, lied.us))
    named = {"conflict": conflict_id(lied.world.agreement.id, lied.us, lied.them), "alert": "A" * 43}
    told = {"stage": "acknowledged", "officer": HOSTILE[:64].strip(), "verdict": "verified", "ours_newest": ours}
    raw = lied.world.acknowledgement("north", version=version, ours=ours, theirs=theirs, **named, **told)
    lied.mediator.tell("south", "acknowledgement", {"acknowledgement": raw})
    lied.watched(lied.south)


def test_it_says_who_when_where_and_names_every_statement_and_key(lied: Lied) -> None:
    lied.now += MINUTE_US
    lied.south.acknowledge(conflict_id(lied.world.agreement.id, lied.us, lied.them), officer="s-1")
    incident = lied.south.incident(conflict_id(lied.world.agreement.id, lied.us, lied.them))
    read = Read(made(lied))
    assert read.open == []
    assert all(each.checked.sha256 in read.text for each in incident.signatures)
    assert all(each.checked.signer.key.fingerprint in read.text for each in incident.signatures)
    for said in (
        incident.agreement.fingerprint, "revision 1", "duty-1", "48.0750N 002.0500E", "FL100-FL200", "acknowledged by",
        "OPEN overlap", f"all {len(incident.signatures)} signed statements hold", incident.record.view.conflict,
    ):  # fmt: skip
        assert said in read.text, said
    assert [tag for tag, _ in read.elements].count("svg") == 2
    drawn = [attrs.get("class") for tag, attrs in read.elements if tag in ("path", "rect")]
    assert {"area ours", "area theirs", "area ours aside", "meeting"} <= set(drawn)


def test_nothing_in_it_runs_loads_or_links_whatever_others_wrote(lied: Lied) -> None:
    hostile_answer(lied)
    text = made(lied, by=HOSTILE)
    read = Read(text)
    assert read.open == [] and "alert(1)" in read.text
    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "a", "form", "base", "audio", "video"}
    names = {name for tag, attrs in read.elements for name in attrs if tag != "meta"}
    assert not {name for name in names if name.startswith("on") or name in ("style", "href", "src", "srcset")}
    assert re.findall(r"url\(([^)]*)\)", text) and all("#" in found for found in re.findall(r"url\(([^)]*)\)", text))
    (policy,) = [attrs["content"] for _, attrs in read.elements if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'") and "script" not in policy


def test_a_text_of_others_is_isolated_with_its_numbers_and_what_is_not_seen_is_written_out() -> None:
    assert foreign("duty-1") == '<bdi dir="ltr" class="figure long">duty-1</bdi>'
    told = foreign("\u05e9\u05dc 12-34\u202e<b>")
    number, escaped = '<bdi dir="ltr">12-34</bdi>', '<bdi dir="ltr">\\u202e</bdi>'
    assert told == f'<bdi dir="auto" class="foreign">&quot;\u05e9\u05dc {number}{escaped}&lt;b&gt;&quot;</bdi>'
    assert len(foreign("x y" * 9_999)) < 1_000 and foreign(None, "-") == "-"


def test_it_holds_nothing_of_theirs_that_was_not_disclosed(lied: Lied) -> None:
    theirs = lied.mediator.filed[lied.them].notice
    hidden = [item for item in theirs.volumes if item.volume.outline.vertices[0][0] > 50]  # type: ignore[union-attr]
    assert isinstance(theirs, Notice) and hidden
    text = made(lied)
    assert all(item.digest not in text and item.digest[:8] not in text for item in hidden)
    assert not re.search(r"(?<!:)52\.", Read(text).text), "a latitude of theirs: seconds of a time follow a colon"


def test_what_does_not_hold_is_said_first_and_aloud(lied: Lied) -> None:
    lied.next_version()
    lied.told(lied.mediator.opened(lied.us, lied.them, severity="possible"))
    text = Read(made(lied)).text
    assert text.index("DO NOT HOLD") < text.index("Timeline") and "that does not hold" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_made_in_every_language_and_figures_run_from_left_to_right(lied: Lied, language: str) -> None:
    read = Read(made(lied, language))
    (root,) = [attrs for tag, attrs in read.elements if tag == "html"]
    assert root == {"lang": language, "dir": "rtl" if language in ("he", "ar") else "ltr"}
    assert all(attrs.get("dir") == "ltr" for tag, attrs in read.elements if tag == "svg")
    assert "{" not in read.text.split("}")[-1]
    figures = [attrs for tag, attrs in read.elements if tag == "bdi" and "figure" in (attrs.get("class") or "")]
    assert len(figures) > 40 and all(attrs["dir"] == "ltr" for attrs in figures)


@pytest.mark.parametrize("middle", [33.3, 179.9])
def test_each_kind_of_shape_is_drawn_where_it_is_also_over_the_date_line(tmp_path: Path, middle: float) -> None:
    line = Line(tmp_path)
    south = line.desk("south")
    line.watched(south)

    def at(lat: float, off: float) -> Position:
        return lat, round((middle + off + 180) % 360 - 180, 6)

    def volume(outline: dict[str, Any], lower: float, upper: float, reference: str, units: str) -> dict[str, Any]:
        window = line.now + 30 * MINUTE_US, line.now + 60 * MINUTE_US
        return volume4d_json(outline, lower, upper, reference, units, *window)

    way = corridor_json([at(33.0, 0.0), at(34.2, -0.2), at(35.2, -2.4)], 5000.0)
    mine = south.file([volume(way, 245, 285, "FL", "FL")], "transport", callsign="S1")
    square = polygon_json([at(34.1, -0.4), at(34.1, 0.4), at(34.9, 0.4), at(34.9, -0.4)])
    theirs = volume(circle_json(at(33.6, 0.0), 30_000.0), 250, 310, "FL", "FL"), volume(square, 0, 9000, "AMSL", "M")
    raw = line.world.submission("north", *theirs)
    assert line.mediator._admit("/v1/notices", raw).status_code == 201
    line.watched(south)
    sides = ("south", mine.id), ("north", line.world.opened(raw).id)
    incident = south.incident(conflict_id(line.world.agreement.id, *sides))
    read = Read(document(incident, Words.of("en"), line.now, None))
    south.close()
    assert incident.unsound == 0 and len(incident.record.pairs) == 2
    shapes = [(tag, attrs.get("class")) for tag, attrs in read.elements if attrs.get("class")]
    assert ("g", "corridor ours") in shapes and shapes.count(("path", "area theirs")) == 2
    assert "path of 3 points, 2.6 NM (5000 m) to either side" in read.text and "circle, radius" in read.text
    assert "Heights of several kinds" in read.text and "nobody named" in read.text
    named = [attrs for _, attrs in read.elements if attrs.get("class") in ("middle", "area theirs")]
    ways = [attrs.get("d") or "" for attrs in named]
    drawn = [(float(x), float(y)) for way in ways for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", way)]
    assert len(drawn) > 50 and all(0 <= x <= chart.WIDTH and 0 <= y <= chart.HEIGHT for x, y in drawn)
    assert (("path", "coast") in shapes) == (middle < 100 and bool(coast._arcs()))


def test_the_command_writes_it_once_for_nobody_else_and_prints_it_where_a_chromium_is(
    lied: Lied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = Officer(lied.world, tmp_path, "south", "http://127.0.0.1:9")
    south.env["KEEPCLEAR_DESK"] = str(tmp_path / "south")
    conflict = conflict_id(lied.world.agreement.id, lied.us, lied.them)
    target = tmp_path / "report.html"
    asked = ("report", conflict, "--out", str(target), "--officer", "duty-1", "--lang", "he")
    code, said, told = south.type(*asked)
    assert (code, told, said[0]["conflict"], said[0]["unsound"]) == (0, "", conflict, 0)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert 'lang="he"' in target.read_text() and "duty-1" in Read(target.read_text()).text
    code, _, told = south.type(*asked)
    assert code == 2 and "is there already" in told
    code, _, told = south.type("report", conflict, "--out", "report.doc")
    assert code == 2 and "neither FILE.html nor FILE.pdf" in told
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="no chromium is on the path") as missing:
        printed("")
    assert "--out FILE.html" in missing.value.hint


@pytest.mark.long
@pytest.mark.parametrize("paper", PAPERS)
def test_it_prints_whole_with_a_number_on_every_page(
    lied: Lied, require: Callable[[str, str], None], paper: str
) -> None:
    if shutil.which("chromium") is None:
        require("chromium", "no chromium on this machine; apt-get install chromium brings it")
    incident = lied.south.incident(conflict_id(lied.world.agreement.id, lied.us, lied.them))
    data = printed(document(incident, Words.of("en"), lied.now, "duty-1", paper))
    assert data.startswith(b"%PDF-")
    sizes = {"a4": (595, 842), "letter": (612, 792)}
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert {(round(float(wide)), round(float(high))) for wide, high in boxes} == {sizes[paper]}
    assert len(re.findall(rb"/Type /Page\b", data)) >= 3
