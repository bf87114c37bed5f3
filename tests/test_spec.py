"""SPEC.md against the code: its numbers, its codes, its tables and its examples are what the code has and does.

That every requirement is held by a test, and every mark names one, is in ``test_architecture``.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol import acknowledgement, agreement, alert, kinds, opening, request
from keepclear_protocol.budgets import BUDGETS_AT_MOST, SPENT, Budgets
from keepclear_protocol.characters import UNSEEN
from keepclear_protocol.claims import Claims
from keepclear_protocol.disclosure import disclose_property
from keepclear_protocol.encoding import MAX_DEPTH, b64, digest, dump_json, unb64
from keepclear_protocol.errors import CODES, KeepclearError, budget_code
from keepclear_protocol.keys import PrivateKey
from keepclear_protocol.kinds import MAX_PAYLOAD_BYTES, ROLES
from keepclear_protocol.notice import MAX_SUBMISSION_BYTES
from keepclear_protocol.separation import WORLDWIDE, Severity, Uncertainty, _vertical_gaps
from keepclear_protocol.statement import open_statement
from keepclear_protocol.terms import LIMITS_AT_MOST, read_terms
from keepclear_protocol.volume import Reference, Volume, parse_volume
from keepclear_service.delivery import hub, subscriber, told
from keepclear_service.http import health, reads, stream, submits
from keepclear_service.http.problems import problem
from keepclear_service.line import hotline
from msgspec import structs

ROOM = Path(__file__).resolve().parents[1] / "protocol"
SPEC = (ROOM / "SPEC.md").read_text("utf-8")
LINES = SPEC.splitlines()
VECTORS = {path.name: json.loads(path.read_text("utf-8")) for path in sorted((ROOM / "vectors").glob("*.json"))}
FLAT = " ".join(re.sub(r"^```.+?^```$", "", SPEC, flags=re.MULTILINE | re.DOTALL).split())
"""The page as one line, without its examples."""

FENCES = re.findall(r"^```(.+?)\n(.*?)\n```$", SPEC, re.MULTILINE | re.DOTALL)


def rows(number: str) -> Iterator[list[str]]:
    """Yield the cells of the tables between a requirement and the next one, without their heads."""
    (start,) = [at for at, line in enumerate(LINES) if line.startswith(f"**{number}**")]
    for at in range(start + 1, len(LINES)):
        if LINES[at].startswith(("**R-", "## ")):
            return
        if LINES[at].startswith("|") and not LINES[at].startswith("|---") and not LINES[at + 1].startswith("|---"):
            yield [cell.strip() for cell in LINES[at].strip("|").split("|")]


def words(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def number(cell: str) -> float:
    """Return the first number of a cell, written with blanks between thousands."""
    found = re.search(r"-?\d+(?: \d{3})*(?:\.\d+)?", cell)
    assert found is not None, cell
    return float(found[0].replace(" ", ""))


def case(file: str, name: str) -> dict[str, Any]:
    """Return a case of a vector file."""
    found: dict[str, Any] = next(item for item in VECTORS[file]["cases"] if item["name"] == name)
    return found


def payload(jws: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(unb64(jws.removeprefix(request.SCHEME).split("~")[0].split(".")[1]))
    return read


def test_requirements_are_numbered_in_order_and_each_reference_finds_one() -> None:
    numbers = [match[1] for line in LINES if (match := re.match(r"\*\*(R-\d{3})\*\* \S", line))]
    assert numbers == sorted(set(numbers)) and numbers[0] == "R-001"  # a section may leave numbers free behind it
    assert set(re.findall(r"R-\d+", SPEC)) == set(numbers)
    sections = [int(line.split()[1].rstrip(".")) for line in LINES if line.startswith("## ")]
    assert sections == list(range(1, len(sections) + 1))
    own = re.findall(r"(?<!RFC \d{4} )(?<!HTML )section (\d+)", FLAT)
    assert own and {int(found) for found in own} <= set(sections)


def test_every_code_of_the_page_is_a_code_and_every_code_of_the_wire_is_on_the_page() -> None:
    named = set(re.findall(r"→ `(\w+)`", FLAT))
    assert len(named) > 40 and named - CODES.keys() == set()
    on_the_page = set(words(FLAT))
    local = {"journal", "key_file", "input_file", "usage", "unreachable", "stale_picture", "internal"}
    local |= {"reference_conflict", "client_certificate"}
    later = {"request", "method", "busy"}  # of HTTP itself; their status says it all
    assert CODES.keys() - on_the_page - local - later == set()


@pytest.mark.req("R-013")
def test_every_kind_of_statement_is_in_the_table_with_its_limit() -> None:
    told = []
    for name, typ, signer, limit, admitted, event in rows("R-013"):
        role = next((word for word in words(signer) if word in ROLES), "")
        precondition = admitted.partition(" (")[0].replace(" ", "_") or "none"
        told.append((words(name), words(typ), role, number(limit), precondition, words(event)))
    assert told == [
        ([kind.name], [kind.typ], kind.role, kind.max_payload_bytes, kind.precondition, [kind.event] * bool(kind.event))
        for kind in kinds.EVERY_KIND
    ]


@pytest.mark.req("R-018", "R-019")
def test_claims_and_roles_are_those_of_the_code() -> None:
    assert [words(row[0])[0] for row in rows("R-018")] == [field.name for field in structs.fields(Claims)]
    assert tuple(words(row[0])[0] for row in rows("R-019")) == ROLES


@pytest.mark.req("R-023", "R-051")
def test_the_members_of_an_agreement_are_those_of_the_table() -> None:
    table = {words(row[0])[0].partition("[")[0] for row in rows("R-023") if "…" not in row[0]}
    text = json.loads(VECTORS["alerts.json"]["agreements"][1])
    members = json.loads(unb64(text["payload"]))
    assert table == members.keys() | {"former_roots", "budgets"}
    for name in table - {"agreement", "former_roots", "budgets"}:
        without = {key: value for key, value in members.items() if key != name}
        with pytest.raises(KeepclearError):
            read_terms(dump_json(without))
    assert {words(row[0])[0]: number(row[2]) for row in rows("R-051")} == asdict(LIMITS_AT_MOST)
    assert {words(row[3])[0] for row in rows("R-051")} <= CODES.keys()


@pytest.mark.req("R-110")
def test_the_budgets_are_those_of_the_code() -> None:
    written = list(rows("R-110"))
    assert {words(row[0])[0]: number(row[2]) for row in written} == asdict(Budgets())
    assert {words(row[0])[0]: number(row[3]) for row in written} == asdict(BUDGETS_AT_MOST)
    codes = {words(row[0])[0]: words(row[4])[0] for row in written if words(row[4])}
    assert codes == {name: budget_code(name) for name in SPENT}
    assert {CODES[code].status for code in codes.values()} == {429}


@pytest.mark.req("R-023")
def test_the_unseen_characters_are_those_of_the_code() -> None:
    listed = re.search(r"Unseen characters.*?: U\+(.*?)\. ", FLAT)
    assert listed is not None
    unseen = set()
    for item in listed[1].split(", "):
        low, _, high = item.partition("-")
        unseen |= set(range(int(low, 16), int(high or low, 16) + 1))
    assert unseen == {at for at in range(0x110000) if UNSEEN.match(chr(at))}


@pytest.mark.req("R-058")
def test_the_offsets_between_references_are_those_of_the_code() -> None:
    agreed = Uncertainty(geoid_undulation_m=(40.0, 50.0), pressure_error_m=(-400.0, 300.0), terrain_m=(7.0, 800.0))
    ends: dict[str, float] = {}
    for letter, bounds in zip("gpt", asdict(agreed).values(), strict=True):
        ends |= {f"{letter}-": bounds[0], f"{letter}+": bounds[1]}

    def value(cell: str) -> float:
        terms = re.findall(r"([+-]?) ?([gpt][+-])", cell)
        assert terms
        return sum((-1 if sign == "-" else 1) * ends[end] for sign, end in terms)

    def band(low: float, reference: str) -> Volume:
        shape: Any = None
        return Volume(None, low, low + 100, Reference(reference), 0, 1, shape)  # type: ignore[arg-type]

    pairs = {}
    for names, umin, umax in rows("R-058"):
        first, second = words(names)
        pairs[first, second] = value(umin), value(umax)
        low, high = pairs[first, second]
        for offset in (-900.0, 0.0, 150.0, 2000.0):
            lo1, lo2 = offset, 300.0
            hi1, hi2 = lo1 + 100, lo2 + 100
            least = max(lo1 + low - hi2, lo2 - hi1 - high)
            greatest = max(lo1 + high - hi2, lo2 - hi1 - low)
            assert _vertical_gaps(band(lo1, first), band(lo2, second), agreed) == (least, greatest)
    assert pairs.keys() == {(str(a), str(b)) for a in Reference for b in Reference if a != b}
    told = re.search(r"`WORLDWIDE`: g (.*?) to (.*?), p (.*?) to (.*?), t (.*?) to (.*?)\.", FLAT)
    assert told is not None
    assert [float(item.replace(" ", "")) for item in told.groups()] == [
        e for b in asdict(WORLDWIDE).values() for e in b
    ]


@pytest.mark.req("R-060", "R-070")
def test_severities_and_pairs_are_those_of_the_code() -> None:
    assert [words(row[0])[0] for row in rows("R-060")] == [str(severity) for severity in Severity]
    pair = payload(case("alerts.json", "opened")["object"]["alert"])["pairs"][0]
    (text,) = re.findall(r"A pair is exactly (.*?) \(R-061", FLAT)
    assert words(text) == list(pair)


@pytest.mark.req("R-068", "R-079", "R-083")
def test_members_of_alert_acknowledgement_and_receipt_are_those_of_the_tables() -> None:
    def table(which: str) -> set[str]:
        return {name for row in rows(which) for name in words(row[0])}

    claims = {field.name for field in structs.fields(Claims)}
    for which, jws in (
        ("R-068", case("alerts.json", "opened")["object"]["alert"]),
        ("R-079", case("acknowledgements.json", "acknowledged")["statement"]),
        ("R-083", case("receipts.json", "of a notice")["receipt"]),
    ):
        assert table(which) == payload(jws).keys() - claims
    assert tuple(words(next(rows("R-079"))[1])) == acknowledgement.STAGES
    row = next(row for row in rows("R-083") if row[0] == "`kind`")
    assert words(row[1]) == [kind.name for kind in kinds.KINDS]
    reasons = {word for row in rows("R-071") for word in words(row[1])}
    assert reasons == alert.REASONS


@pytest.mark.req("R-005", "R-066", "R-073", "R-084")
def test_recipes_of_ids() -> None:
    said = payload(case("alerts.json", "opened at a distance")["object"]["alert"])
    first, second = (
        f'["{side["party"]}","{side["id"]}"]' for side in sorted((said["own"], said["other"]), key=lambda s: s["party"])
    )
    assert said["conflict"] == digest(f'["{said["aud"]}",[{first},{second}]]')
    assert said["jti"] == digest(f'["{said["conflict"]}",{said["version"]},"{said["to"]}"]')[:21] + "A"
    read = payload(case("receipts.json", "of a notice")["receipt"])
    assert read["jti"] == digest(f'["{read["epoch"]}",{read["seq"]}]')[:21] + "A"
    # Whoever comes first in the list, the id is the same: issuers are ordered.
    assert alert.conflict_id("a", ("x", "2"), ("x", "1")) == alert.conflict_id("a", ("x", "1"), ("x", "2"))


@pytest.mark.req("R-088")
def test_the_doors_are_those_of_the_service() -> None:
    told = {door for row in rows("R-088") for door in words(row[0])}
    routers = (submits, reads, stream, health)
    served = {
        f"{method} {route.path}"
        for module in routers
        for route in module.router.routes
        for method in route.methods - {"HEAD"}
    }
    assert told == served
    media = {word for row in rows("R-088") for word in words(row[1])}
    assert media == {kind.media_type for kind in kinds.KINDS}


@pytest.mark.req("R-096", "R-101")
def test_events_and_times_of_the_stream_are_those_of_the_service() -> None:
    told_here = {words(row[0])[0] for row in rows("R-096")}
    source = Path(told.__file__).read_text("utf-8")
    spoken = set(re.findall(r'_event\("(\w+)"|b"event: (\w+)', source))
    assert told_here == {kind.event for kind in kinds.EVERY_KIND if kind.event} | {a or b for a, b in spoken}
    gap = next(row for row in rows("R-096") if row[0] == "`gap`")
    assert set(re.findall(r'tell_gap\("(\w+)"', source)) == {"trimmed", "epoch", "ahead"} <= set(words(gap[1]))
    assert hub.KEEP_ALIVE_S < 5.0 and (subscriber.STREAM_LASTS_S, told.RETRY_MS) == (600.0, 500)


def test_limits_are_those_of_the_code() -> None:
    table = {row[0]: number(row[1]) for row in limit_rows()}
    assert table["payload of a statement"] == MAX_PAYLOAD_BYTES
    assert table["payload of a withdrawal"] == kinds.WITHDRAWAL.max_payload_bytes
    assert table["payload of an acknowledgement"] == kinds.ACKNOWLEDGEMENT.max_payload_bytes
    assert table["payload of an alert"] == kinds.ALERT.max_payload_bytes
    assert table["payload of a request proof"] == kinds.REQUEST.max_payload_bytes
    assert table["payload of an opening"] == kinds.OPENING.max_payload_bytes
    assert table["`iat` of an opening off the clock"] == opening.FRESH_S
    assert table["agreement, signed"] == agreement.MAX_AGREEMENT_BYTES
    assert table["nesting of JSON"] == MAX_DEPTH
    assert table["submission"] == MAX_SUBMISSION_BYTES
    assert table["`iat` of a proof off the clock"] == request.WITHIN_S
    assert table["alert objects beside a receipt"] == hotline.ANSWER_BYTES
    assert table["whole conflicts in one answer"] == reads.ANSWER_BYTES
    assert table["conflicts asked for at once"] == reads.NAMED_AT_ONCE
    (pages,) = [row[1] for row in limit_rows() if row[0] == "conflicts, notices on a page"]
    assert pages == f"{reads.CONFLICTS_AT_ONCE}, {reads.NOTICES_AT_ONCE}"


def limit_rows() -> Iterator[list[str]]:
    at = LINES.index("## 18. Limits")
    for line in LINES[at + 3 : next(n for n in range(at + 1, len(LINES)) if LINES[n].startswith("## "))]:
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def _key(text: str) -> None:
    said = dict(re.split(r"\s{2,}", line) for line in text.splitlines())
    key = PrivateKey(bytes.fromhex(said["seed"])).public
    assert said == {"seed": said["seed"], "x": key.jwk["x"], "kid": key.kid, "public": key.text,
                    "fingerprint": key.fingerprint}  # fmt: skip
    assert VECTORS["alerts.json"]["keys"]["south"]["kid"] == key.kid


def _header(text: str) -> None:
    assert unb64(_fence("text statement").split(".")[0]).decode() == text


def _withdrawal(text: str) -> None:
    assert unb64(_fence("text statement").split(".")[1]).decode() == text


def _statement(text: str) -> None:
    keys = {key["kid"]: PrivateKey(unb64(key["seed"])).public for key in VECTORS["withdrawals.json"]["keys"].values()}
    opened = open_statement(text, kinds.WITHDRAWAL.typ, keys.get)
    assert f"`{opened.sha256}`" in SPEC
    assert case("withdrawals.json", "withdrawn")["statement"] == text


def _volume(text: str) -> None:
    assert parse_volume(json.loads(text)).shape.vertices == 2


def _disclosure(text: str) -> None:
    members, raw = text.splitlines()
    assert b64(members.encode()) == raw
    assert raw in VECTORS["alerts.json"]["statements"]["south one"]
    assert len(disclose_property(*json.loads(members)[1:])) == len(raw)


def _conflict_id(text: str) -> None:
    recipe, id = text.splitlines()
    assert digest(recipe) == id == json.loads(_fence("json alert"))["conflict"]


def _alert(text: str) -> None:
    assert json.loads(text) == payload(case("alerts.json", "opened at a distance")["object"]["alert"])


def _problem(text: str) -> None:
    assert json.loads(text) == json.loads(bytes(problem(json.loads(text)["code"]).body))


def _formula(text: str) -> None:
    from keepclear_protocol.geometry import EDGE_SHIFT_PER_M, ROUNDING_M, SPHERE_FACTOR

    if "gap" in text:
        assert [float(found) for found in re.findall(r"\d+\.\d+|\d+e-\d+", text)] == [
            SPHERE_FACTOR, EDGE_SHIFT_PER_M, EDGE_SHIFT_PER_M, ROUNDING_M,
        ]  # fmt: skip


EXAMPLES: dict[str, Callable[[str], None]] = {
    "text key": _key,
    "text protected-header": _header,
    "json withdrawal": _withdrawal,
    "text statement": _statement,
    "json volume": _volume,
    "text disclosure": _disclosure,
    "text conflict-id": _conflict_id,
    "json alert": _alert,
    "json problem": _problem,
    "text formula": _formula,
}


def _fence(name: str) -> str:
    return next(str(text) for kind, text in FENCES if kind == name)


@pytest.mark.req("R-010", "R-011", "R-012", "R-039", "R-056", "R-094")
@pytest.mark.parametrize(("kind", "text"), FENCES, ids=[kind for kind, _ in FENCES])
def test_examples_are_real(kind: str, text: str) -> None:
    EXAMPLES[kind](text)


def test_no_kind_of_example_is_gone() -> None:
    assert {kind for kind, _ in FENCES} == EXAMPLES.keys()
    assert SPEC.count("```") == 2 * len(FENCES)


def test_every_vector_file_is_described() -> None:
    told = set(re.findall(r"^\| `(\w+\.json)`", (ROOM / "vectors" / "README.md").read_text("utf-8"), re.MULTILINE))
    assert told == VECTORS.keys()
    for name, document in VECTORS.items():
        assert isinstance(document["about"], str), name
