"""The name keyboard: what it offers, in which order. Measured on names typed by hand."""

import re
import tracemalloc
from pathlib import Path

import pytest

from kiosk.ui.fonts import FontBook
from kiosk.ui.name_input import NameDraft, NameTables, TablesMissing, Way
from tests.ui.display import ASSETS, ROOT
from tests.ui.typed_names import COMMON, MINORITY, RARE, SURNAME_READINGS

FIRST_PAGE = 14
"""Candidates on the first page of an upright screen; a lying one has more."""


@pytest.fixture(scope="module")
def tables() -> NameTables:
    return NameTables(ASSETS / "input", FontBook(ASSETS / "fonts").draws)


def typed(draft: NameDraft, line: str) -> list[int]:
    """Type a name by sound and choose each character; its ranks among the candidates, counted from 0."""
    ranks = []
    words = line.split()
    for char, sound in zip(words[::2], words[1::2], strict=True):
        for letter in sound:
            draft.press(letter)
        if char != "·":
            ranks.append(draft.candidates().index(char))
            draft.choose(char)
    assert draft.name == "".join(words[::2])
    return ranks


def test_common_names_are_on_the_first_page(tables: NameTables) -> None:
    ranks = [rank for line in COMMON for rank in typed(NameDraft(tables), line)]
    assert len(COMMON) >= 50
    assert sum(rank < FIRST_PAGE for rank in ranks) / len(ranks) >= 0.95
    assert sum(rank == 0 for rank in ranks) / len(ranks) >= 0.6


@pytest.mark.parametrize("line", SURNAME_READINGS, ids=lambda line: line.replace(" ", ""))
def test_a_surname_is_found_by_how_it_is_read_as_one(tables: NameTables, line: str) -> None:
    assert typed(NameDraft(tables), line)[0] < FIRST_PAGE


def test_most_surnames_are_among_the_first_three(tables: NameTables) -> None:
    ranks = [typed(NameDraft(tables), line)[0] for line in SURNAME_READINGS]
    assert sum(rank < 3 for rank in ranks) / len(ranks) >= 0.95


def test_names_of_minorities(tables: NameTables) -> None:
    ranks = [rank for line in MINORITY for rank in typed(NameDraft(tables), line)]
    assert sum(rank < FIRST_PAGE for rank in ranks) / len(ranks) >= 0.95


@pytest.mark.parametrize("line", RARE)
def test_rare_characters_are_found_by_their_strokes(tables: NameTables, line: str) -> None:
    char, strokes = line.split()
    draft = NameDraft(tables, way=Way.STROKES)
    for stroke in strokes:
        draft.press(stroke)
    assert char in draft.candidates()[:FIRST_PAGE]


def test_surnames_go_first_in_the_first_place_only(tables: NameTables) -> None:
    draft = NameDraft(tables)
    for letter in "shan":
        draft.press(letter)
    assert draft.candidates()[0] == "单"
    draft.name = "李"
    assert draft.candidates()[0] != "单"
    assert "珊" in draft.candidates()[:FIRST_PAGE]


def test_whole_names_may_be_typed_in_one_go(tables: NameTables) -> None:
    draft = NameDraft(tables)
    for letter in "zhangsan":
        draft.press(letter)
    draft.choose("张")
    assert (draft.name, draft.pending) == ("张", "san")
    draft.choose("三")
    assert (draft.name, draft.pending) == ("张三", "")


def test_a_beginning_offers_what_may_come(tables: NameTables) -> None:
    assert tables.by_sound("w", surname=True)[:2] == ("王", "吴")
    assert {"琴", "青", "清", "强"} <= set(tables.by_sound("q", surname=False)[:40])
    assert tables.by_sound("vv", surname=True) == ()


def test_nothing_is_offered_that_no_font_draws() -> None:
    tables = NameTables(ASSETS / "input", lambda char: char != "张")
    assert "张" not in tables.by_sound("zhang", surname=True)
    assert "张" not in tables.by_strokes("zhzphzn")


def test_taking_back_and_the_dot(tables: NameTables) -> None:
    draft = NameDraft(tables, name="阿", pending="l")
    draft.press("·")
    assert draft.name == "阿"  # a character is still to be chosen
    draft.delete()
    draft.press("·")
    draft.press("·")
    assert draft.name == "阿·"
    draft.delete()
    draft.delete()
    draft.delete()
    assert draft.name == ""
    draft.press("·")
    assert draft.name == ""


def test_letters_and_the_longest_name(tables: NameTables) -> None:
    draft = NameDraft(tables, way=Way.LETTERS)
    for letter in "ANNA  LI" + "A" * 60:
        draft.press(letter)
    assert draft.name == "ANNA LI" + "A" * 43


def test_pages_stay_within_their_ends(tables: NameTables) -> None:
    draft = NameDraft(tables, pending="nv")
    draft.turn(-1, page_size=14)
    assert draft.page == 0
    draft.turn(100, page_size=14)
    assert draft.candidates()[draft.page * 14 :]
    assert len(draft.candidates()) <= (draft.page + 1) * 14


def test_a_drafts_repr_tells_nothing(tables: NameTables) -> None:
    assert "王" not in repr(NameDraft(tables, name="王", pending="wei"))
    assert "wei" not in repr(NameDraft(tables, name="王", pending="wei"))


def test_small() -> None:
    """Loaded, and after a first look-up each way: less than 15 MB of the terminal's memory."""
    tracemalloc.start()
    tables = NameTables(ASSETS / "input", FontBook(ASSETS / "fonts").draws)
    before = tracemalloc.get_traced_memory()[0]
    tables.by_sound("z", surname=True)
    tables.by_strokes("h")
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 15_000_000


def test_missing_tables_say_how(tmp_path: Path) -> None:
    with pytest.raises(TablesMissing, match=r"build_name_input\.py"):
        NameTables(tmp_path, lambda _: True)


def test_the_committed_table_was_made_with_the_pinned_packages() -> None:
    head = (ASSETS / "input" / "pinyin.txt").read_text(encoding="utf-8").split("\n", 1)[0]
    made_with = dict(re.findall(r"(pypinyin|jieba) ([\d.]+)", head))
    pinned = dict(re.findall(r'"(pypinyin|jieba)==([\d.]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert made_with == pinned


def test_a_text_that_is_no_name_is_as_long_as_it_says_and_knows_no_surnames(tables: NameTables) -> None:
    place, name = NameDraft(tables, longest=3), NameDraft(tables)
    for draft in (place, name):
        for letter in "shan":
            draft.press(letter)
    assert place.candidates() != name.candidates(), "a name begins with a surname"
    for _ in range(5):
        place.choose("山")
    assert place.name == "山山山"
    place.choose_way(Way.LETTERS)
    place.press("3")
    assert place.name == "山山山"
