"""The house holds: who imports whom, how long a file is, who reads a clock; nothing of this machine is committed."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keepclear_protocol import errors
from support import error_page, format_page

REPOSITORY = Path(__file__).resolve().parents[1]
ROOTS = ("protocol", "service", "clients/python")
MAX_LINES = 400
LONG_LINES = 300
LONG = {
    "service/keepclear_service/line/ports.py",
    "protocol/keepclear_protocol/terms.py",
    "protocol/keepclear_protocol/notice.py",
    "service/keepclear_service/line/turn.py",
    "clients/python/keepclear/desk/transition.py",
    "clients/python/keepclear/verify/verdicts.py",
}
"""Sources between the two: each is to be parted before it grows, and a new one to be argued for here."""

MEET_ON_THE_WIRE = "Service and clients meet only on the wire"

MACHINE = {
    "a path of one machine": re.compile(r"(^|[^\w.$}])/(work|root|farm)[/]"),
    "a registry's address": re.compile(
        r"index[-]url|find[-]links|pypi[.]org|pythonhosted[.]org|npmjs[.]org|registry\s*=\s*\"?http|\"resolved\":\s*\"http"
    ),
}


def committed(*suffixes: str) -> Iterator[Path]:
    """Yield what is committed or about to be, with one of the suffixes; all files without."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, capture_output=True, check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        path = REPOSITORY / name
        if name and path.is_file() and (not suffixes or path.suffix in suffixes):
            yield path


def python_of(*rooms: str) -> list[Path]:
    return [path for room in rooms for path in committed(".py") if path.is_relative_to(REPOSITORY / room)]


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": ":".join(str(folder / root) for root in ROOTS)},
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the three rooms, to be spoilt."""
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for root in ROOTS:
        shutil.copytree(REPOSITORY / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_import_contracts_are_kept() -> None:
    result = lint_imports(REPOSITORY)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("protocol/keepclear_protocol/alert.py", "import redis", "The wire knows nobody"),
        ("protocol/keepclear_protocol/claims.py", "import time", "The wire knows nobody"),
        ("protocol/keepclear_protocol/keys.py", "from . import statement", "The protocol's layers"),
        ("protocol/keepclear_protocol/colours.py", "", "The protocol's layers"),
        ("clients/python/keepclear/cli/check.py", "import keepclear_service", MEET_ON_THE_WIRE),
        ("service/keepclear_service/settings.py", "def f():\n    import keepclear", MEET_ON_THE_WIRE),
        ("service/keepclear_service/decide/admission.py", "import time", "Decisions are pure"),
        ("service/keepclear_service/decide/fold.py", "from .. import store", "The service's layers"),
        ("clients/python/keepclear/wire/exchange.py", "import httpx2", "The wire of the clients does no I/O"),
        ("clients/python/keepclear/wire/exchange.py", "from ..transport import client", "The clients' layers"),
        ("clients/python/keepclear/desk/desk.py", "import keepclear_demo", "The SDK knows no demo"),
        ("clients/python/keepclear_demo/play.py", "import keepclear_service", "The demo is a stranger to the service"),
    ],
)  # fmt: skip
def test_import_contracts_can_fail(copied: Path, file: str, line: str, contract: str) -> None:
    with (copied / file).open("a") as module:
        module.write(f"\n{line}\n")
    result = lint_imports(copied)
    assert result.returncode == 1
    broken = re.findall(r"^(.*) BROKEN", result.stdout, re.MULTILINE)
    assert contract in broken, result.stdout


def test_what_is_run_by_its_path_hides_no_module_of_pythons() -> None:
    """A program's own folder comes first on its path: a neighbour named ``operator`` keeps it from starting."""
    run_by_path = ("tests/support", "protocol/conformance", "clients/python/keepclear_demo")
    hidden = [name(path) for path in python_of(*run_by_path) if path.stem in sys.stdlib_module_names]
    assert not hidden


def test_no_file_is_too_long() -> None:
    too_long = {
        name(path): lines
        for path in committed(".py", ".js", ".lua")
        if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES
    }
    assert not too_long


def test_sources_that_are_long_are_named() -> None:
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in python_of(*ROOTS)}
    assert {file for file, count in lines.items() if count > LONG_LINES} == LONG


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def prints(path: Path) -> list[int]:
    return [call.lineno for call in calls(path) if isinstance(call.func, ast.Name) and call.func.id == "print"]


def clock_reads(path: Path, *, any_clock: bool) -> list[int]:
    """Return the lines that read a clock; without ``any_clock`` those alone that make a time without a zone."""
    found = []
    for call in calls(path):
        attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        bare = not call.args and not call.keywords
        zoneless = attribute in ("utcnow", "utcfromtimestamp") or (attribute in ("now", "today") and bare)
        if zoneless or (any_clock and attribute in ("now", "today")):
            found.append(call.lineno)
    return found


