"""Words and letters of a search, and which words are offered."""

from kiosk.ui.sound_draft import OFFERED, SoundDraft
from tests.shipped_handbooks import handbook


def draft(letters: str = "", key: str = "guizhou") -> SoundDraft:
    made = SoundDraft(handbook(key).keywords)
    for letter in letters:
        made.press(letter)
    return made


def test_before_anything_is_typed_stand_the_words_that_citizens_mostly_look_for() -> None:
    assert draft().candidates() == ("挂失", "解挂", "密码", "忘记密码", "补卡", "换卡")


def test_whole_words_come_before_those_that_begin_so() -> None:
    assert draft("gs").candidates() == ("挂失", "过世")
    assert draft("cx").candidates() == ("查询", "撤销挂失")
    assert draft("kb").candidates() == ("看病", "看不清")
    assert draft("guashi").candidates() == ("挂失",)
    assert draft("shum").candidates() == ("书面挂失",)
    assert draft("y").candidates()[0] == "异地就医"
    assert draft("yd").candidates() == ("异地就医",)


def test_letters_that_no_word_has_bring_none_and_are_searched_for_as_they_are() -> None:
    made = draft("qqqq")
    assert made.candidates() == ()
    assert made.text == "qqqq"


def test_a_word_takes_the_letters_place_and_leaves_those_that_make_its_answers_fewer() -> None:
    made = draft("gs")
    made.choose("挂失")
    assert (made.text, made.letters) == ("挂失", "")
    book = handbook("guizhou")
    before = {article.id for article in book.find("挂失")}
    assert made.candidates()
    for word in made.candidates():
        narrowed = {article.id for article in book.find(f"挂失 {word}")}
        assert narrowed, word
        assert narrowed < before, word
    assert "丢了" not in made.candidates(), "the same by another name"


def test_words_are_chosen_until_one_answer_is_left() -> None:
    made = draft()
    while made.candidates():
        made.choose(made.candidates()[0])
    assert handbook("guizhou").find(made.text)
    assert len(made.chosen) <= 3


def test_taking_back_takes_letters_first_and_then_the_last_word() -> None:
    made = draft()
    made.choose("挂失")
    made.press("Y")
    assert made.text == "挂失 y"
    made.delete()
    assert made.text == "挂失"
    made.delete()
    assert made.text == ""
    made.choose("密码")
    made.press("x")
    made.clear()
    assert made.text == ""


def test_no_more_are_offered_than_a_screen_may_hold_and_no_more_letters_taken_than_four_syllables() -> None:
    assert OFFERED == 6
    assert len(draft(key="zhumadian").candidates()) == OFFERED
    assert draft("zhuangzhuangzhuang").text == "zhuangzhuang"
