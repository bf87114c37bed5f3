"""``keepclear agreement`` as a program: drafted, and signed by voice."""

import json
import os
import pty
import select
import stat
import time
from pathlib import Path

import pytest
from keepclear.cli.agreement_file import replace_document
from keepclear.cli.agreement_words import read_length_m
from keepclear_protocol.agreement import open_agreement, open_draft
from keepclear_protocol.budgets import Budgets
from keepclear_protocol.errors import LocalError
from keepclear_protocol.instant import SECOND
from keepclear_protocol.separation import Minima
from support.program import PROGRAM
from support.signing import FIRST, KEYS, drafted, folder_of_keys, heard, run, sign, signed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_keys(tmp_path)


def test_a_draft_says_what_the_options_say(folder: Path) -> None:
    before = int(time.time()) * SECOND
    terms = open_draft(drafted(folder).read_bytes()).terms
    north, south = terms.parties
    assert (north.id, north.root, north.names) == ("north", KEYS["north"].public, {"en": "north"})
    assert south.names == {"en": "South", "he": "דרום"}
    assert [key.key for key in south.keys] == [KEYS["south-desk"].public]
    assert south.keys[0].roles == {"submit", "acknowledge", "watch"}
    assert before <= south.keys[0].not_before <= before + 60 * SECOND
    assert south.keys[0].not_after - south.keys[0].not_before == 365 * 86_400 * SECOND
    assert terms.categories == {"transport": Minima(7408, 213.36, 0, 0), "strike": Minima(20000, 1524, 600, 2700)}
    assert (terms.service.origin, terms.retention_s, terms.revision) == ("https://hotline.example", 604_800, 1)


def test_every_option(folder: Path) -> None:
    area = {"outline_circle": {"center": {"lat": 32.5, "lng": 35}, "radius": {"value": 4e5, "units": "M"}}}
    (folder / "area.json").write_text(json.dumps(area))
    words = [
        *("--area", "area.json", "--uncertainty", "terrain_m=-430,2850.5", "--limit", "volumes=100"),
        *("--budget", "alerts_an_hour=900"),
        *("--limit", "revisions=9", "--routine", "12h", "--short", "30min", "--retention", "2d"),
        *("--acknowledge-within", "90s", "--valid-from", "2027-01-01T00:00:00Z"),
        *("--valid-until", "2027-06-01T00:00:00Z", "--key", f"north={KEYS['next'].public.text}:watch,admin"),
    ]
    terms = open_draft(drafted(folder, *words).read_bytes()).terms
    assert terms.area is not None and terms.uncertainty.terrain_m == (-430, 2850.5)
    assert (terms.limits.volumes, terms.limits.revisions, terms.limits.vertices) == (100, 9, 5000)
    assert (terms.budgets.alerts_an_hour, terms.budgets.streams) == (900, Budgets().streams)
    assert (terms.lead.routine_s, terms.lead.short_s, terms.retention_s) == (43_200, 1_800, 172_800)
    assert terms.deadlines.acknowledge_s == 90
    assert terms.parties[0].keys[1].roles == {"watch", "admin"}
    assert terms.parties[0].keys[1].not_after - terms.parties[0].keys[1].not_before == 151 * 86_400 * SECOND


def test_a_draft_to_standard_output(folder: Path) -> None:
    done = run(folder, "init", *FIRST)
    assert [signer.name for signer in open_draft(done.stdout.encode()).missing] == ["north", "south", "service"]
    assert "not yet signed by north, south, service" in done.stderr


def test_a_draft_overwrites_nothing(folder: Path) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    assert "exists already" in run(folder, "init", "--out", "a.json", *FIRST, code=2).stderr
    assert path.read_bytes() == before


