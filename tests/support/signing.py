"""``keepclear agreement`` as a program, for tests: a folder of keys, and drafts and signatures made in it."""

from pathlib import Path

from keepclear.keystore import save_private_key
from keepclear_protocol.agreement import Agreement, open_agreement
from keepclear_protocol.keys import PrivateKey

from support.program import Done, keepclear

KEYS = {
    name: PrivateKey(bytes([at]) * 32)
    for at, name in enumerate(["north", "south", "service", "north-desk", "south-desk", "stranger", "next"], 1)
}
FIRST = [
    "--name",
    "North and south",
    "--service-origin",
    "https://hotline.example",
    "--category",
    "transport=4NM,700ft",
    "--category",
    "strike=20km,5000ft,10min,45min",
    "--party-name",
    "south=en:South",
    "--party-name",
    "south=he:דרום",
]
for party in ("north", "south"):
    FIRST += ["--party", f"{party}={KEYS[party].public.text}", "--key", f"{party}={KEYS[f'{party}-desk'].public.text}"]
FIRST += ["--service-key", KEYS["service"].public.text]


def folder_of_keys(tmp_path: Path) -> Path:
    for name, key in KEYS.items():
        save_private_key(tmp_path / f"{name}.key", key, 0)
    return tmp_path


def run(folder: Path, *words: str, code: int = 0) -> Done:
    done = keepclear("agreement", *words, folder=folder)
    assert done.returncode == code, done.stderr
    if code:
        assert done.stdout == "" and done.stderr.count("keepclear: error:") == 1
    return done


def drafted(folder: Path, *words: str) -> Path:
    run(folder, "init", "--out", "a.json", *FIRST, *words)
    return folder / "a.json"


def heard(*parties: str, **other: str) -> list[str]:
    digits = {party: KEYS[party].public.fingerprint for party in parties} | other
    return [word for party, text in digits.items() for word in ("--heard", f"{party}={text}")]


def sign(folder: Path, name: str, *words: str, code: int = 0, file: str = "a.json") -> Done:
    return run(folder, "sign", file, "--key", f"{name}.key", *words, code=code)


def signed(folder: Path, *words: str) -> Agreement:
    path = drafted(folder, *words)
    sign(folder, "north", *heard("south"))
    sign(folder, "south", *heard("north"))
    sign(folder, "service", *heard("north", "south"))
    return open_agreement(path.read_bytes())
