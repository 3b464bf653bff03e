import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.typesetting import CLOSING, OPENING, balanced_lines, break_lines, unbreakable


def per_character(text: str) -> float:
    """Ten a Chinese character, five a Latin one."""
    return sum(10 if ord(char) > 0x2000 else 5 for char in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("请插入社会保障卡", 80, ["请插入社会保障卡"]),
        ("请插入社会保障卡", 50, ["请插入社会", "保障卡"]),
        ("请稍候，不要拔卡。", 30, ["请稍", "候，不", "要拔", "卡。"]),  # neither ， nor 。 starts a line
        ("见《手册》吧", 20, ["见", "《手", "册》", "吧"]),  # 《 does not end one
        ("拨打12333问", 40, ["拨打", "12333问"]),  # a number stays whole
        ('choose "Get a card"', 55, ['choose "Get', 'a card"']),  # neither mark stands alone
        ("Social security PIN", 60, ["Social", "security PIN"]),
        ("第一行\n第二行", 100, ["第一行", "第二行"]),
    ],
)
def test_lines(text: str, width: float, lines: list[str]) -> None:
    assert break_lines(text, width, per_character) == lines


def test_a_word_wider_than_the_line_is_split_rather_than_cut() -> None:
    assert break_lines("abcdefgh", 20, per_character) == ["abcd", "efgh"]


def test_balanced_lines_leave_no_lonely_character() -> None:
    assert break_lines("请插入社会保障卡吧", 80, per_character)[-1] == "吧"
    assert balanced_lines("请插入社会保障卡吧", 80, per_character) == ["请插入社会", "保障卡吧"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("别的材料机器认不出，由窗口来看。", 140, ["别的材料机器认不出，", "由窗口来看。"]),
        ("可能改了，也可能没改。先试新的，再试旧的。", 170, ["可能改了，也可能没改。", "先试新的，再试旧的。"]),
        ("请带：身份证、社会保障卡", 100, ["请带：身份证、", "社会保障卡"]),  # no label alone
        ("现在，请选“办卡、办别的事”", 130, ["现在，", "请选“办卡、办别的事”"]),  # a button's name stays whole
        ("去这里：社会保障卡窗口", 80, ["去这里：", "社会保障卡窗口"]),  # before a word is torn
        (
            "卡的社保功能马上停用，别人捡到",
            100,
            ["卡的社保功能马上", "停用，别人捡到"],
        ),  # the phrase is wider than the line
        ("甲乙丙，丁戊己庚，辛壬", 60, ["甲乙丙，丁戊", "己庚，辛壬"]),  # by phrases it would take three lines
        ("First, then second", 60, ["First, then", "second"]),  # words are whole anyway: even lines are better
    ],
)
def test_lines_end_where_the_reader_draws_breath(text: str, width: float, lines: list[str]) -> None:
    assert balanced_lines(text, width, per_character) == lines


TEXTS = st.text(alphabet="社保卡，。《》（）12ab 3", max_size=40)


@given(TEXTS, st.integers(60, 200))
def test_no_character_is_lost_and_no_rule_broken(text: str, width: int) -> None:
    for lines in (break_lines(text, width, per_character), balanced_lines(text, width, per_character)):
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        if all(per_character(piece.rstrip()) <= width for piece in unbreakable(text)):
            assert all(per_character(line) <= width for line in lines)
            assert not any(line[0] in CLOSING for line in lines[1:] if line)
            assert not any(line[-1] in OPENING for line in lines[:-1] if line)
