"""What a revision changes is told whole: nothing that differs is left out, and nothing else is said to differ."""

import copy
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keepclear.cli.agreement_changes import ABSENT, ORDER, SPELLING, Change, changes
from keepclear.cli.agreement_differences import change_line, differences_text
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.encoding import dump_json
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.terms import read_terms
from support.signing import FIRST, KEYS, drafted, folder_of_keys, heard, run, sign, signed
from support.world import World

PAYLOAD = World().payload
CIRCLE = {"outline_circle": {"center": {"lat": 33.5, "lng": -36}, "radius": {"value": 1852, "units": "M"}}}
VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "key", "x", "area"]), inner),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, index) of a JSON value, those of empty lists left out."""
    found: list[tuple[Any, Any]] = []
    for step in value if isinstance(value, dict) else range(len(value)):
        found.append((value, step))
        if isinstance(value[step], dict | list):
            found += places(value[step])
    return found


@st.composite
def edited(draw: st.DrawFn) -> Any:
    """A payload with a few members replaced, dropped, added, doubled or put elsewhere, sound or not."""
    payload = copy.deepcopy(PAYLOAD)
    for _ in range(draw(st.integers(0, 3))):
        holder, step = draw(st.sampled_from(places(payload)))
        match draw(st.sampled_from(["replace", "drop", "add", "move"])):
            case "replace":
                holder[step] = draw(VALUES)
            case "drop":
                del holder[step]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=6))] = draw(VALUES)
            case "add":
                holder.insert(step, copy.deepcopy(draw(st.just(holder[step]) | VALUES)))
            case "move" if isinstance(holder, list):
                holder.reverse()
    return payload


def name_of(member: Any) -> Any:
    return member["key"]["x"] if isinstance(member.get("key"), dict) else member["id"]


def applied(payload: Any, change: Change) -> None:
    """Do to a payload what a change says, so that its words can be held against what they are of."""
    *way, last = change.path if not change.aspect else (*change.path, "")
    holder = payload
    for step in way:
        holder = holder[step] if isinstance(holder, dict) else next(one for one in holder if name_of(one) == step)
    if change.aspect == ORDER:
        order = list(change.new)
        holder.sort(key=lambda member: order.index(name_of(member)))
        return
    if isinstance(holder, list):
        at = next((at for at, one in enumerate(holder) if name_of(one) == last), len(holder))
        holder[at : at + 1] = [] if change.new is ABSENT else [change.new]
    elif change.new is ABSENT:
        del holder[last]
    else:
        holder[last] = change.new


def told(payload: Any) -> Any:
    """The payload without what only a list's additions could move."""
    if isinstance(payload, dict):
        return {name: told(member) for name, member in payload.items()}
    if isinstance(payload, list):
        return [told(member) for member in payload]
    return (type(payload).__name__, payload)


def unordered(payload: Any) -> Any:
    if isinstance(payload, dict):
        return {name: unordered(member) for name, member in payload.items()}
    if isinstance(payload, list) and payload and all(isinstance(member, dict) for member in payload):
        return sorted((unordered(member) for member in payload), key=repr)
    return payload if not isinstance(payload, list) else [unordered(member) for member in payload]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)  # whole agreements
@given(edited(), edited())
def test_the_differences_are_none_exactly_where_the_bytes_are_the_same_and_make_the_one_of_the_other(
    old: Any, new: Any
) -> None:
    before, after = dump_json(old), dump_json(new)
    found = changes(before, after)
    assert (found == []) is (before == after)
    rebuilt = json.loads(before)
    for change in found:
        if change.aspect == SPELLING:
            assert found == [change] and told(json.loads(before)) == told(json.loads(after))
            return
        applied(rebuilt, change)
    assert unordered(told(rebuilt)) == unordered(told(json.loads(after)))


