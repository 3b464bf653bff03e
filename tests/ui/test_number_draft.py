from kiosk.ui.number_draft import NumberDraft, groups


def test_eighteen_characters_and_no_more() -> None:
    draft = NumberDraft(18)
    for char in "110105194912310019":
        draft.press(char)
    draft.press("5")
    assert draft.text == "110105194912310019"
    assert draft.missing == 0


def test_x_stands_last_only() -> None:
    draft = NumberDraft(18)
    draft.press("X")
    assert draft.text == ""
    for char in "11010519491231001":
        draft.press(char)
    draft.press("X")
    assert draft.text == "11010519491231001X"


def test_taking_back() -> None:
    draft = NumberDraft(18, "1101")
    draft.delete()
    assert draft.text == "110"
    draft.clear()
    draft.delete()
    assert draft.text == ""


def test_its_repr_tells_nothing() -> None:
    assert "110105" not in repr(NumberDraft(18, "110105"))


def test_groups() -> None:
    assert groups(18) == (6, 4, 4, 4)
    assert groups(11) == (3, 4, 4)
    assert groups(15) == (4, 4, 4, 3)
