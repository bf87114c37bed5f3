"""``keepclear agreement`` as a program: shown, and succeeded by later terms."""

import json
from pathlib import Path
from typing import Any

import pytest
from keepclear_protocol.agreement import open_agreement, open_draft
from support.program import keepclear
from support.signing import FIRST, KEYS, drafted, folder_of_keys, heard, run, sign, signed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of_keys(tmp_path)


def test_show_says_who_has_not_signed(folder: Path) -> None:
    drafted(folder)
    sign(folder, "south", *heard("north"))
    done = run(folder, "show", "a.json")
    assert "NOT YET SIGNED by north, service" in done.stdout and done.stderr == ""
    shown = json.loads(run(folder, "show", "a.json", "--json").stdout)
    assert (shown["complete"], shown["signed_by"], shown["missing"]) == (False, ["south"], ["north", "service"])


def test_show_of_a_complete_agreement(folder: Path) -> None:
    agreement = signed(folder)
    text = run(folder, "show", "a.json").stdout
    assert "verified, by everyone" in text and agreement.fingerprint in text and agreement.id in text
    assert "דרום" in text and "213.36 m" in text
    # The digits that are to be heard by voice are nowhere to be read.
    for party in agreement.parties:
        assert party.root.fingerprint not in text
    shown = json.loads(run(folder, "show", "a.json", "--json").stdout)
    assert shown["agreement"] == agreement.id and shown["complete"]
    assert json.dumps(shown["payload"], separators=(",", ":"), ensure_ascii=False).encode() == agreement.payload


def test_a_signature_that_does_not_hold_is_evidence_invalid(folder: Path) -> None:
    signed(folder)
    members = json.loads((folder / "a.json").read_text())
    members["signatures"][1]["signature"] = members["signatures"][0]["signature"]
    (folder / "a.json").write_text(json.dumps(members))
    done = run(folder, "show", "a.json", code=5)
    assert "a.json: the signature of south does not verify (agreement_signatures)" in done.stderr
    sign(folder, "north", *heard("south"), code=5)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"payload":1,"signatures":[]}', "\x00", "x" * 300_000])
def test_what_is_no_agreement(folder: Path, text: str) -> None:
    (folder / "a.json").write_text(text)
    for words in (["show", "a.json"], ["sign", "a.json", "--key", "north.key"], ["init", "--succeeds", "a.json"]):
        assert "(agreement)" in run(folder, *words, code=1).stderr
    run(folder, "show", "missing.json", code=2)


def test_a_byte_order_mark_is_passed_over_and_another_encoding_named(folder: Path) -> None:
    drafted(folder)
    file = folder / "a.json"
    sign(folder, "south", *heard("north"))
    text = file.read_bytes()
    file.write_bytes(b"\xef\xbb\xbf" + text)
    assert "NOT YET SIGNED by north, service" in run(folder, "show", "a.json").stdout
    sign(folder, "north", *heard("south"))  # which writes the file anew, and asks whether it is still the one read
    assert "NOT YET SIGNED by service" in run(folder, "show", "a.json").stdout
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        file.write_bytes(text.decode().encode(encoding))
        error = run(folder, "show", "a.json", code=2).stderr
        assert "a.json: the file is UTF-" in error and "save it as UTF-8" in error


# the next revision


def test_a_successor(folder: Path) -> None:
    first = signed(folder)
    words: list[str] = ["--succeeds", "a.json", "--out", "b.json", "--revoke", KEYS["south-desk"].public.text]
    run(folder, "init", *words, "--key", f"south={KEYS['next'].public.text}:watch", "--limit", "volumes=7")
    sign(folder, "north", *heard("south"), file="b.json", code=2)
    for name in ("north", "south", "service"):
        others = [party for party in ("north", "south") if party != name]
        sign(folder, name, *heard(*others), "--previous", "a.json", file="b.json")
    second = open_agreement((folder / "b.json").read_bytes(), first)
    assert (second.revision, second.prev, second.id, second.limits.volumes) == (2, first.terms, first.id, 7)
    south: Any = second.party("south")
    assert [key.revoked_at is None for key in south.keys] == [False, True]
    assert "REVOKED" in run(folder, "show", "b.json").stdout
    assert "a first revision" in sign(folder, "north", *heard("south"), "--previous", "b.json", code=2).stderr


def test_a_successor_with_a_new_root(folder: Path) -> None:
    first = signed(folder)
    run(folder, "init", "--succeeds", "a.json", "--out", "b.json", "--party", f"south={KEYS['next'].public.text}")
    everyone = heard("north", south=KEYS["next"].public.fingerprint)
    for name in ("north", "south", "next", "service"):
        sign(folder, name, *everyone, "--previous", "a.json", file="b.json")
    second = open_agreement((folder / "b.json").read_bytes(), first)
    assert second.former_roots == (KEYS["south"].public,)


def test_terms_from_a_file(folder: Path) -> None:
    first = signed(folder)
    terms = json.loads(run(folder, "show", "a.json", "--json").stdout)["payload"]
    terms["name"] = "Amended"
    (folder / "terms.json").write_text(json.dumps(terms))
    run(folder, "init", "--terms", "terms.json", "--succeeds", "a.json", "--out", "b.json")
    draft = open_draft((folder / "b.json").read_bytes())
    assert (draft.terms.name, draft.terms.revision, draft.terms.id) == ("Amended", 2, first.id)
    del terms["categories"]["strike"]
    (folder / "terms.json").write_text(json.dumps(terms))
    done = run(folder, "init", "--terms", "terms.json", "--succeeds", "a.json", code=1)
    assert "(agreement_successor)" in done.stderr
    for broken in ("[]", "null", '{"name":1}', json.dumps({**terms, "parties": [1, 2]})):
        (folder / "terms.json").write_text(broken)
        done = keepclear("agreement", "init", "--terms", "terms.json", *FIRST, folder=folder)
        assert done.returncode in (1, 2) and done.stderr.count("keepclear: error:") == 1
