"""``index.html`` and ``results.json`` of a tour."""

from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kiosk.technician.doctor import CHECKS
from tests.e2e.technician.tour import Results


def write_report(build: Path, results: Results) -> None:
    """Write both into this folder."""
    written = {"ok": results.ok, **msgspec.to_builtins(results)}
    (build / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(written), indent=1))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(), undefined=StrictUndefined
    )
    titles = {check.word: check.title for check in CHECKS}
    page = environment.get_template("report.html").render(results=results, titles=titles)
    (build / "index.html").write_text(page, encoding="utf-8")
