"""``python -m tests.ui.screenshots [--only NAME]``: every screen in each language, orientation, size and contrast.

Writes build/screens/*.png and an index. Pixels are those of a real window on a virtual display.
"""

import argparse
import html
import itertools
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from kiosk.journeys.views import PortraitPreview
from kiosk.ui.settings import Preferences
from tests.ui.display import ROOT, DrivenWindow, virtual_display
from tests.ui.scenes import SCENES, a_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

TARGET: Final = ROOT / "build" / "screens"
SHAPES: Final = {"portrait": (1080, 1920), "landscape": (1920, 1080)}
WITH_LOW: Final = ("home", "pin-entry-wrong", "number-entry", "name-entry", "result-numbers", "refusal", "card-preview")
"""Drawn in low mode as well."""
WITH_CONTRAST: Final = (
    "attract",
    "home",
    "pin-entry-wrong",
    "number-entry",
    "name-entry",
    "slip",
    "home-closed",
    "result-first-page",
    "fault",
    "still-there",
    "card-preview",
    "fee-code",
    "making-face",
)


def looks(name: str, shape: str) -> Iterator[tuple[str, Preferences]]:
    """The looks in which a scene is drawn, by name."""
    for language, large in itertools.product(("zh", "en"), (False, True)):
        size = "large" if large else "normal"
        yield f"{language}-{size}", Preferences(language=language, large=large)
        if name in WITH_CONTRAST:
            yield f"{language}-{size}-contrast", Preferences(language=language, large=large, high_contrast=True)
        if name in WITH_LOW and shape == "portrait":
            yield f"{language}-{size}-low", Preferences(language=language, large=large, low=True)


def somebody() -> "NDArray[np.uint8]":
    """What the camera would see of the person of the portrait scenes; 600 × 720."""
    image = Image.open(BytesIO(a_face())).resize((460, 567))
    seat = Image.new("RGB", (600, 720), (206, 203, 198))
    seat.paste(image, (70, 153))
    return np.array(seat, np.uint8)


def _draw(shape: str, only: str) -> None:
    def script(driven: DrivenWindow) -> Generator[None, None, None]:
        for name, scene in [*SCENES.items(), ("help", SCENES["home"])]:
            if only not in name:
                continue
            driven.window.show(scene)
            for look, preferences in looks(name, shape):
                driven.prefer(preferences)
                if name == "help":
                    driven.router._open_help()
                if isinstance(scene.view, PortraitPreview):
                    driven.viewfinder.put(somebody())
                    driven.quiet = 4
                    yield
                yield
                driven.pixels().save(TARGET / f"{name}.{shape}.{look}.png", compress_level=3)
            driven.router._close_help()

    DrivenWindow(*SHAPES[shape]).run(script)


def _index() -> None:
    rows = []
    for path in sorted(TARGET.glob("*.png")):
        name = html.escape(path.stem)
        rows.append(
            f'<figure><img src="{html.escape(path.name)}" loading="lazy"><figcaption>{name}</figcaption></figure>'
        )
    style = "body{font:14px sans-serif;background:#ddd}figure{display:inline-block;margin:8px}img{height:480px}"
    page = f'<!doctype html><meta charset="utf-8"><title>Screens</title><style>{style}</style>{"".join(rows)}\n'
    (TARGET / "index.html").write_text(page, encoding="utf-8")


def main() -> int:
    """Draw everything, each orientation in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="scenes whose name holds this")
    parser.add_argument("--shape", choices=SHAPES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    if arguments.shape:
        _draw(arguments.shape, arguments.only)
        return 0
    if not arguments.only:
        for path in TARGET.glob("*.png"):
            path.unlink()
    for shape, (width, height) in SHAPES.items():
        with virtual_display(width, height) as display:
            command = [sys.executable, "-m", "tests.ui.screenshots", "--shape", shape, "--only", arguments.only]
            subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "DISPLAY": display})
    _index()
    print(f"screens: {len(list(TARGET.glob('*.png')))} in {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
