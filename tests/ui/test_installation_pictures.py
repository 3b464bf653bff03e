"""The pictures of docs/installation.md: those that the tool draws, where they are named, and none that nobody names."""

import re

import pytest

from tests.ui.installation_pictures import LANGUAGES, LARGEST, NAMES, PICTURES, file_of

PAGES = {"zh": PICTURES.parent / "installation.zh-CN.md", "en": PICTURES.parent / "installation.md"}
OTHERS = {"installed.jpg", "technician.webp", "terminal.png"}
"""Of the trial (``make install-test``), of the page for the site (``tests.ui.field_pictures``), and of the screens."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_names_the_pictures_of_its_language_in_the_order_of_the_work(language: str) -> None:
    named = re.findall(r"!\[[^\]]+\]\(pictures/([^)]+\.webp)\)", PAGES[language].read_text("utf-8"))
    assert named == [file_of(name, language).name for name in NAMES]


def test_each_picture_is_there_is_small_and_is_named_somewhere() -> None:
    drawn = {file_of(name, language).name for name in NAMES for language in LANGUAGES}
    assert {file.name for file in PICTURES.iterdir()} == drawn | OTHERS
    for name in drawn:
        assert (PICTURES / name).stat().st_size <= LARGEST, name