def test_plain_http_is_warned_of_except_on_this_machine(folder: Path) -> None:
    for origin, warned in (("http://hotline.example", True), ("http://127.0.0.1:8000", False)):
        done = run(folder, "init", *FIRST, "--service-origin", origin)
        assert ("plain http" in done.stderr) is warned


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a first revision needs --name"),
        (["--party", "x"], "NAME=VALUE"),
        (["--party", "north=keepclear-public-1aaaa"], "damaged"),
        (["--category", "transport=9260,300"], "a length such as"),
        (["--category", "transport=1m"], "two lengths"),
        (["--category", "transport=1m,1m,1m,1s"], "a time of whole seconds"),
        (["--category", "transport=1m,1m,1.5s,1s"], "a time of whole seconds"),
        (["--category", "transport=-1m,1m"], "a length such as"),
        (["--category", "transport=1e9m,1m"], "a length such as"),
        (["--retention", "\u0667d"], "a time of whole seconds"),
        (["--limit", "volumes=many"], "a whole number"),
        (["--uncertainty", "terrain_m=1"], "two numbers"),
        (["--uncertainty", "terrain_m=nan,nan"], "two numbers"),
        (["--valid-from", "tomorrow"], "RFC 3339"),
        ([*FIRST, "--party-name", "south=South"], "ID=LANG:TEXT"),
        ([*FIRST, "--party-name", "west=en:West"], "which is no party"),
        ([*FIRST, "--key", f"west={KEYS['next'].public.text}"], "which is no party"),
        ([*FIRST, "--revoke", KEYS["next"].public.text], "which is no party's key"),
        ([*FIRST, "--area", "missing.json"], "no such file"),
        ([*FIRST, "--succeeds", "missing.json"], "no such file"),
        ([*FIRST, "--terms", "north.key"], "not JSON"),
    ],
)
def test_usage(folder: Path, words: list[str], said: str) -> None:
    assert said in run(folder, "init", *words, code=2).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limit", "volumes=501"], "limits.volumes"),
        (["--budget", "streams=0"], "budgets.streams"),
        (["--budget", "stream=5"], "no budget is called stream"),
        (["--limit", "volume=5"], "limits must be an object with exactly"),
        (["--key", f"north={KEYS['north'].public.text}"], "a key stands twice"),
        (["--key", f"north={KEYS['next'].public.text}:fly"], "roles"),
        (["--category", "Transport=1m,1m"], "categories"),
        (["--party-name", "south=en:a\u202eb"], "none of them unseen"),
        (["--service-origin", "https://hotline.example/"], "origin"),
        (["--party", f"service={KEYS['next'].public.text}"], "parties"),
    ],
)
def test_unsound_terms_are_not_written(folder: Path, words: list[str], said: str) -> None:
    assert said in run(folder, "init", "--out", "a.json", *FIRST, *words, code=1).stderr
    assert not (folder / "a.json").exists()


def test_a_secret_key_in_the_wrong_place_is_not_repeated(folder: Path) -> None:
    secret = KEYS["stranger"].text
    for option in ("--party", "--key", "--service-key", "--revoke", "--category"):
        for value in (secret, f"west={secret}", f"west={secret}:submit"):
            assert secret not in run(folder, "init", *FIRST, option, value, code=2).stderr


# sign


def test_all_sign_and_the_agreement_is_complete(folder: Path) -> None:
    path = drafted(folder)
    path.chmod(0o640)
    done = sign(folder, "south", "--as", "south", *heard("north"))
    assert "not yet signed by north, service" in done.stderr
    sign(folder, "service", "--as", "service", *heard("north", "south"))
    done = sign(folder, "north", *heard("south", "service"), "--json")
    said = json.loads(done.stdout)
    agreement = open_agreement(path.read_bytes())
    assert said["signed_as"] == "north" and said["complete"] and said["missing"] == []
    assert said["fingerprint"] == agreement.fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(item.name for item in folder.iterdir()) == sorted(["a.json", *(f"{name}.key" for name in KEYS)])


def test_signing_twice_changes_nothing(folder: Path) -> None:
    signed(folder)
    before = (folder / "a.json").read_bytes()
    sign(folder, "north", *heard("south"))
    assert (folder / "a.json").read_bytes() == before


@pytest.mark.parametrize(
    "digits",
    [
        KEYS["north"].public.fingerprint,
        KEYS["stranger"].public.fingerprint,
        KEYS["south"].public.fingerprint[:-1] + "x",
        KEYS["south"].public.fingerprint[:-1],
        KEYS["south"].public.fingerprint + "0",
        "",
        "yes",
    ],
)
def test_wrong_digits_sign_nothing(folder: Path, digits: str) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    done = sign(folder, "north", *heard(south=digits), code=1)
    assert "(fingerprint)" in done.stderr and "nothing was signed" in done.stderr
    # Else the digits could be taken from here instead of from the telephone.
    assert KEYS["south"].public.fingerprint not in done.stderr
    assert KEYS["south"].public.fingerprint.replace(" ", "") not in done.stderr
    assert path.read_bytes() == before


def test_a_replaced_root_is_caught_by_voice(folder: Path) -> None:
    """Who carries the file puts another root in it; what the other party reads out is the fingerprint of its own."""
    replaced = {f"south={KEYS['south'].public.text}": f"south={KEYS['stranger'].public.text}"}
    words = [replaced.get(word, word) for word in FIRST]
    run(folder, "init", "--out", "a.json", *words)
    assert "(fingerprint)" in sign(folder, "north", *heard("south"), code=1).stderr


def test_digits_may_be_grouped_in_any_way_and_script(folder: Path) -> None:
    drafted(folder)
    digits = KEYS["south"].public.fingerprint
    arabic = digits.translate({ord(str(digit)): 0x660 + digit for digit in range(10)})
    for spelling in (digits.replace(" ", ""), digits.replace(" ", "-"), f"  {digits} ", arabic):
        sign(folder, "north", *heard(south=spelling))


