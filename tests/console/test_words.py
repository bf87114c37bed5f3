"""Every word of the console is there in every language, with its values and its forms of plural, and spelt as it is."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "clients/python/keepclear/console/page"
LANGUAGES = {
    "en": ("one", "other"),
    "he": ("one", "two", "other"),
    "ar": ("zero", "one", "two", "few", "many", "other"),
    "tr": ("one", "other"),
    "ru": ("one", "few", "many", "other"),
}
"""The languages of the console, each with the forms that Intl.PluralRules tells apart in it (CLDR)."""

FORM = re.compile(r"\.(zero|one|two|few|many|other)$")
SCRIPT = {"he": r"[\u05d0-\u05ea]", "ar": r"[\u0621-\u064a]", "ru": r"[\u0400-\u04ff]"}
BARE = re.compile(
    r"\{\w+\}|<[^>]*>|\b(?:NM|km|kB|ft|FL|AGL|AMSL|UTC|MGRS|GeoJSON|KML|TAK|PDF|K7D 2MX|SHA-256|[A-Z])\b|[\W\d_]"
)
"""What may stand alike in all languages: values, units of the trade, names of formats, a code for an example, signs."""


def words(language: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for path in sorted((PAGE / "words" / language).glob("*.json")):
        told: dict[str, str] = json.loads(path.read_text())
        assert not joined.keys() & told.keys(), f"{path.name} says again what another file says"
        joined.update(told)
    return joined


ENGLISH = words("en")
STEMS = {FORM.sub("", key) for key in ENGLISH if FORM.search(key)}
OTHERS = [language for language in LANGUAGES if language != "en"]


def wanted(language: str) -> set[str]:
    plain = {key for key in ENGLISH if not FORM.search(key)}
    return plain | {f"{stem}.{form}" for stem in STEMS for form in LANGUAGES[language]}


def values(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_each_word_with_all_its_forms(language: str) -> None:
    have = set(words(language))
    assert sorted(wanted(language) - have) == []
    assert sorted(have - wanted(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_names_the_values_that_the_english_one_does(language: str) -> None:
    wrong = {}
    for key, text in words(language).items():
        form = FORM.search(key)
        told, expected = values(text), values(ENGLISH[FORM.sub(".other", key)])
        # One and two of a thing are words of their own in some languages; in Russian 21 takes the form of one.
        spelled = form is not None and form[1] in ("zero", "one", "two") and language != "ru"
        if told != expected and not (spelled and told == [name for name in expected if name != "n"]):
            wrong[key] = (told, expected)
    assert wrong == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_empty_or_has_a_stray_sign(language: str) -> None:
    unseen = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2067\u2068\ufeff\x00-\x1f]|  |^ |\w $|\{\}|[{}](?=[{}])")
    assert {key: text for key, text in words(language).items() if not text or unseen.search(text)} == {}


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_still_english(language: str) -> None:
    same = {}
    for key, text in words(language).items():
        english = ENGLISH.get(key) or ENGLISH[FORM.sub(".other", key)]
        if text == english and BARE.sub("", text):
            same[key] = text
    assert same == {}


@pytest.mark.parametrize("language", ["he", "ar", "ru"])
def test_words_are_written_in_the_letters_of_their_language(language: str) -> None:
    foreign = {}
    for key, text in words(language).items():
        letters = BARE.sub("", re.sub(r"\{\w+\}", "", text))
        if letters and not re.search(SCRIPT[language], letters):
            foreign[key] = text
    assert foreign == {}


@pytest.mark.parametrize("language", ["he", "ar"])
def test_no_digit_stands_bare_in_a_text_from_right_to_left(language: str) -> None:
    """A number written into the words is not isolated: beside a value it would change places with it."""
    apart = {key: re.sub("\u2066[^\u2066\u2069]*\u2069", "", text) for key, text in words(language).items()}
    assert {key: text for key, text in apart.items() if re.search("[\u2066\u2069]", text)} == {}
    bare = {key: text for key, text in apart.items() if re.search(r"\d.*\d|\d.*\{|\}.*\d", text)}
    assert {key: text for key, text in bare.items() if BARE.sub("", text)} == {}


def test_every_word_that_a_module_asks_for_is_there() -> None:
    asked = re.compile(r"""(?<![\w.])(?:t|say|has)\(\s*["'`]([a-z_]+(?:\.[a-z0-9_]+)+)["'`]""")
    missing = {}
    for path in PAGE.rglob("*.js"):
        if "vendor" in path.parts:
            continue
        for key in asked.findall(path.read_text()):
            if key not in ENGLISH and key not in STEMS:
                missing[key] = path.name
    assert missing == {}
