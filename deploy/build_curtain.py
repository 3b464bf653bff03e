#!/usr/bin/env python3
"""Draw assets/curtain.png: what the display shows whenever the terminal's window is not there (docs/systemd.md).

It is painted on the screen's root by the display's unit, so it needs no program that runs. It may stand for a second
or for a day, so it promises nothing and names a way on.
"""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from kiosk.ui.theme import DAY, MARGIN, NORMAL, Shape

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
WIDTH: Final = min(Shape.PORTRAIT.value)
"""As wide as the narrower sheet, so that it fits both."""
LINES: Final = (
    ("interface-bold.otf", 2 * NORMAL.title, DAY.ink, "请稍候"),
    ("interface.otf", NORMAL.section, DAY.ink, "机器还没有准备好。"),
    ("interface.otf", NORMAL.section, DAY.ink, "等了很久还是这样，"),
    ("interface.otf", NORMAL.section, DAY.ink, "请换一台机器，或到人工窗口。"),
    ("interface.otf", NORMAL.body, DAY.muted, "Please wait. This machine is not ready yet."),
    ("interface.otf", NORMAL.body, DAY.muted, "If it takes long, try another one or the counter."),
)
LEADING: Final = 1.7


def curtain() -> Image.Image:
    """The picture; the display fills what is around it with the same ground."""
    picture = Image.new("RGB", (WIDTH, round(sum(size for _, size, _, _ in LINES) * LEADING) + 2 * MARGIN), DAY.ground)
    pen = ImageDraw.Draw(picture)
    top = float(MARGIN)
    for file, size, colour, text in LINES:
        font = ImageFont.truetype(ASSETS / "fonts" / file, size)
        if pen.textlength(text, font) > WIDTH - 2 * MARGIN:
            raise SystemExit(f"too wide: {text}")
        pen.text((WIDTH / 2, top + size * LEADING / 2), text, colour, font, anchor="mm")
        top += size * LEADING
    return picture


if __name__ == "__main__":
    curtain().save(ASSETS / "curtain.png", optimize=True)
