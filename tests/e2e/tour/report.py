"""``index.html``: every step with its photograph, thumbnails inside the page, the full picture a click away."""

import base64
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from tests.e2e.tour.matrix import Row

if TYPE_CHECKING:
    from tests.e2e.tour.__main__ import Served

_WIDTH: Final = 260
"""Of a thumbnail, pixels."""


def write_report(build: Path, about: dict[str, Any], served: Sequence["Served"], regions: Sequence[Row]) -> None:
    """Write the page beside the ``shots`` directory."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    environment.filters["thumbnail"] = partial(_thumbnail, build / "shots")
    page = environment.get_template("report.html").render(about=about, served=served, regions=regions)
    (build / "index.html").write_text(page, encoding="utf-8")


def _thumbnail(shots: Path, name: str) -> str:
    picture = cv2.imread(str(shots / name))
    if picture is None:
        return ""  # there was no picture to take: the terminal was off
    height = round(picture.shape[0] * _WIDTH / picture.shape[1])
    small = cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, 78])
    return "data:image/webp;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
