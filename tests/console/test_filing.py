"""What a page files with: read back, sent once whatever is clicked twice, changed, ended, kept when the line is cut."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from keepclear import AsyncDesk
from keepclear.console.drawn import read_drawn
from keepclear.console.filing import Filing
from keepclear.console.intended import read_options
from keepclear.offline.inputs import load
from keepclear_protocol.errors import KeepclearError, LocalError
from keepclear_protocol.instant import SECOND, format_instant, parse_instant
from keepclear_protocol.separation import WORLDWIDE
from support.gate import gate_before
from support.nursery import Lifeline
from support.officer import Officer
from support.world import now_us

Story = Callable[[Filing], Awaitable[None]]
SAMPLES = Path(__file__).resolve().parents[1] / "clients" / "samples"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def tell(line: Lifeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Yield what runs a story at north's desk; ``url`` is where that reaches the hotline."""
    monkeypatch.setattr("keepclear.transport.client.RETRY_AFTER_S", ())

    def run(story: Story, url: str = "", party: str = "north") -> None:
        async def told() -> None:
            folder = tmp_path / f"{party}-desk"
            key = line.world.parties[party].key
            async with AsyncDesk(line.world.agreement, key, folder, connect_to=url or line.url) as desk:
                await story(Filing(desk))

        asyncio.run(told())

    yield run


