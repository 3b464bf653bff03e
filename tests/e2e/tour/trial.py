"""The tour as the suite takes it: in halves that need a worker each, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from simulators.stand.requirements import REPOSITORY
from tests.e2e.tour.table import load_table

HALVES: Final = (("zhumadian", "guizhou", "jiangxi"), ("beijing", "qingdao", "yunling"))
"""Regions of about as many journeys each."""


def tour(build: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.e2e.tour", "--build", str(build), *arguments],
        capture_output=True, text=True, timeout=1700, cwd=REPOSITORY, check=False,
        env={name: value for name, value in os.environ.items() if name != "DISPLAY"},
    )  # fmt: skip


def left_behind(build: Path) -> list[str]:
    """Processes whose command line names this tour's directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(build) in command:
                found.append(command)
    return found


def serve_regions(build: Path, regions: tuple[str, ...]) -> None:
    """Serve every citizen of these regions and hold what the tour leaves against the table."""
    done = tour(build, *(word for region in regions for word in ("--region", region)))
    assert done.returncode == 0, done.stdout + done.stderr
    about, *served = json.loads((build / "results.json").read_text(encoding="utf-8"))
    assert about["reader_name"] == "Terminal Card Slot 00 00"
    assert "pcsc-lite" in about["pcscd_version"]
    assert [one["journey"] for one in served] == [one.name for one in load_table().journeys if one.region in regions]
    assert all(one["ok"] for one in served)
    assert all((build / "shots" / step["shot"]).exists() for one in served for step in one["steps"])
    assert all(one["centre_row"] is not None for one in served if one["ledger_sequence"] is not None)
    page = (build / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == sum(len(one["steps"]) for one in served)
    assert left_behind(build) == []
