"""The tour's eye on screens that were drawn by hand."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from simulators.screen import NotSeen, Picture, Screen
from tests.ui.display import ASSETS

FONTS = ASSETS / "fonts"
WORDS = "请插卡"


def printed(size: int, *, bold: bool, words: str = WORDS) -> Picture:
    """A screen with these words, dark on light."""
    image = Image.new("RGB", (640, 400), "white")
    face = ImageFont.truetype(str(FONTS / ("interface-bold.otf" if bold else "interface.otf")), size)
    ImageDraw.Draw(image).text((120, 90), words, font=face, fill="black")
    return np.asarray(cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGRA), np.uint8)


class DrawnScreen(Screen):
    """Shows one picture after the other, and the last for ever."""

    def __init__(self) -> None:
        self._fonts = FONTS
        self._seen_as = {}
        self.shown: list[Picture] = []

    def capture(self) -> Picture:
        return self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]

    def close(self) -> None:
        """There is no display."""


def test_known_words_are_found_in_another_type_once_the_screen_stands_still() -> None:
    screen = DrawnScreen()
    for size, bold in ((64, True), (32, False), (40, True)):
        screen.shown = [printed(64, bold=True, words="别的"), printed(size, bold=bold)]
        text, box = screen.wait_for(WORDS, timeout_s=2.0)
        assert text == WORDS
        assert abs(box.width - 3 * size) < size, "in its own size"


def test_words_that_are_not_there_are_not_seen() -> None:
    screen = DrawnScreen()
    screen.shown = [printed(48, bold=False, words="请取卡")]
    with pytest.raises(NotSeen, match=WORDS):
        screen.wait_for(WORDS, timeout_s=0.3)
