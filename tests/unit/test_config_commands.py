"""``kiosk config``: comments stay, nothing wrong is written, and the file before the change is kept."""

import json
import os
from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.technician.configuring import settings
from tests.unit.test_configuration import WHOLE, written


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, WHOLE.replace("width = 1080", "width = 1080  # the tall one"))


def run(file: Path, *words: str) -> int:
    return main(["config", *words, "--config", str(file)])


def test_a_change_keeps_comments_and_the_file_before(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = file.read_text(encoding="utf-8")
    assert run(file, "set", "display.language", "en") == 0
    assert file.read_text(encoding="utf-8") == before.replace(
        "width = 1080  # the tall one\n", 'width = 1080  # the tall one\nlanguage = "en"\n'
    )
    assert file.with_name("kiosk.toml.before").read_text(encoding="utf-8") == before
    capsys.readouterr()
    assert run(file, "diff") == 43
    assert capsys.readouterr().out == 'display.language: "zh" → "en"\n'
    assert sorted(one.name for one in file.parent.iterdir()) == ["kiosk.toml", "kiosk.toml.before"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_what_root_changes_the_terminals_group_reads_afterwards_as_well(file: Path) -> None:
    os.chown(file, 0, 990)
    file.chmod(0o640)
    assert run(file, "set", "display.language", "en") == 0
    stands = file.stat()
    assert (stands.st_uid, stands.st_gid, stands.st_mode & 0o777) == (0, 990, 0o640)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("display.width", "wide", 'display.width: "wide" does not fit; wanted is a whole number'),
        ("display.height", "true", "display.height: true does not fit; wanted is a whole number"),
        ("display.colour", "red", "display.colour: unknown key; allowed: width"),
        ("screen.width", "7", "screen.width: wanted is section.key; sections: terminal"),
        ("display", "7", "display: wanted is section.key"),
        ("pin_pad.dialect", "morse", 'pin_pad.dialect: "morse" does not fit; allowed: auto'),
    ],
)
def test_nothing_wrong_is_written(
    file: Path, key: str, value: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_text(encoding="utf-8")
    assert run(file, "set", key, value) == 64
    error = capsys.readouterr().err
    assert told in error
    assert "fresh" not in error
    assert file.read_text(encoding="utf-8") == before
    assert [one.name for one in file.parent.iterdir()] == ["kiosk.toml"]


def test_a_section_that_was_not_there_is_added(file: Path) -> None:
    assert run(file, "set", "id_reader.port", "/dev/id") == 0
    assert '[id_reader]\nport = "/dev/id"' in file.read_text(encoding="utf-8")


def test_what_holds_is_shown_and_defaults_are_marked(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "show") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "display.width = 1080" in lines
    assert "display.fullscreen = true  # default" in lines
    assert 'terminal.state = "state"' in lines
    assert run(file, "show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["pin_pad.dialect"] == {"value": '"auto"', "default": True}
    assert len(shown) == len(settings(file))


def test_check_tells_everything_that_is_wrong(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(WHOLE.replace("width = 1080", "width = true").replace('name = "reader"', ""), encoding="utf-8")
    assert run(file, "check") == 64
    assert len(capsys.readouterr().err.splitlines()) == 2
