"""``kiosk card-face`` as an operator starts it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from kiosk.command_line.card_face import Exit
from tests import portraits
from tests.commands import kiosk

REPOSITORY: Final = Path(__file__).parents[2]
NATIONAL: Final = REPOSITORY / "config" / "card_faces" / "national.toml"
ORDER: Final = {
    "--name": "欧阳𠮷㛃",
    "--number": "41170019900307001X",
    "--card-number": "D2143569X",
    "--issued-on": "2026-11-30",
}


def card_face(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return kiosk("card-face", *arguments)


def started(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The same as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "kiosk", "card-face", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False, cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", "")))},
    )  # fmt: skip


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    file = tmp_path / "portrait.jpg"
    file.write_bytes(portraits.finished("portrait-a"))
    return file


def preview(portrait: Path, out: Path, *more: str | Path, **changes: str) -> subprocess.CompletedProcess[str]:
    said = ORDER | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return card_face("preview", *(word for pair in said.items() for word in pair), "--portrait", portrait, *more, out)


def test_a_preview_is_a_picture_in_true_size(tmp_path: Path, portrait: Path) -> None:
    out = tmp_path / "card.png"
    done = preview(portrait, out)
    assert done.returncode == Exit.PRINTABLE, done.stderr
    assert Image.open(out).size == (1011, 638)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["card.png", "portrait.jpg"]


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"card_number": "D21435690"}, Exit.REFUSED, "check character is wrong"),
        ({"number": "411700199003070010"}, Exit.REFUSED, "check character is wrong"),
        ({"expires_on": "2020-01-01"}, Exit.REFUSED, "expires before it is issued"),
        ({"name": "国" * 48}, Exit.REFUSED, "name does not fit"),
        ({"name": "张\U0002ebf0"}, Exit.GLYPH_MISSING, "1 of the name's characters"),
        ({"issued_on": "yesterday"}, Exit.USAGE, "--issued-on"),
    ],
)
def test_what_is_not_printed_leaves_no_picture_and_quotes_nothing(
    tmp_path: Path, portrait: Path, changes: dict[str, str], code: Exit, told: str
) -> None:
    out = tmp_path / "card.png"
    done = preview(portrait, out, **changes)
    assert (done.returncode, out.exists()) == (code, False)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    if code is not Exit.USAGE:
        assert not any(value in done.stderr for value in changes.values())


def test_files_that_are_not_there_or_not_right(tmp_path: Path, portrait: Path) -> None:
    out = tmp_path / "card.png"
    small = tmp_path / "small.png"
    Image.new("RGB", (102, 126)).save(small)
    faulty = tmp_path / "faulty.toml"
    faulty.write_text(NATIONAL.read_text(encoding="utf-8").replace("x = 47", "x = 74"), encoding="utf-8")
    for done, code, told in (
        (preview(tmp_path / "none.jpg", out), Exit.NO_FILE, "none.jpg"),
        (preview(portrait, tmp_path / "none" / "card.png"), Exit.NO_FILE, "none"),
        (preview(small, out), Exit.REFUSED, "102 × 126"),
        (preview(portrait, out, "--layout", faulty), Exit.LAYOUT, "faulty.toml:"),
        (preview(portrait, out, "--layout", tmp_path / "none.toml"), Exit.LAYOUT, "can't be read"),
        (preview(portrait, out, "--fonts", tmp_path), Exit.NO_FONTS, "build_fonts.py"),
    ):
        assert done.returncode == code, done.stderr
        assert told in done.stderr
        assert "Traceback" not in done.stderr
        assert not out.exists()


def test_glyphs_are_told_by_their_code() -> None:
    rare = started("glyphs", "欧阳𠮷㛃")
    assert (rare.returncode, rare.stdout) == (Exit.PRINTABLE, "")
    new = started("glyphs", "张\U0002ebf0ཏ")
    assert (new.returncode, new.stdout) == (Exit.GLYPH_MISSING, "U+2EBF0\nU+0F4F\n")


def test_other_commands_do_not_wait_for_what_paints() -> None:
    program = "import sys, kiosk.__main__; sys.exit('kiosk.card_face.painter' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=True)
