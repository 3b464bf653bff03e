"""Fonts, languages and catalogues: what must be there before any screen is drawn."""

import ast
import gettext
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kiosk.journeys.reception import HOME, MENUS, menu_tile, tile
from kiosk.journeys.views import Menu
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim
from kiosk.records.transaction import Service
from kiosk.ui.fonts import FontBook, FontsMissing
from kiosk.ui.language import CatalogueMissing, Language, load_languages
from tests.journeys.world import region
from tests.ui.display import ASSETS, ROOT
from tests.ui.scenes import MARSHAL, RARE_NAME


@pytest.fixture(scope="module")
def translations() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "deploy" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fonts() -> FontBook:
    return FontBook(ASSETS / "fonts")


def test_every_sentence_is_translated(translations: ModuleType) -> None:
    assert translations.faults(ROOT / "kiosk", ASSETS / "translations") == []


@pytest.mark.parametrize(
    ("code", "catalogue", "fault"),
    [
        ('say("好的")', "", "en: not translated: 好的"),
        ('say("好的")', 'msgid "好的"\nmsgstr ""\n', "en: not translated: 好的"),
        ("", 'msgid "好的"\nmsgstr "OK"\n', "en: nobody says: 好的"),
        ('say("{a} 元", a=1)', 'msgid "{a} 元"\nmsgstr "{b} yuan"\n', "en: gaps differ: {a} 元 / {b} yuan"),
        ('say("{a} 元", a=1)', 'msgid "{a} 元"\nmsgstr "yuan"\n', "en: gaps differ: {a} 元 / yuan"),
        ("say(text)", "", "say() wants the sentence itself"),
    ],
)
def test_a_fault_in_a_catalogue_is_found(
    translations: ModuleType, tmp_path: Path, code: str, catalogue: str, fault: str
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "words.py").write_text(code, encoding="utf-8")
    folder = tmp_path / "translations" / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "kiosk.po").write_text(head + catalogue, encoding="utf-8")
    found = translations.faults(tmp_path / "code", tmp_path / "translations")
    assert any(fault in line for line in found), found


def test_no_glyph_is_missing_in_any_sentence(translations: ModuleType, fonts: FontBook) -> None:
    sentences = [str(message.id) for message in translations.said(ROOT / "kiosk")]
    for path in translations.catalogues(ASSETS / "translations").values():
        sentences += [str(message.string) for message in translations.read(path)][1:]
    for path in (ROOT / "config" / "regions").glob("*.toml"):
        sentences.append(path.read_text(encoding="utf-8"))
    sentences.append((ASSETS / "places.toml").read_text(encoding="utf-8"))
    assert len(sentences) > 100
    missing = {
        char
        for sentence in sentences
        for char in sentence
        if char.isprintable() and not (fonts.covers("interface", char) and fonts.covers("interface-bold", char))
    }
    assert missing == set()


def test_names_fall_back_by_coverage(fonts: FontBook) -> None:
    assert fonts.runs("张三") == [("interface", "张三")]
    assert fonts.runs("张三", bold=True) == [("interface-bold", "张三")]
    assert fonts.runs("王㛃") == [("interface", "王"), ("names", "㛃")]
    assert fonts.runs("\U0002e9f5") == [("hanamin-b", "\U0002e9f5")]
    assert fonts.runs("\U0002ebf0") == [("interface", "〔U+2EBF0〕")]  # extension I: no packaged font has it


def test_a_row_of_characters_is_drawn_as_each_alone(fonts: FontBook) -> None:
    row = "".join(chr(code) for code in range(0x20, 0x32000, 7) if not 0xD800 <= code < 0xE000)
    together = [(font, char) for font, piece in fonts.runs(row) for char in piece]
    assert together == [(font, char) for one in row for font, piece in fonts.runs(one) for char in piece]
    alone = {char: fonts.runs(char)[0][0] for char in row if fonts.draws(char)}
    order = ("interface", "names", "hanamin-a", "hanamin-b")
    assert alone == {char: next(font for font in order if fonts.covers(font, char)) for char in alone}


def test_every_character_of_the_sample_names_has_a_font(fonts: FontBook) -> None:
    for name in (RARE_NAME, MARSHAL):
        assert "〔U+" not in "".join(piece for _, piece in fonts.runs(name))


