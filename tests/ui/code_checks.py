"""QR codes on the screen, read back from its pixels as a telephone would."""

import itertools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from kiosk.ui.settings import Preferences
from kiosk.ui.widgets.qr_code import QrCode
from tests.ui.display import DrivenWindow
from tests.ui.scenes import SCENES

SLIP = (
    "驻马店 · 临时挂失\n受理号 8F3A2C71\n挂失时间 2026-11-22 10:40\n"
    "有效到 2026-11-27 10:40，到时自动解除\n服务电话 12333、0396-12333"
)
LEAST_MM, PIXELS_A_MM, QUIET = 40, 4.03, 4


def _read(driven: DrivenWindow) -> tuple[str, Any]:
    """What the code on the screen says, and its pixels in grey."""
    (code,) = (widget for widget in driven.router.screen.walk(restrict=True) if isinstance(widget, QrCode))
    grey = np.asarray(driven.pixels().convert("L"))
    height = grey.shape[0]
    cut = grey[round(height - code.top) : round(height - code.y), round(code.x) : round(code.right)]
    # The other detector of OpenCV misses some codes that telephones read, by their place in the picture.
    text, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(np.ascontiguousarray(cut))
    return text, cut


def codes_are_read_back(driven: DrivenWindow) -> Iterator[None]:
    """Every screen with a code, in both languages and contrasts."""
    for language, contrast in itertools.product(("zh", "en"), (False, True)):
        driven.prefer(Preferences(language=language, high_contrast=contrast))
        for name in ("slip", "slip-banks", "refusal-longest", "fault-answer-lost"):
            driven.window.show(SCENES[name])
            yield
            text, _ = _read(driven)
            view: Any = SCENES[name].view
            words = driven.router.screen.words
            assert text, f"{name} {language} can't be read"
            expected = view.lines if name.startswith("slip") else (view.title,)
            assert all(words(line) in text.split("\n") for line in expected), text
            if (name, language) == ("slip", "zh"):
                assert text == SLIP
            if not name.startswith("slip"):
                assert "12333、0396-12333" in text
                assert view.code in text


def a_code_has_its_size_and_quiet_zone(driven: DrivenWindow) -> Iterator[None]:
    """Dark on white, four light modules around, forty millimetres, modules of whole pixels; also on black."""
    for contrast in (False, True):
        driven.prefer(Preferences(high_contrast=contrast))
        driven.window.show(SCENES["slip"])
        yield
        _, cut = _read(driven)
        dark = cut < 40
        rows, columns = np.where(dark.any(axis=1))[0], np.where(dark.any(axis=0))[0]
        if contrast:  # the ground is black as well: begin at the white of the quiet zone
            light = cut > 250
            top, left = np.where(light.any(axis=1))[0], np.where(light.any(axis=0))[0]
            cut = cut[top[0] : top[-1] + 1, left[0] : left[-1] + 1]
            dark = cut < 40
            rows, columns = np.where(dark.any(axis=1))[0], np.where(dark.any(axis=0))[0]
        side = rows[-1] - rows[0] + 1
        assert side == columns[-1] - columns[0] + 1
        assert side >= LEAST_MM * PIXELS_A_MM
        first = dark[rows[0], columns[0] :]
        module = int(np.argmin(first)) // 7  # a finder pattern begins with seven dark modules
        assert side % module == 0
        quiet = cut[max(0, rows[0] - QUIET * module) : rows[0]]
        assert quiet.shape[0] == QUIET * module, "the quiet zone is cut"
        assert quiet.min() > 250
        left_quiet = cut[:, max(0, columns[0] - QUIET * module) : columns[0]]
        assert left_quiet.shape[1] == QUIET * module, "the quiet zone is cut"
        assert left_quiet.min() > 250