def test_what_was_not_heard_is_not_signed(folder: Path) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    for name, words in (("north", []), ("service", heard("north")), ("south", heard("service"))):
        assert "heard by voice" in sign(folder, name, *words, code=2).stderr
    for words in (["--heard", "south"], [*heard("south"), *heard("south")], heard("south", west="1")):
        sign(folder, "north", *words, code=2)
    sign(folder, "north", *heard("south", service=KEYS["stranger"].public.fingerprint), code=1)
    assert path.read_bytes() == before


def test_who_signs(folder: Path) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    for name in ("stranger", "north-desk"):
        assert "not one that a.json asks to sign" in sign(folder, name, *heard("north", "south"), code=2).stderr
    assert "signs as north, not as south" in sign(folder, "north", "--as", "south", *heard("south"), code=2).stderr
    (folder / "north.key").chmod(0o644)
    assert "chmod 600" in sign(folder, "north", *heard("south"), code=2).stderr
    assert path.read_bytes() == before


def on_terminal(folder: Path, *words: str, answer: str, sure: str = "y", meanwhile: bytes = b"") -> tuple[int, str]:
    """Run the program on a terminal; ``answer`` is typed when it asks for digits, ``sure`` when it asks to sign.

    Before ``sure``, the file becomes ``meanwhile`` if that is given. Return the exit code and what was seen.
    """
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(PROGRAM[0], [*PROGRAM, "agreement", *words])  # noqa: S606 - no shell is wanted
    seen = ""
    try:
        while True:
            ready, _, _ = select.select([terminal], [], [], 30)
            assert ready, f"no answer after: {seen}"
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break
            if not data:
                break
            seen += data.decode()
            if seen.endswith("as heard by voice: "):
                os.write(terminal, f"{answer}\n".encode())
            if seen.endswith("sign? [y/N]: "):
                if meanwhile:
                    (folder / "a.json").write_bytes(meanwhile)
                os.write(terminal, f"{sure}\n".encode())
    finally:
        os.close(terminal)
        status = os.waitpid(process, 0)[1]
    return os.waitstatus_to_exitcode(status), seen


def test_on_a_terminal_it_asks(folder: Path) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    code, seen = on_terminal(folder, "sign", "a.json", "--key", "north.key", answer=KEYS["north"].public.fingerprint)
    assert code == 1 and "nothing was signed" in seen and path.read_bytes() == before
    assert KEYS["south"].public.fingerprint not in seen
    code, seen = on_terminal(folder, "sign", "a.json", "--key", "north.key", answer=KEYS["south"].public.fingerprint)
    assert code == 0 and "fingerprint of south's root key" in seen
    # All that is agreed was to be read before the first question.
    assert seen.index("4 NM (7408 m) horizontally") < seen.index("as heard by voice") < seen.index("sign?")
    assert [signer.name for signer in open_draft(path.read_bytes()).missing] == ["south", "service"]


def test_whoever_is_not_sure_signs_nothing(folder: Path) -> None:
    path = drafted(folder)
    before = path.read_bytes()
    words = ("sign", "a.json", "--key", "north.key")
    code, seen = on_terminal(folder, *words, answer=KEYS["south"].public.fingerprint, sure="n")
    assert code == 1 and "nothing was signed" in seen and path.read_bytes() == before
    code, seen = on_terminal(folder, *words, "--yes", answer=KEYS["south"].public.fingerprint)
    assert code == 0 and "sign?" not in seen and path.read_bytes() != before


def test_another_draft_put_in_the_place_of_the_one_shown_is_not_signed(folder: Path) -> None:
    path = drafted(folder)
    shown = path.read_bytes()
    path.unlink()
    other = drafted(folder, "--category", "transport=1m,1m").read_bytes()
    path.write_bytes(shown)
    words = ("sign", "a.json", "--key", "north.key")
    code, seen = on_terminal(folder, *words, answer=KEYS["south"].public.fingerprint, meanwhile=other)
    assert code == 2 and "changed by somebody else" in seen and path.read_bytes() == other


def test_a_signature_made_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"signed by south meanwhile")
    with pytest.raises(LocalError, match="somebody else"):
        replace_document(str(path), b"as it was read", b"signed by north")
    assert path.read_bytes() == b"signed by south meanwhile"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_replaced_whole_and_a_link_stays_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    path.write_bytes(b"before")
    link.symlink_to(path)
    replace_document(str(link), b"before", b"after")
    assert link.is_symlink() and path.read_bytes() == b"after"

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LocalError, match="its disk is full"):
        replace_document(str(path), b"after", b"later")
    assert path.read_bytes() == b"after" and sorted(tmp_path.iterdir()) == [path, link]


# show


@pytest.mark.parametrize(("text", "metres"), [("4nm", 7408), ("4NM", 7408), ("700FT", 213.36), ("9.26KM", 9260)])
def test_a_length_is_the_same_in_capitals_and_small_letters(text: str, metres: float) -> None:
    assert read_length_m(text) == metres
