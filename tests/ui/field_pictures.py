"""``python -m tests.ui.field_pictures``: docs/pictures/technician.webp, what a technician sees on site.

The pages are those of the technician's desk before simulated devices, in the terminal's own window.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL import Image

from kiosk.journeys.technician_views import Page, TechnicianPage
from kiosk.journeys.views import Scene
from kiosk.ui.settings import Preferences
from simulators.pcscd import PrivatePcscd
from tests.centre import RunningCentre
from tests.integration.technician_stand import a_stand
from tests.ui.display import ROOT, DrivenWindow, virtual_display
from tests.ui.scenes import HOTLINE, REGION

TARGET: Final = ROOT / "docs" / "pictures" / "technician.webp"
SHAPE: Final = (1080, 1920)
WIDTH: Final = 420
"""Of each picture, in pixels; three stand side by side."""
NAMED: Final = "/dev/card-terminal"
"""Where a terminal's ports are; the simulated ones lie elsewhere."""


def pages() -> tuple[Page, ...]:
    """The devices, tested one after the other with the printer's cover open; then the pad's own page and its trace."""
    with tempfile.TemporaryDirectory() as folder, PrivatePcscd(Path(folder) / "pcscd") as daemon:
        os.environ.update(daemon.environment)
        with RunningCentre(Path(folder) / "centre") as centre, a_stand(Path(folder) / "stand", centre) as stand:
            stand.printer.open_cover()
            desk = stand.desk()
            for noun in ("pin_pad", "id_reader", "receipt_printer", "card_printer", "capture_unit"):
                desk.do(f"device:{noun}", "test", {})
            ports = str(stand.folder.directory)
            found = [desk.page(word) for word in ("devices", "device:pin_pad", "trace:pin_pad")]
            desk.close()
            return tuple(
                replace(page, rows=tuple(replace(row, value=row.value.replace(ports, NAMED)) for row in page.rows))
                for page in found
            )


def draw() -> None:
    """Draw them beside one another."""
    shown = pages()
    pictures: list[Image.Image] = []

    def script(driven: DrivenWindow) -> Generator[None, None, None]:
        driven.prefer(Preferences(language="zh"))
        for page in shown:
            driven.window.show(Scene(TechnicianPage(page), REGION, HOTLINE, None))
            yield
            pictures.append(driven.pixels().convert("RGB"))

    DrivenWindow(*SHAPE).run(script)
    height = WIDTH * SHAPE[1] // SHAPE[0]
    sheet = Image.new("RGB", (len(pictures) * (WIDTH + 10) - 10, height), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture.resize((WIDTH, height), Image.Resampling.LANCZOS), (number * (WIDTH + 10), 0))
    sheet.save(TARGET, quality=72, method=6)


def main() -> int:
    """Draw in a process of its own, which has a display."""
    if sys.argv[1:] == ["--draw"]:
        draw()
        return 0
    with virtual_display(*SHAPE) as display:
        command = [sys.executable, "-m", "tests.ui.field_pictures", "--draw"]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "DISPLAY": display})
    print(TARGET)
    return 0


if __name__ == "__main__":
    sys.exit(main())