def at(minutes: float) -> str:
    return format_instant((now_us() // SECOND + int(minutes * 60)) * SECOND)


def drawn(*shapes: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return the form of a drawing that is in order, with what is said otherwise."""
    options = {"from": at(60), "to": at(80), "lower": "FL100", "upper": "FL140"}
    corridor = {"shape": "corridor", "points": ["48.0, 2.0", "090/12NM"], "size": "2NM"}
    form = {"source": {"kind": "drawn", "shapes": list(shapes) or [corridor]}, "category": "transport"}
    return {**form, "options": {**options, **said.pop("options", {})}, **said}


async def filed(filing: Filing, form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what became of a form that was read back and sent."""
    read = await filing.read(form)
    assert read["faults"] == [], read["faults"]
    sent = await filing.send({**form, "digest": read["digest"]})
    assert sent["read"] is None
    results: list[dict[str, Any]] = sent["results"]
    return results


def held(line: Lifeline) -> list[str]:
    return [row["id"] for row in line.get("north", "/v1/notices").json()["notices"]]


def test_a_drawing_is_read_back_in_the_words_of_the_command_and_filed_once(
    line: Lifeline, tell: Callable[..., None], tmp_path: Path
) -> None:
    async def story(filing: Filing) -> None:
        form = drawn(callsign="VIPER01", remarks="two ship")
        read = await filing.read(form)
        (flight,) = read["flights"]
        officer = Officer(line.world, tmp_path, "north", NOWHERE, desk="none")
        (tmp_path / "plan.json").write_text(json.dumps(volumes_of(filing, form)))
        words = ("--category", "transport", "--callsign", "VIPER01", "--remarks", "two ship", "--dry-run")
        code, shown, _ = officer.read("submit", str(tmp_path / "plan.json"), *words)
        assert code == 0
        said = [f"{name:<9}{text}" for name, text in flight["lines"]]
        assert said == shown.splitlines()[2:], (said, shown)
        assert flight["extents"][0]["shape"] == "corridor" and flight["extents"][0]["radius_m"] == 3704
        assert "NOT a clearance" in flight["what_if"]["lines"][-1] and flight["stands"] is None

        # A double click, and then the page comes back from a reload with the draft that it kept.
        send = {**form, "digest": read["digest"]}
        first, second = await asyncio.gather(filing.send(send), filing.send(send))
        again = await filing.send(send)
        outcomes = [one["results"][0]["outcome"] for one in (first, second, again)]
        assert sorted(outcomes) == ["filed", "filed_already", "filed_already"]
        ids = {one["results"][0]["notice"] for one in (first, second, again)}
        assert ids == set(held(line)) and len(ids) == 1

    tell(story)


def test_what_is_wrong_is_told_all_at_once_beside_its_field(tell: Callable[..., None]) -> None:
    async def story(filing: Filing) -> None:
        wrong = {"shape": "polygon", "points": ["48.0, 2.0", "48,1, 2", "090M/3NM"]}
        narrow = {"shape": "circle", "points": ["47°22'06\"N 008°32'27\"E"], "size": "three"}
        form = drawn(wrong, narrow, options={"lower": "24500", "upper": ""}, category="", callsign="two words")
        read = await filing.read(form)
        faults = {fault["at"]: fault for fault in read["faults"]}
        assert set(faults) == {
            "lower", "upper", "shapes.0.points.1", "shapes.0.points.2", "shapes.1.size", "category"
        }  # fmt: skip
        assert all(fault["code"] and fault["detail"] and fault["hint"] for fault in faults.values()), faults
        assert read["digest"] is None and read["flights"] == []
        # Only what is whole is judged; then the callsign, and the limit of a shape, beside them.
        read = await filing.read(drawn(callsign="two words", options={"to": at(60 * 60)}))
        assert {(fault["at"], fault["code"]) for fault in read["faults"]} >= {
            ("callsign", "disclosure"), ("to", "limit_duration")
        }  # fmt: skip
        assert (await filing.send({**form, "digest": read["digest"]}))["results"] is None

    tell(story)


def test_json_of_an_odd_shape_is_a_fault_in_it_and_none_of_ours(tell: Callable[..., None]) -> None:
    async def story(filing: Filing) -> None:
        shapes: list[Any] = [["x"], {"shape": ["x"]}, {"shape": {}}]
        for shape in shapes:
            said = await filing.read(drawn(shape))
            assert [fault["at"] for fault in said["faults"]] == ["shapes.0"], shape
        assert (await filing.resend({"notices": [{}, [], None]})) is not None
        for before in ([True, True], [1e300, 1e300], [91, 0], [0, -181]):
            assert (await filing.place({"text": "090/10NM", "before": before}))["at"] is None, before
        assert (await filing.place({"text": "090/10NM", "before": [48.0, 2.0]}))["at"] is not None

    tell(story)


def test_points_are_taken_as_they_are_written(tell: Callable[..., None]) -> None:
    async def story(filing: Filing) -> None:
        same = [await filing.place({"text": one}) for one in ("N47 22.1 E8 32.45", "47.368333333, 8.540833333")]
        assert same[0]["at"] == same[1]["at"]
        east = await filing.place({"text": "090/12NM", "before": [47.0, 8.0]})
        assert east["at"][1] > 8.29 and abs(east["at"][0] - 47) < 0.001
        assert (await filing.place({"text": "090T/12NM from 47, 8"}))["at"] == east["at"]
        square = await filing.place({"text": "32T MT 653 462"})
        assert square["off_m"] > 50 and "its middle is taken" in square["note"]
        for text in ("090/12NM", "090M/12NM from 47, 8", "400/2NM from 47, 8", "47,3683, 8,5408", "", "090/12"):
            refused = await filing.place({"text": text})
            assert refused["at"] is None and refused["problem"]["code"] in ("input_file", "usage"), text
            assert refused["problem"]["hint"], text
        # Of an area nothing can be widened, so that its corners have to be exact; a circle is made larger.
        squares = ["32T MT 653 462", "32T MT 663 462", "32T MT 663 472"]
        faults = (await filing.read(drawn({"shape": "polygon", "points": squares})))["faults"]
        assert [fault["at"] for fault in faults] == [f"shapes.0.points.{n}" for n in range(3)]
        read = await filing.read(drawn({"shape": "circle", "points": squares[:1], "size": "2km"}))
        extents = read["flights"][0]["extents"] if read["flights"] else read["extents"]
        assert extents[0]["radius_m"] == 2071.5 and any("its middle" in note for note in read["notes"])

    tell(story)


def test_every_format_is_read_as_the_command_reads_it(tell: Callable[..., None], line: Lifeline) -> None:
    samples = sorted(path for path in SAMPLES.rglob("*") if path.is_file())
    options = {
        "from": at(60), "to": at(80), "lower": "FL100", "upper": "FL140", "half_width": "1NM", "time_margin": "10",
        "altitude_reference": "AMSL",
    }  # fmt: skip
    uncertainty = line.world.agreement.uncertainty

    async def story(filing: Filing) -> None:
        given, wrong = read_options(options, uncertainty)
        assert not wrong
        counts = {"read": 0, "refused": 0}
        for path in samples:
            data = path.read_bytes()
            try:
                flights, why = load(data, given), None
            except LocalError as error:
                flights, why = [], error
            try:
                name = (await filing.take_file(data))["file"]
            except LocalError as error:
                assert why is not None and (error.code, error.detail) == (why.code, why.detail), path
                continue
            read = await filing.read({"source": {"kind": "file", "file": name}, "options": options})
            told = {(fault["code"], fault["detail"], fault["hint"]) for fault in read["faults"]}
            if why is not None:
                counts["refused"] += 1
                assert (why.code, why.detail, why.hint) in told, (path, told)
            else:
                counts["read"] += 1
                assert read["flight_count"] == len(flights), path
                assert set(read["notes"]) == {note for flight in flights for note in flight.notes}, path
        assert counts["read"] > 20, counts
        with pytest.raises(KeepclearError, match="has not got that file"):
            await filing.read({"source": {"kind": "file", "file": "0" * 64}})

    tell(story)


def test_a_notice_is_amended_from_its_form_moved_in_time_and_ended_once(
    line: Lifeline, tell: Callable[..., None]
) -> None:
    async def story(filing: Filing) -> None:
        (first,) = await filed(filing, drawn(callsign="VIPER01", remarks="two ship"))
        form = await filing.form({"notice": first["notice"]})
        assert form["drawn"]["shapes"][0]["size"] == "2NM" and form["drawn"]["options"]["lower"] == "FL100"
        amends = {"amends": first["notice"], "revision": 1}
        same = {"source": {"kind": "drawn", "shapes": form["drawn"]["shapes"]}, "options": form["drawn"]["options"]}
        kept = {"category": form["category"], "callsign": form["callsign"], **amends}
        # The remarks are taken out, and so they are gone; sent twice it is one revision.
        whole = {**same, **kept, "remarks": ""}
        assert [one["revision"] for one in await filed(filing, whole)] == [2]
        assert [one["outcome"] for one in await filed(filing, whole)] == ["filed_already"]
        assert (await filing.form({"notice": first["notice"]}))["remarks"] is None
        # Who still looks at revision 1 is told so, and signs nothing.
        late = {"source": {"kind": "notice", "notice": first["notice"]}, "shift_min": 15, **kept}
        read = await filing.read(late)
        assert [fault["code"] for fault in read["faults"]] == ["revision_conflict"]
        (delayed,) = await filed(filing, {**late, "revision": 2, "callsign": ""})
        assert (delayed["outcome"], delayed["revision"]) == ("filed", 3)
        moved = await filing.form({"notice": first["notice"]})
        assert moved["callsign"] is None
        assert minutes_between(form, moved) == 15

        with pytest.raises(KeepclearError, match="changed meanwhile"):
            await filing.withdraw({"notice": first["notice"], "revision": 2})
        ends = {"notice": first["notice"], "revision": 3}
        both = await asyncio.gather(filing.withdraw(ends), filing.withdraw(ends))
        assert [one["outcome"] for one in both] == ["withdrawn", "withdrawn"] and both[0]["revision"] == 4
        assert held(line) == []
        for deed in (filing.form(ends), filing.read({**whole, "revision": 4})):
            with pytest.raises(KeepclearError) as refused:
                await deed
            assert refused.value.code == "notice_withdrawn"

    tell(story)


def minutes_between(before: dict[str, Any], after: dict[str, Any]) -> float:
    one, other = (parse_instant(form["extents"][0]["start"]) for form in (before, after))
    return (other - one) / SECOND / 60


def test_what_was_not_sent_is_kept_told_and_sent_once(line: Lifeline, tell: Callable[..., None]) -> None:
    rows = [json.dumps({"callsign": name, "points": track(30 + number)}) for number, name in enumerate(("A1", "B2"))]

    async def down(filing: Filing) -> None:
        name = (await filing.take_file("\n".join(rows).encode()))["file"]
        form = {"source": {"kind": "file", "file": name}, "category": "transport"}
        results = await filed(filing, form)
        assert [one["outcome"] for one in results] == ["not_sent", "not_sent"]
        assert [one["callsign"] for one in results] == ["A1", "B2"]
        assert "NOT SENT and NOT DECONFLICTED" in results[0]["problem"]["detail"]
        # The same file again is told as what it is, and makes no twin.
        read = await filing.read(form)
        assert [flight["stands"]["outcome"] for flight in read["flights"]] == ["not_sent", "not_sent"]
        waiting = (await filing.waiting({}))["waiting"]
        assert [one["callsign"] for one in waiting] == ["A1", "B2"]
        sent = await filing.resend({"notices": [one["notice"] for one in waiting]})
        assert [one["outcome"] for one in sent["results"]] == ["not_sent", "not_tried"]

    async def up(filing: Filing) -> None:
        waiting = (await filing.waiting({}))["waiting"]
        await filing.discard({"notice": waiting[1]["notice"]})
        every = {"notices": [one["notice"] for one in waiting]}
        assert [one["outcome"] for one in (await filing.resend(every))["results"]] == ["filed"]
        assert (await filing.resend(every))["results"] == [] and held(line) == [waiting[0]["notice"]]

    tell(down, NOWHERE)
    tell(up)


def test_an_answer_that_was_lost_is_unknown_until_it_is_asked_for(line: Lifeline, tell: Callable[..., None]) -> None:
    with gate_before(line.url) as gate:

        async def story(filing: Filing) -> None:
            form = drawn(callsign="VIPER01")
            gate.decide = lambda method, path, number: "swallow" if method == "POST" else "cut"
            (result,) = await filed(filing, form)
            assert result["outcome"] == "unknown" and "UNKNOWN whether" in result["problem"]["detail"]
            assert [one["status"] for one in (await filing.waiting({}))["waiting"]] == ["unknown"]
            (flight,) = (await filing.read(form))["flights"]
            assert flight["stands"]["outcome"] == "unknown"
            with pytest.raises(KeepclearError, match="cannot be reached"):
                await filing.discard({"notice": result["notice"]})
            gate.decide = lambda method, path, number: "pass"
            (again,) = (await filing.resend({"notices": [result["notice"]]}))["results"]
            assert (again["outcome"], again["notice"]) == ("filed", result["notice"]) and held(line) == [
                result["notice"]
            ]

        tell(story, gate.url)


def track(lat: float) -> list[list[float]]:
    start = now_us() // SECOND + 3600
    return [[start + 20 * step, lat + 0.02 * step, 10.0, 18000] for step in range(4)]


def test_a_conflict_is_told_with_its_code_and_then_known_before_filing(
    line: Lifeline, tell: Callable[..., None]
) -> None:
    async def south(filing: Filing) -> None:
        assert [one["outcome"] for one in await filed(filing, drawn())] == ["filed"]

    async def north(filing: Filing) -> None:
        (result,) = await filed(filing, drawn(reference="OPS-1"))
        assert result["outcome"] == "in_conflict" and len(result["conflicts"]) == 1
        assert result["conflicts"][0]["other"]["party"] == "south" and result["conflicts"][0]["code"]
        met = (await filing.read(drawn(callsign="NEXT")))["flights"][0]["what_if"]
        assert met["in_conflict_with_what_is_known"] and met["lines"][0].startswith("CONFLICT")
        # Under the same reference other content is refused, and the same is the same notice.
        read = await filing.read(drawn(reference="OPS-1", callsign="OTHER"))
        assert read["flights"][0]["stands"]["problem"]["code"] == "reference_conflict"
        assert [fault["at"] for fault in (await filing.read(drawn(reference=" ")))["faults"]] == []
        assert [fault["at"] for fault in (await filing.read(drawn(reference="x" * 200)))["faults"]] == ["reference"]

    tell(south, party="south")
    tell(north)


def test_only_what_was_read_back_is_signed(line: Lifeline, tell: Callable[..., None]) -> None:
    async def story(filing: Filing) -> None:
        read = await filing.read(drawn(options={"upper": "FL140"}))
        sent = await filing.send({**drawn(options={"upper": "FL240"}), "digest": read["digest"]})
        assert sent["results"] is None and sent["read"]["digest"] not in (None, read["digest"])
        assert held(line) == []

    tell(story)


def volumes_of(filing: Filing, form: dict[str, Any]) -> list[Any]:
    options, _ = read_options(form["options"], WORLDWIDE)
    flight, faults = read_drawn(form["source"]["shapes"], options, form["options"])
    assert flight is not None and not faults
    return flight.volumes
