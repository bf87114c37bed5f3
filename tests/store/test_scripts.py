"""What holds of every script: its keys stand in KEYS, it holds no rule, and it is loaded where it is not known."""

import re
from pathlib import Path

import pytest
from keepclear_service.store import line, reader
from keepclear_service.store.scripts import Script
from support.store_line import Bench, alert, notice, on_line

SCRIPTS = sorted((Path(line.__file__).parent / "scripts").glob("*.lua"))
WITHOUT_KEY = {"TIME", "PUBLISH", "INFO"}
RULES = re.compile(r"ROUTINE|SHORT|LATE|IN_PROGRESS|RETROACTIVE|overlap'|proximity|horizontal", re.ASCII)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_makes_no_key(path: Path) -> None:
    text = path.read_text()
    calls = re.findall(r"\bcall\('(\w+)'(?:, *([^,()]+(?:\([^()]*\))?))?", text)
    assert calls, path
    for command, key in calls:
        assert command in WITHOUT_KEY or re.fullmatch(r"[a-z_]+|KEYS\[[^\]]+\]", key.strip()), (command, key)
    # The names that stand for keys come from KEYS.
    names = {key.strip() for command, key in calls if command not in WITHOUT_KEY and "[" not in key}
    for name in names:
        assert re.search(rf"local [^\n]*\b{name}\b[^\n]* = [^\n]*KEYS\[", text), name
    assert "kc:" not in text
    assert not RULES.search(re.sub(r"--[^\n]*", "", text))


def test_every_script_is_used() -> None:
    used = {script.name for room in (line, reader) for script in vars(room).values() if isinstance(script, Script)}
    parts = {part for path in SCRIPTS for part in re.findall(r"^-- include (\w+)$", path.read_text(), re.MULTILINE)}
    assert used | parts == {path.stem for path in SCRIPTS} and not used & parts


def test_a_script_that_the_store_has_forgotten_is_loaded_again(line_url: str) -> None:
    async def story(bench: Bench) -> None:
        for number in range(2):
            await bench.redis.script_flush()
            turned = await bench.turn(notice(f"n{number}"))
            assert turned.outcomes[0].entry is not None
            await bench.line.commit(bench.epoch, [(turned.head, [alert(turned.head)])])
        assert (await bench.line.events("south", 0, 10)).head == 2

    on_line(story, line_url)
