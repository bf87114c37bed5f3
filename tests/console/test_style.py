"""The style sheets keep their promises: contrast by night and by day, no side of the screen named, no case changed."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "clients/python/keepclear/console/page"
SHEETS = sorted(path for path in PAGE.rglob("*.css") if "vendor" not in path.parts)

GROUNDS = ("ground", "panel", "raised", "selected")
"""What text may stand on, wherever a room puts it."""

READ = [(text, ground) for text in ("text", "quiet") for ground in GROUNDS] + [
    (f"{kind}-text", ground) for kind in ("danger", "warning", "good", "own", "other") for ground in GROUNDS
]  # fmt: skip
READ += [("on-danger", "danger-fill"), ("on-warning", "warning-fill"), ("on-primary", "primary-fill")]
READ += [(text, ground) for text in ("text", "own-text", "other-text", "danger-text") for ground in ("sea", "land")]

KINDS = ("own", "other", "danger", "warning", "good")
DRAWN = [(kind, ground) for kind in KINDS for ground in (*GROUNDS, "sea", "land")]
DRAWN += [("edge", ground) for ground in GROUNDS] + [("focus", ground) for ground in GROUNDS]
DRAWN += [("coast", "sea"), ("coast", "land")]


def tokens(theme: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for sheet in ("tokens.css",) if theme == "dark" else ("tokens.css", "day.css"):
        found.update(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (PAGE / "style" / sheet).read_text()))
    return found


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def weaker(of: dict[str, str], pairs: list[tuple[str, str]], least: float) -> dict[tuple[str, str], float]:
    """The pairs that have less contrast than ``least``, and how much they have."""
    found = {(one, other): contrast(of[one], of[other]) for one, other in pairs}
    return {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least}


def test_contrast_is_counted_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ff0000", "#000000") == pytest.approx(5.252, abs=0.001)


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_what_is_read_has_seven_to_one(theme: str) -> None:
    assert weaker(tokens(theme), READ, 7) == {}


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_what_is_drawn_has_three_to_one(theme: str) -> None:
    assert weaker(tokens(theme), DRAWN, 3) == {}


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_no_colour_is_pure_blue(theme: str) -> None:
    for name, hue in tokens(theme).items():
        red, green, blue = (int(hue[at : at + 2], 16) for at in (1, 3, 5))
        assert blue <= 2 * max(red, green, 16), name


def test_the_day_changes_colours_alone_and_all_that_are_read() -> None:
    night = set(re.findall(r"--([a-z-]+): #", (PAGE / "style/tokens.css").read_text()))
    day = set(re.findall(r"--([a-z-]+):", (PAGE / "style/day.css").read_text()))
    assert day == night


def rules(sheet: Path) -> str:
    """The text of a sheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)


SIDED = re.compile(
    r"(?<![-\w])(?:[a-z-]+-)?(?:left|right)(?:-[a-z]+)?\s*:(?!:)|(?:text-align|float|clear)\s*:\s*(?:left|right)"
)
FOUR = re.compile(r"(?<![-\w])(?:margin|padding|inset|border-width)\s*:\s*" + r"\s+".join([r"([^\s;]+)"] * 4) + r"\s*;")


def without_calls(text: str) -> str:
    """The text with what stands in brackets written without blanks: one value is one word."""
    return re.sub(r"\((?:[^()]|\([^()]*\))*\)", lambda found: re.sub(r"\s+", "", found.group()), text)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.relative_to(PAGE)))
def test_no_sheet_names_a_side_of_the_screen(sheet: Path) -> None:
    text = rules(sheet)
    assert SIDED.findall(text) == []
    assert [four for four in FOUR.findall(without_calls(text)) if four[1] != four[3]] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.relative_to(PAGE)))
def test_no_sheet_changes_the_case_of_a_letter_or_brings_a_colour_of_its_own(sheet: Path) -> None:
    text = rules(sheet)
    assert re.findall(r"text-transform|font-variant(?:-caps)?\s*:\s*[\w-]*caps", text) == []
    if sheet.name not in ("tokens.css", "day.css", "report.css"):  # a report is paper: black, white, and greys
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*;)|(?<![-\w])hsla?\(|(?<![-\w])rgba?\((?!0 0 0)", text) == []


def test_no_module_changes_the_case_of_a_letter() -> None:
    modules = [path for path in PAGE.rglob("*.js") if "vendor" not in path.parts]
    changing = {
        str(path.relative_to(PAGE)): found
        for path in modules
        if (found := re.findall(r"\.to(?:Locale)?UpperCase\(.*|\.toLocaleLowerCase\(.*", path.read_text()))
    }
    assert changing == {}


def test_what_moves_stands_still_where_less_motion_is_asked_for() -> None:
    base = rules(PAGE / "style/base.css")
    still = base.split("prefers-reduced-motion: reduce")[1]
    assert "animation: none !important" in still
    assert re.search(r"\.unanswered\.danger \{\s*outline: \d+px double", still)


def test_every_face_is_one_that_the_console_brings_along() -> None:
    vendored = json.loads((PAGE.parents[2] / "vendoring/package.json").read_text())["vendored"]
    brought = {f"../vendor/{name}" for files in vendored.values() for name in files.values() if name.endswith(".woff2")}
    assert set(re.findall(r'url\("([^"]+)"\)', (PAGE / "style/fonts.css").read_text())) == brought