@given(edited(), edited())
def test_whatever_differs_has_a_line_of_its_own(old: Any, new: Any) -> None:
    for change in changes(dump_json(old), dump_json(new)):
        line = change_line(change)
        assert line.strip() and change.kind in line


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda p: p["categories"]["transport"].update(horizontal_m=9260),
         "~ changed  category transport, horizontal separation: 4 NM (7408 m) -> 5 NM (9260 m) (more than before)"),
        (lambda p: p["categories"]["strike"].update(tail_s=600),
         "category strike, tail after a window: 25 min (1500 s) -> 10 min (600 s) (LESS than before)"),
        (lambda p: p["categories"].update(drone={"horizontal_m": 1852, "vertical_m": 152.4, "lead_s": 0, "tail_s": 60}),
         "+ added    category drone: 1 NM (1852 m) horizontally, 500 ft (152.4 m) vertically; lead 0 s, tail 1 min"),
        (lambda p: p["parties"][0]["keys"][0].update(revoked_at="2026-11-26T10:00:00Z"),
         "! revoked  party north, key keepclear-public-1"),
        (lambda p: p["parties"][0]["keys"][0].update(roles=["watch"]), "roles: submit, acknowledge, watch -> watch"),
        (lambda p: p["parties"].reverse(), "parties, their order: north, south -> south, north"),
        (lambda p: p["parties"][1]["names"].update(he="דרום"), "south, names: South (en) -> South (en), דרום (he)"),
        (lambda p: p.update(area=CIRCLE),
         "area: the whole world -> circle of 1 NM (1852 m) around 33.5 N 36 W"),
        (lambda p: p["service"].update(origin="https://other.example"),
         "service, address: http://hotline.test -> https://other"),
        (lambda p: p.update(side_letter={"pay": 1}),
         '+ added    member side_letter, UNKNOWN to this version of keepclear: {"pay":1}'),
        (lambda p: p["limits"].update(duration_s=3600), "limit, duration of a volume: 2 d (172800 s) -> 1 h (3600 s)"),
        (lambda p: p.update(budgets=asdict(Budgets())), "budgets of each party: notices that are not over, at once: "),
        (lambda p: p["uncertainty"].update(terrain_m=[-450, 3000]), "-450 m to 8850 m -> -450 m to 3000 m"),
        (lambda p: p["lead_classes"].update(short_s=900), "lead class SHORT from: 10 min (600 s) -> 15 min (900 s)"),
    ],
)  # fmt: skip
def test_what_is_changed_is_said_in_an_officers_words(edit: Any, said: str) -> None:
    payload = copy.deepcopy(PAYLOAD)
    edit(payload)
    text = differences_text(read_terms(dump_json(PAYLOAD)), read_terms(dump_json(payload)))
    assert said in text, text
    assert len(text.splitlines()) == 3  # one change, between the title and the sum


def test_a_budget_that_is_changed_is_said_by_what_it_is_of() -> None:
    before, after = ({**PAYLOAD, "budgets": asdict(b)} for b in (Budgets(), replace(Budgets(), alerts_an_hour=900)))
    text = differences_text(read_terms(dump_json(before)), read_terms(dump_json(after)))
    assert "budget, alerts to each other party an hour: 80,000 -> 900 (LESS than before)" in text, text


def test_a_root_that_is_replaced_and_a_party_that_is_added_stand_out() -> None:
    root = PrivateKey.generate().public
    payload = copy.deepcopy(PAYLOAD)
    payload["parties"][1]["root"] = root.jwk
    payload["parties"].append({**copy.deepcopy(payload["parties"][0]), "id": "west"})
    payload["parties"][2].update(root=PrivateKey.generate().public.jwk)
    payload["parties"][2]["keys"][0]["key"] = PrivateKey.generate().public.jwk
    text = differences_text(read_terms(dump_json(PAYLOAD)), read_terms(dump_json(payload)))
    assert f"party south, ROOT KEY: {read_terms(dump_json(PAYLOAD)).parties[1].root.text} -> {root.text}" in text
    assert "+ added    party west: North (en); root keepclear-public-1" in text
    assert root.fingerprint not in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_keys(tmp_path)


def test_a_first_revision_is_shown_whole_before_it_is_signed(folder: Path) -> None:
    drafted(folder)
    seen = sign(folder, "north", *heard("south")).stderr
    shown = run(folder, "show", "a.json").stdout
    for line in shown.splitlines():
        assert line in seen or "signatures" in line


def test_of_a_later_revision_the_differences_are_shown_before_it_is_signed(folder: Path) -> None:
    signed(folder)
    words = ["--key", f"north={KEYS['next'].public.text}:watch", "--revoke", KEYS["south-desk"].public.text]
    run(folder, "init", "--succeeds", "a.json", "--category", "transport=1NM,100ft", "--out", "b.json", *words)
    seen = sign(folder, "north", "--previous", "a.json", *heard("south"), file="b.json").stderr
    shown = run(folder, "diff", "a.json", "b.json").stdout
    assert shown in seen and f"key {KEYS['next'].public.text}: watch" in shown
    assert f"! revoked  party south, key {KEYS['south-desk'].public.text}" in shown
    assert "4 NM (7408 m) -> 1 NM (1852 m) (LESS than before)" in shown
    told = json.loads(run(folder, "diff", "a.json", "b.json", "--json").stdout)
    assert [change["text"] for change in told["changes"]] == [line.strip() for line in shown.splitlines()[1:-1]]
    assert "byte for byte" in run(folder, "diff", "a.json", "a.json").stdout


def test_a_member_that_nobody_knows_is_shown_and_signed_by_nobody_unseen(folder: Path) -> None:
    run(folder, "init", "--out", "plain.json", *FIRST)
    payload = json.loads(run(folder, "show", "plain.json", "--json").stdout)["payload"]
    (folder / "terms.json").write_text(json.dumps(payload | {"side_letter": "pay\u202e"}))
    run(folder, "init", "--terms", "terms.json", "--out", "a.json")
    assert 'UNKNOWN to this version of keepclear, and without effect here: side_letter = "pay\\u202e"' in sign(
        folder, "north", *heard("south")
    ).stderr
