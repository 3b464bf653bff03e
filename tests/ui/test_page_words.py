"""Words of a technician's page, as a line begins."""

import pytest

from kiosk.ui.widgets.page_row import begun


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("card reader", "Card reader"),
        ("region's rules", "Region's rules"),
        ("fonts, words, models", "Fonts, words, models"),
        ("kiosk.toml is wrong", "kiosk.toml is wrong"),
        ("PIN pad", "PIN pad"),
        ("2 faults, 0 warnings", "2 faults, 0 warnings"),
        ("--fix takes the right back (0600)", "--fix takes the right back (0600)"),
        ("kiosk stock hand-over", "kiosk stock hand-over"),
        ("eth0 is down", "eth0 is down"),
        ("root 接收的时候", "root 接收的时候"),
        ("读卡器", "读卡器"),
        ("", ""),
    ],
)
def test_a_line_begins_with_a_capital_where_it_is_english(words: str, shown: str) -> None:
    assert begun(words) == shown