def test_chinese_shapes_not_japanese(fonts: FontBook) -> None:
    """Face 0 of the collection is the Japanese one; its family name would stand in the file."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only this test needs it

    for font in ("interface", "interface-bold", "names"):
        assert TTFont(fonts.file(font))["name"].getBestFamilyName() == "Noto Sans CJK SC"


def test_fonts_that_are_not_built_say_how(tmp_path: Path) -> None:
    with pytest.raises(FontsMissing, match=r"build_fonts\.py"):
        FontBook(tmp_path)


def test_a_font_that_was_lost_is_named(tmp_path: Path) -> None:
    """A terminal without it would start, be active, and draw nothing."""
    for file in (ASSETS / "fonts").iterdir():
        (tmp_path / file.name).symlink_to(file)
    FontBook(tmp_path)
    (tmp_path / "interface-bold.otf").unlink()
    with pytest.raises(FontsMissing, match=r"has lost interface-bold\.otf"):
        FontBook(tmp_path)


def test_a_catalogue_that_is_not_compiled_says_how(tmp_path: Path) -> None:
    (tmp_path / "en" / "LC_MESSAGES").mkdir(parents=True)
    with pytest.raises(CatalogueMissing, match=r"translations\.py compile"):
        load_languages(tmp_path)


def test_languages() -> None:
    languages = load_languages(ASSETS / "translations")
    assert list(languages) == ["zh", "en"]
    assert languages["en"].text(Say("您想办什么？")) == "What would you like to do?"
    assert languages["zh"].text(Say("您想办什么？")) == "您想办什么？"


def test_gaps_are_filled_in_the_same_language_and_masked() -> None:
    language = Language("en", gettext.NullTranslations())
    place = Say("驻马店", translations={"en": "Zhumadian"})
    text = Say("{a} {b} {c} {d}", {"a": place, "b": 3, "c": Personal("1*2", "132"), "d": PersonName("张*", "张三")})
    assert language.text(text) == "Zhumadian 3 1*2 张*"
    assert language.text(Verbatim("{x}")) == "{x}"


def test_coverage_ranges_are_those_of_the_font() -> None:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only this test needs it

    index = json.loads((ASSETS / "fonts" / "coverage.json").read_text())
    for name, file in index["files"].items():
        mapped = set(TTFont(ASSETS / "fonts" / file, lazy=True).getBestCmap())
        listed = {code for first, last in index["ranges"][name] for code in range(first, last + 1)}
        assert listed == mapped, name


def test_sample_scenes_say_what_the_code_says(translations: ModuleType) -> None:
    tree = ast.parse((ROOT / "tests" / "ui" / "scenes.py").read_text(encoding="utf-8"))
    samples = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "told"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(samples) > 40
    assert samples <= {message.id for message in translations.said(ROOT / "kiosk")}


def test_a_button_or_tile_is_quoted_as_it_is_labelled(translations: ModuleType) -> None:
    """Whoever reads choose “…” looks for just these words, in their language."""
    for path in translations.catalogues(ASSETS / "translations").values():
        translated = {str(message.id): str(message.string) for message in translations.read(path)}
        quoting = {
            text: [label for label in re.findall("“([^”]+)”", text) if label in translated] for text in translated
        }
        assert sum(map(bool, quoting.values())) > 15
        lost = [
            f"{text}: {translated[label]}"
            for text, labels in quoting.items()
            for label in labels
            if translated[label] not in translated[text]
        ]
        assert lost == []


def test_the_way_from_the_home_screen_begins_on_it(translations: ModuleType) -> None:
    """“回首页选 X” names a tile of the home screen, and what is named after it stands behind that tile."""
    behind = {_label(menu): {_label(one) for one in _all_behind(menu)} for menu in Menu}
    on_it = {_label(one) for one in HOME}
    ways = [str(message.id) for message in translations.said(ROOT / "kiosk") if "首页" in str(message.id)]
    told = [labels for way in ways if (labels := re.findall("选“([^”]+)”", way))]
    assert len(told) > 8
    for first, *then in told:
        assert first in on_it, f"{first} is not on the home screen"
        assert set(then) <= behind.get(first, set()), first


def _label(one: Service | Menu) -> str:
    words = menu_tile(region("yunling"), one) if isinstance(one, Menu) else tile(region("yunling"), one)
    assert isinstance(words.label, Say)
    return words.label.text


def _all_behind(menu: Menu) -> Iterator[Service | Menu]:
    for one in MENUS[menu]:
        yield one
        if isinstance(one, Menu):
            yield from _all_behind(one)
