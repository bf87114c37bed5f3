"""Events as facts: those that do not verify have none, and every sentence named has words in every language."""

import json
import re
from pathlib import Path

import keepclear.console
from keepclear.console.happened import facts_of
from keepclear.desk.events import LinkEvent, NoticeEvent

CONSOLE = Path(keepclear.console.__file__).parent
DOUBTABLE = ("delivered", "displayed", "acknowledged")


def test_only_what_verifies_has_facts() -> None:
    admitted = NoticeEvent("notice", "0" * 26, 2, "0" * 64)
    facts = facts_of(admitted, 0, None, "north")
    assert facts is not None and (facts["revision"], facts["callsign"]) == (2, None)
    assert facts_of(NoticeEvent("notice", "0" * 26, 2, "0" * 64, "signature"), 0, None, "north") is None
    lost = facts_of(LinkEvent(up=False, detail="refused"), 0, None, "north")
    assert lost == {"what": "link_lost", "when": "1970-01-01T00:00:00Z"}


def test_every_sentence_has_words_in_every_language() -> None:
    named = re.findall(
        r'"(open|over|filed|withdrawn|connected|link_lost|confirmed)"', (CONSOLE / "happened.py").read_text()
    )
    wanted = {*named, "watch_begun", "watch_ended", *DOUBTABLE, *(f"{stage}_doubted" for stage in DOUBTABLE)}
    for words in (CONSOLE / "page/words").glob("*/log.json"):
        assert wanted <= {key.removeprefix("log.told.") for key in json.loads(words.read_text(encoding="utf-8"))}, words