def test_protocol_and_service_never_print() -> None:
    found = {name(path): lines for path in python_of("protocol", "service") if (lines := prints(path))}
    assert not found


def test_no_time_is_without_a_zone() -> None:
    found = {name(path): lines for path in python_of(*ROOTS) if (lines := clock_reads(path, any_clock=False))}
    assert not found


def test_protocol_and_decisions_read_no_clock() -> None:
    rooms = python_of("protocol", "service/keepclear_service/decide")
    assert len(rooms) > 10
    found = {name(path): lines for path in rooms if (lines := clock_reads(path, any_clock=True))}
    assert not found


def test_the_checks_see_what_they_look_for(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("print(1)\ndatetime.now()\ndatetime.now(UTC)\ndate.today()\nx = datetime.utcnow()\n")
    assert prints(module) == [1]
    assert clock_reads(module, any_clock=False) == [2, 4, 5]
    assert clock_reads(module, any_clock=True) == [2, 3, 4, 5]


def of_this_machine(text: str) -> list[str]:
    return [what for what, pattern in MACHINE.items() if pattern.search(text)]


def test_nothing_of_this_machine_is_committed() -> None:
    found = {}
    for path in committed():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if what := of_this_machine(text):
            found[name(path)] = what
    assert not found


@pytest.mark.parametrize(
    "parts",
    [("cd /", "work/main"), ("--index", "-url x"), ("https://py", "pi.org/simple"), ("'/", "root/.cache'")],
)
def test_what_is_of_this_machine_is_seen(parts: tuple[str, str]) -> None:
    assert of_this_machine("".join(parts))


@pytest.mark.parametrize("text", ["../shared/flights", "x/work/y is not rooted", "docs/root/x", "a.b/work/c"])
def test_what_is_not_of_this_machine_passes(text: str) -> None:
    assert not of_this_machine(text)


def test_locks_agree_and_carry_hashes() -> None:
    def pins(file: str) -> dict[str, frozenset[str]]:
        blocks = re.split(r"\n(?=\S)", (REPOSITORY / "requirements" / file).read_text("utf-8"))
        hashes = re.compile(r"--hash=sha256:([0-9a-f]{64})")
        return {block.split(" \\")[0]: frozenset(hashes.findall(block)) for block in blocks}

    everything = pins("dev.txt")
    assert all(everything.values())
    for file in ("run.txt", "build.txt"):
        for pin, hashes in pins(file).items():
            assert everything[pin] == hashes


def test_every_error_code_is_documented() -> None:
    assert error_page.PAGE.read_text("utf-8") == error_page.render(), "run: python tests/support/error_page.py"


def test_the_page_of_formats_says_what_the_table_of_formats_says() -> None:
    assert format_page.PAGE.read_text("utf-8") == format_page.document(), "run: python tests/support/format_page.py"


def test_every_code_that_is_raised_is_known() -> None:
    kinds = {kind for kind, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    unknown = {}
    for path in python_of(*ROOTS):
        for call in calls(path):
            kind = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if kind in kinds and call.args and isinstance(call.args[0], ast.Constant):
                if call.args[0].value not in errors.CODES:
                    unknown[f"{name(path)}:{call.lineno}"] = call.args[0].value
    assert not unknown


def test_every_requirement_has_a_test() -> None:
    spec = REPOSITORY / "protocol" / "SPEC.md"
    if not spec.exists():
        pytest.skip("protocol/SPEC.md is not written")
    numbers = set(re.findall(r"\bR-\d{3}\b", spec.read_text("utf-8")))
    held = set()
    for path in python_of("tests"):
        for call in calls(path):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "req":
                held |= {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
    assert numbers, "SPEC.md numbers its requirements R-001 and on"
    assert numbers - held == set(), "requirements without a test"
    assert held - numbers == set(), "tests of requirements that are not in SPEC.md"


@pytest.mark.parametrize(
    "program", ["keepclear_service.process.supervisor", "keepclear_service.__main__", "keepclear.cli"]
)
def test_what_judges_nothing_loads_no_arrays(program: str) -> None:
    """A supervisor and a command start a tenth of a second sooner without."""
    code = f"import sys, {program}; sys.exit(not {{'numpy', 'keepclear_service.line.turn'}}.isdisjoint(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_a_desk_loads_before_it_follows_is_all_that_judging_loads() -> None:
    """Else the first alert waits for it, a fifth of a second, and the desk's loop with it."""
    code = (
        "import sys; from keepclear.verify.recheck import load_arrays; late = 'numpy' not in sys.modules;"
        "load_arrays();"
        "sys.exit(not (late and {'keepclear.verify.sweep', 'keepclear_protocol.long_ring'} <= set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
